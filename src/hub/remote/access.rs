//! Which hub is asked, in whose name, and how patiently? The variables are those of the hub's own programs.

use std::env;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::data::request::Patience;

/// The public hub.
const PUBLIC: &str = "https://huggingface.co";

/// How the hub is reached.
#[derive(Clone, Debug)]
pub struct Access {
    /// Its address, without a slash at the end (`HF_ENDPOINT`).
    pub endpoint: String,
    /// The person's token, for repositories that want one.
    pub token: Option<Token>,
    /// Whether the net is not to be used at all (`HF_HUB_OFFLINE`).
    pub offline: bool,
    /// How long a server may be silent.
    pub patience: Patience,
    /// The first pause before something that failed on the server's side is tried again; each further one is twice as long.
    pub pause: Duration,
    /// How long a server that is asked too often is waited for, in all.
    pub longest_wait: Duration,
}

/// A secret: it is sent to the hub and shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token, without the white space around it; `None` for an empty one or one that is no header.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty() && text.chars().all(|c| c.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }

    /// The value of the header `Authorization`.
    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token(…)")
    }
}

impl Default for Access {
    /// The public hub, without a token.
    fn default() -> Self {
        Self {
            endpoint: PUBLIC.to_owned(),
            token: None,
            offline: false,
            patience: Patience::default(),
            pause: Duration::from_secs(1),
            longest_wait: Duration::from_secs(180),
        }
    }
}

impl Access {
    /// As the surroundings say: `HF_ENDPOINT`, `HF_HUB_OFFLINE`, and the token from `HF_TOKEN` or from the file that
    /// `hf auth login` writes.
    pub fn from_env() -> Self {
        let endpoint = variable("HF_ENDPOINT").map(|text| text.trim_end_matches('/').to_owned());
        let offline = variable("HF_HUB_OFFLINE").is_some_and(|value| says_yes(&value));
        Self {
            endpoint: endpoint.unwrap_or_else(|| PUBLIC.to_owned()),
            token: variable("HF_TOKEN").or_else(token_in_file).as_deref().and_then(Token::new),
            offline,
            ..Self::default()
        }
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn says_yes(value: &str) -> bool {
    matches!(value.trim().to_ascii_uppercase().as_str(), "1" | "ON" | "YES" | "TRUE")
}

/// The token that the hub's own program has kept.
fn token_in_file() -> Option<String> {
    let path = match variable("HF_TOKEN_PATH") {
        Some(path) => PathBuf::from(path),
        None => match variable("HF_HOME") {
            Some(home) => PathBuf::from(home).join("token"),
            None => cache_folder()?.join("huggingface").join("token"),
        },
    };
    std::fs::read_to_string(path).ok()
}

fn cache_folder() -> Option<PathBuf> {
    match variable("XDG_CACHE_HOME") {
        Some(folder) => Some(PathBuf::from(folder)),
        // On every platform, also where the system's own folder for such things is another.
        None => Some(directories::BaseDirs::new()?.home_dir().join(".cache")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_shown() {
        let token = Token::new(" hf_abc\n").unwrap();
        assert_eq!(token.header(), "Bearer hf_abc");
        let access = Access { token: Some(token), ..Access::default() };
        assert!(!format!("{access:?}").contains("hf_abc"));
        assert_eq!(Token::new(" \n"), None);
        assert_eq!(Token::new("a\r\nb"), None);
    }

    #[test]
    fn offline_is_said_in_several_ways() {
        assert!(["1", "true", "Yes", " ON "].into_iter().all(says_yes));
        assert!(["0", "false", "no", "off", ""].into_iter().all(|value| !says_yes(value)));
    }
}
