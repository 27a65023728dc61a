//! What a repository of the hub is called, and the folder that it has here.

use serde::{Deserialize, Serialize};

/// Longest part of a repository's name.
const LONGEST: usize = 96;

/// A downloaded model: its repository, and the commit whose files it has.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HubRef {
    /// `owner/name`.
    pub repository: String,
    /// The commit, as the hub calls it.
    pub revision: String,
}

impl HubRef {
    /// The name without its owner.
    pub fn short(&self) -> &str {
        short(&self.repository)
    }
}

/// The name of a repository without its owner.
pub fn short(repository: &str) -> &str {
    repository.rsplit_once('/').map_or(repository, |(_, name)| name)
}

/// Whether a text can be the name of a repository, by the hub's own rules: `owner/name`, each of letters, digits, `-`, `_`
/// and `.`, without a sign at its ends or `--` and `..` inside. Such a name is harmless in a path.
pub fn is_repository(text: &str) -> bool {
    let part = |part: &str| {
        let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        part.len() <= LONGEST
            && ends(part.chars().next())
            && ends(part.chars().next_back())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
            && !part.contains("--")
            && !part.contains("..")
            && !part.ends_with(".git")
    };
    text.split_once('/').is_some_and(|(owner, name)| part(owner) && part(name))
}

/// Whether a text can be the name of a branch, a tag or a commit.
fn is_revision(text: &str) -> bool {
    let ordinary = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    (1..=200).contains(&text.len()) && text.chars().all(ordinary) && !text.contains("..") && !text.starts_with('/')
}

/// What a person may write: `owner/name` or `owner/name@revision`. `None` where it is neither.
pub fn parse(text: &str) -> Option<(&str, Option<&str>)> {
    let (repository, revision) = match text.split_once('@') {
        Some((repository, revision)) => (repository, Some(revision)),
        None => (text, None),
    };
    (is_repository(repository) && revision.is_none_or(is_revision)).then_some((repository, revision))
}

/// A repository's folder among the models. No two have the same one, because `--` is in no name.
pub(super) fn folder_name(repository: &str) -> String {
    repository.replace('/', "--")
}

/// A text as one segment of an address.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_hub_are_told_from_others() {
        for good in ["openai-community/gpt2", "EleutherAI/gpt-neo-125M", "Qwen/Qwen2.5-0.5B", "a/_b"] {
            assert!(is_repository(good), "{good}");
        }
        for wrong in ["gpt2", "", "/", "a/", "/b", "a/b/c", "../b", "a/..", ".a/b", "a/b.", "a--b/c", "a/b c", "a/ñ"] {
            assert!(!is_repository(wrong), "{wrong}");
        }
        assert!(!is_repository(&format!("a/{}", "b".repeat(97))));
    }

    #[test]
    fn a_revision_may_follow() {
        assert_eq!(parse("a/b"), Some(("a/b", None)));
        assert_eq!(parse("a/b@refs/pr/3"), Some(("a/b", Some("refs/pr/3"))));
        for wrong in ["a/b@", "a/b@x y", "a/b@../x", "b@main", "a/b@x@y"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(escaped("refs/pr/3 ñ"), "refs%2Fpr%2F3%20%C3%B1");
        assert_eq!(folder_name("a-b/c.d"), "a-b--c.d");
    }
}
