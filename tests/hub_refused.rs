//! Models from a hub that behaves badly for good: each download ends in one sentence that says what to do, and nothing is left
//! that could be taken for a model.

mod fakehub;

use std::fs;
use std::net::TcpListener;
use std::ops::ControlFlow::Continue;
use std::time::Duration;

use fakehub::place::{NAME, Place, WEIGHTS, remote_error};
use fakehub::{Fault, Repository};
use telar::data::request::Patience;
use telar::hub::HubError;
use telar::hub::remote::{self, Access, RemoteError};

#[test]
fn refusals_are_sentences_that_say_what_to_do() {
    type Check = fn(&RemoteError) -> bool;
    let cases: [(&str, Fault, Check); 8] = [
        ("/api/", Fault::Status(401, ""), |e| matches!(e, RemoteError::Gated(name) if name == NAME)),
        (WEIGHTS, Fault::Status(403, ""), |e| matches!(e, RemoteError::Gated(name) if name == NAME)),
        ("/api/", Fault::Status(404, ""), |e| matches!(e, RemoteError::NotFound(name) if name == NAME)),
        ("/api/", Fault::Status(429, "Retry-After: 3600\r\n"), |e| {
            matches!(e, RemoteError::TooMany { seconds: 3600, .. })
        }),
        (WEIGHTS, Fault::Status(418, ""), |e| matches!(e, RemoteError::Status { status: 418, .. })),
        ("/api/", Fault::Garbage, |e| matches!(e, RemoteError::Unreachable { .. })),
        ("/api/", Fault::Body(b"<html>Please log in</html>".to_vec()), |e| matches!(e, RemoteError::NoHub(_))),
        ("/api/", Fault::Body(b"{\"id\":\"../..\",\"sha\":\"0123456789\"}".to_vec()), |e| {
            matches!(e, RemoteError::NoHub(_))
        }),
    ];
    for (part, fault, right) in cases {
        let place = Place::new();
        place.hub.fail(part, [fault.clone()]);
        let error = remote_error(place.download());
        assert!(right(&error), "{fault:?}: {error:?}");
        place.assert_nothing();
        // And the next time it works.
        place.download().unwrap();
        place.assert_right();
    }
    let place = Place::new();
    place.hub.fail("/api/", (0..9).map(|_| Fault::Status(502, "")));
    assert!(matches!(remote_error(place.download()), RemoteError::Status { status: 502, .. }));
    assert_eq!(place.hub.asked("/api/").len(), 4, "a few tries and no more");
    // A port on which nobody listens any more.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let access = Access { endpoint: format!("http://{closed}"), ..place.hub.access() };
    assert!(matches!(remote_error(place.download_by(&access)), RemoteError::Unreachable { .. }));
    place.assert_nothing();
}

#[test]
fn wrong_files_are_thrown_away() {
    for fault in [Fault::Short(1_000), Fault::Long(10), Fault::Other, Fault::Body(b"<html></html>".to_vec())] {
        let place = Place::new();
        place.hub.fail(WEIGHTS, [fault.clone()]);
        let error = remote_error(place.download());
        let right = matches!(error, RemoteError::WrongLength { .. } | RemoteError::WrongContent(_));
        assert!(right, "{fault:?}: {error:?}");
        assert!(!place.part().exists(), "{fault:?}: nothing of it is kept");
        place.assert_nothing();
        place.download().unwrap();
        place.assert_right();
    }
}

#[test]
fn without_a_checksum_the_header_must_be_one() {
    let mut repository = Repository { checksums: false, ..Repository::of(NAME, "gpt2") };
    repository.set(WEIGHTS, &vec![0xFF; 5_000]);
    let place = Place::with(repository);
    assert!(matches!(remote_error(place.download()), RemoteError::WrongContent(name) if name == WEIGHTS));
    place.assert_nothing();
    let mut repository = Repository::of(NAME, "gpt2");
    repository.set("tokenizer.json", b"{ not json");
    let place = Place::with(repository);
    assert!(matches!(remote_error(place.download()), RemoteError::WrongContent(name) if name == "tokenizer.json"));
    place.assert_nothing();
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    let place = Place::new();
    place.hub.fail(WEIGHTS, (0..9).map(|_| Fault::Stall(0)));
    let silence = Duration::from_millis(700);
    let access = Access { patience: Patience { silence, ..Patience::default() }, ..place.hub.access() };
    assert!(matches!(remote_error(place.download_by(&access)), RemoteError::BrokenOff { got: 0, .. }));
    place.assert_nothing();
}

