//! Models from a hub that behaves well, or badly for a while: each download ends in the right files, and what is not whole is
//! never listed or opened.

mod fakehub;

use std::fs;
use std::ops::ControlFlow::{Break, Continue};
use std::time::{Duration, Instant};

use fakehub::place::{NAME, Place, WEIGHTS, remote_error};
use fakehub::{COMMIT, FakeHub, Fault, Repository, TOKEN, sha256};
use telar::data::Home;
use telar::hub::remote::{self, Access, HubRef, Now, RemoteError, Token, library};
use telar::hub::{self, HubError, ModelRef};

// What works

#[test]
fn a_model_arrives_pinned_and_opens_without_the_net() {
    let place = Place::new();
    let mut seen: Vec<Now> = Vec::new();
    let model = remote::download(&place.hub.access(), &place.home(), NAME, None, &mut |now| {
        seen.push(now);
        Continue(())
    })
    .unwrap();
    assert_eq!(model, HubRef { repository: NAME.into(), revision: COMMIT.into() });
    place.assert_right();

    let manifest = &library::list(&place.home())[0];
    let names: Vec<_> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["config.json", "tokenizer.json", WEIGHTS], "and nothing else");
    assert_eq!(manifest.files[2].sha256, Some(sha256(place.repository.file(WEIGHTS))));
    assert_eq!((manifest.licence.as_deref(), manifest.language()), (Some("mit"), Some("en".to_owned())));
    let all = manifest.bytes();
    assert_eq!(seen.last().map(|now| (now.done, now.total)), Some((all, Some(all))));
    let steps: Vec<u64> = seen.iter().filter(|now| now.total.is_some()).map(|now| now.done).collect();
    assert!(steps.is_sorted(), "{steps:?}");
    let files = place.hub.asked("/resolve/");
    assert!(files.len() == 3 && files.iter().all(|asked| asked.path.contains(COMMIT)), "pinned: {files:?}");

    // The same answer as from a folder; by both ways of writing its name; and nothing is asked any more.
    let asked = place.hub.asked("").len();
    let loaded = hub::load(&ModelRef::Hub(model.clone()), &place.home()).unwrap();
    let folder = hub::load(&ModelRef::Folder(place.place()), &place.home()).unwrap();
    assert_eq!(loaded.weights.data, folder.weights.data);
    assert_eq!((loaded.name.as_str(), loaded.language.as_deref()), ("tiny-gpt2", Some("en")));
    let spelled = ModelRef::Hub(model.clone()).spelled();
    assert_eq!(spelled, format!("{NAME}@{COMMIT}"));
    for name in [NAME.to_owned(), format!("{NAME}@main"), spelled] {
        assert_eq!(ModelRef::parse(&name, &place.home()).unwrap(), ModelRef::Hub(model.clone()), "{name}");
    }
    assert_eq!(place.download().unwrap(), model, "it is here already");
    assert_eq!(place.hub.asked("").len(), asked);
    // Which one it is survives in the settings.
    let text = toml::to_string(&ModelRefBox { model: ModelRef::Hub(model.clone()) }).unwrap();
    assert_eq!(toml::from_str::<ModelRefBox>(&text).unwrap().model, ModelRef::Hub(model));
}

#[derive(serde::Serialize, serde::Deserialize)]
struct ModelRefBox {
    model: ModelRef,
}

#[test]
fn weights_in_parts_arrive_with_their_index() {
    let place = Place::with(Repository::of(NAME, "llama_tied"));
    place.download().unwrap();
    let manifest = &library::list(&place.home())[0];
    assert_eq!(manifest.files.iter().filter(|file| file.name.ends_with(".safetensors")).count(), 5);
    hub::load(&ModelRef::Hub(manifest.model()), &place.home()).unwrap();
}

#[test]
fn the_token_goes_to_the_hub_and_to_nobody_else() {
    let place = Place::new();
    let elsewhere = FakeHub::with([place.repository.clone()]);
    let target = format!("http://{}/{NAME}/resolve/{COMMIT}/{WEIGHTS}", elsewhere.address);
    place.hub.fail(WEIGHTS, [Fault::Redirect(target)]);
    // A repository that has moved is on the same server.
    place.hub.fail("config.json", [Fault::Redirect(format!("/{NAME}/resolve/{COMMIT}/config.json?moved"))]);
    let access = Access { token: Token::new(TOKEN), ..place.hub.access() };
    place.download_by(&access).unwrap();
    place.assert_right();
    let bearer = Some(format!("Bearer {TOKEN}"));
    let asked = place.hub.asked("");
    assert!(asked.len() == 5 && asked.iter().all(|asked| asked.authorization == bearer), "{asked:?}");
    let asked = elsewhere.asked("");
    assert!(asked.len() == 1 && asked[0].authorization.is_none(), "{asked:?}");
}

