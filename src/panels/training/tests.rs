//! The page alone: hand-made events go in, commands and labels come out.

use crossbeam_channel::Receiver;
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::*;
use crate::data::Home;
use crate::engine::{Command, CorpusInfo, EngineHandle, ModelRef, TrainControl, TrainEvent};
use crate::panels::Preferences;
use crate::train::{EndReason, MetricPoint, RunSummary};
use crate::widgets::theme;

struct Bench {
    page: Training,
    shared: Shared,
    commands: Receiver<Command>,
    _home: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let (engine, commands) = EngineHandle::pair();
        let home = tempfile::tempdir().unwrap();
        let preferences = Preferences { language: "en", motion: false, ..Preferences::default() };
        let shared = Shared::new(engine, Home::at(home.path()), preferences);
        Self { page: Training::new(), shared, commands, _home: home }
    }

    /// What the page asked of the engine since the last time.
    fn sent(&self) -> Vec<Command> {
        self.commands.try_iter().collect()
    }

    fn tell(&mut self, event: &Event) {
        self.page.on_event(event, &mut self.shared);
    }

    fn job(&self) -> JobId {
        self.shared.training.as_ref().expect("a run is in progress").job
    }

    fn train(&mut self, fact: TrainEvent) {
        let job = self.job();
        self.tell(&Event::Train(job, fact));
    }
}

fn harness() -> Harness<'static, Bench> {
    let draw = |ui: &mut Ui, bench: &mut Bench| {
        bench.page.logic(ui.ctx(), &mut bench.shared);
        bench.page.ui(ui, &mut bench.shared);
    };
    let builder = Harness::builder().with_size(vec2(1280.0, 800.0)).with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(draw, Bench::new());
    harness.run_steps(3);
    harness
}

fn button(harness: &Harness<'static, Bench>, label: &str) {
    harness.get_by_role_and_label(Role::Button, label).click();
}

/// Presses «train» and lets the run begin.
fn begun() -> Harness<'static, Bench> {
    let mut harness = harness();
    harness.state().sent();
    button(&harness, &t!("training.train"));
    harness.run_steps(3);
    let summary = summary("20261124-105249");
    harness.state_mut().train(started(&summary));
    harness
}

fn started(summary: &RunSummary) -> TrainEvent {
    TrainEvent::Started {
        run: summary.id.clone(),
        device: "cpu".into(),
        parameters: 801_152,
        vocabulary: 65,
        tokens: 60_000,
        total_steps: summary.spec.settings.steps,
        summary: Box::new(summary.clone()),
    }
}

fn summary(id: &str) -> RunSummary {
    let corpus = CorpusRef::Named("telar-en".into());
    let spec = TrainSpec { preset: Preset::Char, corpus, settings: Preset::Char.settings(), out: None };
    RunSummary {
        id: id.into(),
        created: 0,
        spec,
        parameters: 801_152,
        vocabulary: 65,
        tokens: 60_000,
        device: "cpu".into(),
        step: 0,
        loss: None,
        val_loss: None,
        ended: None,
    }
}

fn point(step: u64, loss: f32) -> MetricPoint {
    let seconds = step as f64 / 50.0;
    MetricPoint { step, loss, val_loss: None, lr: 1e-3, grad_norm: 0.5, tokens_per_s: 38_400.0, seconds }
}

#[test]
fn the_shipped_text_of_the_language_is_read_first() {
    let harness = harness();
    let sent = harness.state().sent();
    let named = |name: &str| CorpusRef::Named(name.into());
    assert!(
        sent.iter().any(|c| matches!(c, Command::ReadCorpus(_, corpus) if *corpus == named("telar-en"))),
        "{sent:?}"
    );
    assert!(!harness.state().page.settled(), "the text is still being read");
}

#[test]
fn what_was_read_of_a_text_is_shown() {
    let mut harness = harness();
    let job =
        harness.state().sent().iter().find_map(|c| if let Command::ReadCorpus(job, _) = c { Some(*job) } else { None });
    let info = CorpusInfo {
        corpus: CorpusRef::Named("telar-en".into()),
        bytes: 60_000,
        characters: 59_990,
        distinct_characters: 71,
        words: 11_000,
        distinct_words: 2_345,
        excerpt: "A loom stood by the window.".into(),
    };
    harness.state_mut().tell(&Event::CorpusRead(job.unwrap(), info));
    harness.run_steps(3);
    harness.get_by_label_contains("A loom stood by the window.");
    harness.get_by_label_contains("71 distinct");
    assert!(harness.state().page.settled());
}

