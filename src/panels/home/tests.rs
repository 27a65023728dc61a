use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::*;
use crate::data::Home as Folder;
use crate::engine::EngineHandle;
use crate::panels::Preferences;

type State = (Home, Shared, crossbeam_channel::Receiver<Command>);

fn harness() -> Harness<'static, State> {
    rust_i18n::set_locale("en");
    let (engine, commands) = EngineHandle::pair();
    let preferences = Preferences { language: "en", motion: false, ..Preferences::default() };
    let shared = Shared::new(engine, Folder::at("nowhere"), preferences);
    let builder = Harness::builder().with_size([1000.0, 700.0]).with_context_setup(crate::widgets::theme::install);
    let draw = |ui: &mut Ui, (home, shared, _): &mut State| {
        home.logic(ui.ctx(), shared);
        home.ui(ui, shared);
    };
    let mut harness = builder.build_ui_state(draw, (Home::default(), shared, commands));
    harness.run();
    harness
}

#[test]
fn a_sentence_is_there_and_training_is_one_click_even_before_the_model_is_loaded() {
    let mut harness = harness();
    let sentence = harness.get_by_label(&t!("home.sentence_name")).value();
    assert_eq!(sentence.as_deref(), Some(&*t!("home.sentence")));
    harness.get_by_label(&t!("home.continue")).click();
    harness.get_by_label(&t!("home.train")).click();
    harness.run();
    let asked = std::mem::take(&mut harness.state_mut().1.intents);
    let [Intent::Train(spec)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((spec.preset, &spec.corpus), (Preset::Char, &CorpusRef::Named("telar-en".into())));
}

#[test]
fn what_a_person_writes_is_kept_and_the_proposal_follows_the_language_until_then() {
    let mut home = Home::default();
    let mut harness = harness();
    let shared = &mut harness.state_mut().1;
    shared.language = "es";
    home.propose(shared);
    assert_eq!(home.sentence, t!("home.sentence", locale = "es"));
    assert!(home.remember().is_empty());
    let mut written = toml::Table::new();
    written.insert("sentence".into(), "Once upon".into());
    home.recall(&written);
    home.propose(shared);
    assert_eq!((home.sentence.as_str(), home.remember()), ("Once upon", written));
}
