//! The tokenizer of a GGUF file's settings, as the `tokenizer.json` that the model had before it was converted.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Value, json};

use super::super::super::error::HubError;
use super::header::Settings;
use crate::text::{TextError, Tokenizer};

/// Kinds of tokens: those that mark something, and those that a person added, are found in a text as they are.
const CONTROL: f64 = 3.0;
const USER_DEFINED: f64 = 4.0;

/// The most characters of a piece of which merges are made.
const LONGEST: usize = 256;

/// How GPT-4's relatives cut a text into words: `DIGITS` is how many digits a word may have.
const WORDS: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// The tokenizer.
///
/// # Errors
/// If it is of a kind that is not known, or damaged.
pub(super) fn make(settings: &Settings, path: &Path) -> Result<Tokenizer, HubError> {
    let damaged = |what: &str| HubError::Damaged { path: path.to_owned(), detail: what.to_owned() };
    let tokens = settings.texts("tokenizer.ggml.tokens").ok_or_else(|| damaged("tokenizer.ggml.tokens"))?;
    let kind = settings.text("tokenizer.ggml.model").unwrap_or("?");
    let tree = match kind {
        "gpt2" => byte_level(settings, tokens, path)?,
        "llama" => marked(settings, tokens, path)?,
        other => return Err(TextError::Unsupported(format!("GGUF {other}")).into()),
    };
    let mut tokenizer = Tokenizer::from_json(&tree.to_string())?;
    // The end of a text, and what ends a turn of a conversation.
    let ends = ["eos", "eot", "eom"].map(|end| settings.whole(&format!("tokenizer.ggml.{end}_token_id")));
    let ends: Vec<u32> = ends.into_iter().flatten().filter_map(|id| u32::try_from(id).ok()).collect();
    tokenizer.set_ends(&ends);
    Ok(tokenizer)
}

/// GPT-2's kind: bytes, merges in the file, and a rule by which the text is first cut into words.
fn byte_level(settings: &Settings, tokens: &[String], path: &Path) -> Result<Value, HubError> {
    let lines = settings.texts("tokenizer.ggml.merges").unwrap_or_default();
    let merges: Option<Vec<(&str, &str)>> = lines.iter().map(|line| line.split_once(' ')).collect();
    let damaged = || HubError::Damaged { path: path.to_owned(), detail: "tokenizer.ggml.merges".to_owned() };
    let merges = merges.filter(|merges| !merges.is_empty()).ok_or_else(damaged)?;
    let by_bytes =
        |split: bool| json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": split});
    let by_words = |digits: &str| {
        let pattern = json!({"Regex": WORDS.replace("DIGITS", digits)});
        let split = json!({"type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": false});
        json!({"type": "Sequence", "pretokenizers": [split, by_bytes(false)]})
    };
    let rule = settings.text("tokenizer.ggml.pre").unwrap_or("default");
    let cut = match rule {
        "gpt-2" | "gpt2" | "default" | "phi-2" | "olmo" | "mpt" | "jais" => by_bytes(true),
        "smollm" | "starcoder" | "refact" | "command-r" | "codeshell" | "exaone" => {
            let digits = json!({"type": "Digits", "individual_digits": true});
            json!({"type": "Sequence", "pretokenizers": [digits, by_bytes(true)]})
        }
        "llama-bpe" | "llama3" | "llama-v3" | "falcon3" | "pixtral" | "smaug-bpe" | "dbrx" => by_words(r"\p{N}{1,3}"),
        "qwen2" | "deepseek-r1-qwen" | "megrez" => by_words(r"\p{N}"),
        other => return Err(TextError::Unsupported(format!("GGUF {other}")).into()),
    };
    // These merge nothing inside a word that is a token as a whole.
    let whole_words = matches!(rule, "llama-bpe" | "llama3" | "llama-v3" | "falcon3" | "pixtral");
    Ok(json!({
        "added_tokens": added(settings, tokens),
        "normalizer": if rule == "qwen2" { json!({"type": "NFC"}) } else { Value::Null },
        "pre_tokenizer": cut,
        "post_processor": begin(settings, tokens, false),
        "decoder": by_bytes(true),
        "model": {"type": "BPE", "vocab": vocabulary(tokens), "merges": merges, "ignore_merges": whole_words},
    }))
}

