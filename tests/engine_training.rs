//! Training as a window sees it: commands go in, events come out.

mod lab;

use lab::{FOREVER, Lab, request};
use telar::data::Home;
use telar::engine::{Command, CorpusRef, Event, JobId, ModelRef, TrainControl, TrainEvent};
use telar::hub;
use telar::train::{EndReason, Preset, RunSummary, TrainSpec};
/// A model so small that a step takes about a millisecond.
fn small_spec(steps: u64) -> Box<TrainSpec> {
    let mut settings = Preset::Char.settings();
    for (key, value) in [
        ("d_model", "16"),
        ("n_layers", "1"),
        ("n_heads", "2"),
        ("d_ff", "32"),
        ("batch_size", "4"),
        ("context", "16"),
        ("log_every", "2"),
        ("eval_every", "0"),
        ("sample_every", "0"),
        ("checkpoint_every", "0"),
    ] {
        settings.set(key, value).unwrap();
    }
    settings.steps = steps;
    Box::new(TrainSpec { preset: Preset::Char, corpus: CorpusRef::Named("telar-en".into()), settings, out: None })
}

fn runs(lab: &Lab) -> Vec<RunSummary> {
    lab.until(|event| match event {
        Event::Runs(runs) => Some(runs.clone()),
        _ => None,
    })
}

#[test]
fn a_training_is_followed_steered_and_kept() {
    let lab = Lab::new();
    let job = lab.ask(|id| Command::Train(id, small_spec(1_000_000)));
    let run = lab.training(job, |event| match event {
        TrainEvent::Started { run, device, parameters, vocabulary, tokens, total_steps, summary } => {
            assert_eq!((device.as_str(), *total_steps, summary.id.as_str()), ("cpu", 1_000_000, run.as_str()));
            assert!(*parameters > 1_000 && *vocabulary > 30 && *tokens > 10_000);
            Some(run.clone())
        }
        _ => None,
    });
    the_curve_comes_and_the_model_answers(&lab, job, &run);
    let step = it_stands_still_and_makes_one_step(&lab, job);

    let id = lab.ask(|id| Command::DeleteRun(id, run.clone()));
    assert!(lab.failure(id).contains(&run), "the run in training is not deleted");

    lab.handle.send(Command::Control(job, TrainControl::Resume));
    lab.training(job, |event| matches!(event, TrainEvent::Resumed).then_some(()));
    lab.training(job, |event| match event {
        TrainEvent::Metrics(points) => points.iter().any(|point| point.step > step).then_some(()),
        _ => None,
    });
    lab.handle.send(Command::Control(job, TrainControl::Stop));
    let (mut checkpoint, mut snapshot) = (0, 0);
    let last = lab.training(job, |event| match event {
        TrainEvent::Checkpoint(step, path) => {
            checkpoint = *step;
            assert!(path.is_dir());
            None
        }
        TrainEvent::Snapshot(step) => {
            snapshot = *step;
            None
        }
        TrainEvent::Ended { step, reason, path } => {
            assert_eq!((*reason, path), (EndReason::Stopped, &lab.home().runs().join(&run)));
            Some(*step)
        }
        _ => None,
    });
    assert_eq!((checkpoint, snapshot), (last, last));
    let listed = runs(&lab);
    assert_eq!((listed.len(), listed[0].id.as_str(), listed[0].step), (1, run.as_str(), last));
    it_is_opened_continued_and_deleted(&lab, &run, last);
}

fn the_curve_comes_and_the_model_answers(lab: &Lab, job: JobId, run: &str) {
    let (mut snapshot, mut points) = (None, Vec::new());
    lab.training(job, |event| {
        match event {
            TrainEvent::Snapshot(step) => snapshot = Some(*step),
            TrainEvent::Metrics(new) => points.extend(new.iter().copied()),
            _ => {}
        }
        (snapshot.is_some() && points.len() > 5).then_some(())
    });
    assert_eq!((snapshot, points[0].step), (Some(0), 0));
    assert!(points.windows(2).all(|pair| pair[0].step < pair[1].step && pair[1].loss.is_finite()));
    let id = lab.ask(|id| Command::LoadModel(id, ModelRef::Live));
    let info = lab.until(|event| match event {
        Event::ModelReady(job, info) if *job == id => Some(info.clone()),
        _ => None,
    });
    assert_eq!((&info.model, info.name.as_str(), info.language.as_deref()), (&ModelRef::Live, run, Some("en")));
    assert!(info.step.is_some());
    assert_eq!(lab.generate(&ModelRef::Live, &request("the", 10)).ids.len(), 10);
}

fn it_stands_still_and_makes_one_step(lab: &Lab, job: JobId) -> u64 {
    let paused = || {
        let mut snapshot = None;
        let step = lab.training(job, |event| match event {
            TrainEvent::Snapshot(step) => {
                snapshot = Some(*step);
                None
            }
            TrainEvent::Paused(step) => Some(*step),
            _ => None,
        });
        (step, snapshot)
    };
    lab.handle.send(Command::Control(job, TrainControl::Pause));
    let (step, _) = paused();
    let logits = || {
        let id = lab.ask(|id| Command::NextToken(id, ModelRef::Live, "the".into()));
        lab.until(|event| match event {
            Event::NextToken(job, _, logits) if *job == id => Some(logits.clone()),
            _ => None,
        })
    };
    let before = logits();
    assert_eq!(before, logits(), "nothing moves while it stands still");
    lab.handle.send(Command::Control(job, TrainControl::StepOnce));
    assert_eq!(paused(), (step + 1, Some(step + 1)));
    assert_ne!(before, logits(), "the model that is looked at has made the step");
    step + 1
}

