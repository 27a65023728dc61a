//! The program as a person types it, in a folder with tiny models. Each test file uses a part of this.
#![allow(dead_code)]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use telar::hub::folder;
use telar::hub::{Loaded, Precision};
use telar::nn::{DecoderConfig, Weights};
use telar::text::Tokenizer;
use telar::train::{Preset, TokenizerKind};

pub const TEXT: &str = "En un lugar de la Mancha, de cuyo nombre no quiero acordarme.\n¡Ñandú!";

/// A person's folder with tiny models in it, and the program.
pub struct Place {
    pub folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a model with drawn weights into a folder and returns it.
    pub fn model(&self, name: &str, kind: TokenizerKind, change: impl FnOnce(&mut DecoderConfig)) -> PathBuf {
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

    pub fn characters(&self) -> String {
        self.model("characters", TokenizerKind::Characters, |_| {}).display().to_string()
    }

    pub fn telar(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_telar"))
            .args(arguments)
            .env("TELAR_HOME", self.path("home"))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// What a command prints, which must work.
    pub fn text(&self, arguments: &[&str]) -> String {
        let output = self.telar(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "telar {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The one JSON object that a command prints.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let text = self.text(&[arguments, &["--json", "--device", "cpu"]].concat());
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// A command must fail with status 1 and one sentence, in both languages; returns the English one.
    pub fn sentence(&self, arguments: &[&str]) -> String {
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

pub fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

pub fn sorted(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names
}

pub fn ids(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect()
}

pub fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
}

pub fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}
