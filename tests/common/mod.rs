//! What several tests need.

use std::path::PathBuf;

/// A file of the data that is not part of the project (the books), from the folder that `TELAR_TEST_DATA` names or else
/// `../shared/data`. Says so where it is missing.
pub fn shared_file(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TELAR_TEST_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = folder.join(name);
    if !path.is_file() {
        eprintln!("skipped: {} is not there (set TELAR_TEST_DATA)", path.display());
        return None;
    }
    Some(path)
}

/// The text of such a file, as it is on disk.
#[allow(dead_code, reason = "not every test reads a text")]
pub fn shared_text(name: &str) -> Option<String> {
    shared_file(name).map(|path| std::fs::read_to_string(path).expect("a text"))
}
