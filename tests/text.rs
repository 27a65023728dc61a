//! Tokenizers: ids, places, decoding, storage; the same in the `tokenizers` crate and in Python's `tokenizers`.

mod common;

use std::path::PathBuf;
use std::time::Instant;

use proptest::prelude::*;
use serde::Deserialize;
use telar::text::{END_OF_TEXT, StreamDecoder, TextError, Tokenizer};
use telar::train::TokenizerKind::{self, Bpe, Characters, Words};

use common::shared_text;

const KINDS: [TokenizerKind; 3] = [Words, Characters, Bpe(400)];

/// Emoji with joiners, combining accents, Spanish punctuation, CJK, tabs and several kinds of white space.
const MIXED: &str = "¿Qué pasó, Álvaro? ¡Ñandú!\n\n\tUn café  — e\u{301}l y 'ella'… don't\u{a0}stop\r\n\
                     👩‍👩‍👧 日本語、テスト。 x\u{2003}y 3.14 <|endoftext|> fin\n";

fn trained(kind: TokenizerKind) -> Tokenizer {
    Tokenizer::train(kind, MIXED).unwrap()
}

#[test]
fn words_are_sorted_and_exactly_those_of_the_text() {
    let tokenizer = Tokenizer::train(Words, "to be, or not to be\n that  is\tTo").unwrap();
    assert_eq!(tokenizer.pieces(), ["To", "be", "be,", "is", "not", "or", "that", "to"]);
    assert_eq!((tokenizer.vocabulary(), tokenizer.kind(), tokenizer.end_of_text()), (8, Words, None));
    let encoding = tokenizer.encode(" not\n be, ").unwrap();
    assert_eq!(encoding.ids, [4, 2]);
    assert_eq!(encoding.tokens, ["not", "be,"]);
    assert_eq!(encoding.spans, [(1, 4), (6, 9)]);
    assert_eq!(tokenizer.decode(&[7, 1]), "to be");
}

#[test]
fn characters_are_sorted_and_exactly_those_of_the_text() {
    let tokenizer = Tokenizer::train(Characters, "aña\n¡ñ!").unwrap();
    assert_eq!(tokenizer.pieces(), ["\n", "!", "a", "¡", "ñ"]);
    let encoding = tokenizer.encode("ña!").unwrap();
    assert_eq!((encoding.ids, encoding.spans), (vec![4, 2, 1], vec![(0, 2), (2, 3), (3, 4)]));
    assert_eq!((tokenizer.kind(), tokenizer.end_of_text()), (Characters, None));
}

#[test]
fn unknown_pieces_are_named_and_never_vanish_in_silence() {
    let words = Tokenizer::train(Words, "we love the sea").unwrap();
    let Err(TextError::Unknown(unknown)) = words.encode("they love the old sea they") else { panic!() };
    assert_eq!(unknown, ["they", "old"]);
    assert!(matches!(words.encode_ids("they love"), Err(TextError::Unknown(unknown)) if unknown == ["they"]));
    let encoding = words.encode_lossy("they love the old sea they").unwrap();
    assert_eq!(
        (encoding.tokens.join(" "), encoding.unknown),
        ("love the sea".into(), vec!["they".into(), "old".into()])
    );
    assert_eq!(encoding.spans, [(5, 9), (10, 13), (18, 21)]);

    let characters = Tokenizer::train(Characters, "abc").unwrap();
    let sentence = characters.encode("a\u{301}é").unwrap_err().to_string();
    assert!(sentence.contains("\"é\""), "{sentence}");
    assert_eq!(characters.encode_lossy("xayb").unwrap().unknown, ["x", "y"]);

    let bpe = Tokenizer::train(Bpe(257), "abc").unwrap();
    assert_eq!(bpe.decode(&bpe.encode("日本").unwrap().ids), "日本");
}

