//! The engine as a window sees it: commands go in, events come out.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use telar::data::Home;
use telar::engine::{
    Command, CorpusRef, Engine, EngineHandle, EngineOptions, Event, JobId, ModelRef, PositionsRequest, TrainControl,
    TrainEvent, start,
};
use telar::generate::{GenerateRequest, SamplingOptions, StopReason};
use telar::hub::{self, Loaded, Precision};
use telar::nn::{DecoderConfig, Positions, Weights, positional};
use telar::text::Tokenizer;
use telar::train::{EndReason, Preset, RunSummary, TokenizerKind, TrainSpec};

/// Whoever waits longer than this waits for something that will never happen.
const FOREVER: Duration = Duration::from_secs(120);

/// An engine with a folder of its own.
struct Lab {
    engine: Engine,
    handle: EngineHandle,
    folder: tempfile::TempDir,
}

impl Lab {
    fn on(device: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        let options = EngineOptions { home, device: device.to_owned(), notify: Arc::new(|| {}) };
        let engine = start(options).unwrap();
        Self { handle: engine.handle(), engine, folder }
    }

    fn new() -> Self {
        Self::on("cpu")
    }

    fn home(&self) -> Home {
        Home::at(self.folder.path().join("home"))
    }

    /// Sends a job's command and returns its id.
    fn ask(&self, command: impl FnOnce(JobId) -> Command) -> JobId {
        let id = self.handle.next_job();
        self.handle.send(command(id));
        id
    }

    fn event(&self) -> Event {
        self.engine.events().recv_timeout(FOREVER).expect("an event")
    }

    /// Waits for the event that `choose` takes. A failure that nobody waits for ends the test.
    fn until<T>(&self, mut choose: impl FnMut(&Event) -> Option<T>) -> T {
        loop {
            let event = self.event();
            if let Some(found) = choose(&event) {
                return found;
            }
            assert!(!matches!(event, Event::Failed(..)), "{event:?}");
        }
    }

    /// Waits until the job has failed and returns its sentence.
    fn failure(&self, id: JobId) -> String {
        self.until(|event| match event {
            Event::Failed(job, sentence) if *job == id => Some(sentence.clone()),
            _ => None,
        })
    }

    /// Waits for a fact about a training.
    fn training<T>(&self, id: JobId, mut choose: impl FnMut(&TrainEvent) -> Option<T>) -> T {
        self.until(|event| match event {
            Event::Train(job, event) if *job == id => choose(event),
            _ => None,
        })
    }

    /// An untrained model in a folder.
    fn model(&self) -> ModelRef {
        let path = self.folder.path().join("model");
        write_model(&path, 4_096);
        ModelRef::Folder(path)
    }

    /// Generates a text to its end.
    fn generate(&self, model: &ModelRef, request: &GenerateRequest) -> Text {
        let id = self.ask(|id| Command::Generate(id, model.clone(), request.clone()));
        let mut text = Text::default();
        self.until(|event| match event {
            Event::GenerationStarted(job, ids, seed) if *job == id => {
                assert_eq!(*seed, request.seed);
                text.prompt = ids.clone();
                None
            }
            Event::Token(job, token, logits) if *job == id => {
                text.ids.push(token.id);
                text.written.push_str(&token.text);
                text.logits.push(logits.to_vec());
                None
            }
            Event::GenerationEnded(job, stop, ..) if *job == id => Some(*stop),
            _ => None,
        });
        text
    }
}

#[derive(Debug, Default, PartialEq)]
struct Text {
    prompt: Vec<u32>,
    ids: Vec<u32>,
    written: String,
    logits: Vec<Vec<f32>>,
}

/// Writes an untrained model of characters.
fn write_model(folder: &Path, context: usize) {
    let tokenizer = Tokenizer::train(TokenizerKind::Characters, "\n abcdefghijklmnopqrstuvwxyz").unwrap();
    let config = DecoderConfig {
        vocabulary: tokenizer.vocabulary(),
        context,
        d_model: 16,
        n_layers: 3,
        n_heads: 4,
        n_kv_heads: 2,
        d_ff: 24,
        positions: Positions::Sinusoidal,
        windows: vec![None, Some(3), None],
        ..Preset::Char.settings().model
    };
    let mut weights = Weights::init(&config, 5).unwrap();
    // An untrained model looks everywhere alike; one with larger weights has opinions.
    weights.data.iter_mut().for_each(|weight| *weight *= 8.0);
    let loaded = Loaded { name: "tiny".into(), weights, tokenizer, step: None, language: Some("en".into()) };
    hub::folder::write(folder, &loaded, Precision::Full).unwrap();
}