#[test]
fn pressing_train_sends_what_the_form_says() {
    let mut harness = harness();
    harness.state().sent();
    harness.get_by_label("nano").click();
    harness.run_steps(2);
    button(&harness, &t!("training.train"));
    harness.run_steps(2);
    let sent = harness.state().sent();
    let spec = sent.iter().find_map(|c| if let Command::Train(_, spec) = c { Some(spec) } else { None }).expect("sent");
    assert_eq!((spec.preset, &spec.settings), (Preset::Nano, &Preset::Nano.settings()));
    assert_eq!(spec.corpus, CorpusRef::Named("telar-en".into()));
    let now = harness.state().shared.training.clone().expect("every page knows");
    assert_eq!((now.run, now.step, now.total), (None, 0, 2_000));
    harness.get_by_label_contains(&t!("training.state.preparing"));
}

#[test]
fn metrics_reach_the_label_of_the_plot_and_every_page() {
    let mut harness = begun();
    harness.state_mut().train(TrainEvent::Metrics(vec![point(10, 3.9), point(20, 3.25)]));
    harness.run_steps(3);
    let label = t!("loss_plot.summary", step = "20", loss = "3.250");
    harness.get_by_role_and_label(Role::Image, &label);
    let now = harness.state().shared.training.clone().unwrap();
    assert_eq!((now.run.as_deref(), now.step, now.total), (Some("20261124-105249"), 20, 5_000));
    // 4 980 steps of 12 × 64 tokens at 38 400 tokens a second.
    assert!((now.seconds_left.unwrap() - 99.6).abs() < 1e-6, "{now:?}");
    harness.state_mut().train(TrainEvent::Sample { step: 20, text: "the tha".into() });
    harness.run_steps(2);
    harness.get_by_label("the tha");
}

#[test]
fn space_pauses_and_resumes_at_once() {
    let mut harness = begun();
    harness.state_mut().train(TrainEvent::Metrics(vec![point(10, 3.9)]));
    harness.run_steps(2);
    harness.state().sent();
    harness.key_press(Key::Space);
    harness.run_steps(2);
    let job = harness.state().job();
    assert!(matches!(harness.state().sent()[..], [Command::Control(j, TrainControl::Pause)] if j == job));
    assert!(harness.state().shared.training.as_ref().unwrap().paused, "felt before the engine answers");
    harness.get_by_role_and_label(Role::Button, &t!("training.resume"));
    harness.state_mut().train(TrainEvent::Paused(11));
    harness.run_steps(2);
    harness.get_by_label_contains(&t!("training.state.paused"));
    harness.key_press(Key::Space);
    harness.run_steps(2);
    assert!(matches!(harness.state().sent()[..], [Command::Control(j, TrainControl::Resume)] if j == job));
    harness.get_by_role_and_label(Role::Button, &t!("training.pause"));
}

#[test]
fn one_step_and_stop_are_sent_and_the_run_is_kept() {
    let mut harness = begun();
    harness.run_steps(2);
    harness.state().sent();
    button(&harness, &t!("training.step_once"));
    harness.run_steps(2);
    button(&harness, &t!("training.stop"));
    harness.run_steps(2);
    let sent = harness.state().sent();
    assert!(
        matches!(sent[..], [Command::Control(_, TrainControl::StepOnce), Command::Control(_, TrainControl::Stop)]),
        "{sent:?}"
    );
    harness.get_by_label_contains(&t!("training.state.stopping"));
    harness.state_mut().train(TrainEvent::Ended { step: 7, reason: EndReason::Stopped, path: "runs/x".into() });
    harness.run_steps(2);
    assert_eq!(harness.state().shared.training, None);
    harness.get_by_label_contains(&t!("training.state.stopped"));
    harness.get_by_role_and_label(Role::Button, &t!("training.train"));
}

#[test]
fn a_run_stopped_before_it_began_is_cancelled() {
    let mut harness = harness();
    button(&harness, &t!("training.train"));
    harness.run_steps(2);
    harness.state().sent();
    let job = harness.state().job();
    button(&harness, &t!("training.stop"));
    harness.run_steps(2);
    assert!(matches!(harness.state().sent()[..], [Command::Cancel(j)] if j == job));
    harness.state_mut().tell(&Event::Cancelled(job));
    assert_eq!(harness.state().shared.training, None);
}

