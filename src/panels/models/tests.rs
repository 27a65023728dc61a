//! The page on a stage: what it shows, and what it asks the engine for.

use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use rust_i18n::t;

use super::*;
use crate::engine::{HubEvent, HubProgress, HubRequest, Library};
use crate::hub::catalogue::catalogue;
use crate::hub::remote::HubRef;
use crate::hub::remote::library::{Manifest, ManifestFile};
use crate::panels::testing::{Stage, model, stage, tell};

type Page = Harness<'static, Stage<Models>>;

fn requests(page: &Page) -> Vec<(JobId, HubRequest)> {
    let commands = page.state().commands.try_iter();
    commands
        .filter_map(|command| if let Command::Hub(job, request) = command { Some((job, request)) } else { None })
        .collect()
}

fn downloaded(repository: &str) -> Manifest {
    Manifest {
        repository: repository.to_owned(),
        revision: "0123456789abcdef".to_owned(),
        asked: "main".to_owned(),
        licence: Some("mit".to_owned()),
        languages: vec!["en".to_owned()],
        files: vec![ManifestFile { name: "model.safetensors".into(), bytes: 548_000_000, sha256: None }],
    }
}

/// The page with this library.
fn page(library: Library) -> Page {
    let mut page = stage(Models::default(), [1084.0, 760.0], model(&["a", "b"]));
    let job = requests(&page).into_iter().find_map(|(job, request)| matches!(request, HubRequest::List).then_some(job));
    let library = Arc::new(library);
    page.state_mut().shared.library = Some(library.clone());
    tell(&mut page, &Event::Hub(job.expect("the list is asked for"), HubEvent::Listed(library)));
    page
}

fn library() -> Library {
    Library {
        catalogue: catalogue().iter().map(|entry| (*entry, entry.weight())).collect(),
        memory: Some(900_000_000),
        space: 1_200_000_000,
        ..Library::default()
    }
}

fn press(page: &mut Page, label: &str) {
    page.get_by_role_and_label(egui::Role::Button, label).click();
    page.run();
}

#[test]
fn a_row_says_what_a_model_is_and_takes() {
    let page = page(library());
    let row = page.get_by_label_contains("gpt2-spanish. ");
    // What a label says is its value.
    let label = row.accesskit_node().value().unwrap();
    for part in ["Spanish", "MIT", "≈ 512 MB", "806.5 MB", &*t!("models.absent")] {
        assert!(label.contains(part), "{label}: {part}");
    }
    assert!(page.query_by_label_contains("1.2 GB").is_some() && page.query_by_label_contains("900.0 MB").is_some());
}

#[test]
fn a_download_is_begun_shown_and_cancelled() {
    let mut page = page(library());
    press(&mut page, &t!("models.download_name", name = "gpt2"));
    let asked = requests(&page);
    let [(job, HubRequest::Download(repository, None))] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(repository, "openai-community/gpt2");
    // The line and its bar say so.
    assert!(page.query_all_by_label(&t!("models.queued")).count() > 0, "nothing is claimed before its turn");
    let progress = HubProgress {
        repository: repository.clone(),
        done: 137_000_000,
        total: Some(548_000_000),
        rate: Some(2_000_000.0),
        seconds_left: Some(205.0),
        waiting: None,
    };
    tell(&mut page, &Event::Hub(*job, HubEvent::Progress(progress.clone())));
    let bar = page.get_by_role(egui::Role::ProgressIndicator);
    let words = bar.accesskit_node().label().unwrap();
    assert_eq!(words, "137.0 MB of 548.0 MB · 2.0 MB/s · 3 min 25 s left");
    assert_eq!(bar.accesskit_node().numeric_value(), Some(25.0));

    let waiting = HubProgress { waiting: Some(19.2), ..progress };
    tell(&mut page, &Event::Hub(*job, HubEvent::Progress(waiting)));
    assert!(page.query_all_by_label_contains("The server asks to wait 20 s").count() > 0);

    press(&mut page, &t!("models.cancel", name = "gpt2"));
    assert!(page.query_by_role(egui::Role::ProgressIndicator).is_none(), "the row is free at once");
    let job = *job;
    let commands: Vec<_> = page.state().commands.try_iter().collect();
    assert!(commands.iter().any(|command| matches!(command, Command::Cancel(mine) if *mine == job)), "{commands:?}");
}

