//! Weights in PyTorch's own format: the same numbers as in safetensors, whatever form the file has; and nothing of a pickle
//! is executed. Fixtures by `tests/fixtures/torch/make.py`.

mod foreign;

use std::fs;
use std::path::Path;

use foreign::{Copied, fixtures};

/// A folder with a family's configuration and PyTorch's files instead of safetensors.
fn folder_of(family: &str) -> Copied {
    let model = Copied::of(family);
    for entry in fs::read_dir(model.folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains(".safetensors") {
            fs::remove_file(path).unwrap();
        }
    }
    model.take(&format!("torch/{family}"));
    model
}

/// The same family from safetensors.
fn reference(family: &str) -> Vec<f32> {
    Copied::of(family).load().unwrap().weights.data
}

#[test]
fn gpt_neos_file_opens_and_its_buffers_are_passed_over() {
    let loaded = folder_of("gpt_neo").load().unwrap();
    assert_eq!(loaded.weights.data, reference("gpt_neo"));
}

#[test]
fn parts_open_and_a_missing_one_is_named() {
    let folder = folder_of("llama_tied");
    assert_eq!(folder.load().unwrap().weights.data, reference("llama_tied"));
    let part = "pytorch_model-00002-of-00002.bin";
    fs::remove_file(folder.path(part)).unwrap();
    let sentence = folder.sentence();
    assert!(sentence.contains(part), "{sentence}");
}

#[test]
fn halves_and_turned_matrices_open() {
    let found = folder_of("qwen2").load().unwrap().weights.data;
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
    fs::copy(safe, folder.path("model.safetensors")).unwrap();
    folder.write("pytorch_model.bin", "rubbish");
    assert_eq!(folder.load().unwrap().weights.data, reference("gpt_neo"));
}

#[test]
fn nothing_is_executed_and_old_files_are_explained() {
    let folder = folder_of("gpt_neo");
    let refuses = |bytes: &[u8], words: &str| {
        folder.write("pytorch_model.bin", bytes);
        let sentence = folder.sentence();
        assert!(sentence.contains(words), "{sentence}");
    };
    refuses(&fs::read(fixtures().join("torch/command.bin")).unwrap(), "posix.system");
    refuses(&fs::read(fixtures().join("torch/legacy.bin")).unwrap(), "1.6");
    assert!(!Path::new("executed").exists() && !folder.path("executed").exists());
    refuses(b"", "pytorch_model.bin");
    refuses(b"PK\x03\x04 and nothing more", "pytorch_model.bin");
    let whole = fs::read(fixtures().join("torch/gpt_neo/pytorch_model.bin")).unwrap();
    refuses(&whole[..whole.len() / 2], "pytorch_model.bin");
}
