//! Tokenizers of other programs: ids, pieces, places, decoding and what comes before a text are those of Python's
//! `tokenizers`, and a text is never shown with part of a character. Fixtures by `tests/fixtures/tokenizers/make.py`.

use std::path::PathBuf;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;
use telar::text::{StreamDecoder, TextError, Tokenizer};

const KINDS: [&str; 4] = ["gpt2", "llama", "mistral", "wordpiece"];

#[derive(Deserialize)]
struct Fixture {
    text: String,
    ids: Vec<u32>,
    raw_pieces: Vec<String>,
    /// In characters, as Python counts.
    offsets: Vec<(usize, usize)>,
    decoded: String,
    framed: Vec<u32>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tokenizers")
}

fn json_of(name: &str) -> serde_json::Value {
    let text = std::fs::read(folder().join(format!("{name}.tokenizer.json"))).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn tokenizer(name: &str) -> Tokenizer {
    Tokenizer::load(&folder().join(format!("{name}.tokenizer.json"))).unwrap()
}

fn fixtures(name: &str) -> Vec<Fixture> {
    serde_json::from_slice(&std::fs::read(folder().join(format!("{name}.expected.json"))).unwrap()).unwrap()
}

#[test]
fn ids_pieces_places_and_decoding_are_those_of_python() {
    for name in KINDS {
        let tokenizer = tokenizer(name);
        let fixtures = fixtures(name);
        assert!(fixtures.len() >= 20);
        for Fixture { text, ids, raw_pieces, offsets, decoded, .. } in fixtures {
            let encoding = tokenizer.encode(&text).unwrap();
            assert_eq!(encoding.ids, ids, "{name}: {text:?}");
            assert_eq!(tokenizer.encode_ids(&text).unwrap(), ids, "{name}: {text:?}");
            let raw: Vec<String> = ids.iter().filter_map(|&id| tokenizer.raw_piece(id)).collect();
            assert_eq!(raw, raw_pieces, "{name}: {text:?}");
            let characters = |byte: usize| text[..byte].chars().count();
            let spans: Vec<_> = encoding.spans.iter().map(|&(from, to)| (characters(from), characters(to))).collect();
            assert_eq!(spans, offsets, "{name}: {text:?}");
            assert_eq!(tokenizer.decode(&ids), decoded, "{name}: {text:?}");
        }
    }
}

#[test]
fn what_comes_before_a_text_is_known() {
    for name in KINDS {
        let tokenizer = tokenizer(name);
        let prefix = tokenizer.prefix();
        assert_eq!(prefix.len(), usize::from(name != "gpt2"), "{name}");
        for Fixture { ids, framed, .. } in fixtures(name) {
            assert!(framed.starts_with(&[prefix, ids.as_slice()].concat()), "{name}");
        }
        assert!(prefix.iter().all(|&id| (id as usize) < tokenizer.vocabulary()));
    }
}

#[test]
fn streaming_shows_whole_characters_and_in_all_what_decoding_gives() {
    for name in KINDS {
        let tokenizer = tokenizer(name);
        for Fixture { ids, decoded, .. } in fixtures(name) {
            let mut stream = StreamDecoder::new(&tokenizer);
            let mut text = String::new();
            for id in ids {
                let shown = stream.push(id);
                assert!(decoded[text.len()..].starts_with(&shown), "{name}: {shown:?} in {decoded:?}");
                text.push_str(&shown);
            }
            text.push_str(&stream.finish());
            assert_eq!(text, decoded, "{name}");
        }
    }
}

#[test]
fn a_character_of_bytes_waits_for_its_last_one() {
    let tokenizer = tokenizer("llama");
    let byte = |byte: u8| 3 + u32::from(byte);
    let mut stream = StreamDecoder::new(&tokenizer);
    let shown: Vec<String> = "日".bytes().map(|b| stream.push(byte(b))).collect();
    assert_eq!(shown, ["", "", "日"]);
    // As in Python, every byte that becomes no character is one mark.
    let broken = [byte(0xE5), byte(0x8F), byte(b'a')];
    assert_eq!(tokenizer.decode(&broken), "\u{FFFD}\u{FFFD}a");
    assert_eq!(tokenizer.decode(&broken[..2]), "\u{FFFD}\u{FFFD}");
    assert_eq!(tokenizer.decode(&[9_999]), "\u{FFFD}");
}

#[test]
fn a_text_goes_on_with_its_space() {
    let continued = |name: &str, before: &str, text: &str| {
        let tokenizer = tokenizer(name);
        let mut stream = StreamDecoder::after(&tokenizer, before);
        let ids = tokenizer.encode_ids(text).unwrap();
        ids.into_iter().map(|id| stream.push(id)).collect::<String>()
    };
    assert_eq!(continued("llama", "by", "the loom"), " the loom");
    assert_eq!(continued("llama", "", "the loom"), "the loom");
    assert_eq!(continued("wordpiece", "by", "the loom."), " the loom.");
    assert_eq!(continued("wordpiece", "by ", "the loom"), "the loom");
    assert_eq!(continued("gpt2", "by", " the"), " the");
}

#[test]
fn labels_are_what_a_person_can_read() {
    let label = |name: &str, raw: &str| {
        let tokenizer = tokenizer(name);
        let id =
            (0..tokenizer.vocabulary() as u32).find(|&id| tokenizer.raw_piece(id).as_deref() == Some(raw)).unwrap();
        tokenizer.pieces()[id as usize].clone()
    };
    assert_eq!(label("llama", "▁the"), " the");
    assert_eq!(label("llama", "<0x0A>"), "\n");
    assert_eq!(label("llama", "<0xE2>"), "<0xE2>");
    assert_eq!(label("llama", "</s>"), "</s>");
    assert_eq!(label("wordpiece", "##s"), "##s");
    assert_eq!(label("gpt2", "Ġthe"), " the");
    let names = KINDS.map(|name| tokenizer(name).name());
    assert_eq!(names, ["bpe", "bpe", "bpe", "wordpiece"]);
    assert_eq!(tokenizer("llama").end_of_text(), Some(2));
}

#[test]
fn stored_and_read_again_it_is_the_same() {
    for name in KINDS {
        let before = tokenizer(name);
        let after = Tokenizer::from_json(&before.to_json().unwrap()).unwrap();
        for Fixture { text, .. } in fixtures(name) {
            assert_eq!(before.encode(&text).unwrap(), after.encode(&text).unwrap(), "{name}");
        }
    }
}

#[test]
fn a_template_that_lies_does_no_harm() {
    let mut tree = json_of("llama");
    tree["post_processor"]["single"] =
        json!([{"SpecialToken": {"id": "?", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}]);
    let tokenizer = Tokenizer::from_json(&tree.to_string()).unwrap();
    assert!(tokenizer.prefix().is_empty());
    assert_eq!(tokenizer.encode("the").unwrap(), self::tokenizer("llama").encode("the").unwrap());
    tree["post_processor"]["single"] = json!([{"SpecialToken": {"id": "<s>", "type_id": 0}}]);
    tree["post_processor"]["special_tokens"]["<s>"]["ids"] = json!([4_000_000_000u32]);
    assert!(Tokenizer::from_json(&tree.to_string()).unwrap().prefix().is_empty());
}

#[test]
fn a_merge_that_makes_no_piece_is_refused() {
    let mut tree = json_of("gpt2");
    let long = "Ġweaver";
    let merges = tree["model"]["merges"].as_array_mut().unwrap();
    merges.push(json!([long, long]));
    assert!(matches!(Tokenizer::from_json(&tree.to_string()), Err(TextError::NotATokenizer(_))));
    let vocabulary = tree["model"]["vocab"].to_string();
    let refused = Tokenizer::from_gpt2(&vocabulary, &format!("{long} {long}\n"));
    assert!(matches!(refused, Err(TextError::NotATokenizer(_))));
    // A name that stands there twice.
    let whole = json_of("gpt2").to_string();
    let twice = whole.replace(
        "\"continuing_subword_prefix\":null",
        "\"continuing_subword_prefix\":\"abcdefgh\",\"continuing_subword_prefix\":null",
    );
    assert_ne!(whole, twice);
    assert!(Tokenizer::from_json(&twice).is_ok());
}

#[test]
fn a_byte_that_was_never_learned_is_named() {
    // The byte 0x04, which is the last of those that have no character of their own and are rare, changes places with the
    // last piece and goes.
    let mut tree = json_of("gpt2");
    let vocabulary = tree["model"]["vocab"].as_object_mut().unwrap();
    let id = vocabulary.remove("\u{104}").unwrap();
    let (last, _) =
        vocabulary.iter().max_by_key(|(_, id)| id.as_u64()).map(|(piece, id)| (piece.clone(), id.clone())).unwrap();
    vocabulary[&last] = id;
    let merges = tree["model"]["merges"].as_array_mut().unwrap();
    merges.retain(|pair| pair.as_array().is_none_or(|pair| !pair.contains(&json!("\u{104}"))));
    let added = tree["added_tokens"].as_array_mut().unwrap();
    added.clear();
    let tokenizer = Tokenizer::from_json(&tree.to_string()).unwrap();
    assert!(tokenizer.encode("the loom").is_ok());
    let Err(TextError::Unknown(unknown)) = tokenizer.encode("a\u{4}b\u{4}") else { panic!("it must be named") };
    assert_eq!(unknown, ["\u{4}"]);
    assert!(matches!(tokenizer.encode_ids("\u{4}"), Err(TextError::Unknown(_))));
}

#[test]
fn what_does_not_open_is_named() {
    let refuses = |pointer: &str, value: serde_json::Value, word: &str| {
        let mut tree = json_of("llama");
        *tree.pointer_mut(pointer).unwrap() = value;
        let error = Tokenizer::from_json(&tree.to_string()).unwrap_err();
        assert!(matches!(error, TextError::Unsupported(_)), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    };
    refuses("/decoder", json!({"type": "CTC", "pad_token": "", "word_delimiter_token": "", "cleanup": true}), "CTC");
    refuses("/decoder/decoders/0/pattern", json!({"Regex": "▁"}), "Replace");
    refuses(
        "/decoder/decoders/1",
        json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true}),
        "ByteLevel",
    );
    refuses("/decoder", json!(null), "decoder");
    refuses("/model/type", json!("Unigram"), "Unigram");
    refuses("/model/dropout", json!(0.1), "dropout");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_stream_gives_what_decoding_gives(ids in proptest::collection::vec(0..420u32, 0..40)) {
        for name in KINDS {
            let tokenizer = tokenizer(name);
            let mut stream = StreamDecoder::new(&tokenizer);
            let mut text: String = ids.iter().map(|&id| stream.push(id)).collect();
            text.push_str(&stream.finish());
            prop_assert_eq!(text, tokenizer.decode(&ids));
        }
    }

    #[test]
    fn places_lie_on_the_borders_of_characters(text in "\\PC{0,40}|[ \\n\\ta-zé👩'▁]{0,40}") {
        for name in KINDS {
            let encoding = tokenizer(name).encode(&text).unwrap();
            prop_assert!(encoding.spans.iter().all(|&(from, to)| text.get(from..to).is_some()), "{}", name);
        }
    }
}
