//! How is a server asked so that «cancel» is felt at once, whatever it does?
//!
//! A thread of its own sends the request, follows redirects and reads; the caller takes its news from a bounded channel
//! and is never kept waiting for longer than a heartbeat.

use std::io::{self, Read};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use ureq::http::HeaderMap;

/// How often the caller is asked whether to go on, at least.
const HEARTBEAT: Duration = Duration::from_millis(50);
/// Bytes read at once.
const CHUNK: usize = 1 << 16;
/// A server that sends one on more often than this goes round in circles.
const MOST_REDIRECTS: usize = 10;

/// How long a server may be silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Until it has been found, has taken the connection and has answered; each of the three for itself.
    pub answer: Duration,
    /// Until its next bytes.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { answer: Duration::from_secs(20), silence: Duration::from_secs(20) }
    }
}

/// What is asked for.
#[derive(Clone)]
pub struct Request {
    /// The address. One with `https` is never left for one without.
    pub url: String,
    /// Headers that every server on the way is sent.
    pub headers: Vec<(&'static str, String)>,
    /// Who asks: sent to the first address's own server alone, never to one that it sends us to.
    pub authorization: Option<String>,
    /// How long to wait.
    pub patience: Patience,
}

impl Request {
    /// A plain request.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), headers: Vec::new(), authorization: None, patience: Patience::default() }
    }
}

/// Status and headers of an answer.
#[derive(Clone, Debug)]
pub struct Head {
    /// The HTTP status.
    pub status: u16,
    /// The headers of the last server.
    headers: HeaderMap,
    /// Those of the servers that sent us on, in order.
    passed: Vec<HeaderMap>,
}

impl Head {
    /// A header of the answer as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A header that any server on the way has sent, the first one's first.
    pub fn header_on_the_way(&self, name: &str) -> Option<&str> {
        self.passed.iter().chain([&self.headers]).find_map(|headers| headers.get(name)?.to_str().ok())
    }

    /// A header that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.trim().parse().ok()
    }
}

/// What the thread at the server has to say.
#[derive(Debug)]
pub enum News {
    /// The server has answered; once, and before any chunk.
    Head(Head),
    /// The next bytes.
    Chunk(Vec<u8>),
    /// It cannot be reached, or the connection broke: the reason in the words of the library.
    Failed(String),
    /// Nothing yet.
    Silence,
    /// Everything has come that the server wanted to send.
    End,
}

/// An answer on its way. Dropped, the thread that reads it ends as soon as it notices.
pub struct Answer(Receiver<News>);

impl Answer {
    /// The next news; waits a heartbeat at most.
    pub fn next(&self) -> News {
        match self.0.recv_timeout(HEARTBEAT) {
            Ok(news) => news,
            Err(RecvTimeoutError::Timeout) => News::Silence,
            Err(RecvTimeoutError::Disconnected) => News::End,
        }
    }
}

/// Sends a request.
///
/// # Errors
/// If the system gives no thread for it.
pub fn send(request: Request) -> io::Result<Answer> {
    let (sender, received) = bounded(8);
    std::thread::Builder::new().name("download".into()).spawn(move || {
        if let Err(error) = follow(&request, &sender) {
            // Fails only where nobody listens any more.
            let _ = sender.send(News::Failed(error.to_string()));
        }
    })?;
    Ok(Answer(received))
}

/// Asks, goes where it is sent, and reads until the end or until nobody listens any more.
fn follow(request: &Request, sender: &Sender<News>) -> Result<(), ureq::Error> {
    let agent = agent(&request.url, request.patience);
    let mut url = request.url.clone();
    let mut passed = Vec::new();
    loop {
        let mut asked = agent.get(&url);
        for (name, value) in &request.headers {
            asked = asked.header(*name, value);
        }
        if let Some(who) = request.authorization.as_ref().filter(|_| server_of(&url) == server_of(&request.url)) {
            asked = asked.header("Authorization", who);
        }
        let mut response = asked.call()?;
        let status = response.status().as_u16();
        let next = response.headers().get("location").and_then(|place| place.to_str().ok());
        if let (true, Some(place)) = (matches!(status, 301 | 302 | 303 | 307 | 308), next) {
            if passed.len() == MOST_REDIRECTS {
                return Err(ureq::Error::TooManyRedirects);
            }
            url = joined(&url, place);
            passed.push(response.headers().clone());
            continue;
        }
        let head = Head { status, headers: response.headers().clone(), passed };
        if sender.send(News::Head(head)).is_err() {
            return Ok(());
        }
        return pass_on(response.body_mut().as_reader(), sender);
    }
}

fn pass_on(mut body: impl Read, sender: &Sender<News>) -> Result<(), ureq::Error> {
    loop {
        let mut chunk = vec![0; CHUNK];
        let n = body.read(&mut chunk)?;
        chunk.truncate(n);
        if n == 0 || sender.send(News::Chunk(chunk)).is_err() {
            return Ok(());
        }
    }
}

fn agent(url: &str, patience: Patience) -> ureq::Agent {
    let secure = url.starts_with("https://");
    let config = ureq::Agent::config_builder()
        .https_only(secure)
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_resolve(Some(patience.answer))
        .timeout_connect(Some(patience.answer))
        .timeout_recv_response(Some(patience.answer))
        .timeout_per_read(Some(patience.silence))
        .accept_encoding("identity")
        .user_agent(concat!("telar/", env!("CARGO_PKG_VERSION")));
    // A proxy is for the net; plain addresses are those of a server on this machine.
    if secure { config.build().into() } else { config.proxy(None).build().into() }
}

/// Scheme and server of an address, as in `https://huggingface.co`.
fn server_of(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    &url[..end]
}

/// The server's name in an address, for a person.
pub fn host_of(url: &str) -> String {
    let server = server_of(url);
    server.split_once("://").map_or(server, |(_, host)| host).to_owned()
}

/// Where a `Location` leads from an address.
fn joined(from: &str, place: &str) -> String {
    let server = server_of(from);
    if place.contains("://") {
        place.to_owned()
    } else if let Some(rest) = place.strip_prefix("//") {
        let scheme = server.split_once("://").map_or("https", |(scheme, _)| scheme);
        format!("{scheme}://{rest}")
    } else if place.starts_with('/') {
        format!("{server}{place}")
    } else {
        let path = from.split(['?', '#']).next().unwrap_or(from);
        let folder = path.rfind('/').filter(|&at| at >= server.len()).map_or(server, |at| &path[..at]);
        format!("{folder}/{place}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_relative_to_where_they_were_named() {
        let from = "https://hub.example:8/a/b/c.json?x=1/2";
        assert_eq!(joined(from, "https://cdn.example/x"), "https://cdn.example/x");
        assert_eq!(joined(from, "//cdn.example/x"), "https://cdn.example/x");
        assert_eq!(joined(from, "/x/y?z"), "https://hub.example:8/x/y?z");
        assert_eq!(joined(from, "d.json"), "https://hub.example:8/a/b/d.json");
        assert_eq!(joined("http://127.0.0.1:9", "x"), "http://127.0.0.1:9/x");
        assert_eq!(host_of(from), "hub.example:8");
        assert_eq!(server_of("http://127.0.0.1:9?x"), "http://127.0.0.1:9");
    }
}