fn request(prompt: &str, most: usize) -> GenerateRequest {
    GenerateRequest {
        prompt: prompt.to_owned(),
        sampling: SamplingOptions { temperature: 1.0, ..SamplingOptions::default() },
        seed: 7,
        max_new_tokens: most,
        min_new_tokens: 0,
        stop: Vec::new(),
    }
}

#[test]
fn a_model_is_loaded_and_described() {
    let lab = Lab::new();
    let model = lab.model();
    let id = lab.ask(|id| Command::LoadModel(id, model.clone()));
    let info = lab.until(|event| match event {
        Event::ModelReady(job, info) if *job == id => Some(info.clone()),
        _ => None,
    });
    assert_eq!((&info.model, info.name.as_str(), info.tokenizer.as_str()), (&model, "model", "characters"));
    assert_eq!((info.pieces.len(), info.pieces[0].as_str(), info.pieces[27].as_str()), (28, "\n", "z"));
    assert_eq!((info.step, info.language.as_deref(), info.config.n_layers), (None, Some("en"), 3));
    assert!(info.parameters > 1_000);
}

#[test]
fn the_models_that_ship_write_words_of_their_language() {
    let lab = Lab::new();
    for (name, language, prompt, words) in
        [("shakespeare", "en", "What say you", ["the", "you"]), ("quijote", "es", "En un lugar", ["que", "de"])]
    {
        let model = ModelRef::Builtin(name.to_owned());
        let id = lab.ask(|id| Command::LoadModel(id, model.clone()));
        let info = lab.until(|event| match event {
            Event::ModelReady(job, info) if *job == id => Some(info.clone()),
            _ => None,
        });
        assert_eq!((info.name.as_str(), info.language.as_deref()), (name, Some(language)));
        let text = lab.generate(&model, &request(prompt, 200));
        let found = words.map(|word| text.written.split_whitespace().any(|other| other == word));
        assert_eq!(found, [true, true], "{}", text.written);
    }
}

#[test]
fn a_model_that_changes_on_disk_is_loaded_again() {
    let lab = Lab::new();
    let model = lab.model();
    let ModelRef::Folder(path) = &model else { panic!("a folder") };
    let context = || {
        let id = lab.ask(|id| Command::LoadModel(id, model.clone()));
        lab.until(|event| match event {
            Event::ModelReady(job, info) if *job == id => Some(info.config.context),
            _ => None,
        })
    };
    assert_eq!(context(), 4_096);
    // File systems write down times in steps of some milliseconds.
    std::thread::sleep(Duration::from_millis(30));
    write_model(path, 77);
    assert_eq!(context(), 77);
    std::fs::remove_dir_all(path).unwrap();
    let id = lab.ask(|id| Command::LoadModel(id, model.clone()));
    assert!(lab.failure(id).contains("config.json"));
}

#[test]
fn the_same_seed_gives_the_same_text() {
    let lab = Lab::new();
    let model = lab.model();
    let text = lab.generate(&model, &request("once upon a time", 40));
    assert_eq!((text.prompt.len(), text.ids.len(), text.written.chars().count()), (16, 40, 40));
    assert_eq!(lab.generate(&model, &request("once upon a time", 40)), text);
    let other = lab.generate(&model, &GenerateRequest { seed: 8, ..request("once upon a time", 40) });
    assert_ne!(other.written, text.written);
}

#[test]
fn the_next_tokens_logits_are_those_that_a_generation_draws_from() {
    let lab = Lab::new();
    let model = lab.model();
    let text = lab.generate(&model, &request("once upon", 1));
    let id = lab.ask(|id| Command::NextToken(id, model.clone(), "once upon".into()));
    let (ids, logits) = lab.until(|event| match event {
        Event::NextToken(job, ids, logits) if *job == id => Some((ids.clone(), logits.clone())),
        _ => None,
    });
    assert_eq!((ids, logits.to_vec()), (text.prompt, text.logits[0].clone()));
}