#[test]
fn a_search_finds_by_name() {
    let other = Repository { tags: vec!["mamba"], ..Repository::of("someone/strange", "gpt2") };
    let mut strange = other;
    strange.set("config.json", br#"{ "model_type": "mamba" }"#);
    let hub = FakeHub::with([Repository::of(NAME, "gpt2"), strange]);
    let home = Home::at("nowhere");
    let search = |words: &str| remote::search(&hub.access(), &home, words, &mut |_| Continue(()));
    let found = search("tiny gpt").unwrap();
    assert!(found.is_empty(), "the words are sent as they are");
    let found = search("someone").unwrap();
    let opens: Vec<_> = found.iter().map(|model| (model.repository.as_str(), model.opens)).collect();
    assert_eq!(opens, [(NAME, Some(true)), ("someone/strange", Some(false))]);
    let asked = &hub.asked("/api/models?search=tiny%20gpt")[0].path;
    assert!(asked.contains("filter=text-generation") && asked.contains("sort=downloads"), "{asked}");
}

// What goes wrong, and then well

#[test]
fn a_server_that_stumbles_or_asks_for_patience_is_waited_for() {
    let place = Place::new();
    place.hub.fail("/api/", [Fault::Status(500, ""), Fault::Status(503, "")]);
    place.hub.fail(WEIGHTS, [Fault::Status(429, "Retry-After: 1\r\n")]);
    let mut waits = Vec::new();
    remote::download(&place.hub.access(), &place.home(), NAME, None, &mut |now| {
        waits.extend(now.waiting);
        Continue(())
    })
    .unwrap();
    place.assert_right();
    assert!(waits.iter().any(|wait| *wait > Duration::from_millis(500)), "the waiting is seen");
    assert_eq!(place.hub.asked("/api/").len(), 3);
}

#[test]
fn a_cut_download_goes_on_where_it_was() {
    let place = Place::new();
    place.hub.fail(WEIGHTS, [Fault::Cut(60_000), Fault::Cut(40_000)]);
    place.download().unwrap();
    place.assert_right();
    let asked = place.hub.asked(WEIGHTS);
    assert_eq!(asked.len(), 3);
    let from = |i: usize| asked[i].range.as_ref().unwrap()["bytes=".len()..].trim_end_matches('-').parse::<u64>();
    assert!(asked[0].range.is_none() && from(1).unwrap() <= 60_000 && from(2).unwrap() > from(1).unwrap());
    assert_eq!(asked[1].if_range.as_deref(), Some("\"v1\""));
}

#[test]
fn what_came_before_a_cancel_is_kept_and_used() {
    let place = Place::new();
    place.hub.fail(WEIGHTS, [Fault::Stall(50_000)]);
    let mut at = None;
    let result = remote::download(&place.hub.access(), &place.home(), NAME, None, &mut |now| {
        // The server is silent by now, and a read waits for it.
        if fs::metadata(place.part()).is_ok_and(|about| about.len() == 50_000) && now.waiting.is_none() {
            at.get_or_insert_with(Instant::now);
            return Break(());
        }
        Continue(())
    });
    assert!(at.unwrap().elapsed() < Duration::from_millis(900), "{:?}", at.unwrap().elapsed());
    assert!(matches!(remote_error(result), RemoteError::Cancelled));
    place.assert_nothing();
    let unfinished = library::unfinished(&place.home());
    let small: u64 =
        ["config.json", "tokenizer.json"].map(|name| place.repository.file(name).len() as u64).iter().sum();
    assert_eq!(unfinished.len(), 1);
    assert_eq!(unfinished[0].done, small + 50_000);

    place.download().unwrap();
    place.assert_right();
    let asked = place.hub.asked(WEIGHTS);
    assert_eq!(asked[1].range.as_deref(), Some("bytes=50000-"));
    assert_eq!(place.hub.asked("config.json").len(), 1, "what was complete is not fetched again");
}

#[test]
fn a_cancel_is_felt_whatever_the_server_does() {
    for (part, fault) in [
        ("/api/", Fault::Silent),
        (WEIGHTS, Fault::Silent),
        (WEIGHTS, Fault::Status(429, "Retry-After: 60\r\n")),
        ("config.json", Fault::Stall(10)),
    ] {
        let place = Place::new();
        place.hub.fail(part, [fault.clone()]);
        let begun = Instant::now();
        let mut at = None;
        let result = remote::download(&place.hub.access(), &place.home(), NAME, None, &mut |_| {
            if begun.elapsed() < Duration::from_millis(300) {
                return Continue(());
            }
            at.get_or_insert_with(Instant::now);
            Break(())
        });
        assert!(matches!(remote_error(result), RemoteError::Cancelled), "{fault:?}");
        assert!(at.unwrap().elapsed() < Duration::from_millis(900), "{fault:?}: {:?}", at.unwrap().elapsed());
        place.assert_nothing();
    }
}

#[test]
fn a_file_that_changed_meanwhile_begins_anew() {
    let place = Place::with(Repository { checksums: false, ..Repository::of(NAME, "gpt2") });
    place.hub.fail(WEIGHTS, [Fault::Cut(100_000), Fault::Cut(0), Fault::Cut(0), Fault::Cut(0)]);
    assert!(matches!(remote_error(place.download()), RemoteError::BrokenOff { got: 1.., .. }));
    assert!(place.part().is_file());
    place.hub.fail(WEIGHTS, []);
    // The hub gives no checksum here, so only the server's own name of the version tells.
    let mut weights = place.repository.file(WEIGHTS).to_vec();
    *weights.last_mut().unwrap() ^= 1;
    let mut place = place;
    place.repository.set(WEIGHTS, &weights);
    place.hub.change(|repository| {
        repository.set(WEIGHTS, &weights);
        repository.tag = "v2".into();
    });
    place.download().unwrap();
    place.assert_right();
    let last = place.hub.asked(WEIGHTS).pop().unwrap();
    assert_eq!(last.if_range.as_deref(), Some("\"v1\""), "it was asked whether it is still the same");
}

#[test]
fn a_server_without_ranges_sends_everything_again() {
    let place = Place::new();
    place.hub.fail(WEIGHTS, [Fault::Cut(60_000), Fault::Whole]);
    place.download().unwrap();
    place.assert_right();
}

#[test]
fn a_part_that_was_damaged_on_the_disk_is_found_out() {
    let place = Place::new();
    place.hub.fail(WEIGHTS, [Fault::Cut(60_000), Fault::Cut(0), Fault::Cut(0), Fault::Cut(0)]);
    assert!(matches!(remote_error(place.download()), RemoteError::BrokenOff { .. }));
    let length = fs::metadata(place.part()).unwrap().len();
    fs::write(place.part(), vec![0; length as usize]).unwrap();
    place.download().unwrap();
    place.assert_right();
}

// What is on the disk

#[test]
fn what_is_not_whole_is_not_listed_and_not_opened() {
    let place = Place::new();
    let model = ModelRef::Hub(place.download().unwrap());
    let weights = place.place().join(WEIGHTS);
    let whole = fs::read(&weights).unwrap();
    for change in [
        (&|| fs::write(&weights, &whole[..1_000]).unwrap()) as &dyn Fn(),
        &|| fs::remove_file(&weights).unwrap(),
        &|| fs::write(place.place().join("telar.toml"), "repository = 7").unwrap(),
    ] {
        change();
        assert!(library::list(&place.home()).is_empty());
        assert!(matches!(hub::load(&model, &place.home()), Err(HubError::Remote(RemoteError::NotDownloaded(_)))));
    }
    // Downloaded again, it takes the damaged one's place.
    place.download().unwrap();
    place.assert_right();
    // Another revision than the one that is remembered is not taken for it.
    let other = ModelRef::Hub(HubRef { repository: NAME.into(), revision: "fedcba9".into() });
    let error = hub::load(&other, &place.home()).unwrap_err();
    assert!(matches!(error, HubError::Remote(RemoteError::OtherRevision { .. })), "{error}");
}

#[test]
fn deleting_leaves_nothing() {
    let place = Place::new();
    place.download().unwrap();
    assert!(library::space(&place.home().models()) > 150_000);
    library::delete(&place.home(), NAME).unwrap();
    place.assert_nothing();
    assert_eq!(library::space(&place.home().models()), 0);
    place.hub.fail(WEIGHTS, [Fault::Status(404, "")]);
    assert!(place.download().is_err());
    assert_eq!(library::unfinished(&place.home()).len(), 1);
    library::delete(&place.home(), NAME).unwrap();
    assert!(library::unfinished(&place.home()).is_empty());
    assert!(library::delete(&place.home(), "../somewhere").is_err());
}

#[cfg(target_os = "linux")]
#[test]
fn a_model_that_cannot_fit_is_refused_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let config = r#"{ "model_type": "gpt2", "vocab_size": 50257, "n_positions": 1024, "n_embd": 16384, "n_layer": 1000,
                      "n_head": 128 }"#;
    fs::write(folder.path().join("config.json"), config).unwrap();
    let error = hub::load(&ModelRef::Folder(folder.path().to_owned()), &Home::at("nowhere")).unwrap_err();
    let HubError::Memory { needed, available } = error else { panic!("{error}") };
    // 12 · 16384² · 1000 values of four bytes at the least.
    assert!(needed > 12_800_000_000_000 && available < needed, "{needed} {available}");
    assert!(error.to_string().contains(&format!("{:.1} GB", available as f64 / 1e9)));
}
