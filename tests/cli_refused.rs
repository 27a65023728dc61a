//! The program as a person types it: what it says when something is wrong, whom it asks for help, and how it ends early.

mod typed;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use telar::hub::{Loaded, Precision, folder};
use telar::nn::{DecoderConfig, Weights};
use telar::text::Tokenizer;
use telar::train::{Preset, TokenizerKind};
use typed::{Place, TEXT};

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
