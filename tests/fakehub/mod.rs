//! A server on this machine that plays the hub, well or badly. Each test file uses a part of this.
#![allow(dead_code)]

pub mod place;

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use telar::hub::remote::Access;

/// The commit of every repository here.
pub const COMMIT: &str = "607a30d783dfa663caf39e06633721c8d4cfcd7e";
/// What stands for a person's token.
pub const TOKEN: &str = "hf_of_a_test";

/// What the server does instead of answering properly, once.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Answers with a status and more headers (each with its line end).
    Status(u16, &'static str),
    /// Announces everything, sends so many bytes and closes.
    Cut(usize),
    /// The same, but falls silent instead of closing.
    Stall(usize),
    /// Announces and sends only so many bytes.
    Short(usize),
    /// Announces and sends so many bytes more.
    Long(usize),
    /// Sends something else of the right length.
    Other,
    /// Sends everything, whatever range was asked for.
    Whole,
    /// Sends on to another server.
    Redirect(String),
    /// Sends this.
    Body(Vec<u8>),
    /// Takes the connection and says nothing.
    Silent,
    /// Speaks no HTTP.
    Garbage,
}

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub path: String,
    pub range: Option<String>,
    pub if_range: Option<String>,
    pub authorization: Option<String>,
}

/// A repository.
#[derive(Clone)]
pub struct Repository {
    pub name: String,
    pub files: Vec<(String, Vec<u8>)>,
    pub tags: Vec<&'static str>,
    /// Whether the hub gives checksums of large files.
    pub checksums: bool,
    /// What the server calls the present version of the files.
    pub tag: String,
}

impl Repository {
    /// One of the families' fixtures, with a tokenizer.
    pub fn of(name: &str, fixture: &str) -> Self {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(fixtures.join("families").join(fixture))
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
            .filter(|(name, _)| name != "expected.safetensors")
            .collect();
        files.push(("tokenizer.json".into(), fs::read(fixtures.join("text/bpe.tokenizer.json")).unwrap()));
        files.push(("README.md".into(), b"# Nothing for us\n".to_vec()));
        files.sort();
        let tags = vec!["transformers", "gpt2", "en", "license:mit"];
        Self { name: name.to_owned(), files, tags, checksums: true, tag: "v1".into() }
    }

    pub fn file(&self, name: &str) -> &[u8] {
        &self.files.iter().find(|(other, _)| other == name).expect("a file of the repository").1
    }

    pub fn set(&mut self, name: &str, bytes: &[u8]) {
        self.files.retain(|(other, _)| other != name);
        self.files.push((name.to_owned(), bytes.to_vec()));
    }

    fn info(&self) -> Value {
        let siblings: Vec<Value> = self
            .files
            .iter()
            .map(|(name, bytes)| {
                let large = name.ends_with(".safetensors") || name.ends_with(".bin");
                let mut about = json!({ "rfilename": name, "size": bytes.len(), "blobId": "0" });
                if large && self.checksums {
                    about["lfs"] = json!({ "sha256": sha256(bytes), "size": bytes.len(), "pointerSize": 134 });
                }
                about
            })
            .collect();
        json!({ "id": self.name, "modelId": self.name, "sha": COMMIT, "tags": self.tags, "siblings": siblings })
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Default)]
struct State {
    repositories: Vec<Repository>,
    /// What goes wrong next, by a part of the path.
    faults: HashMap<String, VecDeque<Fault>>,
    asked: Vec<Asked>,
}

/// The server. It lives as long as the test's process.
#[derive(Clone)]
pub struct FakeHub {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl FakeHub {
    pub fn with(repositories: impl IntoIterator<Item = Repository>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state =
            Arc::new(Mutex::new(State { repositories: repositories.into_iter().collect(), ..State::default() }));
        let hub = Self { address, state };
        let serving = hub.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let hub = serving.clone();
                std::thread::spawn(move || hub.serve(stream));
            }
        });
        hub
    }

    /// How a program reaches it; nothing is waited for longer than a test needs.
    pub fn access(&self) -> Access {
        let pause = Duration::from_millis(20);
        Access { endpoint: format!("http://{}", self.address), pause, ..Access::default() }
    }

    /// What goes wrong the next times that a path with this part is asked for.
    pub fn fail(&self, part: &str, faults: impl IntoIterator<Item = Fault>) {
        self.state.lock().unwrap().faults.insert(part.to_owned(), faults.into_iter().collect());
    }

    /// Changes a repository.
    pub fn change(&self, change: impl FnOnce(&mut Repository)) {
        change(&mut self.state.lock().unwrap().repositories[0]);
    }

    /// What was asked with this part in the path, in order.
    pub fn asked(&self, part: &str) -> Vec<Asked> {
        self.state.lock().unwrap().asked.iter().filter(|asked| asked.path.contains(part)).cloned().collect()
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut first = String::new();
        let _ = reader.read_line(&mut first);
        let mut asked = Asked { path: first.split(' ').nth(1).unwrap_or_default().to_owned(), ..Asked::default() };
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|n| n > 2) {
            if let Some((name, value)) = line.split_once(':') {
                let value = Some(value.trim().to_owned());
                match name.to_ascii_lowercase().as_str() {
                    "range" => asked.range = value,
                    "if-range" => asked.if_range = value,
                    "authorization" => asked.authorization = value,
                    _ => {}
                }
            }
            line.clear();
        }
        let (fault, found) = {
            let mut state = self.state.lock().unwrap();
            state.asked.push(asked.clone());
            let key = state.faults.iter().find(|(part, left)| asked.path.contains(part.as_str()) && !left.is_empty());
            let key = key.map(|(part, _)| part.clone());
            let fault = key.and_then(|key| state.faults.get_mut(&key)?.pop_front());
            (fault, answer(&state.repositories, &asked.path))
        };
        // Whoever asked may be gone: that is part of the play.
        let _ = respond(&mut stream, &asked, fault, found);
    }
}

