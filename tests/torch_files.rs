//! Weights in PyTorch's own format: the same numbers as in safetensors, whatever form the file has; and nothing of a pickle
//! is executed. Fixtures by `tests/fixtures/torch/make.py`.

use std::fs;
use std::path::{Path, PathBuf};

use telar::data::Home;
use telar::hub::{self, HubError, Loaded, ModelRef};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// A folder with a family's configuration and PyTorch's files instead of safetensors.
fn folder_of(family: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: PathBuf, name: &str| fs::copy(from, folder.path().join(name)).unwrap();
    copy(fixtures().join("families").join(family).join("config.json"), "config.json");
    copy(fixtures().join("text/bpe.tokenizer.json"), "tokenizer.json");
    for entry in fs::read_dir(fixtures().join("torch").join(family)).unwrap() {
        let entry = entry.unwrap();
        copy(entry.path(), entry.file_name().to_str().unwrap());
    }
    folder
}

fn load(folder: &Path) -> Result<Loaded, HubError> {
    hub::load(&ModelRef::Folder(folder.to_owned()), &Home::at("nowhere"))
}

/// The same family from safetensors.
fn reference(family: &str) -> Vec<f32> {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(fixtures().join("families").join(family)).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    fs::copy(fixtures().join("text/bpe.tokenizer.json"), folder.path().join("tokenizer.json")).unwrap();
    load(folder.path()).unwrap().weights.data
}

#[test]
fn gpt_neos_file_opens_and_its_buffers_are_passed_over() {
    let loaded = load(folder_of("gpt_neo").path()).unwrap();
    assert_eq!(loaded.weights.data, reference("gpt_neo"));
}

#[test]
fn parts_open_and_a_missing_one_is_named() {
    let folder = folder_of("llama_tied");
    assert_eq!(load(folder.path()).unwrap().weights.data, reference("llama_tied"));
    let part = "pytorch_model-00002-of-00002.bin";
    fs::remove_file(folder.path().join(part)).unwrap();
    let sentence = load(folder.path()).unwrap_err().to_string();
    assert!(sentence.contains(part), "{sentence}");
}

#[test]
fn halves_and_turned_matrices_open() {
    let found = load(folder_of("qwen2").path()).unwrap().weights.data;
    let expected = reference("qwen2");
    assert_eq!(found.len(), expected.len());
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= b.abs() / 128.0 + 1e-6;
    assert!(found.iter().zip(&expected).all(near));
    assert_ne!(found, expected, "they are halves");
}

#[test]
fn safetensors_are_preferred() {
    let folder = folder_of("gpt_neo");
    let safe = fixtures().join("families/gpt_neo/model.safetensors");
    fs::copy(safe, folder.path().join("model.safetensors")).unwrap();
    fs::write(folder.path().join("pytorch_model.bin"), "rubbish").unwrap();
    assert_eq!(load(folder.path()).unwrap().weights.data, reference("gpt_neo"));
}

#[test]
fn nothing_is_executed_and_old_files_are_explained() {
    let folder = folder_of("gpt_neo");
    let refuses = |bytes: &[u8], words: &str| {
        fs::write(folder.path().join("pytorch_model.bin"), bytes).unwrap();
        let sentence = load(folder.path()).unwrap_err().to_string();
        assert!(sentence.contains(words), "{sentence}");
    };
    refuses(&fs::read(fixtures().join("torch/command.bin")).unwrap(), "posix.system");
    refuses(&fs::read(fixtures().join("torch/legacy.bin")).unwrap(), "1.6");
    assert!(!Path::new("executed").exists() && !folder.path().join("executed").exists());
    refuses(b"", "pytorch_model.bin");
    refuses(b"PK\x03\x04 and nothing more", "pytorch_model.bin");
    let whole = fs::read(fixtures().join("torch/gpt_neo/pytorch_model.bin")).unwrap();
    refuses(&whole[..whole.len() / 2], "pytorch_model.bin");
}
