//! Files that were made to do harm: each is refused with a sentence, without a panic, and without more memory than the file
//! itself could need.

mod foreign;

use std::fs;

use foreign::{Copied, bounded, fixtures, load, peak};
use serde_json::{Value, json};

/// A safetensors file of this header and so many bytes.
fn safetensors(header: &Value, data: usize) -> Vec<u8> {
    let header = header.to_string().into_bytes();
    [&(header.len() as u64).to_le_bytes()[..], &header, &vec![0; data]].concat()
}

/// A folder of GPT-2's family whose weights are these.
fn with_weights(bytes: Vec<u8>) -> String {
    let model = Copied::of("gpt2");
    model.write("model.safetensors", bytes);
    model.sentence()
}

#[test]
fn safetensors_with_offsets_that_lie() {
    let before = peak();
    let entry = |from: u64, to: u64| json!({"dtype": "F32", "shape": [320, 32], "data_offsets": [from, to]});
    let size = 320 * 32 * 4;
    for (header, data) in [
        // Beyond the end, backwards, overlapping, with a hole, and of another size than the shape.
        (json!({"wte.weight": entry(0, size)}), 100),
        (json!({"wte.weight": entry(0, u64::MAX)}), 100),
        (json!({"wte.weight": entry(size, 0)}), size as usize),
        (json!({"wte.weight": entry(0, size), "wpe.weight": entry(0, size)}), size as usize),
        (json!({"wte.weight": entry(0, size), "wpe.weight": entry(size + 4, 2 * size + 4)}), 2 * size as usize + 4),
        (json!({"wte.weight": entry(0, size - 4)}), size as usize - 4),
        (json!({"wte.weight": entry(0, size)}), size as usize + 1),
        (json!({"wte.weight": {"dtype": "F32", "shape": [u64::MAX, u64::MAX], "data_offsets": [0, 4]}}), 4),
        (json!({"wte.weight": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}), 4),
        (json!({"wte.weight": {"dtype": 7, "shape": [1], "data_offsets": [0, 4]}}), 4),
        (json!([]), 0),
    ] {
        let sentence = with_weights(safetensors(&header, data));
        assert!(sentence.contains("model.safetensors"), "{sentence}");
    }
    bounded(before);
}

#[test]
fn a_header_of_gigabytes() {
    let before = peak();
    for length in [u64::MAX, 1 << 40, 99_999_999, 3] {
        let sentence = with_weights([&length.to_le_bytes()[..], b"{}"].concat());
        assert!(sentence.contains("model.safetensors"), "{sentence}");
    }
    // A header deep enough to overflow a stack that follows it.
    let deep = format!("{}{}", "{\"a\":".repeat(200_000), "}".repeat(200_000));
    let sentence = with_weights([&(deep.len() as u64).to_le_bytes()[..], deep.as_bytes()].concat());
    assert!(sentence.contains("model.safetensors"), "{sentence}");
    for short in [&b""[..], b"{}", b"\0\0\0\0\0\0\0\0"] {
        assert!(with_weights(short.to_vec()).contains("model.safetensors"));
    }
    bounded(before);
}