fn it_is_opened_continued_and_deleted(lab: &Lab, run: &str, last: u64) {
    let id = lab.ask(|id| Command::OpenRun(id, run.to_owned()));
    let (summary, points) = lab.until(|event| match event {
        Event::RunOpened(job, summary, points, _) if *job == id => Some((summary.clone(), points.clone())),
        _ => None,
    });
    assert_eq!((summary.id.as_str(), summary.ended), (run, Some(EndReason::Stopped)));
    assert!(points.len() > 5 && points.iter().all(|point| point.step <= last));

    let model = ModelRef::Run(run.to_owned());
    let step_of_run = || {
        let id = lab.ask(|id| Command::LoadModel(id, model.clone()));
        lab.until(|event| match event {
            Event::ModelReady(job, info) if *job == id => Some(info.step),
            _ => None,
        })
    };
    assert_eq!(step_of_run(), Some(last));
    let job = lab.ask(|id| Command::ContinueRun(id, run.to_owned(), last + 5));
    let end = lab.training(job, |event| match event {
        TrainEvent::Ended { step, reason, .. } => Some((*step, *reason)),
        _ => None,
    });
    assert_eq!(end, (last + 5, EndReason::Finished));
    assert_eq!(runs(lab)[0].step, last + 5);
    assert_eq!(step_of_run(), Some(last + 5), "the newer checkpoint is seen");

    let id = lab.ask(|id| Command::DeleteRun(id, run.to_owned()));
    lab.until(|event| matches!(event, Event::RunDeleted(job, gone) if *job == id && gone == run).then_some(()));
    assert!(runs(lab).is_empty());
    let id = lab.ask(|id| Command::LoadModel(id, model.clone()));
    assert!(lab.failure(id).contains(run));
}

#[test]
fn a_cancelled_training_writes_its_checkpoint() {
    let lab = Lab::new();
    let job = lab.ask(|id| Command::Train(id, small_spec(1_000_000)));
    lab.training(job, |event| matches!(event, TrainEvent::Metrics(_)).then_some(()));
    lab.handle.send(Command::Cancel(job));
    let (step, run) = lab.training(job, |event| match event {
        TrainEvent::Ended { step, reason: EndReason::Stopped, path } => Some((*step, path.clone())),
        _ => None,
    });
    assert_eq!(hub::checkpoints(&run)[0].0, step);
    lab.until(|event| matches!(event, Event::Cancelled(id) if *id == job).then_some(()));
}

#[test]
fn a_new_training_takes_the_place_of_the_old_one() {
    let lab = Lab::new();
    let old = lab.ask(|id| Command::Train(id, small_spec(1_000_000)));
    lab.training(old, |event| matches!(event, TrainEvent::Metrics(_)).then_some(()));
    let new = lab.ask(|id| Command::Train(id, small_spec(3)));
    let mut begun = false;
    lab.until(|event| {
        let Event::Train(job, event) = event else { return None };
        begun |= *job == new;
        assert!(*job == new || !begun, "{event:?}");
        matches!(event, TrainEvent::Ended { .. }).then(|| assert_eq!(*job, new))
    });
    let listed = runs(&lab);
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|run| run.step > 0), "the old one has its checkpoint too: {listed:?}");
}

#[test]
fn closing_the_window_while_a_model_trains_loses_nothing() {
    let lab = Lab::new();
    let job = lab.ask(|id| Command::Train(id, small_spec(1_000_000)));
    let run = lab.training(job, |event| match event {
        TrainEvent::Started { run, .. } => Some(run.clone()),
        _ => None,
    });
    lab.training(job, |event| match event {
        TrainEvent::Metrics(points) => points.iter().any(|point| point.step > 0).then_some(()),
        _ => None,
    });
    let Lab { engine, folder, .. } = lab;
    assert!(engine.shut_down(FOREVER));
    let home = Home::at(folder.path().join("home"));
    let loaded = hub::load(&ModelRef::Run(run), &home).unwrap();
    assert!(loaded.step.is_some_and(|step| step > 0));
}

#[test]
fn settings_that_make_no_sense_are_a_sentence_and_leave_no_run() {
    let lab = Lab::new();
    let mut spec = small_spec(10);
    spec.settings.context = 10_000;
    let id = lab.ask(|id| Command::Train(id, spec));
    assert!(lab.failure(id).contains("10000"));
    lab.handle.send(Command::ListRuns);
    assert!(runs(&lab).is_empty());
}

#[test]
fn a_training_that_diverges_ends_and_the_last_good_model_stays() {
    let lab = Lab::new();
    let mut spec = small_spec(1_000);
    spec.settings.lr = 1e30;
    let job = lab.ask(|id| Command::Train(id, spec));
    let reason = lab.training(job, |event| match event {
        TrainEvent::Ended { reason, .. } => Some(*reason),
        _ => None,
    });
    assert_eq!(reason, EndReason::Diverged);
    assert_eq!(lab.generate(&ModelRef::Live, &request("the", 4)).ids.len(), 4);
}

#[test]
fn a_data_folder_that_cannot_be_written_is_a_sentence_and_the_engine_goes_on() {
    let lab = Lab::new();
    std::fs::write(lab.home().root, "a file where the folder should be").unwrap();
    let id = lab.ask(|id| Command::Train(id, small_spec(10)));
    let sentence = lab.failure(id);
    assert!(sentence.contains("runs"), "{sentence}");
    assert_eq!(lab.generate(&lab.model(), &request("a", 2)).ids.len(), 2);
}