#[test]
fn bpe_has_bytes_one_special_token_and_merges() {
    let tokenizer = Tokenizer::train(Bpe(260), &"the thin thing ".repeat(10)).unwrap();
    assert_eq!((tokenizer.vocabulary(), tokenizer.end_of_text()), (260, Some(0)));
    assert_eq!(tokenizer.raw_piece(0).as_deref(), Some(END_OF_TEXT));
    let pieces = tokenizer.pieces();
    assert_eq!(pieces[257..], ["th", " th", "in"]);
    assert_eq!(tokenizer.raw_piece(258).as_deref(), Some("Ġth"));
    assert!(pieces.contains(&"<0xC3>".to_owned()) && pieces.contains(&"\n".to_owned()));
    assert_eq!(tokenizer.encode("the thé").unwrap().tokens, ["th", "e", " th", "<0xC3>", "<0xA9>"]);
    assert_eq!(tokenizer.encode("a<|endoftext|>b").unwrap().ids[1], 0);
}

#[test]
fn a_text_with_few_pairs_gives_fewer_pieces() {
    let tokenizer = Tokenizer::train(Bpe(4_096), "abab").unwrap();
    assert_eq!((tokenizer.vocabulary(), tokenizer.kind()), (259, Bpe(259)));
}

#[test]
fn nothing_to_train_on_is_an_error() {
    for kind in KINDS {
        assert!(matches!(Tokenizer::train(kind, ""), Err(TextError::Empty)));
    }
    assert!(matches!(Tokenizer::train(Words, " \n\t "), Err(TextError::Empty)));
    assert!(matches!(Tokenizer::train(Bpe(256), "abc"), Err(TextError::TooFewPieces { asked: 256, least: 257 })));
}

#[test]
fn decoding_gives_back_the_text() {
    for kind in [Characters, Bpe(300)] {
        let tokenizer = trained(kind);
        assert_eq!(tokenizer.decode(&tokenizer.encode_ids(MIXED).unwrap()), MIXED);
    }
    let words = trained(Words);
    let joined = MIXED.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words.decode(&words.encode_ids(MIXED).unwrap()), joined);
}

#[test]
fn tokens_are_pieces_and_spans_are_their_places() {
    for kind in KINDS {
        let tokenizer = trained(kind);
        let pieces = tokenizer.pieces();
        let encoding = tokenizer.encode(MIXED).unwrap();
        assert_eq!(encoding.ids, tokenizer.encode_ids(MIXED).unwrap());
        assert_eq!((encoding.ids.len(), encoding.ids.len()), (encoding.tokens.len(), encoding.spans.len()));
        for ((&id, token), &(from, to)) in encoding.ids.iter().zip(&encoding.tokens).zip(&encoding.spans) {
            assert_eq!(&pieces[id as usize], token);
            let place = MIXED.get(from..to).expect("a span lies on the borders of characters");
            assert!(place == token || token.contains("<0x"), "{place:?} {token:?}");
        }
    }
}

#[test]
fn stored_and_read_again_it_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let tokenizer = trained(kind);
        let path = folder.path().join("tokenizer.json");
        tokenizer.save(&path).unwrap();
        let read = Tokenizer::load(&path).unwrap();
        assert_eq!((read.kind(), read.end_of_text()), (tokenizer.kind(), tokenizer.end_of_text()));
        assert_eq!(
            (read.pieces(), read.encode(MIXED).unwrap()),
            (tokenizer.pieces(), tokenizer.encode(MIXED).unwrap())
        );
        assert_eq!(read.to_json().unwrap(), tokenizer.to_json().unwrap());
    }
}