#[test]
fn a_failure_stands_beside_the_form_and_what_was_typed_stays() {
    let mut harness = harness();
    harness.state_mut().page.form.settings_mut().context = 60;
    button(&harness, &t!("training.train"));
    harness.run_steps(2);
    let job = harness.state().job();
    harness.state_mut().tell(&Event::Failed(job, "The text has 3 tokens: choose a longer one.".into()));
    harness.run_steps(2);
    harness.get_by_label("The text has 3 tokens: choose a longer one.");
    assert_eq!(harness.state().page.form.settings().context, 60);
    assert_eq!(harness.state().shared.training, None);
}

#[test]
fn a_loss_that_is_no_number_is_explained_with_a_way_on() {
    let mut harness = begun();
    harness.state_mut().train(TrainEvent::Ended { step: 30, reason: EndReason::Diverged, path: "runs/x".into() });
    harness.run_steps(2);
    harness.get_by_label(&t!("training.diverged_why"));
    button(&harness, &t!("training.gentler"));
    harness.run_steps(2);
    assert_eq!(harness.state().page.form.settings().lr, Preset::Char.settings().lr / 2.0);
}

#[test]
fn deleting_asks_first_and_names_the_run() {
    let mut harness = harness();
    harness.state_mut().shared.runs = vec![summary("20261124-105249")];
    harness.run_steps(2);
    harness.get_by_label(&t!("training.runs_counted", count = 1)).click();
    harness.run_steps(2);
    harness.get_by_label_contains("char · ").click();
    harness.run_steps(2);
    let opened = harness
        .state()
        .sent()
        .into_iter()
        .find_map(|c| if let Command::OpenRun(job, _) = c { Some(job) } else { None });
    let event = Event::RunOpened(
        opened.expect("the run is read"),
        Box::new(summary("20261124-105249")),
        vec![point(10, 3.5)],
        vec![(10, "hello".into())],
    );
    harness.state_mut().tell(&event);
    harness.run_steps(2);
    harness.get_by_role_and_label(Role::Image, &t!("loss_plot.summary", step = "10", loss = "3.500"));
    harness.get_by_label("hello");
    button(&harness, &t!("training.delete_run", run = "20261124-105249"));
    harness.run_steps(2);
    assert!(harness.state().sent().is_empty(), "nothing is deleted before the answer");
    harness.get_by_label(&t!("training.delete_question", run = "20261124-105249", step = "0"));
    button(&harness, &t!("training.keep"));
    harness.run_steps(2);
    assert!(harness.state().sent().is_empty());
    button(&harness, &t!("training.delete_run", run = "20261124-105249"));
    harness.run_steps(2);
    button(&harness, &t!("training.delete_now"));
    harness.run_steps(2);
    let sent = harness.state().sent();
    assert!(matches!(&sent[..], [Command::DeleteRun(_, run)] if run == "20261124-105249"), "{sent:?}");
}

#[test]
fn an_opened_run_goes_on_from_where_it_was() {
    let mut harness = harness();
    let mut run = summary("20261124-105249");
    run.step = 20;
    harness.state_mut().page.runs.opening = Some((JobId(900), run.id.clone()));
    let points = vec![point(10, 3.5), point(20, 3.0), point(30, 2.9)];
    harness.state_mut().tell(&Event::RunOpened(JobId(900), Box::new(run.clone()), points, Vec::new()));
    harness.state_mut().shared.runs = vec![run.clone()];
    harness.state_mut().page.side = Side::Runs;
    harness.run_steps(2);
    harness.state().sent();
    button(&harness, &t!("training.go_on"));
    harness.run_steps(2);
    let sent = harness.state().sent();
    assert!(matches!(&sent[..], [Command::ContinueRun(_, _, 1_020)]), "{sent:?}");
    harness.state_mut().train(started(&run));
    harness.run_steps(2);
    harness.get_by_role_and_label(Role::Image, &t!("loss_plot.summary", step = "20", loss = "3.000"));
    harness.state_mut().train(TrainEvent::Metrics(vec![point(30, 2.5)]));
    harness.run_steps(2);
    harness.get_by_role_and_label(Role::Image, &t!("loss_plot.summary", step = "30", loss = "2.500"));
}

#[test]
fn the_model_in_training_can_be_looked_at_once_there_are_weights() {
    let mut harness = begun();
    harness.run_steps(2);
    let look = |harness: &mut Harness<'static, Bench>| {
        harness.get_by_role_and_label(Role::Button, &t!("training.look_attention")).click();
        harness.run_steps(2);
        std::mem::take(&mut harness.state_mut().shared.intents)
    };
    assert!(look(&mut harness).is_empty(), "nothing to look at yet");
    harness.state_mut().train(TrainEvent::Snapshot(50));
    harness.run_steps(2);
    let intents = look(&mut harness);
    assert!(matches!(intents[..], [Intent::UseModel(ModelRef::Live), Intent::Open(PanelId::Attention)]), "{intents:?}");
}

