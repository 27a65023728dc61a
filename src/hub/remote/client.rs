//! Asks the hub, waits where it asks for patience, and tries again where it stumbles.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::access::Access;
use super::error::RemoteError;
use crate::data::request::{Answer, Head, News, Request, host_of, send};

/// A server that stumbles is asked so often in all.
const TRIES: u32 = 4;
/// How long a server that names no time is waited for when it was asked too often.
const USUAL_WAIT: Duration = Duration::from_secs(10);
/// What an answer in JSON may have at most: a repository of thousands of files has less.
const MOST_JSON: usize = 32 << 20;
/// How often a pause asks whether to go on.
const HEARTBEAT: Duration = Duration::from_millis(50);

/// What is going on, for whoever waits; it is told at least ten times a second and may stop.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Now {
    /// Bytes that are here.
    pub done: u64,
    /// Bytes in all, where they are known.
    pub total: Option<u64>,
    /// How long the server wants us to wait yet.
    pub waiting: Option<Duration>,
}

/// Hears what is going on.
pub type Watch<'a> = &'a mut dyn FnMut(Now) -> ControlFlow<()>;

/// The hub, as one person sees it.
pub(super) struct Client<'a> {
    pub access: &'a Access,
    /// What a message about a missing net says is here.
    pub here: String,
}

impl Client<'_> {
    /// The whole address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.access.endpoint)
    }

    /// Asks for JSON. `what` is named where there is none.
    pub fn json(&self, path: &str, what: &str, watch: Watch) -> Result<Value, RemoteError> {
        let url = self.url(path);
        let (_, answer) = self.open(&url, &[], what, watch)?;
        let mut bytes = Vec::new();
        loop {
            match answer.next() {
                News::Chunk(chunk) => bytes.extend_from_slice(&chunk),
                News::Failed(reason) => return Err(self.unreachable(&url, reason)),
                News::End => break,
                News::Silence | News::Head(_) => {}
            }
            if bytes.len() > MOST_JSON {
                return Err(RemoteError::NoHub(host_of(&url)));
            }
            go_on(watch(Now::default()))?;
        }
        serde_json::from_slice(&bytes).map_err(|_| RemoteError::NoHub(host_of(&url)))
    }

    /// Asks until there is an answer that can be read (200, 206, or 416 for a range that is not there).
    pub fn open(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        what: &str,
        watch: Watch,
    ) -> Result<(Head, Answer), RemoteError> {
        if self.access.offline {
            return Err(RemoteError::Offline { here: self.here.clone() });
        }
        let (mut tries, mut waited) = (1, Duration::ZERO);
        loop {
            let (head, answer) = self.once(url, headers, watch)?;
            match head.status {
                200 | 206 | 416 => return Ok((head, answer)),
                401 | 403 => return Err(RemoteError::Gated(what.to_owned())),
                404 | 410 => return Err(RemoteError::NotFound(what.to_owned())),
                429 => {
                    let wait = retry_after(&head).unwrap_or(USUAL_WAIT);
                    if waited + wait > self.access.longest_wait {
                        return Err(RemoteError::TooMany { host: host_of(url), seconds: wait.as_secs() });
                    }
                    waited += wait;
                    pause(wait, watch)?;
                }
                500..=599 if tries < TRIES => {
                    pause(self.access.pause * 2u32.pow(tries - 1), watch)?;
                    tries += 1;
                }
                status => return Err(RemoteError::Status { host: host_of(url), status }),
            }
        }
    }

    fn once(&self, url: &str, headers: &[(&'static str, String)], watch: Watch) -> Result<(Head, Answer), RemoteError> {
        let request = Request {
            headers: headers.to_vec(),
            authorization: self.access.token.as_ref().map(super::access::Token::header),
            patience: self.access.patience,
            ..Request::new(url)
        };
        let answer = send(request).map_err(|error| self.unreachable(url, error.to_string()))?;
        loop {
            match answer.next() {
                News::Head(head) => return Ok((head, answer)),
                News::Failed(reason) => return Err(self.unreachable(url, reason)),
                News::End => return Err(self.unreachable(url, String::new())),
                News::Silence | News::Chunk(_) => go_on(watch(Now::default()))?,
            }
        }
    }

    pub fn unreachable(&self, url: &str, reason: String) -> RemoteError {
        RemoteError::Unreachable { host: host_of(url), reason, here: self.here.clone() }
    }
}

/// Seconds, as the hub writes them. (A date would be allowed too; the usual wait stands for it.)
fn retry_after(head: &Head) -> Option<Duration> {
    head.number("retry-after").map(Duration::from_secs)
}

/// Stands still, visibly, and not any longer than the person wants.
pub(super) fn pause(wait: Duration, watch: Watch) -> Result<(), RemoteError> {
    let begun = Instant::now();
    loop {
        let left = wait.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        go_on(watch(Now { waiting: Some(left), ..Now::default() }))?;
        std::thread::sleep(left.min(HEARTBEAT));
    }
}

pub(super) fn go_on(flow: ControlFlow<()>) -> Result<(), RemoteError> {
    if flow.is_break() { Err(RemoteError::Cancelled) } else { Ok(()) }
}