#[test]
fn a_family_that_does_not_open_is_known_before_the_weights() {
    let mut repository = Repository::of(NAME, "gpt2");
    repository.set("config.json", br#"{ "model_type": "mamba" }"#);
    let place = Place::with(repository);
    let error = place.download().unwrap_err();
    assert!(matches!(&error, HubError::Family { name, .. } if name == "mamba"), "{error}");
    assert!(place.hub.asked(WEIGHTS).is_empty());
    place.assert_nothing();

    let mut repository = Repository::of(NAME, "gpt2");
    repository.files.retain(|(name, _)| name != WEIGHTS);
    let place = Place::with(repository);
    assert!(matches!(remote_error(place.download()), RemoteError::NothingToOpen { file: WEIGHTS, .. }));
}

#[test]
fn offline_it_says_what_is_here() {
    let place = Place::new();
    place.download().unwrap();
    let asked = place.hub.asked("").len();
    let access = Access { offline: true, ..place.hub.access() };
    let other = remote::download(&access, &place.home(), "someone/else", None, &mut |_| Continue(()));
    let error = remote_error(other);
    assert!(matches!(&error, RemoteError::Offline { here } if here.contains(NAME) && here.contains("builtin:quijote")));
    assert!(remote::search(&access, &place.home(), "x", &mut |_| Continue(())).is_err());
    place.download_by(&access).unwrap();
    place.assert_right();
    assert_eq!(place.hub.asked("").len(), asked, "nobody was asked");
}

#[test]
fn a_folder_that_cannot_be_written_is_a_sentence() {
    let place = Place::new();
    fs::write(place.home().models(), "a file where the folder should be").unwrap();
    assert!(matches!(remote_error(place.download()), RemoteError::Unwritable { .. }));
}

/// The interface's language is one for the whole process, so no other test here may depend on it.
#[test]
fn every_sentence_is_there_in_both_languages() {
    let io = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let errors = || {
        let (host, file, here) = ("h".to_owned(), "f".to_owned(), "x.".to_owned());
        [
            RemoteError::BadName("n".into()),
            RemoteError::Offline { here: here.clone() },
            RemoteError::Unreachable { host: host.clone(), reason: "r".into(), here },
            RemoteError::Gated("n".into()),
            RemoteError::NotFound("n".into()),
            RemoteError::TooMany { host: host.clone(), seconds: 7 },
            RemoteError::Status { host: host.clone(), status: 502 },
            RemoteError::BrokenOff { file: file.clone(), got: 1, expected: 2 },
            RemoteError::WrongLength { file: file.clone(), got: 1, expected: 2 },
            RemoteError::WrongContent(file),
            RemoteError::NoHub(host),
            RemoteError::NothingToOpen { repository: "n".into(), file: "config.json" },
            RemoteError::NotDownloaded("n".into()),
            RemoteError::OtherRevision { repository: "n".into(), here: "a".into(), wanted: "b".into() },
            RemoteError::Cancelled,
            RemoteError::Unwritable { path: "x".into(), source: io() },
        ]
        .map(|error| error.to_string())
    };
    rust_i18n::set_locale("es");
    let spanish = errors();
    rust_i18n::set_locale("en");
    for (english, spanish) in errors().iter().zip(&spanish) {
        assert_ne!(english, spanish);
        for sentence in [english, spanish] {
            assert!(!sentence.contains("remote.") && !sentence.contains("%{") && sentence.ends_with('.'), "{sentence}");
        }
    }
}