#[test]
fn what_is_here_can_be_compared_with() {
    let manifest = downloaded("openai-community/gpt2");
    let hub = ModelRef::Hub(manifest.model());
    let mut page = page(Library { downloaded: vec![(manifest, None)], ..library() });
    let folder = ModelRef::Folder("somewhere/mine".into());
    let before = page.state().shared.models();
    assert!(before.contains(&hub) && !before.contains(&folder), "{before:?}");
    page.state_mut().shared.model_ref = folder.clone();
    let state = page.state_mut();
    state.page.on_model(&mut state.shared);
    page.run();
    page.state_mut().shared.model_ref = ModelRef::Live;
    let models = page.state().shared.models();
    assert_eq!(models.iter().filter(|model| **model == folder).count(), 1, "{models:?}");
    assert!(models.contains(&ModelRef::Builtin("quijote".to_owned())), "{models:?}");
}

#[test]
fn a_failure_stands_in_its_row() {
    let mut page = page(library());
    press(&mut page, &t!("models.download_name", name = "gpt2-medium"));
    let job = requests(&page)[0].0;
    assert!(page.state().page.shows_failure_of(job));
    tell(&mut page, &Event::Failed(job, "It is raining.".into()));
    assert!(page.query_by_label("It is raining.").is_some());
    assert!(page.query_by_label(&t!("models.download_name", name = "gpt2-medium")).is_some(), "it can be tried again");
}

#[test]
fn what_is_here_is_used_and_deleted_after_a_question() {
    let manifest = downloaded("openai-community/gpt2");
    let model = ModelRef::Hub(manifest.model());
    let mut page = page(Library { downloaded: vec![(manifest, None)], ..library() });
    press(&mut page, &t!("models.use_name", name = "gpt2"));
    assert!(
        page.state().shared.intents.iter().any(|wish| matches!(wish, Intent::UseModel(wanted) if *wanted == model))
    );

    press(&mut page, &t!("models.delete", name = "gpt2"));
    press(&mut page, &t!("models.keep"));
    assert!(requests(&page).is_empty(), "nothing is deleted without a yes");
    press(&mut page, &t!("models.delete", name = "gpt2"));
    assert!(page.query_by_label_contains("548.0 MB").is_some(), "the question says how much");
    press(&mut page, &t!("models.delete_now"));
    let asked = requests(&page);
    assert!(matches!(&asked[..], [(_, HubRequest::Delete(name))] if name == "openai-community/gpt2"), "{asked:?}");
}

#[test]
fn the_hub_is_searched_with_the_keyboard() {
    let mut page = page(library());
    page.get_by_label(&t!("models.search_field")).focus();
    page.run();
    page.get_by_label(&t!("models.search_field")).type_text("spanish");
    page.run();
    page.key_press(egui::Key::Enter);
    page.run();
    let asked = requests(&page);
    let [(job, HubRequest::Search(words))] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(words, "spanish");
    tell(&mut page, &Event::Hub(*job, HubEvent::Found(Arc::default())));
    assert!(page.query_by_label(&t!("models.nothing_found")).is_some());
}

#[test]
fn a_chosen_file_stands_for_its_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert_eq!(whole(path("model.safetensors")), folder.path());
    assert_eq!(whole(path("tiny.GGUF")), path("tiny.GGUF"));
    assert_eq!(whole(folder.path().to_owned()), folder.path());
}

#[test]
fn folders_of_ones_own_are_remembered() {
    let mut page = page(library());
    let state = page.state_mut();
    state.shared.model_ref = ModelRef::Folder("/x/mine".into());
    state.page.on_model(&mut state.shared);
    page.run();
    assert!(page.query_by_label_contains("mine. /x/mine").is_some());
    let table = page.state().page.remember();
    let mut other = Models::default();
    other.recall(&table);
    assert_eq!(other.folders, [PathBuf::from("/x/mine")]);
    press(&mut page, &t!("models.forget", name = "mine"));
    assert!(page.state().page.remember().is_empty());
    assert_eq!(HubRef { repository: "a/b".into(), revision: String::new() }.short(), "b");
}
