//! The program as a person types it: what its commands print and write.

mod typed;

use std::fs;

use safetensors::SafeTensors;
use serde_json::Value;
use telar::text::Tokenizer;
use telar::train::TokenizerKind;
use typed::{Place, TEXT, floats, ids, keys, sorted, strings};

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
