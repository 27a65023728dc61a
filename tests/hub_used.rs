//! A model of the hub in use: by the engine, on the command line, and in the window.

mod fakehub;
mod lab;

use std::path::Path;
use std::process::{Command as Process, Output};
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use fakehub::{COMMIT, FakeHub, Fault, Repository};
use lab::{Lab, request};
use rust_i18n::t;
use serde_json::Value;
use telar::app::{Options, TelarApp};
use telar::data::Home;
use telar::engine::{Command, Event, HubEvent, HubRequest, JobId, ModelRef};
use telar::hub::remote::{HubRef, library};
use telar::panels::PanelId;

rust_i18n::i18n!("locales", fallback = "en");

const NAME: &str = "someone/tiny-gpt2";
const WEIGHTS: &str = "model.safetensors";

fn hub() -> FakeHub {
    FakeHub::with([Repository::of(NAME, "gpt2")])
}

fn model() -> ModelRef {
    ModelRef::Hub(HubRef { repository: NAME.into(), revision: COMMIT.into() })
}

// The engine

fn lab_with(hub: &FakeHub) -> Lab {
    let lab = Lab::new();
    lab.ask(|id| Command::Hub(id, HubRequest::Use(Box::new(hub.access()))));
    lab
}

fn about<T>(lab: &Lab, id: JobId, mut choose: impl FnMut(&HubEvent) -> Option<T>) -> T {
    lab.until(|event| match event {
        Event::Hub(job, event) if *job == id => choose(event),
        _ => None,
    })
}

fn download(lab: &Lab) -> JobId {
    lab.ask(|id| Command::Hub(id, HubRequest::Download(NAME.into(), None)))
}

#[test]
fn the_engine_downloads_lists_loads_and_deletes() {
    let hub = hub();
    let lab = lab_with(&hub);
    let id = download(&lab);
    let mut progress = Vec::new();
    let got = about(&lab, id, |event| match event {
        HubEvent::Progress(now) => {
            progress.push(now.clone());
            None
        }
        HubEvent::Downloaded(model) => Some(model.clone()),
        _ => None,
    });
    assert_eq!(ModelRef::Hub(got), model());
    assert!(progress.iter().all(|now| now.repository == NAME));
    assert_eq!(progress.last().map(|now| Some(now.done)), progress.last().map(|now| now.total));

    let list = || {
        let id = lab.ask(|id| Command::Hub(id, HubRequest::List));
        about(&lab, id, |event| if let HubEvent::Listed(library) = event { Some(library.clone()) } else { None })
    };
    let listed = list();
    let (manifest, weight) = &listed.downloaded[0];
    assert_eq!((manifest.repository.as_str(), listed.catalogue.len(), listed.shipped.len()), (NAME, 5, 2));
    assert!(listed.space >= manifest.bytes() && weight.is_some());

    // Loading tells how far it is.
    let id = lab.ask(|id| Command::LoadModel(id, model()));
    let mut read = Vec::new();
    let info = lab.until(|event| match event {
        Event::Loading(job, done, total) if *job == id => {
            read.push((*done, *total));
            None
        }
        Event::ModelReady(job, info) if *job == id => Some(info.clone()),
        _ => None,
    });
    assert_eq!((info.name.as_str(), info.language.as_deref()), ("tiny-gpt2", Some("en")));
    let all = manifest.files.iter().find(|file| file.name == WEIGHTS).unwrap().bytes;
    // Counted are the weights, which are the file without its table of names.
    let &(done, total) = read.last().unwrap();
    assert!(done == total && (all * 9 / 10..=all).contains(&total), "{done} of {total} in a file of {all}");
    assert_eq!(weight.unwrap().parameters, info.parameters as u64);
    let text = lab.generate(&model(), &request("a", 3));
    assert_eq!(text.ids.len(), 3);

    let id = lab.ask(|id| Command::Hub(id, HubRequest::Delete(NAME.into())));
    about(&lab, id, |event| matches!(event, HubEvent::Deleted(name) if name == NAME).then_some(()));
    assert!(list().downloaded.is_empty());
    let id = lab.ask(|id| Command::LoadModel(id, model()));
    assert!(lab.failure(id).contains(NAME));
}

