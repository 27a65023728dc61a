//! A person's files, corpora of one's own, and downloads from a server on this machine that behaves badly.

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::ControlFlow::{self, Break, Continue};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use telar::data::{self, AtomicFile, CorpusRef, DataError, Expected, Home, Source};
use tempfile::TempDir;

use common::shared_file;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn read(path: impl Into<PathBuf>) -> Result<String, DataError> {
    data::read(&CorpusRef::Path(path.into()), &Home::at("unused"))
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

// Files

#[test]
fn an_atomic_file_is_there_whole_or_not_at_all() {
    let folder = folder();
    let path = folder.path().join("deep/er/settings.toml");
    data::write_atomic(&path, b"one").unwrap();
    data::write_atomic(&path, b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");

    let mut given_up = AtomicFile::create(&path).unwrap();
    given_up.write_all(b"half of thr").unwrap();
    assert_eq!((fs::read(&path).unwrap(), names(path.parent().unwrap()).len()), (b"two".to_vec(), 2));
    drop(given_up);
    assert_eq!(names(path.parent().unwrap()), ["settings.toml"]);

    // A folder stands where the file should be: nothing is lost and nothing is left.
    let taken = folder.path().join("taken");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("inside"), "x").unwrap();
    assert!(data::write_atomic(&taken, b"new").is_err());
    assert_eq!((names(folder.path()), names(&taken)), (vec!["deep".into(), "taken".into()], vec!["inside".into()]));
    assert!(data::write_atomic(Path::new(".."), b"no name").is_err());
}

#[test]
fn what_is_set_aside_keeps_its_content() {
    let folder = folder();
    let path = folder.path().join("settings.toml");
    let mut aside = Vec::new();
    for content in ["first", "second", "third"] {
        fs::write(&path, content).unwrap();
        aside.push(data::set_aside(&path).unwrap());
    }
    assert!(!path.exists());
    for (path, content) in aside.iter().zip(["first", "second", "third"]) {
        assert_eq!(fs::read_to_string(path).unwrap(), content);
        assert!(path.file_name().unwrap().to_str().unwrap().starts_with("settings.toml.broken-20"));
    }
    assert!(data::set_aside(&path).is_err(), "there is nothing to set aside");
}

// Texts of one's own

#[test]
fn line_ends_become_one_and_a_mark_at_the_start_is_left_out() {
    let folder = folder();
    let path = folder.path().join("a.txt");
    fs::write(&path, "\u{FEFF}uno\r\ndos\rtres\n\r\ncuatro").unwrap();
    assert_eq!(read(&path).unwrap(), "uno\ndos\ntres\n\ncuatro");
}

#[test]
fn a_folder_is_read_in_the_order_of_its_names() {
    let folder = folder();
    for (name, content) in
        [("b.txt", "two"), ("a.TXT", "one\n"), ("c.md", "no"), (".d.txt", "no"), ("e.txt", ""), ("f.txt", "three")]
    {
        fs::write(folder.path().join(name), content).unwrap();
    }
    fs::create_dir(folder.path().join("g.txt")).unwrap();
    assert_eq!(read(folder.path()).unwrap(), "one\ntwo\nthree\n");
}

#[test]
fn what_is_no_text_is_refused_with_its_place() {
    let folder = folder();
    let path = folder.path().join("a.txt");
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let error = read(&path).unwrap_err();
        let sentence = error.to_string();
        assert!(sentence.contains(path.to_str().unwrap()), "{sentence}");
        error
    };
    assert!(matches!(refused(b""), DataError::Empty(_)));
    assert!(matches!(refused(b" \r\n\t"), DataError::Empty(_)));
    assert!(matches!(refused(b"PK\x03\x04\x00\x00"), DataError::Binary { at: 4, .. }));
    assert!(matches!(refused(b"\xFF\xFEh\x00i\x00"), DataError::Utf16(_)));
    // «mañana» in Latin-1.
    let error = refused(b"hoy\nma\xF1ana");
    assert!(matches!(error, DataError::NotUtf8 { at: 6, line: 2, byte: 0xF1, .. }), "{error}");
    assert!(error.to_string().contains("0xF1"));
    // A text that ends within a character.
    assert!(matches!(refused(b"a\xC3"), DataError::NotUtf8 { at: 1, line: 1, .. }));

    assert!(matches!(read(folder.path().join("none.txt")), Err(DataError::Missing(_))));
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    assert!(matches!(read(&empty), Err(DataError::EmptyFolder(_))));
    fs::write(empty.join("a.txt"), "\n").unwrap();
    assert!(matches!(read(&empty), Err(DataError::Empty(_))));
}