#[test]
fn weights_that_are_no_numbers_or_of_another_kind() {
    let model = Copied::of("gpt2");
    let bytes = model.bytes("model.safetensors");
    let mut broken = bytes.clone();
    let end = broken.len();
    broken[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    model.write("model.safetensors", &broken);
    let sentence = model.sentence();
    assert!(sentence.contains("NaN"), "{sentence}");
    broken[end - 4..].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
    model.write("model.safetensors", &broken);
    assert!(model.sentence().contains("NaN"));
    // The same bytes as whole numbers.
    let text = String::from_utf8_lossy(&bytes[8..]).find("\"F32\"").unwrap();
    let mut whole = bytes.clone();
    while let Some(at) = whole.windows(5).position(|part| part == b"\"F32\"") {
        whole[at..at + 5].copy_from_slice(b"\"I32\"");
    }
    assert!(text > 0);
    model.write("model.safetensors", whole);
    let sentence = model.sentence();
    assert!(sentence.contains("I32"), "{sentence}");
}

#[test]
fn a_configuration_that_no_model_has() {
    let before = peak();
    let refuses = |family: &str, field: &str, value: Value| {
        let model = Copied::of(family);
        let mut tree: Value = serde_json::from_slice(&model.bytes("config.json")).unwrap();
        if field == "attention_types" {
            // Where the layers are listed one by one, the short form says nothing.
            tree["attention_layers"] = json!([]);
        }
        tree[field] = value.clone();
        model.write("config.json", tree.to_string());
        assert!(model.load().is_err(), "{family}, {field}: {value}");
    };
    let huge = json!(1_000_000_000u64);
    for (family, layers, heads, vocabulary, context) in [
        ("gpt2", "n_layer", "n_head", "vocab_size", "n_positions"),
        ("gpt_neo", "num_layers", "num_heads", "vocab_size", "max_position_embeddings"),
        ("llama", "num_hidden_layers", "num_attention_heads", "vocab_size", "num_key_value_heads"),
        ("mistral", "num_hidden_layers", "num_attention_heads", "vocab_size", "intermediate_size"),
    ] {
        for field in [layers, heads, vocabulary, context] {
            refuses(family, field, json!(0));
            refuses(family, field, huge.clone());
            refuses(family, field, json!(u64::MAX));
            refuses(family, field, json!(-1));
            refuses(family, field, json!("many"));
        }
    }
    // Sizes that are allowed each by itself, and together are more than the file holds.
    refuses("llama", "vocab_size", json!(1 << 20));
    refuses("llama", "num_hidden_layers", json!(1_000));
    refuses("llama", "rms_norm_eps", json!(-1.0));
    refuses("llama", "rope_parameters", json!({"rope_theta": 0.0}));
    refuses("gpt_neo", "attention_types", json!([[["global"], 4_000_000_000u64]]));
    refuses("gpt_neo", "attention_types", json!([[[], 1]]));
    bounded(before);
}

#[test]
fn our_own_configuration_is_not_trusted_either() {
    let before = peak();
    let model = Copied::of("gpt2");
    let loaded = model.load().unwrap();
    telar::hub::folder::write(model.folder(), &loaded, telar::hub::Precision::Full).unwrap();
    assert!(model.load().is_ok());
    let good: Value = serde_json::from_slice(&model.bytes("config.json")).unwrap();
    for field in ["n_layers", "d_model", "d_ff", "vocabulary", "context", "n_heads"] {
        for value in [json!(0), json!(1_000_000_000u64), json!(u64::MAX)] {
            let mut tree = good.clone();
            tree[field] = value;
            model.write("config.json", tree.to_string());
            assert!(!model.sentence().is_empty());
        }
    }
    bounded(before);
}

#[test]
fn a_vocabulary_that_does_not_fit() {
    let model = Copied::of("gpt2");
    let mut tree: Value = serde_json::from_slice(&model.bytes("tokenizer.json")).unwrap();
    tree["model"]["vocab"]["loomed"] = json!(320);
    model.write("tokenizer.json", tree.to_string());
    let sentence = model.sentence();
    assert!(sentence.contains("321") && sentence.contains("320"), "{sentence}");
}

#[test]
fn an_unknown_family_is_named_with_those_that_open() {
    let model = Copied::of("gpt2");
    model.write("config.json", r#"{"model_type": "mamba"}"#);
    let sentence = model.sentence();
    for name in ["mamba", "gpt2", "gpt_neo", "llama", "mistral", "qwen2"] {
        assert!(sentence.contains(name), "{sentence}");
    }
}

/// The bytes of a small GGUF file, and where a text stands in it.
fn gguf(text: &str) -> (Vec<u8>, usize) {
    let bytes = fs::read(fixtures().join("gguf/qwen2.gguf")).unwrap();
    let at = bytes.windows(text.len()).position(|part| part == text.as_bytes()).unwrap();
    (bytes, at)
}

/// Why these bytes do not open as a GGUF file.
fn gguf_sentence(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    fs::write(&path, bytes).unwrap();
    match load(&path) {
        Ok(_) => panic!("this must not open"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn gguf_with_counts_and_lengths_that_lie() {
    let before = peak();
    let change = |at: usize, with: &[u8]| {
        let (mut bytes, _) = gguf("GGUF");
        bytes[at..at + with.len()].copy_from_slice(with);
        let sentence = gguf_sentence(&bytes);
        assert!(sentence.contains("model.gguf"), "{sentence}");
    };
    // Mark and version, number of tensors, of settings, length of the first name.
    change(0, b"GGML");
    change(4, &1u32.to_le_bytes());
    change(4, &3u32.to_be_bytes());
    for lie in [u64::MAX, 1 << 60, 1 << 33, 60_000] {
        change(8, &lie.to_le_bytes());
        change(16, &lie.to_le_bytes());
        change(24, &lie.to_le_bytes());
    }
    // The list of tokens: its kind, the kind of its entries, their number, the length of the first.
    let (_, tokens) = gguf("tokenizer.ggml.tokens");
    let list = tokens + "tokenizer.ggml.tokens".len();
    change(list, &200u32.to_le_bytes());
    change(list + 4, &9u32.to_le_bytes());
    change(list + 4, &77u32.to_le_bytes());
    for lie in [u64::MAX, 1 << 50, 1 << 22] {
        change(list + 8, &lie.to_le_bytes());
        change(list + 16, &lie.to_le_bytes());
    }
    // A tensor: axes, a size, the format, its place.
    let (_, name) = gguf("blk.1.ffn_down.weight");
    let tensor = name + "blk.1.ffn_down.weight".len();
    change(tensor, &5u32.to_le_bytes());
    change(tensor, &u32::MAX.to_le_bytes());
    for lie in [u64::MAX, 1 << 40, 0, 49] {
        change(tensor + 4, &lie.to_le_bytes());
    }
    change(tensor + 20, &19u32.to_le_bytes());
    for lie in [u64::MAX, 1 << 40, 0] {
        change(tensor + 24, &lie.to_le_bytes());
    }
    bounded(before);
}

#[test]
fn a_gguf_list_in_a_list_is_refused() {
    // Lists in lists, as deep as the file is long.
    let mut bytes = b"GGUF\x03\0\0\0".to_vec();
    bytes.extend(0u64.to_le_bytes());
    bytes.extend(1u64.to_le_bytes());
    bytes.extend(1u64.to_le_bytes());
    bytes.push(b'a');
    bytes.extend(9u32.to_le_bytes());
    for _ in 0..100_000 {
        bytes.extend(9u32.to_le_bytes());
        bytes.extend(1u64.to_le_bytes());
    }
    assert!(gguf_sentence(&bytes).contains("model.gguf"));
}

#[test]
fn gguf_that_is_cut_off_anywhere() {
    let (bytes, _) = gguf("GGUF");
    for part in 0..40 {
        assert!(!gguf_sentence(&bytes[..bytes.len() * part / 40]).is_empty());
    }
}

#[test]
fn gguf_tokenizers_that_do_not_fit() {
    let rename = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let (mut bytes, at) = gguf(from);
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        gguf_sentence(&bytes)
    };
    assert!(rename("tokenizer.ggml.tokens", "tokenizer.ggml.tokenz").contains("tokenizer.ggml.tokens"));
    assert!(!rename("tokenizer.ggml.merges", "tokenizer.ggml.mergez").is_empty());
    // The rule by which a text is cut.
    let (mut bytes, at) = gguf("tokenizer.ggml.pre");
    let rule = at + "tokenizer.ggml.pre".len() + 4 + 8;
    bytes[rule..rule + 5].copy_from_slice(b"klopf");
    assert!(gguf_sentence(&bytes).contains("klopf"));
}
