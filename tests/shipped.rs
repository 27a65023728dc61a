//! The models that ship: they open, they answer, and they are as good as `assets/models/README.md` says.

mod common;

use telar::data::{CorpusRef, Home};
use telar::generate::{GenerateRequest, SamplingOptions, Silent, generate};
use telar::hub::{self, ModelRef};
use telar::nn::{Decoder, SliceDecoder, cpu};
use telar::train::batches;

/// Name, language, the file of the book, a prompt, and words of which an answer must hold some.
const MODELS: [(&str, &str, &str, &str, &[&str]); 2] = [
    ("shakespeare", "en", "tinyshakespeare.txt", "ROMEO:\n", &["the", "and", "to", "of", "I", "my", "you", "that"]),
    ("quijote", "es", "quijote.txt", "En un lugar de la Mancha", &["que", "de", "la", "y", "el", "en", "a", "no"]),
];

#[test]
fn they_open_and_write_words_of_their_language() {
    let home = Home::at(tempfile::tempdir().unwrap().path());
    for (name, language, _, prompt, words) in MODELS {
        let model = hub::load(&ModelRef::Builtin(name.to_owned()), &home).unwrap();
        assert_eq!(model.language.as_deref(), Some(language));
        assert!(model.weights.data.iter().all(|value| value.is_finite()));
        let decoder = Decoder::from_weights(&model.weights, &cpu());
        let request = GenerateRequest {
            prompt: prompt.to_owned(),
            sampling: SamplingOptions { temperature: 0.7, ..SamplingOptions::default() },
            seed: 2,
            max_new_tokens: 80,
            min_new_tokens: 80,
            ..GenerateRequest::default()
        };
        let write = || generate(&decoder, &model.tokenizer, &request, &mut Silent).unwrap();
        let answer = write();
        assert_eq!(answer.ids.len(), 80);
        assert_eq!(answer.ids, write().ids, "the same seed gives the same text");
        let found = answer.text.split(|c: char| !c.is_alphabetic()).filter(|word| words.contains(word)).count();
        assert!(found >= 4, "{}", answer.text);
    }
}

/// The loss on the last tenth of the book, which the training never saw, in nats a character.
#[test]
fn the_held_out_loss_is_at_most_1_65_nats_a_character() {
    let home = Home::at(tempfile::tempdir().unwrap().path());
    for (name, _, file, ..) in MODELS {
        let Some(path) = common::shared_file(file) else { continue };
        let text = telar::data::read(&CorpusRef::Path(path), &home).unwrap();
        let mut at = text.len() * 9 / 10;
        while !text.is_char_boundary(at) {
            at += 1;
        }
        let model = hub::load(&ModelRef::Builtin(name.to_owned()), &home).unwrap();
        let ids = model.tokenizer.encode_ids(&text[at..]).unwrap();
        let context = model.weights.config.context;
        let (rows, batches) = batches::held_out(&ids, 4, context, 12);
        let mut decoder = SliceDecoder::new(&model.weights.config, rows, context);
        let (mut nats, mut characters) = (0.0, 0);
        for batch in &batches {
            let mean = decoder.loss(&model.weights.data, &batch.ids, &batch.targets, None);
            nats += f64::from(mean) * batch.targets.len() as f64;
            characters += model.tokenizer.decode(&batch.targets).chars().count();
        }
        let loss = nats / characters as f64;
        println!("{name}: {loss:.3} nats a character on {characters} held-out characters");
        assert!(loss <= 1.65, "{name}: {loss}");
    }
}
