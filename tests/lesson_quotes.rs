//! What lessons quote of the shipped models is what these write today.

use std::fs;
use std::path::Path;

use telar::data::Home;
use telar::generate::sampling::{intervals, stages};
use telar::generate::{GenerateRequest, SamplingOptions, Silent, generate};
use telar::hub::{self, ModelRef};
use telar::kernels::Storage;
use telar::nn::{LanguageModel as _, SliceReader};

fn lesson(language: &str, file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/lessons").join(language);
    fs::read_to_string(folder.join(file)).unwrap()
}

/// A text as a lesson prints it: in one line, with the apostrophes of books.
fn printed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('\'', "’")
}

fn written(model: &str, request: &GenerateRequest) -> String {
    let model = hub::load(&ModelRef::Builtin(model.to_owned()), &Home::at("nowhere")).unwrap();
    let reader = SliceReader::new(&model.weights, Storage::F32);
    printed(&generate(&reader, &model.tokenizer, request, &mut Silent).unwrap().text)
}

/// Where the interval of the second likeliest token begins and ends after a prompt, and its text.
fn second_interval(model: &str, prompt: &str) -> (String, [f64; 2]) {
    let model = hub::load(&ModelRef::Builtin(model.to_owned()), &Home::at("nowhere")).unwrap();
    let reader = SliceReader::new(&model.weights, Storage::F32);
    let ids = model.tokenizer.encode_for_model(prompt).unwrap();
    let logits = reader.begin(ids.len()).read(&ids);
    let options = SamplingOptions { temperature: 0.6, top_p: 0.9, ..SamplingOptions::default() };
    let second = intervals(&stages(&logits, &ids, &options).probabilities, 2)[1];
    (model.tokenizer.decode(&[second.id]), [second.from, second.to])
}

/// Whether a quotation, which may end in the middle with «…», is how the text begins.
fn begins(text: &str, quoted: &str) {
    let quoted = printed(quoted.trim().trim_end_matches('…'));
    assert!(quoted.chars().count() > 40 && text.starts_with(&quoted), "quoted {quoted}\nwritten {text}");
}

#[test]
fn one_prompt_at_three_temperatures() {
    for (language, model, prompt) in [("es", "quijote", "—Señor —dijo"), ("en", "shakespeare", "My lord")] {
        let lesson = lesson(language, "1.02-temperature.md");
        for temperature in [0.0f32, 0.6, 2.0] {
            let row = format!("\n| {temperature} | ");
            let quoted = lesson.split_once(&row).and_then(|(_, rest)| rest.split_once(" |")).unwrap().0;
            let sampling = SamplingOptions { temperature, top_p: 0.9, ..SamplingOptions::default() };
            let request = GenerateRequest {
                prompt: prompt.to_owned(),
                sampling,
                seed: 2,
                max_new_tokens: 64,
                ..GenerateRequest::default()
            };
            begins(&written(model, &request), quoted);
        }
    }
}

#[test]
fn the_tutorials_demonstration() {
    let sampling = SamplingOptions { temperature: 0.5, top_p: 0.9, top_k: 0, ..SamplingOptions::default() };
    let request = |seed| GenerateRequest {
        prompt: "What is love?".to_owned(),
        sampling,
        seed,
        min_new_tokens: 30,
        max_new_tokens: 64,
        ..GenerateRequest::default()
    };
    let second = written("shakespeare", &request(2));
    for (language, open, close) in [("es", "empieza así: «", '»'), ("en", "begins like this: “", '”')] {
        let lesson = lesson(language, "1.04-seed-and-chance.md");
        let quoted = lesson.split_once(open).and_then(|(_, rest)| rest.split_once(close)).unwrap().0;
        begins(&second, quoted);
    }
    // Another seed lets another person speak.
    let speaker = |text: &str| text.split_once(':').unwrap().0.to_owned();
    assert_ne!(speaker(&written("shakespeare", &request(3))), speaker(&second));
}

#[test]
fn the_interval_of_a_drawn_token() {
    let told = [
        ("es", "quijote", "—Señor —dijo", "«%» va de ", " a "),
        ("en", "shakespeare", "What", "“%” goes from ", " to "),
    ];
    for (language, model, prompt, said, to) in told {
        let (token, [low, high]) = second_interval(model, prompt);
        let sentence = format!("{}{low:.3}{to}{high:.3}.", said.replace('%', &token.replace(' ', "␣")));
        let lesson = lesson(language, "1.04-seed-and-chance.md");
        assert!(lesson.contains(&sentence) && lesson.contains(&format!("prompt = \"{prompt}\"")), "{sentence}");
    }
}
