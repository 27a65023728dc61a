//! `telar generate` with beams, presets and lengths, and `telar score`, as a person types them; with a model that ships.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

const MODEL: [&str; 2] = ["--model", "builtin:shakespeare"];

fn telar(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_telar"))
        .args(arguments)
        .args(["--device", "cpu", "--lang", "en"])
        .env("TELAR_HOME", home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(arguments: &[&str]) -> String {
    let output = telar(arguments);
    assert!(output.status.success(), "telar {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let text = text(&[arguments, &["--json"]].concat());
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Wrong usage: status 2 and a sentence.
fn refused(arguments: &[&str]) -> String {
    let output = telar(arguments);
    assert_eq!(output.status.code(), Some(2), "telar {arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn generate(arguments: &[&str]) -> Vec<&'static str> {
    let arguments: Vec<&str> = [&["generate"][..], &MODEL, &["--prompt", "To be, or"], arguments].concat();
    // Arguments of one test run live as long as it does.
    arguments.into_iter().map(|argument| &*argument.to_owned().leak()).collect()
}

fn length(value: &Value) -> usize {
    value.as_array().unwrap().len()
}

#[test]
fn beams_are_found_and_the_best_stands_where_a_drawn_text_stands() {
    let found = json(&generate(&["--beams", "3", "--max-new-tokens", "12"]));
    let beams = found["beams"].as_array().unwrap();
    assert_eq!(beams.len(), 3);
    for field in ["text", "ids", "tokens", "logprobs", "score", "stop"] {
        assert_eq!(found[field], beams[0][field], "{field}");
    }
    let scores: Vec<f64> = beams.iter().map(|beam| beam["score"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b) && length(&found["ids"]) == 12 && found["seed"].is_u64());
    for field in ["model", "prompt", "prompt_ids", "first_token_s", "tokens_per_s"] {
        assert!(!found[field].is_null(), "{field}");
    }
    // Without JSON the best text is what is printed.
    let plain = text(&generate(&["--beams", "3", "--max-new-tokens", "12"]));
    assert_eq!(plain.strip_suffix('\n').unwrap(), found["text"]);
    // One beam is greedy decoding.
    let one = json(&generate(&["--beams", "1", "--max-new-tokens", "12"]));
    assert_eq!(one["ids"], json(&generate(&["--greedy", "--max-new-tokens", "12"]))["ids"]);
    // Sums fall with every token: undivided, they are lower.
    let undivided = json(&generate(&["--beams", "3", "--length-penalty", "0", "--max-new-tokens", "12"]));
    assert_eq!(undivided["ids"], found["ids"]);
    assert!(undivided["score"].as_f64().unwrap() < found["score"].as_f64().unwrap());
}

#[test]
fn a_preset_is_overruled_by_what_is_given_beside_it() {
    let seeded = |options: &[&str]| json(&generate(&[options, &["--seed", "2"]].concat()));
    let tutorial = seeded(&["--preset", "tutorial"]);
    assert_eq!(length(&tutorial["ids"]), 64);
    let spelled = seeded(&["--temperature", "0.6", "--top-p", "0.9", "--max-new-tokens", "64"]);
    assert_eq!(tutorial["text"], spelled["text"]);
    assert_eq!(length(&seeded(&["--preset", "tutorial", "--max-new-tokens", "5"])["ids"]), 5);
    let wild = seeded(&["--preset", "wild", "--max-new-tokens", "40"]);
    assert_ne!(wild["text"], seeded(&["--preset", "precise", "--max-new-tokens", "40"])["text"]);
}

#[test]
fn a_full_context_ends_it_or_is_gone_beyond() {
    // More than the model can read: its last 256 tokens fill the context.
    let prompt = "To be, or not to be: ".repeat(60);
    let many = [&["generate"][..], &MODEL, &["--prompt", &prompt, "--greedy", "--max-new-tokens", "6"]].concat();
    let stopped = json(&many);
    assert_eq!((length(&stopped["ids"]), &stopped["stop"]), (1, &Value::from("context_full")));
    let on = json(&[&many[..], &["--when-full", "keep-half"]].concat());
    assert_eq!((length(&on["ids"]), &on["stop"]), (6, &Value::from("max_tokens")));
    assert_eq!(on["ids"][0], stopped["ids"][0]);
}

#[test]
fn what_excludes_each_other_is_wrong_usage() {
    for options in [
        &["--beams", "2", "--greedy"][..],
        &["--beams", "2", "--temperature", "1"],
        &["--length-penalty", "1"],
        &["--early-stopping", "never"],
        &["--beams", "0"],
        &["--beams", "33"],
        &["--beams", "2", "--length-penalty", "nan"],
        &["--preset", "mild"],
        &["--when-full", "later"],
    ] {
        let sentence = refused(&generate(options));
        assert!(sentence.lines().count() == 1 && sentence.contains("telar generate --help"), "{sentence}");
    }
    assert!(refused(&generate(&["--beams", "33"])).contains("1 to 32"));
    assert!(refused(&generate(&["--preset", "mild"])).contains("precise"));
}

#[test]
fn a_text_is_scored() {
    let text_of = "To be, or not to be";
    let arguments: Vec<&str> = [&["score"][..], &MODEL, &["--text", text_of]].concat();
    let scored = json(&arguments);
    let n = length(&scored["ids"]);
    assert_eq!(scored["tokens"].as_array().unwrap().iter().filter_map(Value::as_str).collect::<String>(), text_of);
    for field in ["ids", "tokens", "spans", "logprobs", "ranks", "alternatives"] {
        assert_eq!(length(&scored[field]), n, "{field}");
    }
    assert!(scored["logprobs"][0].is_null() && scored["ranks"][0].is_null());
    let logprobs: Vec<f64> = scored["logprobs"].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
    let loss = -logprobs.iter().sum::<f64>() / (n - 1) as f64;
    assert!(logprobs.len() == n - 1 && (scored["loss"].as_f64().unwrap() - loss).abs() < 1e-6);
    assert!((scored["perplexity"].as_f64().unwrap() - loss.exp()).abs() < 1e-5);
    assert_eq!(length(&scored["alternatives"][5]), 10);
    assert!(scored["alternatives"][5][0]["p"].as_f64().unwrap() > 0.0);
    // What the model wrote itself has the same log-probabilities.
    let made = json(&generate(&["--greedy", "--max-new-tokens", "8"]));
    let whole = format!("To be, or{}", made["text"].as_str().unwrap());
    let again = json(&[&["score"][..], &MODEL, &["--text", &whole]].concat());
    let prompt = length(&made["prompt_ids"]);
    assert_eq!(again["ids"].as_array().unwrap()[prompt..], made["ids"].as_array().unwrap()[..]);
    for (i, logprob) in made["logprobs"].as_array().unwrap().iter().enumerate() {
        let found = again["logprobs"][prompt + i].as_f64().unwrap();
        assert!((found - logprob.as_f64().unwrap()).abs() < 1e-4);
        assert_eq!(again["ranks"][prompt + i], 0);
    }
    let table = text(&arguments);
    assert_eq!(table.lines().count(), n + 1);
    assert!(table.lines().last().unwrap().contains("perplexity"), "{table}");
    assert!(text(&[&["score"][..], &MODEL, &["--text", "T"]].concat()).contains("at least two tokens"));
}
