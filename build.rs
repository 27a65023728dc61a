//! Lists the lessons, so that a new one is a new file and nothing else.
//!
//! A release build embeds them. A debug build reads them from their folder while it runs, so that nobody waits for a
//! compiler to see a changed sentence.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is"));
    let lessons = root.join("assets/lessons");
    println!("cargo:rerun-if-changed=build.rs");
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let mut list = String::from("&[\n");
    if release {
        println!("cargo:rerun-if-changed={}", lessons.display());
        for language in ["es", "en"] {
            for path in files(&lessons.join(language)) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                writeln!(list, "    ({language:?}, {name:?}, include_str!({path:?})),").expect("a string takes all");
            }
        }
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to write")).join("lessons.rs");
    fs::write(out, list).expect("the list of lessons can be written");
}

/// The files of a folder, sorted by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default();
    found.retain(|path| path.extension().is_some_and(|end| end == "md" || end == "toml"));
    found.sort();
    found
}