/// The file is the format of the `tokenizers` crate: the crate opens it without us and gives the same.
#[test]
fn the_crate_opens_what_is_stored() {
    for kind in KINDS {
        let ours = trained(kind);
        let theirs: tokenizers::Tokenizer = ours.to_json().unwrap().parse().unwrap();
        let encoded = theirs.encode(MIXED, false).unwrap();
        let encoding = ours.encode(MIXED).unwrap();
        assert_eq!((encoded.get_ids(), encoded.get_offsets()), (encoding.ids.as_slice(), encoding.spans.as_slice()));
        assert_eq!(theirs.decode(&encoding.ids, false).unwrap(), ours.decode(&encoding.ids));
        assert_eq!(theirs.get_vocab_size(true), ours.vocabulary());
    }
    let words: tokenizers::Tokenizer = Tokenizer::train(Words, "a b").unwrap().to_json().unwrap().parse().unwrap();
    assert!(words.encode("a c", false).is_err(), "unknown words are an error there too");
}

#[test]
fn training_is_deterministic() {
    let text = include_str!("../data/telar-es.txt");
    for kind in [Words, Characters, Bpe(600)] {
        let json = Tokenizer::train(kind, text).unwrap().to_json().unwrap();
        for _ in 0..3 {
            assert_eq!(Tokenizer::train(kind, text).unwrap().to_json().unwrap(), json);
        }
    }
}

#[derive(Deserialize)]
struct Fixture {
    text: String,
    ids: Vec<u32>,
    raw_pieces: Vec<String>,
    /// In characters, as Python counts.
    offsets: Vec<(usize, usize)>,
    decoded: String,
}

/// What Python's `tokenizers` says about files of ours, or of its own (see `fixtures/text/make.py`).
fn fixtures(name: &str) -> (PathBuf, Vec<Fixture>) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/text");
    let expected = std::fs::read(folder.join(format!("{name}.expected.json"))).unwrap();
    (folder.join(format!("{name}.tokenizer.json")), serde_json::from_slice(&expected).unwrap())
}

fn agrees_with_python(name: &str) -> Tokenizer {
    let (path, fixtures) = fixtures(name);
    let tokenizer = Tokenizer::load(&path).unwrap();
    assert!(fixtures.len() >= 5);
    for fixture in fixtures {
        let encoding = tokenizer.encode(&fixture.text).unwrap();
        assert_eq!(encoding.ids, fixture.ids, "{name}: {:?}", fixture.text);
        let raw: Vec<String> = encoding.ids.iter().filter_map(|&id| tokenizer.raw_piece(id)).collect();
        assert_eq!(raw, fixture.raw_pieces);
        let characters = |byte: usize| fixture.text[..byte].chars().count();
        let spans: Vec<_> = encoding.spans.iter().map(|&(from, to)| (characters(from), characters(to))).collect();
        assert_eq!(spans, fixture.offsets, "{name}: {:?}", fixture.text);
        assert_eq!(tokenizer.decode(&fixture.ids), fixture.decoded);
    }
    tokenizer
}

#[test]
fn python_opens_our_files_and_gives_the_same() {
    for (name, kind) in [("words", Words), ("characters", Characters), ("bpe", Bpe(320))] {
        let tokenizer = agrees_with_python(name);
        let text = std::fs::read_to_string("tests/fixtures/text/corpus.txt").unwrap();
        let (path, _) = fixtures(name);
        // The fixture is what training gives today.
        let stored = std::fs::read_to_string(path).unwrap();
        assert_eq!(Tokenizer::train(kind, &text).unwrap().to_json().unwrap(), stored.trim_end());
        assert_eq!(tokenizer.kind(), kind);
    }
}

#[test]
#[ignore = "writes the files that fixtures/text/make.py gives to Python"]
fn write_our_files() {
    let text = std::fs::read_to_string("tests/fixtures/text/corpus.txt").unwrap();
    for (name, kind) in [("words", Words), ("characters", Characters), ("bpe", Bpe(320))] {
        let path = format!("tests/fixtures/text/{name}.tokenizer.json");
        Tokenizer::train(kind, &text).unwrap().save(path.as_ref()).unwrap();
    }
}

#[test]
fn a_byte_level_bpe_from_python_opens() {
    let tokenizer = agrees_with_python("python_bpe");
    assert_eq!(tokenizer.vocabulary(), 300);
}