#[test]
fn another_page_can_begin_a_run_but_not_a_second_one() {
    let mut bench = Bench::new();
    let intent = Intent::Train(Box::new(summary("x").spec));
    assert!(bench.page.on_intent(&intent, &mut bench.shared));
    assert!(bench.sent().iter().any(|c| matches!(c, Command::Train(..))));
    assert!(bench.page.on_intent(&intent, &mut bench.shared));
    assert!(!bench.sent().iter().any(|c| matches!(c, Command::Train(..))));
    assert!(bench.shared.intents.iter().any(|i| matches!(i, Intent::Notify(Tone::Note, _))));
    assert!(!bench.page.on_intent(&Intent::Open(PanelId::Home), &mut bench.shared));
}

#[test]
fn a_text_that_is_not_there_is_downloaded_and_then_read() {
    let mut harness = harness();
    harness.get_by_role_and_label(Role::RadioButton, "Tiny Shakespeare").click();
    harness.run_steps(2);
    let label = t!("training.train");
    let train = harness.get_by_role_and_label(Role::Button, &label);
    assert!(train.accesskit_node().is_disabled());
    harness.state().sent();
    let title = t!("data.title.shakespeare");
    button(&harness, &t!("training.download", title = title, size = "1.1 MB"));
    harness.run_steps(2);
    let sent = harness.state().sent();
    let [Command::Download(job, name)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(name, "shakespeare");
    harness.state_mut().tell(&Event::DownloadProgress(*job, 557_697, Some(1_115_394)));
    harness.run_steps(2);
    let bar = harness.get_by_role(Role::ProgressIndicator);
    assert_eq!(bar.accesskit_node().numeric_value(), Some(50.0));
    button(&harness, &t!("training.cancel_download"));
    harness.run_steps(2);
    assert!(matches!(harness.state().sent()[..], [Command::Cancel(cancelled)] if cancelled == *job));
    // Again, and this time it comes.
    button(&harness, &t!("training.download", title = title, size = "1.1 MB"));
    harness.run_steps(2);
    let sent = harness.state().sent();
    let [Command::Download(job, _)] = &sent[..] else { panic!("{sent:?}") };
    let file = crate::data::entry("shakespeare").unwrap().file(&harness.state().shared.home);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "x").unwrap();
    harness.state_mut().tell(&Event::Downloaded(*job, "shakespeare".into()));
    assert!(
        matches!(&harness.state().sent()[..], [Command::ReadCorpus(_, CorpusRef::Named(name))] if name == "shakespeare")
    );
}

#[test]
fn form_text_and_view_survive_a_restart() {
    let mut bench = Bench::new();
    bench.page.form.preset = Preset::MiniLlama;
    bench.page.form.settings_mut().steps = 77;
    bench.page.view.smoothing = 0.9;
    bench.page.carry_out(Act::TakePath("/tmp/mine.txt".into()), &egui::Context::default(), &mut bench.shared);
    let remembered = toml::from_str(&toml::to_string(&bench.page.remember()).unwrap()).unwrap();
    let mut again = Bench::new();
    again.page.recall(&remembered);
    again.page.logic(&egui::Context::default(), &mut again.shared);
    assert_eq!((again.page.form.preset, again.page.form.settings().steps), (Preset::MiniLlama, 77));
    assert_eq!(again.page.view.smoothing, 0.9);
    assert_eq!(again.page.corpus.chosen(), Some(&CorpusRef::Path("/tmp/mine.txt".into())));
    assert!(again.page.own);
}

#[test]
fn shown_by_itself_it_trains_until_there_is_something_to_see() {
    let mut bench = Bench::new();
    bench.page.demonstrate(&mut bench.shared);
    let sent = bench.sent();
    assert!(sent.iter().any(|c| matches!(c, Command::Train(..))));
    let reading = sent.iter().find_map(|c| if let Command::ReadCorpus(job, _) = c { Some(*job) } else { None });
    bench.tell(&Event::Cancelled(reading.expect("the text is read for the form")));
    bench.train(started(&summary("x")));
    bench.train(TrainEvent::Metrics(vec![point(DEMONSTRATED - 10, 3.0)]));
    assert!(!bench.page.settled());
    bench.train(TrainEvent::Metrics(vec![point(DEMONSTRATED, 2.9)]));
    assert!(bench.page.settled());
    bench.page.demonstrate(&mut bench.shared);
    assert!(!bench.sent().iter().any(|c| matches!(c, Command::Train(..))), "the run goes on");
}