#[test]
fn one_download_is_cancelled_and_the_next_goes_on() {
    let hub = hub();
    let lab = lab_with(&hub);
    hub.fail(WEIGHTS, [Fault::Stall(50_000)]);
    let id = download(&lab);
    about(&lab, id, |event| matches!(event, HubEvent::Progress(now) if now.done > 50_000).then_some(()));
    let asked = Instant::now();
    lab.handle.send(Command::Cancel(id));
    lab.until(|event| matches!(event, Event::Cancelled(job) if *job == id).then_some(()));
    assert!(asked.elapsed() < Duration::from_millis(900), "{:?}", asked.elapsed());
    assert!(library::list(&lab.home()).is_empty());

    let id = download(&lab);
    about(&lab, id, |event| matches!(event, HubEvent::Downloaded(_)).then_some(()));
    assert_eq!(hub.asked(WEIGHTS).last().unwrap().range.as_deref(), Some("bytes=50000-"));
}

// The command line

fn telar(hub: &FakeHub, home: &Path, offline: bool, arguments: &[&str]) -> Output {
    Process::new(env!("CARGO_BIN_EXE_telar"))
        .args(arguments)
        .args(["--lang", "en", "--device", "cpu"])
        .env("TELAR_HOME", home)
        .env("HF_ENDPOINT", hub.access().endpoint)
        .env("HF_HUB_OFFLINE", if offline { "1" } else { "0" })
        .env_remove("HF_TOKEN")
        .env("HF_HOME", home)
        .output()
        .unwrap()
}

