//! The engine as a window sees it: commands go in, events come out. Models, texts, positions, files and devices.

mod lab;

use std::path::PathBuf;
use std::time::Duration;

use lab::{FOREVER, Lab, request, write_model};
use telar::engine::{Command, CorpusRef, Event, JobId, ModelRef, PositionsRequest};
use telar::generate::{GenerateRequest, StopReason};
use telar::kernels::Storage;
use telar::nn::positional;
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
    let english = ["the", "and", "to", "of", "I", "my", "you", "that", "he", "which"];
    let spanish = ["que", "de", "la", "y", "el", "en", "a", "no", "los", "con"];
    for (name, language, prompt, words) in
        [("shakespeare", "en", "What say you", english), ("quijote", "es", "En un lugar", spanish)]
    {
        let model = ModelRef::Builtin(name.to_owned());
        let id = lab.ask(|id| Command::LoadModel(id, model.clone()));
        let info = lab.until(|event| match event {
            Event::ModelReady(job, info) if *job == id => Some(info.clone()),
            _ => None,
        });
        assert_eq!((info.name.as_str(), info.language.as_deref()), (name, Some(language)));
        let text = lab.generate(&model, &request(prompt, 200));
        let written = |word: &&str| text.written.split_whitespace().any(|other| other == *word);
        assert!(words.iter().filter(|word| written(word)).count() >= 4, "{}", text.written);
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

#[test]
fn fewer_bits_write_almost_the_same_and_the_way_back_is_exact() {
    let lab = Lab::new();
    let model = ModelRef::Builtin("shakespeare".to_owned());
    let logits = |storage| {
        lab.handle.send(Command::UseStorage(storage));
        let id = lab.ask(|id| Command::NextToken(id, model.clone(), "Love is a ".to_owned()));
        lab.until(|event| match event {
            Event::NextToken(job, _, logits) if *job == id => Some(logits.to_vec()),
            _ => None,
        })
    };
    let full = logits(Storage::F32);
    for (storage, most) in [(Storage::F16, 0.01), (Storage::Q8, 0.5)] {
        let fewer = logits(storage);
        let furthest = full.iter().zip(&fewer).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(furthest < most, "{storage:?}: {furthest}");
    }
    assert_ne!(logits(Storage::Q8), full);
    assert_eq!(logits(Storage::F32), full);
}

#[test]
fn the_number_of_threads_changes_while_a_text_is_written_and_the_text_does_not() {
    let lab = Lab::new();
    let model = ModelRef::Builtin("quijote".to_owned());
    let request = request("En un lugar de la Mancha", 30);
    let before = lab.generate(&model, &request);
    for wish in [Some(1), Some(3), None] {
        lab.handle.send(Command::UseThreads { wish, in_front: true });
        let now = lab.generate(&model, &request);
        assert_eq!((now.ids, now.logits), (before.ids.clone(), before.logits.clone()));
    }
}