#[test]
fn what_cannot_be_understood_is_a_sentence() {
    let good: serde_json::Value = serde_json::from_str(&trained(Words).to_json().unwrap()).unwrap();
    let changed = |pointer: &str, value: serde_json::Value| {
        let mut json = good.clone();
        *json.pointer_mut(pointer).unwrap() = value;
        Tokenizer::from_json(&json.to_string())
    };
    assert!(changed("/model/type", "WordLevel".into()).is_ok());
    for (pointer, value) in [
        ("/model/type", "Unigram".into()),
        ("/pre_tokenizer/type", "Whitespace".into()),
        ("/normalizer", serde_json::json!({"type": "Lowercase"})),
        ("/added_tokens", serde_json::json!([{"id": 0, "content": "x"}])),
    ] {
        assert!(matches!(changed(pointer, value), Err(TextError::Unsupported(_))), "{pointer}");
    }
    for vocabulary in [
        serde_json::json!({}),
        serde_json::json!(["a"]),
        serde_json::json!({"a": 1, "b": 2}),
        serde_json::json!({"a": 0, "b": 0}),
        serde_json::json!({"a": -1}),
        serde_json::json!({"a": 4_000_000_000_000u64}),
        serde_json::json!({"a b": 0}),
    ] {
        assert!(
            matches!(changed("/model/vocab", vocabulary.clone()), Err(TextError::NotATokenizer(_))),
            "{vocabulary}"
        );
    }
    for json in ["", "{", "[]", "{\"model\": 3}", "{\"model\": {\"type\": \"BPE\"}}"] {
        assert!(Tokenizer::from_json(json).is_err(), "{json}");
    }
    let whole = trained(Bpe(300)).to_json().unwrap();
    for share in [1, 3, 7, 9] {
        assert!(Tokenizer::from_json(&whole[..whole.len() * share / 10]).is_err());
    }
    let missing = Tokenizer::load(std::path::Path::new("no/such/tokenizer.json")).unwrap_err().to_string();
    assert!(missing.contains("no/such/tokenizer.json"), "{missing}");
}

#[test]
fn a_bpe_that_lacks_bytes_is_refused() {
    let mut json: serde_json::Value = serde_json::from_str(&trained(Bpe(257)).to_json().unwrap()).unwrap();
    json["model"]["vocab"].as_object_mut().unwrap().remove("Ā");
    assert!(Tokenizer::from_json(&json.to_string()).is_err());
    let mut json: serde_json::Value = serde_json::from_str(&trained(Bpe(300)).to_json().unwrap()).unwrap();
    json["model"]["continuing_subword_prefix"] = "##".into();
    assert!(matches!(Tokenizer::from_json(&json.to_string()), Err(TextError::Unsupported(_))));
}

#[test]
fn streaming_never_shows_part_of_a_character() {
    let tokenizer = Tokenizer::train(Bpe(257), "abc").unwrap();
    let ids = tokenizer.encode_ids("é👩日").unwrap();
    let mut stream = StreamDecoder::new(&tokenizer);
    let shown: Vec<String> = ids.iter().map(|&id| stream.push(id)).collect();
    assert_eq!(shown, ["", "é", "", "", "", "👩", "", "", "日"]);
    assert_eq!(stream.finish(), "");

    // A character that breaks off, bytes that can never be one, and an id that does not exist.
    let [c3, e2] = [0xC3, 0xE2].map(|byte: u8| {
        tokenizer.pieces().iter().position(|piece| *piece == format!("<0x{byte:02X}>")).unwrap() as u32
    });
    let a = tokenizer.encode_ids("a").unwrap()[0];
    let mut stream = StreamDecoder::new(&tokenizer);
    let shown = [c3, a, c3, c3, 9_999, e2].map(|id| stream.push(id));
    assert_eq!(shown, ["", "\u{FFFD}a", "", "\u{FFFD}", "\u{FFFD}\u{FFFD}", ""]);
    assert_eq!((stream.finish(), stream.finish()), ("\u{FFFD}".into(), String::new()));
}

