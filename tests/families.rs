//! Models of other programs: does every family that opens compute what transformers computes? Against fixtures that
//! `tests/fixtures/families/make.py` writes. And what does not open is refused with a sentence.

use std::fs;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use serde_json::{Value, json};
use telar::data::Home;
use telar::hub::{self, HubError, Loaded, ModelRef};
use telar::kernels::Storage;
use telar::nn::{Decoder, LanguageModel, NoProbe, Recorder, Site, SliceReader, cpu, host_values};

const FAMILIES: [&str; 8] = ["gpt2", "gpt_neo", "llama", "llama_tied", "llama_linear", "llama3", "qwen2", "mistral"];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// A fixture's folder with a tokenizer, as a person has it.
struct Model {
    folder: tempfile::TempDir,
}

impl Model {
    fn of(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(fixtures().join("families").join(name)).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        fs::copy(fixtures().join("text/bpe.tokenizer.json"), folder.path().join("tokenizer.json")).unwrap();
        Self { folder }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn load(&self) -> Result<Loaded, HubError> {
        hub::load(&ModelRef::Folder(self.folder.path().to_owned()), &Home::at("nowhere"))
    }

    fn expected<T>(&self, name: &str, convert: fn([u8; 4]) -> T) -> Vec<T> {
        let bytes = fs::read(self.path("expected.safetensors")).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let data = file.tensor(name).unwrap().data().to_vec();
        data.chunks_exact(4).map(|b| convert([b[0], b[1], b[2], b[3]])).collect()
    }

    fn floats(&self, name: &str) -> Vec<f32> {
        self.expected(name, f32::from_le_bytes)
    }

    fn ids(&self, name: &str) -> Vec<u32> {
        self.expected(name, u32::from_le_bytes)
    }

    /// Changes a field of its configuration.
    fn set(&self, field: &str, value: Value) {
        let mut tree: Value = serde_json::from_slice(&fs::read(self.path("config.json")).unwrap()).unwrap();
        tree[field] = value;
        fs::write(self.path("config.json"), tree.to_string()).unwrap();
    }

    fn sentence(&self) -> String {
        match self.load() {
            Ok(_) => panic!("this must not open"),
            Err(error) => error.to_string(),
        }
    }
}

fn close(found: &[f32], expected: &[f32], tolerance: f32) -> bool {
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= tolerance * (1.0 + b.abs());
    found.len() == expected.len() && found.iter().zip(expected).all(near)
}

fn likeliest(logits: &[f32]) -> u32 {
    let best = logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    best.map_or(0, |(id, _)| id as u32)
}

#[test]
fn logits_and_attention_are_those_of_transformers() {
    for name in FAMILIES {
        let model = Model::of(name);
        let loaded = model.load().unwrap_or_else(|error| panic!("{name}: {error}"));
        let (ids, logits) = (model.ids("ids"), model.floats("logits"));
        let graph = Decoder::from_weights(&loaded.weights, &cpu());
        let mut probe = Recorder::new(|site| matches!(site, Site::Weights(_)));
        let found = host_values(graph.forward(graph.ids(&ids, 1), &mut probe));
        assert!(close(&found, &logits, 1e-4), "{name}: the graph's logits");
        for layer in 0..loaded.weights.config.n_layers {
            let weights = &probe.seen[&Site::Weights(layer)].values;
            assert!(close(weights, &model.floats(&format!("attention.{layer}")), 1e-5), "{name}: attention {layer}");
        }
        // The path that writes on the CPU, at once and token by token.
        let reader = SliceReader::new(&loaded.weights, Storage::F32);
        let last = &logits[logits.len() - loaded.weights.config.vocabulary..];
        assert!(close(&reader.begin(ids.len()).read(&ids), last, 1e-4), "{name}: the reader's logits");
        let mut text = reader.begin(ids.len());
        let read = ids.iter().map(|&id| text.read(&[id])).last().unwrap();
        assert!(close(&read, last, 1e-4), "{name}: the reader's logits token by token");
    }
}

#[test]
fn the_likeliest_64_tokens_are_those_of_transformers_with_and_without_cache() {
    for name in FAMILIES {
        let model = Model::of(name);
        let loaded = model.load().unwrap();
        let (ids, greedy) = (model.ids("ids"), model.ids("greedy"));
        assert_eq!(greedy.len(), 64);
        let reader = SliceReader::new(&loaded.weights, Storage::F32);
        let mut text = reader.begin(ids.len() + greedy.len());
        let mut logits = text.read(&ids);
        let graph = Decoder::from_weights(&loaded.weights, &cpu());
        let mut whole = ids.clone();
        for (i, &expected) in greedy.iter().enumerate() {
            let all = host_values(graph.forward(graph.ids(&whole, 1), &mut NoProbe));
            let last = &all[all.len() - loaded.weights.config.vocabulary..];
            assert_eq!((likeliest(&logits), likeliest(last)), (expected, expected), "{name}: token {i}");
            whole.push(expected);
            logits = text.read(&[expected]);
        }
    }
}

#[test]
fn half_precision_and_other_names_open_too() {
    // The hub's GPT-2 has no `transformer.` before its names.
    let model = Model::of("gpt2");
    let bytes = fs::read(model.path("model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let halves: Vec<(String, Vec<usize>, Vec<u8>)> = file
        .iter()
        .map(|(name, tensor)| {
            let values = tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            let bytes = values.flat_map(|value| half::bf16::from_f32(value).to_le_bytes()).collect();
            (name.trim_start_matches("transformer.").to_owned(), tensor.shape().to_vec(), bytes)
        })
        .collect();
    let views = halves.iter().map(|(name, shape, bytes)| {
        let view = safetensors::tensor::TensorView::new(safetensors::Dtype::BF16, shape.clone(), bytes).unwrap();
        (name.clone(), view)
    });
    fs::write(model.path("model.safetensors"), safetensors::serialize(views, None).unwrap()).unwrap();
    let (full, brief) = (Model::of("gpt2").load().unwrap(), model.load().unwrap());
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= a.abs() / 128.0;
    assert!(full.weights.data.iter().zip(&brief.weights.data).all(near));
}

#[test]
fn gpt_2s_two_files_are_the_same_tokenizer() {
    let model = Model::of("gpt2");
    let before = model.load().unwrap().tokenizer;
    let tree: Value = serde_json::from_slice(&fs::read(model.path("tokenizer.json")).unwrap()).unwrap();
    let merges = tree["model"]["merges"].as_array().unwrap().iter().map(|merge| match merge {
        Value::String(pair) => pair.clone(),
        pair => format!("{} {}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap()),
    });
    let merges = format!("#version: 0.2\n{}\n", merges.collect::<Vec<_>>().join("\n"));
    fs::write(model.path("vocab.json"), tree["model"]["vocab"].to_string()).unwrap();
    fs::write(model.path("merges.txt"), merges).unwrap();
    fs::remove_file(model.path("tokenizer.json")).unwrap();
    let after = model.load().unwrap().tokenizer;
    for text in ["", "the cat", "¿Qué tal?\tBien…\n", "👩‍🚀 日本"] {
        assert_eq!(before.encode(text).unwrap(), after.encode(text).unwrap());
    }
}

#[test]
fn mistrals_window_is_narrower_than_the_text() {
    let config = Model::of("mistral").load().unwrap().weights.config;
    assert_eq!(config.windows, [Some(7); 2]);
}

#[test]
fn the_token_at_the_end_is_the_configurations() {
    let model = Model::of("llama");
    model.set("eos_token_id", json!([7, 9]));
    let tokenizer = model.load().unwrap().tokenizer;
    assert_eq!((tokenizer.end_of_text(), tokenizer.ends()), (Some(7), &[7, 9][..]));
    // As in transformers, the file about generating has the last word.
    fs::write(model.path("generation_config.json"), r#"{"eos_token_id": [9, 11, 9]}"#).unwrap();
    assert_eq!(model.load().unwrap().tokenizer.ends(), [9, 11]);
    fs::write(model.path("generation_config.json"), "{").unwrap();
    assert_eq!(model.load().unwrap().tokenizer.ends(), [7, 9]);
    model.set("eos_token_id", json!(99_999_999));
    assert_ne!(model.load().unwrap().tokenizer.end_of_text(), Some(99_999_999));
}

#[test]
fn what_does_not_open_is_a_sentence() {
    let refuses = |field: &str, value: Value, words: &str| {
        let model = Model::of("llama");
        model.set(field, value);
        let sentence = model.sentence();
        assert!(sentence.contains(words), "{sentence}");
    };
    refuses("model_type", json!("mamba"), "gpt2, gpt_neo, llama");
    refuses("hidden_act", json!("xielu"), "xielu");
    refuses("head_dim", json!(16), "head_dim");
    refuses("rope_parameters", json!({"rope_type": "yarn", "factor": 4.0}), "yarn");
    refuses("num_attention_heads", json!(0), "head_dim");
    refuses("num_hidden_layers", json!(1_000_000_000u64), "1000000000");
    refuses("hidden_size", json!("wide"), "config.json");
    refuses("intermediate_size", json!(47), "mlp.");
    refuses("vocab_size", json!(100), "embed_tokens");
    refuses("num_hidden_layers", json!(3), "layers.2");
    refuses("num_key_value_heads", json!(3), "n_kv_heads");
}

#[test]
fn damaged_parts_are_a_sentence() {
    let part = "model-00002-of-00005.safetensors";
    let index = "model.safetensors.index.json";
    let model = Model::of("llama_tied");
    let bytes = fs::read(model.path(part)).unwrap();
    fs::write(model.path(part), &bytes[..bytes.len() / 2]).unwrap();
    assert!(model.sentence().contains(part), "{}", model.sentence());
    // A header that claims gigabytes.
    fs::write(model.path(part), [&u64::MAX.to_le_bytes()[..], b"{}"].concat()).unwrap();
    assert!(model.sentence().contains(part));
    fs::remove_file(model.path(part)).unwrap();
    assert!(!model.sentence().is_empty());
    for wrong in ["{}", "{\"weight_map\": {\"a\": \"../../secret\"}}", "not json", "{\"weight_map\": {}}"] {
        fs::write(model.path(index), wrong).unwrap();
        assert!(model.sentence().contains(index), "{wrong}");
    }
}