/// Status, content and version of a path.
type Found = (u16, Vec<u8>, String);

fn answer(repositories: &[Repository], path: &str) -> Found {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    if path == "/api/models" {
        let words = query.split('&').find_map(|part| part.strip_prefix("search=")).unwrap_or_default().to_lowercase();
        let rows: Vec<Value> = repositories
            .iter()
            .filter(|one| one.name.to_lowercase().contains(&words))
            .map(|one| {
                let config: Value = serde_json::from_slice(one.file("config.json")).unwrap();
                json!({ "id": one.name, "tags": one.tags, "downloads": 1234, "gated": false,
                        "config": { "model_type": config["model_type"] } })
            })
            .collect();
        return (200, Value::from(rows).to_string().into_bytes(), "search".into());
    }
    for one in repositories {
        let api = format!("/api/models/{}/revision/", one.name);
        if let Some(revision) = path.strip_prefix(&api) {
            let known = revision == "main" || revision == COMMIT;
            return if known { (200, one.info().to_string().into_bytes(), "info".into()) } else { missing() };
        }
        if let Some(name) = path.strip_prefix(&format!("/{}/resolve/{COMMIT}/", one.name)) {
            let file = one.files.iter().find(|(other, _)| other == name);
            return file.map_or_else(missing, |(_, bytes)| (200, bytes.clone(), one.tag.clone()));
        }
    }
    missing()
}

fn missing() -> Found {
    (404, b"{\"error\":\"Repository not found\"}".to_vec(), "none".into())
}

fn respond(stream: &mut TcpStream, asked: &Asked, fault: Option<Fault>, found: Found) -> std::io::Result<()> {
    let (status, mut body, tag) = found;
    let tag = format!("\"{tag}\"");
    let whole = body.len();
    let same = asked.if_range.as_ref().is_none_or(|wanted| *wanted == tag);
    let start = asked.range.as_ref().and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let start: usize = start.filter(|_| same && !matches!(fault, Some(Fault::Whole))).unwrap_or(0);
    let mut length = whole - start.min(whole);
    match fault {
        Some(Fault::Status(status, headers)) => {
            return stream.write_all(
                format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n").as_bytes(),
            );
        }
        Some(Fault::Redirect(to)) => {
            let head =
                format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return stream.write_all(head.as_bytes());
        }
        Some(Fault::Garbage) => return stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n"),
        Some(Fault::Silent) => return wait(stream),
        Some(Fault::Short(bytes)) => length = bytes,
        Some(Fault::Long(more)) => {
            length += more;
            body.extend(vec![7; more]);
        }
        Some(Fault::Other) => body.iter_mut().for_each(|byte| *byte ^= 1),
        Some(Fault::Body(ref other)) => {
            body.clone_from(other);
            length = body.len();
        }
        _ => {}
    }
    let (status, range) = if start > 0 && status == 200 {
        (206, format!("Content-Range: bytes {start}-{}/{whole}\r\n", whole - 1))
    } else {
        (status, String::new())
    };
    let head =
        format!("HTTP/1.1 {status} X\r\nETag: {tag}\r\n{range}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    let rest = &body[start.min(body.len())..];
    match fault {
        Some(Fault::Cut(bytes)) => stream.write_all(&rest[..bytes.min(rest.len())]),
        Some(Fault::Stall(bytes)) => {
            stream.write_all(&rest[..bytes.min(rest.len())])?;
            wait(stream)
        }
        _ => stream.write_all(&rest[..length.min(rest.len())]),
    }
}

/// Says nothing until the other end goes.
fn wait(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.read(&mut [0]).map(drop)
}