#[test]
fn too_much_is_refused_before_it_is_read() {
    let folder = folder();
    let path = folder.path().join("big.txt");
    // A sparse file: it takes no room on the disk.
    fs::File::create(&path).unwrap().set_len(data::MAX_BYTES + 1).unwrap();
    let limit = data::MAX_BYTES;
    assert!(
        matches!(read(&path), Err(DataError::TooLarge { bytes, limit: l, .. }) if bytes == limit + 1 && l == limit)
    );
    fs::write(folder.path().join("a.txt"), "abc").unwrap();
    assert!(matches!(read(folder.path()), Err(DataError::TooLarge { bytes, .. }) if bytes == limit + 5));
}

#[cfg(unix)]
#[test]
fn what_is_neither_file_nor_folder_is_refused() {
    assert!(matches!(read("/dev/null"), Err(DataError::NotAFile(_))));
}

// The catalogue

#[test]
fn the_catalogue_is_sound() {
    let home = Home::at(folder().path());
    let names: Vec<_> = data::catalogue().iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["telar-es", "telar-en", "shakespeare", "quijote"]);
    for entry in data::catalogue() {
        assert!(!entry.title().contains("data."), "{} has no title", entry.name);
        match entry.source {
            Source::Shipped(text) => {
                assert!(data::available(entry, &home));
                assert!(entry.bytes >= 50_000 && !text.contains('\r'));
                assert_eq!(data::read(&CorpusRef::Named(entry.name.into()), &home).unwrap(), text);
                assert!(matches!(data::download(entry, &home, &mut |_, _| Continue(())), Err(DataError::Shipped(_))));
            }
            Source::Download { url, sha256 } => {
                assert!(!data::available(entry, &home));
                assert!(url.starts_with("https://") && sha256.len() == 64);
                let error = data::read(&CorpusRef::Named(entry.name.into()), &home).unwrap_err();
                assert!(matches!(error, DataError::NotDownloaded(_)));
            }
        }
    }
    let error = data::read(&CorpusRef::Named("hamlet".into()), &home).unwrap_err().to_string();
    assert!(error.contains("hamlet") && error.contains("telar-es, telar-en, shakespeare, quijote"), "{error}");
}

#[test]
fn a_downloaded_file_that_changed_is_set_aside() {
    let folder = folder();
    let home = Home::at(folder.path());
    let entry = data::corpora::entry("shakespeare").unwrap();
    data::write_atomic(&entry.file(&home), b"First Citizen: half a pl").unwrap();
    assert!(data::available(entry, &home));
    let error = data::read(&CorpusRef::Named("shakespeare".into()), &home).unwrap_err();
    let DataError::Damaged { path, .. } = &error else { panic!("{error}") };
    assert_eq!(fs::read(path).unwrap(), b"First Citizen: half a pl");
    assert!(!data::available(entry, &home));
}

#[test]
fn the_two_books_are_those_of_the_catalogue() {
    for (file, name) in [("tinyshakespeare.txt", "shakespeare"), ("quijote.txt", "quijote")] {
        let Some(path) = shared_file(file) else { return };
        let bytes = fs::read(&path).unwrap();
        let entry = data::corpora::entry(name).unwrap();
        let Source::Download { sha256: expected, .. } = entry.source else { panic!("{name} is downloaded") };
        assert_eq!((bytes.len() as u64, sha256(&bytes).as_str()), (entry.bytes, expected));

        let folder = folder();
        let home = Home::at(folder.path());
        data::write_atomic(&entry.file(&home), &bytes).unwrap();
        let text = data::read(&CorpusRef::Named(name.into()), &home).unwrap();
        assert_eq!(text, String::from_utf8(bytes).unwrap().replace("\r\n", "\n"));
        assert_eq!(text, read(path).unwrap());
        assert!(!text.contains('\r'));
    }
}

// Downloads

/// A server on this machine that answers every request with `answer`.
fn serve(answer: impl Fn(&mut TcpStream, &str) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut first = String::new();
            let mut line = String::new();
            let _ = reader.read_line(&mut first);
            while reader.read_line(&mut line).is_ok_and(|n| n > 2) {
                line.clear();
            }
            let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
            answer(&mut stream, &path);
        }
    });
    address
}