#[test]
fn words_go_on_after_a_text_with_a_space() {
    let tokenizer = Tokenizer::train(Words, "all is well").unwrap();
    let ids = tokenizer.encode_ids("is well").unwrap();
    for (before, expected) in [("all", " is well"), ("all ", "is well"), ("", "is well")] {
        let mut stream = StreamDecoder::after(&tokenizer, before);
        assert_eq!(ids.iter().map(|&id| stream.push(id)).collect::<String>(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_survives_bpe(text in "\\PC{0,60}|[ \\n\\ta-zé👩']{0,60}") {
        let tokenizer = trained(Bpe(400));
        let encoding = tokenizer.encode(&text).unwrap();
        prop_assert_eq!(tokenizer.decode(&encoding.ids), &text[..]);
        prop_assert!(encoding.spans.iter().all(|&(from, to)| text.get(from..to).is_some()));
    }

    #[test]
    fn a_stream_gives_what_decoding_gives(ids in proptest::collection::vec(0..310u32, 0..40)) {
        for tokenizer in [trained(Bpe(300)), trained(Words), trained(Characters)] {
            let mut stream = StreamDecoder::new(&tokenizer);
            let mut text: String = ids.iter().map(|&id| stream.push(id)).collect();
            text.push_str(&stream.finish());
            prop_assert_eq!(text, tokenizer.decode(&ids));
        }
    }

    #[test]
    fn json_of_any_kind_is_read_without_a_panic(json in "\\PC{0,80}") {
        let _ = Tokenizer::from_json(&json);
    }
}

#[test]
fn tiny_shakespeare_has_25_670_different_words() {
    let Some(text) = shared_text("tinyshakespeare.txt") else { return };
    let started = Instant::now();
    let tokenizer = Tokenizer::train(Words, &text).unwrap();
    let ids = tokenizer.encode_ids(&text).unwrap();
    eprintln!("words: {:?}", started.elapsed());
    assert_eq!((tokenizer.vocabulary(), ids.len()), (25_670, 202_651));
    assert_eq!(Tokenizer::train(Characters, &text).unwrap().vocabulary(), 65);
}

#[test]
fn whole_books_survive_and_are_fast() {
    for name in ["tinyshakespeare.txt", "quijote.txt"] {
        let Some(text) = shared_text(name) else { return };
        for kind in [Characters, Bpe(1_024)] {
            let started = Instant::now();
            let tokenizer = Tokenizer::train(kind, &text).unwrap();
            let trained = started.elapsed();
            let ids = tokenizer.encode_ids(&text).unwrap();
            eprintln!("{name} {kind:?}: trained in {trained:?}, encoded in {:?}", started.elapsed() - trained);
            assert_eq!(tokenizer.decode(&ids), text);
            assert!(started.elapsed().as_secs() < 60, "a person waits for this");
        }
    }
}

/// The interface's language is one for the whole process, so no other test here may depend on it.
#[test]
fn every_sentence_is_there_in_both_languages() {
    let io = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let errors = || {
        [
            TextError::Empty,
            TextError::Unknown((0..20).map(|i| format!("w{i}")).collect()),
            TextError::TooFewPieces { asked: 5, least: 257 },
            TextError::NotATokenizer("d".into()),
            TextError::Unsupported("w".into()),
            TextError::Unreadable { path: "x".into(), source: io() },
            TextError::Unwritable { path: "x".into(), source: io() },
            TextError::Failed("d".into()),
        ]
        .map(|error| error.to_string())
    };
    rust_i18n::set_locale("es");
    let spanish = errors();
    rust_i18n::set_locale("en");
    for (english, spanish) in errors().iter().zip(&spanish) {
        assert_ne!(english, spanish);
        for sentence in [english, spanish] {
            assert!(!sentence.contains("text.") && !sentence.contains("%{") && sentence.ends_with('.'), "{sentence}");
        }
    }
    assert!(errors()[1].contains("\"w7\", …") && !errors()[1].contains("w8"));
}