#[test]
fn a_text_that_cannot_be_read_is_a_sentence_and_none_at_all_begins_with_a_line_break() {
    let lab = Lab::new();
    let model = lab.model();
    let id = lab.ask(|id| Command::Generate(id, model.clone(), request("año 7", 5)));
    let sentence = lab.failure(id);
    assert!(sentence.contains('ñ') && sentence.contains('7'), "{sentence}");
    assert_eq!(lab.generate(&model, &request("", 5)).prompt, [0]);
    let id = lab.ask(|id| Command::CaptureAttention(id, model.clone(), String::new()));
    let capture = lab.until(|event| match event {
        Event::Attention(job, capture) if *job == id => Some(capture.clone()),
        _ => None,
    });
    assert_eq!((capture.tokens.as_slice(), capture.weights.len()), (&["\n".to_owned()][..], 12));
    assert!(!capture.truncated);
}

#[test]
fn a_cancelled_generation_ends_and_the_thread_goes_on() {
    let lab = Lab::new();
    let model = lab.model();
    let id = lab.ask(|id| Command::Generate(id, model.clone(), request("a", 4_000)));
    let mut tokens = 0;
    let mut ended = None;
    lab.until(|event| {
        match event {
            Event::Token(job, ..) if *job == id => {
                tokens += 1;
                if tokens == 3 {
                    lab.handle.send(Command::Cancel(id));
                }
            }
            Event::GenerationEnded(job, stop, ..) if *job == id => ended = Some(*stop),
            _ => {}
        }
        matches!(event, Event::Cancelled(job) if *job == id).then_some(())
    });
    assert!((3..4_000).contains(&tokens), "{tokens} tokens before the end");
    assert_eq!(ended, Some(StopReason::Cancelled));
    assert_eq!(lab.generate(&model, &request("b", 3)).ids.len(), 3);
}

#[test]
fn a_look_need_not_wait_for_the_end_of_a_text() {
    let lab = Lab::new();
    let model = lab.model();
    let id = lab.ask(|id| Command::Generate(id, model.clone(), request("a", 4_000)));
    lab.until(|event| matches!(event, Event::Token(job, ..) if *job == id).then_some(()));
    let look = lab.ask(|id| Command::NextToken(id, model.clone(), "b".into()));
    let wrong = lab.ask(|id| Command::CaptureAttention(id, ModelRef::Folder("/nowhere".into()), "b".into()));
    let mut looks = 0;
    while looks < 2 {
        match lab.event() {
            Event::NextToken(job, ..) if job == look => looks += 1,
            Event::Failed(job, _) if job == wrong => looks += 1,
            Event::GenerationEnded(..) => panic!("the looks waited"),
            _ => {}
        }
    }
    // The text goes on after them.
    lab.until(|event| matches!(event, Event::Token(job, ..) if *job == id).then_some(()));
    lab.handle.send(Command::Cancel(id));
    lab.until(|event| matches!(event, Event::Cancelled(job) if *job == id).then_some(()));
}

#[test]
fn a_replaced_job_is_not_heard_any_more() {
    let lab = Lab::new();
    let model = lab.model();
    let old = lab.ask(|id| Command::Generate(id, model.clone(), request("a", 4_000)));
    lab.until(|event| matches!(event, Event::Token(job, ..) if *job == old).then_some(()));
    let new = lab.ask(|id| Command::Generate(id, model.clone(), request("b", 5)));
    let mut replaced = false;
    lab.until(|event| {
        let (about_old, about_new) = match event {
            Event::GenerationStarted(job, ..)
            | Event::Token(job, ..)
            | Event::GenerationEnded(job, ..)
            | Event::Cancelled(job) => (*job == old, *job == new),
            _ => (false, false),
        };
        replaced |= about_new;
        assert!(!(replaced && about_old), "{event:?}");
        assert!(!(about_old && matches!(event, Event::Cancelled(_) | Event::GenerationEnded(..))), "{event:?}");
        (about_new && matches!(event, Event::GenerationEnded(..))).then_some(())
    });
}