/// SentencePiece's kind: `▁` for spaces, bytes for what is no token, and a score for every token. A merge is better the
/// higher the score of what it makes.
fn marked(settings: &Settings, tokens: &[String], path: &Path) -> Result<Value, HubError> {
    let scores = settings.numbers("tokenizer.ggml.scores").unwrap_or_default();
    if scores.len() != tokens.len() {
        return Err(HubError::Damaged { path: path.to_owned(), detail: "tokenizer.ggml.scores".to_owned() });
    }
    let unknown =
        settings.whole("tokenizer.ggml.unknown_token_id").and_then(|id| tokens.get(usize::try_from(id).ok()?));
    let front = settings.flag("tokenizer.ggml.add_space_prefix").unwrap_or(true);
    let (scheme, strip) = if front { ("first", 1) } else { ("never", 0) };
    Ok(json!({
        "added_tokens": added(settings, tokens),
        "normalizer": null,
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": false},
        "post_processor": begin(settings, tokens, true),
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"},
            {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": strip, "stop": 0},
        ]},
        "model": {
            "type": "BPE", "vocab": vocabulary(tokens), "merges": merges(tokens, scores),
            "unk_token": unknown, "fuse_unk": true, "byte_fallback": true,
        },
    }))
}

/// Pieces with their ids. Of two equal pieces the later would hide the earlier, and the tokenizer would be refused.
fn vocabulary(tokens: &[String]) -> Value {
    tokens
        .iter()
        .enumerate()
        .map(|(id, token)| (token.clone(), Value::from(id)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The tokens that are found in a text as they are.
fn added(settings: &Settings, tokens: &[String]) -> Vec<Value> {
    let kinds = settings.numbers("tokenizer.ggml.token_type").unwrap_or_default();
    let chosen = tokens.iter().zip(kinds).enumerate();
    let chosen = chosen.filter(|(_, (token, kind))| [CONTROL, USER_DEFINED].contains(kind) && !token.is_empty());
    chosen
        .map(|(id, (token, kind))| {
            json!({
                "id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": *kind == CONTROL,
            })
        })
        .collect()
}

/// The token that stands before every text, where the model was trained with one.
fn begin(settings: &Settings, tokens: &[String], usual: bool) -> Value {
    let wanted = settings.flag("tokenizer.ggml.add_bos_token").unwrap_or(usual);
    let id = settings.whole("tokenizer.ggml.bos_token_id").filter(|_| wanted);
    let Some((id, token)) = id.and_then(|id| Some((id, tokens.get(usize::try_from(id).ok()?)?))) else {
        return Value::Null;
    };
    let text = |name: &str, kind: u32| json!({"Sequence": {"id": name, "type_id": kind}});
    let mark = |kind: u32| json!({"SpecialToken": {"id": token, "type_id": kind}});
    let special: serde_json::Map<_, _> =
        [(token.clone(), json!({"id": token, "ids": [id], "tokens": [token]}))].into_iter().collect();
    json!({
        "type": "TemplateProcessing",
        "single": [mark(0), text("A", 0)],
        "pair": [mark(0), text("A", 0), mark(1), text("B", 1)],
        "special_tokens": special,
    })
}

/// Every way in which a token is made of two others, the best token first.
fn merges(tokens: &[String], scores: &[f64]) -> Vec<(String, String)> {
    let known: HashMap<&str, usize> = tokens.iter().enumerate().map(|(id, token)| (token.as_str(), id)).collect();
    let mut found = Vec::new();
    for (token, &score) in tokens.iter().zip(scores).filter(|(token, _)| token.len() <= LONGEST) {
        for (at, _) in token.char_indices().skip(1) {
            let (left, right) = token.split_at(at);
            if let (Some(&l), Some(&r)) = (known.get(left), known.get(right)) {
                found.push((score, left.chars().count(), right.chars().count(), l, r));
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then(b.2.cmp(&a.2)).then((a.3, a.4).cmp(&(b.3, b.4))));
    let token = |id: usize| tokens.get(id).cloned().unwrap_or_default();
    found.into_iter().map(|(.., left, right)| (token(left), token(right))).collect()
}
