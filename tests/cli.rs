//! The program as a person types it: what it prints, and what it says when something is wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use safetensors::SafeTensors;
use serde_json::Value;
use telar::hub::folder;
use telar::hub::{Loaded, Precision};
use telar::nn::{DecoderConfig, Weights};
use telar::text::Tokenizer;
use telar::train::{Preset, TokenizerKind};

const TEXT: &str = "En un lugar de la Mancha, de cuyo nombre no quiero acordarme.\n¡Ñandú!";

/// A person's folder with tiny models in it, and the program.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a model with drawn weights into a folder and returns it.
    fn model(&self, name: &str, kind: TokenizerKind, change: impl FnOnce(&mut DecoderConfig)) -> PathBuf {
        let tokenizer = Tokenizer::train(kind, TEXT).unwrap();
        let mut config = DecoderConfig {
            vocabulary: tokenizer.vocabulary(),
            context: 24,
            d_model: 16,
            n_layers: 2,
            n_heads: 2,
            n_kv_heads: 2,
            d_ff: 32,
            ..Preset::Char.settings().model
        };
        change(&mut config);
        let mut weights = Weights::init(&config, 3).unwrap();
        // So that its logits differ.
        weights.data.iter_mut().for_each(|value| *value *= 8.0);
        let loaded = Loaded { name: name.to_owned(), weights, tokenizer, step: None, language: None };
        let folder = self.path(name);
        folder::write(&folder, &loaded, Precision::Full).unwrap();
        folder
    }

    fn characters(&self) -> String {
        self.model("characters", TokenizerKind::Characters, |_| {}).display().to_string()
    }

    fn telar(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_telar"))
            .args(arguments)
            .env("TELAR_HOME", self.path("home"))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// What a command prints, which must work.
    fn text(&self, arguments: &[&str]) -> String {
        let output = self.telar(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "telar {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The one JSON object that a command prints.
    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.text(&[arguments, &["--json", "--device", "cpu"]].concat());
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// A command must fail with status 1 and one sentence, in both languages; returns the English one.
    fn sentence(&self, arguments: &[&str]) -> String {
        let [spanish, english] = ["es", "en"].map(|language| {
            let output = self.telar(&[arguments, &["--lang", language]].concat());
            let sentence = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "telar {arguments:?}: {sentence}");
            assert!(output.stdout.is_empty(), "telar {arguments:?} wrote on stdout");
            assert_eq!(sentence.lines().count(), 1, "telar {arguments:?}: {sentence}");
            assert!(sentence.ends_with(".\n"), "telar {arguments:?}: {sentence}");
            assert!(!sentence.contains("panicked"), "telar {arguments:?}: {sentence}");
            sentence.trim().to_owned()
        });
        assert_ne!(spanish, english);
        english
    }
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn sorted(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names
}

fn ids(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect()
}

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn devices_are_listed() {
    let place = Place::new();
    let found = place.json(&["devices"]);
    assert_eq!(sorted(keys(&found)), ["default", "devices", "notes"]);
    let cpu = &found["devices"][0];
    assert_eq!(cpu["id"], "cpu");
    assert!(cpu["cores"].as_u64().unwrap() >= 1 && !cpu["name"].as_str().unwrap().is_empty());
    let all = found["devices"].as_array().unwrap();
    assert!(all.iter().any(|device| device["id"] == found["default"]));
    assert!(place.text(&["devices", "--lang", "en"]).starts_with("cpu "));
}

#[test]
fn generate_prints_everything_as_json() {
    let place = Place::new();
    let model = place.characters();
    let made = place.json(&["generate", "--model", &model, "--prompt", "un lugar", "--max-new-tokens", "9"]);
    let expected = [
        "first_token_s",
        "ids",
        "logprobs",
        "model",
        "prompt",
        "prompt_ids",
        "seed",
        "stop",
        "text",
        "tokens",
        "tokens_per_s",
    ];
    assert_eq!(sorted(keys(&made)), expected);
    assert_eq!((&made["model"], &made["prompt"]), (&Value::from(model.as_str()), &Value::from("un lugar")));
    assert_eq!((ids(&made["prompt_ids"]).len(), ids(&made["ids"]).len()), (8, 9));
    assert_eq!(strings(&made["tokens"]).concat(), made["text"]);
    assert!(floats(&made["logprobs"]).iter().all(|&logprob| logprob < 0.0));
    assert_eq!(made["stop"], "max_tokens");
    assert!(made["seed"].is_u64() && made["first_token_s"].as_f64().unwrap() > 0.0);
}

#[test]
fn the_same_seed_writes_the_same_text_twice() {
    let place = Place::new();
    let model = place.characters();
    let common = ["generate", "--model", &model, "--prompt", "un ", "--max-new-tokens", "14", "--temperature", "1"];
    let seeded = |seed: &str| place.json(&[&common[..], &["--seed", seed]].concat());
    let [once, twice, other] = ["7", "7", "8"].map(seeded);
    assert_eq!((&once["text"], &once["logprobs"]), (&twice["text"], &twice["logprobs"]));
    assert_ne!(once["text"], other["text"]);
    // Streamed, it is the same text.
    let streamed = place.text(&[&common[..], &["--seed", "7"]].concat());
    assert_eq!(streamed.strip_suffix('\n').unwrap(), once["text"]);
    // A seed that nobody chose is printed and can be given again.
    let unchosen = place.json(&common);
    let again = seeded(&unchosen["seed"].to_string());
    assert_eq!(unchosen["text"], again["text"]);
}

#[test]
fn options_of_generate_reach_the_model() {
    let place = Place::new();
    let model = place.characters();
    let common = ["generate", "--model", &model, "--prompt", "nombre ", "--seed", "3", "--max-new-tokens", "12"];
    let with = |options: &[&str]| place.json(&[&common[..], options].concat());
    let greedy = with(&["--greedy"]);
    for same in [&["--temperature", "0"][..], &["--top-k", "1"], &["--top-p", "0"], &["--min-p", "1"]] {
        assert_eq!(with(same)["ids"], greedy["ids"], "{same:?}");
    }
    let warm = with(&["--temperature", "50", "--top-p", "1"]);
    assert_ne!(warm["ids"], greedy["ids"]);
    // The third character as the text that ends it: what stands before it is what is shown.
    let text = warm["text"].as_str().unwrap().to_owned();
    let third = text.chars().nth(2).unwrap().to_string();
    let before = text.split(&third).next().unwrap();
    let stopped = with(&["--temperature", "50", "--top-p", "1", "--stop", "never this", "--stop", &third]);
    assert_eq!((&stopped["text"], &stopped["stop"]), (&Value::from(before), &Value::from("stop_text")));
    let full = place.json(&["generate", "--model", &model, "--prompt", "nombre ", "--greedy"]);
    assert_eq!((full["stop"].as_str(), ids(&full["ids"]).len()), (Some("context_full"), 18));
}

#[test]
fn a_prompt_that_is_too_long_is_cut_visibly() {
    let place = Place::new();
    let model = place.characters();
    let prompt = &TEXT[..40];
    let output = place.telar(&["generate", "--model", &model, "--prompt", prompt, "--json", "--lang", "en"]);
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(ids(&made["prompt_ids"]).len(), 24);
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(note.contains("40") && note.contains("24"), "{note}");
}

#[test]
fn tokens_stand_at_their_places() {
    let place = Place::new();
    let text = "¡Ñandú de\n la Mancha!";
    for (name, kind) in
        [("characters", TokenizerKind::Characters), ("bpe", TokenizerKind::Bpe(280)), ("words", TokenizerKind::Words)]
    {
        let model = place.model(name, kind, |_| {}).display().to_string();
        let text = if kind == TokenizerKind::Words { "de  la\nnombre" } else { text };
        let found = place.json(&["tokenize", "--model", &model, "--text", text]);
        assert_eq!(sorted(keys(&found)), ["ids", "spans", "tokens"]);
        let tokenizer = Tokenizer::train(kind, TEXT).unwrap();
        let expected: Vec<u64> = tokenizer.encode_ids(text).unwrap().into_iter().map(u64::from).collect();
        assert_eq!(ids(&found["ids"]), expected, "{name}");
        let spans: Vec<Vec<u64>> = found["spans"].as_array().unwrap().iter().map(ids).collect();
        for (token, span) in strings(&found["tokens"]).iter().zip(&spans) {
            let part = &text[span[0] as usize..span[1] as usize];
            // Tokens with parts of a character have the place of the whole character.
            assert!(part == *token || (name == "bpe" && token.contains("<0x")), "{name}: {token:?} at {part:?}");
        }
        if kind != TokenizerKind::Words {
            assert_eq!((spans[0][0], spans[spans.len() - 1][1]), (0, text.len() as u64), "{name}");
        }
    }
}

/// A tensor of a file: its axes and values.
fn tensor(file: &SafeTensors, name: &str) -> (Vec<usize>, Vec<f32>) {
    let view = file.tensor(name).unwrap();
    assert_eq!(view.dtype(), safetensors::Dtype::F32, "{name}");
    let values = view.data().chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
    (view.shape().to_vec(), values.collect())
}

#[test]
fn inspect_shows_what_the_model_computes() {
    let place = Place::new();
    let model = place.characters();
    let out = place.path("seen.safetensors").display().to_string();
    let seen = place.json(&["inspect", "--model", &model, "--prompt", "un lugar", "--out", &out]);
    assert_eq!(sorted(keys(&seen)), ["ids", "logits_last", "tokens", "top"]);
    assert_eq!(strings(&seen["tokens"]).concat(), "un lugar");
    let bytes = fs::read(&out).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (t, d, heads, vocabulary) = (8, 16, 2, floats(&seen["logits_last"]).len());
    let mut names = file.names();
    names.sort_unstable();
    let expected = ["attention.0", "attention.1", "hidden.0", "hidden.1", "hidden.2", "ids", "logits"];
    assert_eq!(names, expected);

    let (shape, values) = tensor(&file, "ids");
    assert_eq!((shape, values), (vec![t], ids(&seen["ids"]).iter().map(|&id| id as f32).collect()));
    let (shape, logits) = tensor(&file, "logits");
    assert_eq!(shape, [t, vocabulary]);
    assert_eq!(logits[(t - 1) * vocabulary..], floats(&seen["logits_last"]));
    for layer in 0..=2 {
        assert_eq!(tensor(&file, &format!("hidden.{layer}")).0, [t, d]);
    }
    for layer in 0..2 {
        let (shape, weights) = tensor(&file, &format!("attention.{layer}"));
        assert_eq!(shape, [heads, t, t]);
        for (row, weights) in weights.chunks(t).enumerate() {
            let position = row % t;
            assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-6, "layer {layer}, row {row}: {weights:?}");
            assert!(weights[position + 1..].iter().all(|&future| future == 0.0), "layer {layer}, row {row}");
        }
    }

    // The ten likeliest with their probabilities, the likeliest first, and the same for the ids instead of the text.
    let top = seen["top"].as_array().unwrap();
    let p: Vec<f64> = top.iter().map(|likely| likely["p"].as_f64().unwrap()).collect();
    assert!(p.len() == 10 && p.is_sorted_by(|a, b| a >= b) && p.iter().sum::<f64>() <= 1.0 + 1e-6, "{p:?}");
    let largest = floats(&seen["logits_last"]).into_iter().fold(f32::NEG_INFINITY, f32::max);
    assert_eq!(floats(&seen["logits_last"])[top[0]["id"].as_u64().unwrap() as usize], largest);
    let list = ids(&seen["ids"]).iter().map(u64::to_string).collect::<Vec<_>>().join(",");
    assert_eq!(place.json(&["inspect", "--model", &model, "--ids", &list]), seen);
}

/// The last hidden state is what the output layer reads: multiplied by it, it gives the logits.
#[test]
fn the_last_hidden_state_makes_the_logits() {
    let place = Place::new();
    for (name, final_norm) in [("with", true), ("without", false)] {
        let folder = place.model(name, TokenizerKind::Characters, |config| config.final_norm = final_norm);
        let out = place.path("seen.safetensors").display().to_string();
        let model = folder.display().to_string();
        place.json(&["inspect", "--model", &model, "--prompt", "Mancha", "--out", &out]);
        let (seen, weights) = (fs::read(&out).unwrap(), fs::read(folder.join("model.safetensors")).unwrap());
        let (seen, weights) = (SafeTensors::deserialize(&seen).unwrap(), SafeTensors::deserialize(&weights).unwrap());
        let ((_, hidden), (_, logits)) = (tensor(&seen, "hidden.2"), tensor(&seen, "logits"));
        let (shape, table) = tensor(&weights, "embed.weight");
        for (row, x) in hidden.chunks(16).enumerate() {
            for (id, embedding) in table.chunks(16).enumerate() {
                let product: f32 = x.iter().zip(embedding).map(|(a, b)| a * b).sum();
                let logit = logits[row * shape[0] + id];
                assert!((product - logit).abs() < 1e-3, "{name}, row {row}, token {id}: {product}, not {logit}");
            }
        }
    }
}

#[test]
fn damaged_model_files_are_named() {
    let place = Place::new();
    let break_it = |name: &str, change: &dyn Fn(&Path)| {
        let folder = place.model(name, TokenizerKind::Characters, |_| {});
        change(&folder);
        let model = folder.display().to_string();
        let sentence = place.sentence(&["generate", "--model", &model, "--prompt", "un", "--device", "cpu"]);
        assert_eq!(place.sentence(&["inspect", "--model", &model, "--prompt", "un", "--device", "cpu"]), sentence);
        sentence
    };
    let sentence = break_it("cut", &|folder| {
        let path = folder.join("model.safetensors");
        let bytes = fs::read(&path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    });
    assert!(sentence.contains("model.safetensors") && sentence.contains("damaged"), "{sentence}");
    let sentence = break_it("shape", &|folder| {
        let other = place.model("other", TokenizerKind::Characters, |config| config.d_ff = 40);
        fs::copy(other.join("model.safetensors"), folder.join("model.safetensors")).unwrap();
    });
    assert!(sentence.contains("blocks.0.ff.up.weight") && sentence.contains("[16, 40]"), "{sentence}");
    let sentence = break_it("bare", &|folder| fs::remove_file(folder.join("tokenizer.json")).unwrap());
    assert!(sentence.contains("tokenizer.json"), "{sentence}");
    let sentence = break_it("foreign", &|folder| {
        fs::write(folder.join("config.json"), r#"{"model_type": "mamba", "d_model": 768}"#).unwrap();
    });
    assert!(sentence.contains("mamba"), "{sentence}");
    let sentence = break_it("nonsense", &|folder| fs::write(folder.join("config.json"), b"\xff\x00{").unwrap());
    assert!(sentence.contains("config.json"), "{sentence}");
    let sentence = break_it("text", &|folder| fs::write(folder.join("tokenizer.json"), b"{}").unwrap());
    assert!(sentence.contains("tokenizer.json"), "{sentence}");
}

#[test]
fn what_cannot_be_done_is_said_in_a_sentence() {
    let place = Place::new();
    let model = place.characters();
    let generate = |model: &str, prompt: &str, device: &str| {
        place.sentence(&["generate", "--model", model, "--prompt", prompt, "--device", device])
    };
    let sentence = generate("nobody", "un", "cpu");
    assert!(sentence.contains("nobody") && sentence.contains("builtin:shakespeare"), "{sentence}");
    assert!(generate("builtin:nobody", "un", "cpu").contains("builtin:nobody"));
    assert!(generate("latest", "un", "cpu").contains("train"));
    assert!(generate(&model, "un", "abacus").contains("abacus"));
    assert!(generate(&model, "Ω", "cpu").contains('Ω'));
    assert!(place.sentence(&["tokenize", "--model", &model, "--text", "año 5"]).contains('5'));
    let words = place.model("words", TokenizerKind::Words, |_| {}).display().to_string();
    assert!(generate(&words, "  ", "cpu").contains("nothing to continue"));
    let inspect =
        |options: &[&str]| place.sentence(&[&["inspect", "--model", &model, "--device", "cpu"], options].concat());
    assert!(inspect(&["--ids", "1,9999"]).contains("9999"));
    assert!(inspect(&["--ids", &["1"; 25].join(",")]).contains("24"));
    fs::write(place.path("file"), "").unwrap();
    assert!(inspect(&["--prompt", "un", "--out", "file/seen.safetensors"]).contains("seen.safetensors"));
}

/// A model whose training went wrong says so.
#[test]
fn weights_that_are_no_numbers_are_said_to_be() {
    let place = Place::new();
    let tokenizer = Tokenizer::train(TokenizerKind::Characters, TEXT).unwrap();
    let config = DecoderConfig { vocabulary: tokenizer.vocabulary(), ..Preset::Char.settings().model };
    let mut weights = Weights::init(&config, 1).unwrap();
    weights.data.fill(f32::NAN);
    let loaded = Loaded { name: "x".into(), weights, tokenizer, step: None, language: None };
    folder::write(&place.path("diverged"), &loaded, Precision::Half).unwrap();
    let sentence = place.sentence(&["generate", "--model", "diverged", "--prompt", "un", "--device", "cpu"]);
    assert!(sentence.contains("diverged"), "{sentence}");
}

#[test]
fn bench_measures_a_step() {
    let place = Place::new();
    let measured = place.json(&["bench", "train/char"]);
    assert_eq!(sorted(keys(&measured)), ["cores_busy", "device", "median", "samples", "unit", "work"]);
    assert!(measured["cores_busy"].as_f64().unwrap() > 0.1);
    assert_eq!((measured["work"].as_str(), measured["unit"].as_str()), (Some("train/char"), Some("s")));
    let mut samples = floats(&measured["samples"]);
    samples.sort_by(f32::total_cmp);
    assert!(samples.len() == 5 && samples[0] > 0.0, "{samples:?}");
    assert_eq!(measured["median"].as_f64().unwrap() as f32, samples[2]);
    assert!(measured["device"].as_str().unwrap().starts_with("cpu"));
    let sentence = place.sentence(&["bench", "train/gigantic"]);
    assert!(sentence.contains("train/tutorial, train/nano, train/char"), "{sentence}");
}

/// Where there is an NVIDIA driver, the device works and there is nothing to say.
#[test]
fn cuda_without_a_driver_is_refused() {
    let place = Place::new();
    let model = place.characters();
    let arguments = ["generate", "--model", &model, "--prompt", "un", "--device", "cuda"];
    if place.json(&["devices"])["devices"].as_array().unwrap().iter().any(|device| device["id"] == "cuda:0") {
        assert!(place.telar(&arguments).status.success());
    } else {
        assert!(place.sentence(&arguments).starts_with("CUDA: "));
    }
}

#[test]
fn wrong_usage_is_status_2_in_the_persons_language() {
    let place = Place::new();
    let generate = ["generate", "--model", "m", "--prompt", "p"];
    let wrong = |arguments: &[&str]| {
        let [spanish, english] = ["es", "en"].map(|language| {
            let output = place.telar(&[arguments, &["--lang", language]].concat());
            let text = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "telar {arguments:?}: {text}");
            assert!(output.stdout.is_empty() && text.lines().count() == 1, "{text}");
            text
        });
        assert!(spanish.contains("Mira «telar ") && english.contains("See “telar "), "{spanish}{english}");
        english
    };
    assert!(wrong(&["weave"]).contains("weave"));
    assert!(wrong(&["generate", "--prompt", "x"]).contains("--model"));
    assert!(wrong(&["generate", "--prompt", "x"]).contains("telar generate --help"));
    assert!(wrong(&[&generate[..], &["--sedd", "1"]].concat()).contains("--sedd"));
    assert!(wrong(&[&generate[..], &["--temperature", "-1"]].concat()).contains("-1"));
    assert!(wrong(&[&generate[..], &["--top-p", "1.5"]].concat()).contains("from 0 to 1"));
    assert!(wrong(&[&generate[..], &["--seed", "x"]].concat()).contains("--seed"));
    assert!(wrong(&[&generate[..], &["--greedy", "--temperature", "1"]].concat()).contains("--greedy"));
    assert!(wrong(&["inspect", "--model", "m"]).contains("--prompt"));
    assert!(wrong(&["inspect", "--model", "m", "--prompt", "x", "--ids", "1"]).contains("--ids"));
    assert!(wrong(&["inspect", "--model", "m", "--ids", "1,x"]).contains('x'));
    let output = place.telar(&["devices", "--lang", "klingon"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("es, en"));
}

#[test]
fn help_is_in_the_persons_language() {
    let place = Place::new();
    for command in ["", "bench", "devices", "generate", "inspect", "tokenize", "tour", "train"] {
        let arguments: Vec<&str> = [command].into_iter().filter(|word| !word.is_empty()).collect();
        let [spanish, english] =
            ["es", "en"].map(|language| place.text(&[&arguments[..], &["--help", "--lang", language]].concat()));
        assert!(spanish.contains("Uso: telar") && spanish.contains("Opciones:"), "{spanish}");
        assert!(english.contains("Usage: telar") && english.contains("Options:"), "{english}");
        for foreign in ["Usage", "Options", "OPTIONS", "COMMAND", "Print", "default"] {
            assert!(!spanish.contains(foreign), "{foreign} in {spanish}");
        }
        // Every option has a text of several words between its name and the next option's.
        for text in [&spanish, &english] {
            for option in text.split("\n  -").flat_map(|part| part.split("\n      --")).skip(1) {
                let words = option.split_whitespace().filter(|word| !word.starts_with(['-', '<'])).count();
                assert!(words >= 3, "no text for {option}");
            }
        }
    }
    assert!(place.text(&["--version"]).starts_with("telar "));
}

/// Whoever has read enough may go, as with `| head`.
#[cfg(unix)]
#[test]
fn a_reader_who_goes_away_is_no_failure() {
    let place = Place::new();
    let model = place.characters();
    let train = ["train", "--corpus", "telar-en", "--steps", "9", "--log-every", "1", "--set", "d_model=8"];
    for arguments in [&["generate", "--model", &model, "--prompt", "un"][..], &["devices", "--json"], &train] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_telar"))
            .args(arguments)
            .env("TELAR_HOME", place.path("home"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !errors.contains("panicked"), "{arguments:?}: {errors}");
    }
}

/// Ctrl-C: what was written so far stands, and the status is that of success.
#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_generation_cleanly() {
    use std::io::Read;
    let place = Place::new();
    // Long enough that it would take minutes.
    let folder = place.model("long", TokenizerKind::Characters, |config| {
        (config.context, config.positions) = (200_000, telar::nn::Positions::Rotary);
    });
    let mut child = Command::new(env!("CARGO_BIN_EXE_telar"))
        .args(["generate", "--model", &folder.display().to_string(), "--prompt", "un", "--device", "cpu"])
        .args(["--max-new-tokens", "150000"])
        .env("TELAR_HOME", place.path("home"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 4];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.ends_with(b"\n") && output.stderr.is_empty());
}
