//! A text as a file: Markdown to be read, JSON to be computed with.

use rust_i18n::t;

use crate::engine::history::Entry;
use crate::panels::model_label;
use crate::widgets::number;
use crate::widgets::token_chips::visible;

/// As Markdown: how it was made, prompt and text, and every token with its probability.
pub fn markdown(entry: &Entry) -> String {
    let sampling = &entry.sampling;
    let mut out = format!("# {}\n\n", t!("history.markdown_title", model = model_label(&entry.model)));
    let seed = entry.seed.map_or_else(|| "—".to_owned(), |seed| seed.to_string());
    let strategy = t!(format!("playground.strategies.{}", entry.strategy)).into_owned();
    let mut rows = vec![(t!("playground.strategy"), strategy), (t!("playground.seed"), seed)];
    match entry.beams {
        // Nothing is drawn among beams.
        Some(beams) => rows.push((t!("playground.beams"), beams.to_string())),
        None => rows.extend([
            (t!("playground.temperature"), sampling.temperature.to_string()),
            (t!("playground.top_k"), sampling.top_k.to_string()),
            (t!("playground.top_p"), sampling.top_p.to_string()),
            (t!("playground.min_p"), sampling.min_p.to_string()),
        ]),
    }
    rows.push((t!("playground.repetition"), sampling.repetition_penalty.to_string()));
    rows.push((t!("history.rate"), number::rate(entry.tokens_per_s)));
    out.push_str("| | |\n|---|---|\n");
    for (name, value) in rows {
        out.push_str(&format!("| {name} | {value} |\n"));
    }
    out.push_str(&format!("\n## {}\n\n{}\n", t!("playground.prompt"), fenced(&entry.prompt)));
    out.push_str(&format!("\n## {}\n\n{}\n", t!("history.answer"), fenced(&entry.text)));
    out.push_str(&format!(
        "\n## {}\n\n| {} | % | {} |\n|---|---:|---:|\n",
        t!("history.tokens"),
        t!("history.token"),
        t!("history.rank")
    ));
    for token in &entry.tokens {
        let label = visible(&token.text).replace('|', "\\|").replace('`', "ˋ");
        let share = token.probability.map_or_else(|| "—".to_owned(), |p| format!("{:.2}", 100.0 * p));
        out.push_str(&format!("| `{label}` | {share} | {} |\n", token.rank + 1));
    }
    out
}

/// As JSON, with all that is kept of it; `None` where it cannot be written so.
pub fn json(entry: &Entry) -> Option<Vec<u8>> {
    serde_json::to_vec_pretty(entry).ok()
}

/// A text in a fence that it does not contain.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ModelRef;
    use crate::engine::history::KeptToken;
    use crate::generate::{SamplingOptions, StopReason};

    fn entry() -> Entry {
        let token = |text: &str| KeptToken { text: text.to_owned(), probability: Some(0.25), ..KeptToken::default() };
        Entry {
            unix: 0,
            model: ModelRef::Builtin("quijote".to_owned()),
            prompt: "Some ```code``` and".to_owned(),
            text: " a|b\n".to_owned(),
            tokens: vec![token(" a|b"), token("\n")],
            strategy: "sampling".to_owned(),
            beams: None,
            sampling: SamplingOptions::default(),
            seed: Some(7),
            stop: StopReason::MaxTokens,
            first_token_s: 0.1,
            tokens_per_s: 50.0,
        }
    }

    #[test]
    fn markdown_holds_the_text_whatever_is_in_it() {
        let text = markdown(&entry());
        assert!(text.contains("````text\nSome ```code``` and\n````"), "{text}");
        assert!(text.contains("| `␣a\\|b` | 25.00 | 1 |") && text.contains("| 7 |"), "{text}");
    }

    #[test]
    fn a_beam_search_tells_its_beams_and_no_temperature() {
        let text = markdown(&Entry { strategy: "beams".to_owned(), beams: Some(6), seed: None, ..entry() });
        let (beams, temperature) = (t!("playground.beams"), t!("playground.temperature"));
        assert!(text.contains(&format!("| {beams} | 6 |")) && !text.contains(&*temperature), "{text}");
    }

    #[test]
    fn json_comes_back_as_it_was() {
        let bytes = json(&entry()).unwrap();
        assert_eq!(serde_json::from_slice::<Entry>(&bytes).unwrap(), entry());
    }
}