#[test]
fn the_command_line_downloads_once_and_generates_offline() {
    let (hub, folder) = (hub(), tempfile::tempdir().unwrap());
    let generate = |offline| {
        let arguments = ["generate", "--model", NAME, "--prompt", "a", "--greedy", "--max-new-tokens", "3", "--json"];
        telar(&hub, folder.path(), offline, &arguments)
    };
    let refused = generate(false);
    let sentence = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(sentence.contains("telar download someone/tiny-gpt2"), "{sentence}");

    let done = telar(&hub, folder.path(), false, &["download", NAME, "--json"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8(done.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, before) = lines.split_last().unwrap();
    assert!(!before.is_empty() && before.iter().all(|line| line["event"] == "progress"), "{text}");
    let manifest = library::find(&Home::at(folder.path()), NAME).unwrap();
    assert_eq!(last["revision"], COMMIT);
    assert_eq!(last["bytes"], manifest.bytes());
    assert!(Path::new(last["path"].as_str().unwrap()).join(WEIGHTS).is_file());

    let made = generate(true);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!(made["ids"].as_array().unwrap().len(), 3);
    assert_eq!(made["model"], format!("{NAME}@{COMMIT}"));

    let other = telar(&hub, folder.path(), true, &["download", "someone/else"]);
    let sentence = String::from_utf8(other.stderr).unwrap();
    assert!(other.status.code() == Some(1) && sentence.contains(NAME), "{sentence}");
    let wrong = telar(&hub, folder.path(), false, &["download", "no repository"]);
    assert!(wrong.status.code() == Some(1) && String::from_utf8(wrong.stderr).unwrap().contains("owner/name"));
}

// The window

/// Nothing is timed here; this only ends a test that would wait for ever.
const PATIENCE: Duration = Duration::from_secs(240);

struct Window {
    harness: Harness<'static, TelarApp>,
    home: Home,
    _folder: tempfile::TempDir,
}

impl Window {
    fn open(hub: &FakeHub) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let mut options = Options::open(home.clone(), "en");
        options.device = Some("cpu".into());
        options.settings.motion = false;
        options.hub = hub.access();
        // Tall enough for the whole page: what is scrolled away cannot be pressed.
        let builder = Harness::builder().with_size([1280.0, 1100.0]).with_max_steps(64);
        let harness = builder.build_eframe(move |context| TelarApp::new(&context.egui_ctx, options).unwrap());
        let mut window = Self { harness, home, _folder: folder };
        window.wait("the shipped model", |window| window.harness.state().ready());
        window
    }

    fn wait(&mut self, what: &str, holds: impl Fn(&mut Self) -> bool) {
        let begun = Instant::now();
        loop {
            self.harness.step();
            if holds(self) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}:\n{:?}", self.harness.root());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn has_button(&self, label: &str) -> bool {
        self.harness.query_by_role_and_label(Role::Button, label).is_some()
    }

    /// Alt and the number of the page show it.
    fn open_models(&mut self) {
        use egui::Key::{Num1, Num2, Num3, Num4, Num5, Num6, Num7, Num8, Num9};
        let place = self.harness.state().pages().iter().position(|&page| page == PanelId::Models).unwrap();
        let key = [Num1, Num2, Num3, Num4, Num5, Num6, Num7, Num8, Num9][place];
        self.harness.key_press_modifiers(egui::Modifiers::ALT, key);
        self.wait("the page", |window| {
            window.harness.state().page() == PanelId::Models && window.harness.state().settled()
        });
    }

    fn press(&mut self, label: &str) {
        let wanted = label.to_owned();
        self.wait(label, move |window| window.has_button(&wanted));
        self.harness.get_by_role_and_label(Role::Button, label).click();
        for _ in 0..3 {
            self.harness.step();
        }
    }
}

#[test]
fn a_model_is_found_downloaded_stopped_resumed_used_and_deleted() {
    let hub = hub();
    hub.fail(WEIGHTS, [Fault::Stall(50_000)]);
    let mut window = Window::open(&hub);
    window.open_models();

    let field = t!("models.search_field");
    window.harness.get_by_label(&field).focus();
    window.harness.step();
    window.harness.get_by_label(&field).type_text("tiny");
    window.harness.step();
    window.harness.key_press(egui::Key::Enter);
    let download = t!("models.download_name", name = "tiny-gpt2");
    window.press(&download);

    // It stands in the middle: the page and the status bar say how far it is.
    window.wait("the middle", |window| {
        library::unfinished(&window.home).first().is_some_and(|one| one.done > 50_000)
            && window.harness.query_all_by_role(Role::ProgressIndicator).count() >= 2
    });
    // The same model stands in the catalogue (begun) and among what was found, so there are two buttons of this name.
    let cancel = t!("models.cancel", name = "tiny-gpt2");
    let buttons = window.harness.query_all_by_role_and_label(Role::Button, &cancel);
    buttons.into_iter().next().expect("a button to cancel").click();
    window.harness.step();
    let resume = t!("models.resume_name", name = "tiny-gpt2");
    let on_page =
        |window: &Window, label: &str| window.harness.query_all_by_role_and_label(Role::Button, label).count() > 0;
    window.wait("the stop", |window| on_page(window, &resume));
    assert!(library::list(&window.home).is_empty());

    window.harness.query_all_by_role_and_label(Role::Button, &resume).next().unwrap().click();
    let use_it = t!("models.use_name", name = "tiny-gpt2");
    window.wait("the model", |window| on_page(window, &use_it));
    assert_eq!(hub.asked(WEIGHTS).last().unwrap().range.as_deref(), Some("bytes=50000-"));

    window.harness.query_all_by_role_and_label(Role::Button, &use_it).next().unwrap().click();
    window.wait("its use", |window| {
        window.harness.state().shared().model_ref == model() && window.harness.state().ready()
    });
    assert_eq!(window.harness.state().shared().model.as_ref().unwrap().name, "tiny-gpt2");

    // The list in the status bar knows it too.
    window.press(&t!("app.model.button", name = "tiny-gpt2"));
    window.wait("the list", |window| window.has_button("tiny-gpt2"));
    window.harness.key_press(egui::Key::Escape);
    window.harness.step();

    let delete = t!("models.delete", name = "tiny-gpt2");
    window.harness.query_all_by_role_and_label(Role::Button, &delete).next().unwrap().click();
    window.wait("the question", |window| on_page(window, &t!("models.delete_now")));
    let yes = t!("models.delete_now");
    window.harness.query_all_by_role_and_label(Role::Button, &yes).next().unwrap().click();
    window.wait("the shipped model again", |window| {
        window.harness.state().shared().model_ref == ModelRef::Builtin("shakespeare".into())
            && window.harness.state().ready()
            && library::list(&window.home).is_empty()
    });
}

#[test]
fn a_refusal_stands_in_the_row() {
    let hub = hub();
    hub.fail("/api/models/openai", [Fault::Status(401, "")]);
    let mut window = Window::open(&hub);
    window.open_models();
    window.press(&t!("models.download_name", name = "gpt2"));
    let sentence = t!("remote.gated", repository = "openai-community/gpt2");
    window.wait("the sentence", |window| window.harness.query_by_label(&sentence).is_some());
    assert!(window.has_button(&t!("models.download_name", name = "gpt2")), "it can be tried again");
}