#[test]
fn attention_rows_sum_to_one_and_never_look_ahead() {
    let lab = Lab::new();
    let model = lab.model();
    let id = lab.ask(|id| Command::CaptureAttention(id, model.clone(), "the cat sat on the mat".into()));
    let capture = lab.until(|event| match event {
        Event::Attention(job, capture) if *job == id => Some(capture.clone()),
        _ => None,
    });
    let t = 22;
    assert_eq!((capture.tokens.len(), capture.layers, capture.heads, capture.d_head), (t, 3, 4, 4));
    assert_eq!((capture.tokens.concat(), capture.truncated), ("the cat sat on the mat".to_owned(), false));
    assert_eq!((capture.scores.len(), capture.weights.len(), capture.scale), (12 * t * t, 12 * t * t, 0.5));
    let mut spread = 0;
    for (row, weights) in capture.weights.chunks(t).enumerate() {
        let (layer, i) = (row / (4 * t), row % t);
        let sum: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
        assert!((sum - 1.0).abs() < 1e-5, "row {row} sums to {sum}");
        for (j, &weight) in weights.iter().enumerate() {
            let allowed = capture.allowed[layer][i * t + j];
            assert_eq!(allowed, j <= i && (layer != 1 || i - j < 3), "{layer} {i} {j}");
            assert!(allowed || weight == 0.0, "{layer} {i} {j}: {weight}");
        }
        // The weights are the softmax of the scores that came with them.
        let scores = &capture.scores[row * t..][..t];
        let exponentials: Vec<f64> = (0..t)
            .map(|j| if capture.allowed[layer][i * t + j] { f64::from(scores[j] * capture.scale).exp() } else { 0.0 })
            .collect();
        let total: f64 = exponentials.iter().sum();
        for (j, weight) in weights.iter().enumerate() {
            assert!((f64::from(*weight) - exponentials[j] / total).abs() < 1e-5, "{layer} {i} {j}");
        }
        spread += usize::from(weights.iter().filter(|&&weight| weight > 1e-3).count() > 2);
    }
    assert!(spread > 10, "a model that looks at one place only shows nothing");
}

#[test]
fn a_text_longer_than_the_context_is_looked_at_in_its_last_part() {
    let lab = Lab::new();
    let path = lab.folder.path().join("short");
    write_model(&path, 8);
    let id = lab.ask(|id| Command::CaptureAttention(id, ModelRef::Folder(path), "abcdefghijkl".into()));
    let capture = lab.until(|event| match event {
        Event::Attention(job, capture) if *job == id => Some(capture.clone()),
        _ => None,
    });
    assert_eq!((capture.tokens.concat(), capture.truncated), ("efghijkl".to_owned(), true));
}

#[test]
fn positions_are_those_of_the_formula_while_a_text_is_written() {
    let lab = Lab::new();
    let model = lab.model();
    let writing = lab.ask(|id| Command::Generate(id, model, request("a", 4_000)));
    lab.until(|event| matches!(event, Event::Token(job, ..) if *job == writing).then_some(()));
    let request = PositionsRequest { length: 50, d_model: 20, rows: (10, 14), columns: (3, 9), max_cells: (100, 100) };
    let id = lab.ask(|id| Command::Positions(id, request));
    let curves = lab.ask(|id| Command::PositionCurves(id, 30, 20, vec![0, 5]));
    let dots = lab.ask(|id| Command::PositionDots(id, 30, 20));
    let mut answers = 0;
    while answers < 3 {
        match lab.event() {
            Event::Positions(job, asked, matrix) if job == id => {
                assert_eq!((asked, matrix.rows, matrix.columns), (request, 4, 6));
                for (cell, value) in matrix.values.iter().enumerate() {
                    assert_eq!(*value, positional::sinusoidal(10 + cell / 6, 3 + cell % 6, 20));
                }
            }
            Event::PositionCurves(job, dimensions, matrix) if job == curves => {
                assert_eq!((dimensions.as_slice(), matrix.rows, matrix.columns), (&[0, 5][..], 2, 30));
                assert_eq!(matrix.values[30 + 9], positional::sinusoidal(9, 5, 20));
            }
            Event::PositionDots(job, dots_) if job == dots => {
                assert!(dots_.len() == 30 && (dots_[0] - 10.0).abs() < 1e-4);
            }
            Event::GenerationEnded(..) => panic!("the positions waited"),
            _ => continue,
        }
        answers += 1;
    }
}

