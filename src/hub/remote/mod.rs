//! Models from the hub: looking for them, fetching them, keeping them.
//!
//! Start reading at [`download`]; [`library`] says how downloaded models lie on the disk.

mod access;
mod client;
mod download;
mod error;
mod info;
pub mod library;
mod names;
mod pace;
mod plan;
mod transfer;

pub use access::{Access, Token};
pub use client::{Now, Watch};
pub use download::download;
pub use error::RemoteError;
pub use info::FoundModel;
pub use names::{HubRef, is_repository, parse, short};
pub use pace::Pace;

use rust_i18n::t;

use crate::data::Home;
use crate::hub::BUILTIN;

/// The branch that is meant where none is named.
pub const MAIN: &str = "main";

/// Looks for models that write text by words of their names, the most used ones first.
///
/// # Errors
/// One sentence on why the hub could not be asked.
pub fn search(access: &Access, home: &Home, words: &str, watch: Watch) -> Result<Vec<FoundModel>, RemoteError> {
    info::search(&client::Client { access, here: here(home) }, words, watch)
}

/// What is there without the net, for a sentence.
fn here(home: &Home) -> String {
    let shipped = BUILTIN.map(|name| format!("builtin:{name}"));
    let downloaded = library::list(home).into_iter().map(|manifest| manifest.repository);
    let names: Vec<String> = shipped.into_iter().chain(downloaded).collect();
    t!("remote.here", names = names.join(", ")).into_owned()
}