fn head(status: &str, length: usize) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
}

/// Serves `body` as it is.
fn serve_whole(body: Vec<u8>) -> SocketAddr {
    serve(move |stream, _| {
        let _ = stream.write_all(head("200 OK", body.len()).as_bytes()).and_then(|()| stream.write_all(&body));
    })
}

fn body() -> Vec<u8> {
    (0..200_000u32).map(|i| (i % 251) as u8).collect()
}

/// Fetches [`body`] into a folder where an older file of the name stands already, and says what is there afterwards.
fn fetch_over_old(address: SocketAddr) -> (Result<(), DataError>, Vec<u8>) {
    let folder = folder();
    let path = folder.path().join("corpus.txt");
    fs::write(&path, "old").unwrap();
    let body = body();
    let digest = sha256(&body);
    let expected = Expected { bytes: body.len() as u64, sha256: &digest };
    let result = data::fetch(&format!("http://{address}/corpus.txt"), expected, &path, &mut |_, _| Continue(()));
    assert_eq!(names(folder.path()), ["corpus.txt"], "nothing else is left behind");
    (result, fs::read(&path).unwrap())
}

#[test]
fn a_whole_download_arrives_and_tells_its_progress() {
    let folder = folder();
    let path = folder.path().join("datasets/corpus.txt");
    let body = body();
    let digest = sha256(&body);
    let expected = Expected { bytes: body.len() as u64, sha256: &digest };
    let address = serve_whole(body.clone());
    let mut seen = Vec::new();
    let mut progress = |done, total| {
        seen.push((done, total));
        Continue(())
    };
    data::fetch(&format!("http://{address}/corpus.txt"), expected, &path, &mut progress).unwrap();
    assert_eq!(fs::read(&path).unwrap(), body);
    assert_eq!(seen.first(), Some(&(0, Some(200_000))));
    assert_eq!(seen.last(), Some(&(200_000, Some(200_000))));
    assert!(seen.len() > 5 && seen.is_sorted());
}

#[test]
fn a_redirect_is_followed() {
    let target = serve_whole(body());
    let address = serve(move |stream, _| {
        let answer = format!("HTTP/1.1 302 Found\r\nLocation: http://{target}/x\r\nContent-Length: 0\r\n\r\n");
        let _ = stream.write_all(answer.as_bytes());
    });
    let (result, content) = fetch_over_old(address);
    result.unwrap();
    assert_eq!(content, body());
}

#[test]
fn a_break_off_leaves_the_old_file() {
    let half = serve(|stream, _| {
        let body = body();
        let _ = stream.write_all(head("200 OK", body.len()).as_bytes());
        let _ = stream.write_all(&body[..100_000]);
    });
    let (result, content) = fetch_over_old(half);
    let error = result.unwrap_err();
    let DataError::BrokenOff { got, expected: 200_000, .. } = error else { panic!("{error}") };
    assert!(got <= 100_000 && content == b"old", "{got}");

    // The server says itself that there is no more.
    let (result, content) = fetch_over_old(serve_whole(body()[..1_000].to_vec()));
    let error = result.unwrap_err();
    assert!(matches!(error, DataError::BrokenOff { got: 1_000, .. }), "{error}");
    assert_eq!(content, b"old");
}

#[test]
fn something_else_is_thrown_away() {
    let mut changed = body();
    changed[77_777] ^= 1;
    let mut longer = body();
    longer.extend_from_slice(b"more");
    for answer in [changed, longer] {
        let (result, content) = fetch_over_old(serve_whole(answer));
        let error = result.unwrap_err();
        assert!(matches!(error, DataError::WrongContent(_)), "{error}");
        assert_eq!(content, b"old");
    }
}