#[test]
fn what_is_not_there_is_a_sentence() {
    let lab = Lab::new();
    let missing = lab.folder.path().join("nothing here");
    for command in [
        (|id| Command::LoadModel(id, ModelRef::Folder("/nowhere".into()))) as fn(JobId) -> Command,
        |id| Command::LoadModel(id, ModelRef::Live),
        |id| Command::LoadModel(id, ModelRef::Run("yesterday".into())),
        |id| Command::Generate(id, ModelRef::Builtin("plato".into()), request("a", 1)),
        |id| Command::OpenRun(id, "yesterday".into()),
        |id| Command::DeleteRun(id, "../home".into()),
        |id| Command::ContinueRun(id, "yesterday".into(), 10),
        |id| Command::Download(id, "bible".into()),
        |id| Command::Download(id, "telar-es".into()),
        |id| Command::ReadCorpus(id, CorpusRef::Named("bible".into())),
    ] {
        let id = lab.ask(command);
        let sentence = lab.failure(id);
        assert!(sentence.ends_with('.') && sentence.len() > 20, "{sentence}");
    }
    let id = lab.ask(|id| Command::ReadCorpus(id, CorpusRef::Path(missing.clone())));
    assert!(lab.failure(id).contains("nothing here"));
}

#[test]
fn a_corpus_is_measured() {
    let lab = Lab::new();
    let path = lab.folder.path().join("mine.txt");
    std::fs::write(&path, "one two\r\ntwo ñandú\r\n").unwrap();
    let corpus = CorpusRef::Path(path);
    let id = lab.ask(|id| Command::ReadCorpus(id, corpus.clone()));
    let info = lab.until(|event| match event {
        Event::CorpusRead(job, info) if *job == id => Some(info.clone()),
        _ => None,
    });
    assert_eq!((info.corpus, info.bytes, info.characters, info.words), (corpus, 22, 18, 4));
    assert_eq!((info.distinct_words, info.excerpt.as_str()), (3, "one two\ntwo ñandú"));
}

#[test]
fn files_are_written_or_the_reason_is_told() {
    let lab = Lab::new();
    let path = lab.folder.path().join("new folder/picture.png");
    let id = lab.ask(|id| Command::WriteFile(id, path.clone(), vec![1, 2, 3]));
    // A second one does not replace the first.
    let file_as_folder = path.join("below.png");
    lab.until(|event| matches!(event, Event::FileWritten(job, at) if *job == id && *at == path).then_some(()));
    assert_eq!(std::fs::read(&path).unwrap(), [1, 2, 3]);
    let id = lab.ask(|id| Command::WriteFile(id, file_as_folder, vec![4]));
    assert!(lab.failure(id).contains("below.png"));
}

#[test]
fn files_asked_for_just_before_the_end_are_written() {
    let lab = Lab::new();
    let paths: Vec<PathBuf> = (0..20).map(|i| lab.folder.path().join(format!("{i}.csv"))).collect();
    for path in &paths {
        lab.ask(|id| Command::WriteFile(id, path.clone(), vec![7; 1_000]));
    }
    assert!(lab.engine.shut_down(FOREVER));
    assert!(paths.iter().all(|path| path.is_file()));
}

#[test]
fn a_device_that_cannot_be_used_is_told_and_the_one_before_stays() {
    let lab = Lab::on("cuda:4000");
    let mut heard = Vec::new();
    lab.until(|event| match event {
        Event::Notice(sentence) => {
            heard.push(sentence.clone());
            None
        }
        Event::DeviceInUse(id) => Some(id.clone()),
        _ => None,
    });
    assert_eq!(heard.len(), 1, "{heard:?}");
    let devices = lab.until(|event| match event {
        Event::Devices(devices) => Some(devices.clone()),
        _ => None,
    });
    assert_eq!(devices.devices[0].id, "cpu");
    lab.handle.send(Command::UseDevice("abacus".into()));
    let sentence = lab.until(|event| match event {
        Event::Notice(sentence) => Some(sentence.clone()),
        _ => None,
    });
    assert!(sentence.contains("abacus"));
    assert_eq!(
        lab.until(|event| match event {
            Event::DeviceInUse(id) => Some(id.clone()),
            _ => None,
        }),
        "cpu"
    );
}

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
