//! The models that ship inside the program, trained by it; `assets/models/README.md` says how.

use std::path::Path;

use super::folder::{Files, parse};
use super::{HubError, Loaded, ModelRef};

/// Names of the shipped models.
pub const BUILTIN: [&str; 2] = ["shakespeare", "quijote"];

macro_rules! files {
    ($name:literal) => {
        Files {
            config: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/models/", $name, "/config.json")),
            weights: include_bytes!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/assets/models/",
                $name,
                "/model.safetensors"
            )),
            tokenizer: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/models/", $name, "/tokenizer.json")),
        }
    };
}

static SHAKESPEARE: Files = files!("shakespeare");
static QUIJOTE: Files = files!("quijote");

/// The shipped model for a language of the interface.
pub fn builtin_for(language: &str) -> ModelRef {
    ModelRef::Builtin(if language == "es" { "quijote" } else { "shakespeare" }.to_owned())
}

/// The files of a shipped model.
pub(super) fn find(name: &str) -> Result<&'static Files<'static>, HubError> {
    match name {
        "shakespeare" => Ok(&SHAKESPEARE),
        "quijote" => Ok(&QUIJOTE),
        _ => Err(unknown(&format!("builtin:{name}"))),
    }
}

/// «There is no such model; these there are.»
pub(super) fn unknown(name: &str) -> HubError {
    let known = BUILTIN.map(|name| format!("builtin:{name}")).join(", ");
    HubError::Unknown { name: name.to_owned(), known }
}

/// Reads a shipped model.
pub(super) fn load(name: &str) -> Result<Loaded, HubError> {
    parse(find(name)?, Path::new(&format!("builtin:{name}")), name)
}
