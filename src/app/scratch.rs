//! A home that nobody owns: for windows that show or measure themselves and must not touch a person's files.

use std::path::PathBuf;

use anyhow::anyhow;
use rust_i18n::t;

/// A folder that goes away with this value.
pub(crate) struct TemporaryFolder(pub PathBuf);

impl TemporaryFolder {
    /// Makes one among the system's temporary files.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create() -> anyhow::Result<Self> {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let path = std::env::temp_dir().join(format!("telar-{}-{}", std::process::id(), since.as_nanos()));
        std::fs::create_dir_all(&path)
            .map_err(|error| anyhow!(t!("tour.unwritable", path = path.display(), reason = error).into_owned()))?;
        Ok(Self(path))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), "a temporary folder stays behind: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TemporaryFolder;

    #[test]
    fn goes_away_with_everything_in_it() {
        let (one, two) = (TemporaryFolder::create().unwrap(), TemporaryFolder::create().unwrap());
        assert_ne!(one.0, two.0);
        std::fs::write(one.0.join("file"), "text").unwrap();
        let path = one.0.clone();
        drop(one);
        assert!(!path.exists() && two.0.exists());
    }
}
