//! Training as a library: the same losses for the same seed, a run that goes on as if it had never stopped, and what
//! happens when something is broken.

mod common;

use std::fs;
use std::path::Path;

use telar::data::{CorpusRef, Home};
use telar::hub::{self, ModelRef};
use telar::nn::cpu;
use telar::train::{
    Directive, EndReason, MetricPoint, On, Preset, Report, TrainError, TrainSpec, Trainer, drive, runs,
};

fn on() -> On {
    On { device: cpu(), id: "cpu".into() }
}

/// A small model on the shipped corpus.
fn spec(preset: Preset, changes: &[(&str, &str)]) -> TrainSpec {
    let mut settings = preset.settings();
    let small = [
        ("d_model", "32"),
        ("n_heads", "4"),
        ("n_layers", "2"),
        ("d_ff", "64"),
        ("sample_every", "0"),
        ("eval_every", "0"),
    ];
    for (key, value) in small.iter().chain(changes) {
        settings.set(key, value).unwrap();
    }
    TrainSpec { preset, corpus: CorpusRef::Named("telar-en".into()), settings, out: None }
}

/// Trains until `stop_at` and returns the points and why it ended.
fn train(trainer: &mut Trainer, stop_at: u64) -> (Vec<MetricPoint>, EndReason) {
    let mut points = Vec::new();
    let mut next = |step| if step >= stop_at { Directive::Stop } else { Directive::Step };
    let reason = drive(trainer, &mut next, &mut |report| {
        if let Report::Metrics(point) = report {
            points.push(point);
        }
    });
    (points, reason.unwrap())
}

/// What must be the same, bit for bit.
fn curve(points: &[MetricPoint]) -> Vec<(u64, u32, u32, Option<u32>)> {
    let bits = |point: &MetricPoint| {
        (point.step, point.loss.to_bits(), point.grad_norm.to_bits(), point.val_loss.map(f32::to_bits))
    };
    points.iter().map(bits).collect()
}

#[test]
fn the_loss_falls_and_a_seed_means_its_losses() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    for preset in [Preset::Char, Preset::MiniLlama, Preset::Tutorial] {
        let spec = spec(preset, &[("steps", "40"), ("log_every", "20"), ("batch_size", "4"), ("eval_every", "20")]);
        let run = |seed| {
            let mut spec = spec.clone();
            spec.settings.seed = seed;
            let mut trainer = Trainer::begin(spec, &home, on()).unwrap();
            train(&mut trainer, u64::MAX)
        };
        let (first, reason) = run(7);
        assert_eq!(reason, EndReason::Finished);
        assert_eq!(first.iter().map(|point| point.step).collect::<Vec<_>>(), [0, 20, 40]);
        assert!(first[2].loss < first[0].loss, "{preset:?} {first:?}");
        assert_eq!(curve(&first), curve(&run(7).0));
        assert_ne!(curve(&first), curve(&run(8).0));
    }
}

#[test]
fn a_run_that_was_stopped_goes_on_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    for preset in [Preset::Nano, Preset::Tutorial] {
        let changes =
            [("steps", "30"), ("log_every", "7"), ("batch_size", "3"), ("eval_every", "10"), ("dropout", "0.1")];
        let whole = spec(preset, &changes);
        let mut trainer = Trainer::begin(whole.clone(), &home, on()).unwrap();
        let (expected, _) = train(&mut trainer, u64::MAX);

        // Stopped twice, once in the middle between two points.
        let mut trainer = Trainer::begin(whole, &home, on()).unwrap();
        let run = trainer.folder().to_owned();
        let (mut points, reason) = train(&mut trainer, 11);
        assert_eq!(reason, EndReason::Stopped);
        for stop_at in [16, u64::MAX] {
            drop(trainer);
            trainer = Trainer::resume(&run, &home, on(), None).unwrap();
            points.extend(train(&mut trainer, stop_at).0);
        }
        assert_eq!(curve(&points), curve(&expected));
        let opened = runs::open(&home, &runs::id_of(&run)).unwrap();
        assert_eq!(curve(&opened.metrics), curve(&expected));
        assert_eq!((opened.summary.step, opened.summary.ended), (30, Some(EndReason::Finished)));
    }
}

#[test]
fn a_learning_rate_of_ten_ends_as_diverged_and_keeps_the_good_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let mut trainer = Trainer::begin(spec(Preset::Char, &[("steps", "30")]), &home, on()).unwrap();
    let run = trainer.folder().to_owned();
    train(&mut trainer, 10);
    let good = hub::load(&ModelRef::Folder(run.clone()), &home).unwrap().weights.data;
    // The same run goes on with a learning rate that no model survives.
    let summary = fs::read_to_string(run.join("run.toml")).unwrap();
    let spoiled = summary
        .replace("lr = 0.001\n", "lr = 10.0\n")
        .replace("warmup = 100", "warmup = 0")
        .replace("steps = 30", "steps = 4000");
    assert_ne!(spoiled, summary);
    fs::write(run.join("run.toml"), spoiled).unwrap();
    let mut trainer = Trainer::resume(&run, &home, on(), None).unwrap();
    let (_, reason) = train(&mut trainer, u64::MAX);
    assert_eq!(reason, EndReason::Diverged);
    let kept = hub::load(&ModelRef::Folder(run.clone()), &home).unwrap();
    assert_eq!((kept.step, &kept.weights.data), (Some(10), &good));
    assert_eq!(runs::read_summary(&run).unwrap().ended, Some(EndReason::Diverged));
}