#[test]
fn refusals_name_the_server_and_the_reason() {
    for (line, status) in [("404 Not Found", 404), ("429 Too Many Requests", 429), ("500 Internal Server Error", 500)] {
        let address = serve(move |stream, _| {
            let _ = stream.write_all(head(line, 0).as_bytes());
        });
        let (result, content) = fetch_over_old(address);
        let error = result.unwrap_err();
        assert!(matches!(error, DataError::Status { status: s, .. } if s == status), "{error}");
        assert!(error.to_string().contains("127.0.0.1") && error.to_string().contains(&status.to_string()));
        assert_eq!(content, b"old");
    }
    // A port on which nobody listens any more.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (result, content) = fetch_over_old(closed);
    assert!(matches!(result, Err(DataError::Unreachable { .. })));
    assert_eq!(content, b"old");
    // What answers does not speak HTTP.
    let (result, _) = fetch_over_old(serve(|stream, _| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n");
    }));
    assert!(matches!(result, Err(DataError::Unreachable { .. })));
}

/// Calls `fetch`, stops it after `after`, and says how long the stop took to be felt.
fn time_to_stop(address: SocketAddr, after: Duration) -> Duration {
    let folder = folder();
    let path = folder.path().join("corpus.txt");
    let (started, mut stopped) = (Instant::now(), None);
    let mut progress = |_, _| -> ControlFlow<()> {
        if started.elapsed() < after {
            return Continue(());
        }
        stopped.get_or_insert_with(Instant::now);
        Break(())
    };
    let expected = Expected { bytes: 200_000, sha256: "" };
    let result = data::fetch(&format!("http://{address}/"), expected, &path, &mut progress);
    assert!(matches!(result, Err(DataError::Cancelled)), "{result:?}");
    assert!(names(folder.path()).is_empty());
    started.elapsed() - after
}

#[test]
fn a_stop_is_felt_at_once_whatever_the_server_does() {
    let silent = serve(|stream, _| {
        let _ = stream.read(&mut [0]);
    });
    let stalled = serve(|stream, _| {
        let _ = stream.write_all(head("200 OK", 200_000).as_bytes());
        let _ = stream.write_all(&body()[..5_000]);
        let _ = stream.read(&mut [0]);
    });
    for address in [silent, stalled] {
        let felt = time_to_stop(address, Duration::from_millis(150));
        assert!(felt < Duration::from_millis(200), "{felt:?}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_a_sentence() {
    let folder = folder();
    let blocked = folder.path().join("datasets");
    fs::write(&blocked, "a file where the folder should be").unwrap();
    let expected = Expected { bytes: 1, sha256: "" };
    let path = blocked.join("corpus.txt");
    let error = data::fetch("http://127.0.0.1:9/", expected, &path, &mut |_, _| Continue(())).unwrap_err();
    assert!(matches!(error, DataError::Unwritable { .. }), "{error}");
    assert!(error.to_string().contains("TELAR_HOME"));
}

// Language

/// The interface's language is one for the whole process, so no other test here may depend on it.
#[test]
fn every_sentence_is_there_in_both_languages() {
    let path = PathBuf::from("x.txt");
    let io = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let errors = || {
        let (title, host, path) = ("T".to_owned(), "h".to_owned(), path.clone());
        [
            DataError::NoHome,
            DataError::UnknownCorpus { name: "n".into(), known: "a".into() },
            DataError::NotDownloaded(title.clone()),
            DataError::Damaged { title: title.clone(), path: path.clone() },
            DataError::Missing(path.clone()),
            DataError::Unreadable { path: path.clone(), source: io() },
            DataError::NotAFile(path.clone()),
            DataError::Empty(path.clone()),
            DataError::EmptyFolder(path.clone()),
            DataError::Binary { path: path.clone(), at: 7 },
            DataError::Utf16(path.clone()),
            DataError::NotUtf8 { path: path.clone(), at: 7, line: 2, byte: 0xFF },
            DataError::TooLarge { path: path.clone(), bytes: 9 << 20, limit: 8 << 20 },
            DataError::Unwritable { path, source: io() },
            DataError::Cancelled,
            DataError::Unreachable { host: host.clone(), reason: "r".into() },
            DataError::Status { host: host.clone(), status: 404 },
            DataError::BrokenOff { host: host.clone(), got: 1, expected: 2 },
            DataError::WrongContent(host),
            DataError::Shipped(title),
        ]
        .map(|error| error.to_string())
    };
    rust_i18n::set_locale("es");
    let spanish = errors();
    rust_i18n::set_locale("en");
    for (english, spanish) in errors().iter().zip(&spanish) {
        assert_ne!(english, spanish);
        for sentence in [english, spanish] {
            assert!(!sentence.contains("data.") && !sentence.contains("%{") && sentence.ends_with('.'), "{sentence}");
        }
    }
}