#[test]
fn a_damaged_checkpoint_is_passed_over_for_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let spec = spec(Preset::Char, &[("steps", "20"), ("checkpoint_every", "10")]);
    let mut trainer = Trainer::begin(spec, &home, on()).unwrap();
    let run = trainer.folder().to_owned();
    train(&mut trainer, u64::MAX);
    let newest = hub::checkpoints(&run)[0].1.clone();
    let weights = newest.join("model.safetensors");
    let bytes = fs::read(&weights).unwrap();
    fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
    // An unfinished one that a killed process left behind is none.
    fs::create_dir(run.join("checkpoints/.step-0000030.tmp")).unwrap();
    let trainer = Trainer::resume(&run, &home, on(), Some(40)).unwrap();
    assert_eq!((trainer.step(), trainer.total_steps()), (10, 40));
    assert_eq!(hub::load(&ModelRef::Folder(run.clone()), &home).unwrap().step, Some(10));
    for (_, path) in hub::checkpoints(&run) {
        fs::write(path.join("config.json"), "{").unwrap();
    }
    let error = Trainer::resume(&run, &home, on(), None).err().unwrap();
    assert!(matches!(error, TrainError::Hub(_)), "{error}");
}

#[test]
fn runs_are_listed_opened_and_deleted_and_broken_ones_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    assert!(runs::list(&home).is_empty());
    let spec = spec(Preset::Char, &[("steps", "5"), ("sample_every", "5")]);
    let ids: Vec<String> = (0..2)
        .map(|_| {
            let mut trainer = Trainer::begin(spec.clone(), &home, on()).unwrap();
            train(&mut trainer, u64::MAX);
            trainer.summary().id.clone()
        })
        .collect();
    let listed: Vec<String> = runs::list(&home).into_iter().map(|run| run.id).collect();
    assert_eq!(listed.len(), 2);
    assert!(ids.iter().all(|id| listed.contains(id)), "{listed:?} {ids:?}");
    let opened = runs::open(&home, &ids[0]).unwrap();
    assert_eq!((opened.samples.len(), opened.samples[0].step), (1, 5));
    assert_eq!(opened.samples[0].text.chars().count(), 160, "longer than the model's context of 64");
    fs::write(home.runs().join(&ids[1]).join("run.toml"), "= broken").unwrap();
    assert_eq!(runs::list(&home).len(), 1);
    let left = fs::read_dir(home.runs().join(&ids[1])).unwrap();
    let names: Vec<String> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().any(|name| name.starts_with("run.toml.broken-")), "{names:?}");
    runs::delete(&home, &ids[0]).unwrap();
    assert!(runs::list(&home).is_empty());
    for bad in ["", ".", "..", "../x", "nothing"] {
        assert!(matches!(runs::delete(&home, bad), Err(TrainError::NoRun(_))), "{bad}");
    }
}

#[test]
fn a_text_that_changed_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let path = folder.path().join("text.txt");
    let write = |path: &Path, text: &str| fs::write(path, text.repeat(60)).unwrap();
    write(&path, "the loom and the thread ");
    let spec = TrainSpec { corpus: CorpusRef::Path(path.clone()), ..spec(Preset::Char, &[("steps", "4")]) };
    let mut trainer = Trainer::begin(spec, &home, on()).unwrap();
    let run = trainer.folder().to_owned();
    train(&mut trainer, 2);
    write(&path, "the loom and the thread! ");
    assert!(matches!(Trainer::resume(&run, &home, on(), None), Err(TrainError::OtherText(_))));
}

/// The tutorial's model on Tiny Shakespeare against the reference curve, which was measured with the tutorial's own
/// configuration in JAX: mean training loss of the 32 steps up to 32, 64, 96.
#[test]
fn the_tutorial_follows_the_reference_curve() {
    let Some(path) = common::shared_file("tinyshakespeare.txt") else { return };
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let mut settings = Preset::Tutorial.settings();
    settings.steps = 96;
    settings.sample_every = 0;
    let spec = TrainSpec { preset: Preset::Tutorial, corpus: CorpusRef::Path(path), settings, out: None };
    let mut trainer = Trainer::begin(spec, &home, on()).unwrap();
    let summary = trainer.summary();
    assert_eq!((summary.vocabulary, summary.parameters, summary.tokens), (25_670, 6_729_670, 202_651));
    let (points, _) = train(&mut trainer, u64::MAX);
    assert!((points[0].loss - 10.6).abs() < 0.2, "{points:?}");
    for (point, reference) in points[1..].iter().zip([8.37, 7.93, 7.85]) {
        assert!((point.loss - reference).abs() < 0.15, "step {}: {} instead of {reference}", point.step, point.loss);
    }
}
