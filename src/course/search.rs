//! Finding sections and terms by what they say, whatever the accents and capitals.

use super::glossary::Glossary;
use super::lesson::{Section, SectionId, plain_text};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A section.
    Section(SectionId),
    /// A term of the glossary, by its name.
    Term(String),
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it is.
    pub target: Target,
    /// Its title.
    pub title: String,
    /// A line on it: a section's question, or the words around what was looked for.
    pub about: String,
}

/// What is searched of one language.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    hit: Hit,
    title: String,
    question: String,
    text: String,
}

/// Characters around a find in a text.
const AROUND: usize = 36;

impl Index {
    pub(super) fn new(sections: &[Section], glossary: &Glossary) -> Self {
        let of_section = |section: &Section| Entry {
            title: format!("{} {}", section.id, folded(&section.title)),
            question: folded(&section.question),
            text: plain_text(&section.blocks),
            hit: Hit {
                target: Target::Section(section.id),
                title: section.title.clone(),
                about: section.question.clone(),
            },
        };
        let mut entries: Vec<_> = sections.iter().map(of_section).collect();
        for (name, term) in glossary.sorted() {
            let text = plain_text(&term.text);
            let about = text.clone();
            let hit = Hit { target: Target::Term(name.to_owned()), title: term.title.clone(), about };
            entries.push(Entry { hit, title: folded(&term.title), question: String::new(), text });
        }
        Self { entries }
    }

    /// What fits a query, the best first; every word of it must be found somewhere. An empty query finds everything.
    pub fn find(&self, query: &str) -> Vec<Hit> {
        let query = folded(query.trim());
        let words: Vec<&str> = query.split_whitespace().collect();
        let mut found: Vec<(usize, Hit)> =
            self.entries.iter().filter_map(|entry| Some((rank(entry, &query, &words)?, hit(entry, &words)))).collect();
        // Stable: what is equally good stays in the order of the course.
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, hit)| hit).collect()
    }
}

/// How good an entry is, 0 the best; `None` if it lacks a word.
fn rank(entry: &Entry, query: &str, words: &[&str]) -> Option<usize> {
    let text = folded(&entry.text);
    let everywhere =
        |word: &&str| entry.title.contains(*word) || entry.question.contains(*word) || text.contains(*word);
    if !words.iter().all(everywhere) {
        return None;
    }
    let begins = entry.title.split(' ').any(|word| !query.is_empty() && word.starts_with(query));
    Some(match () {
        () if begins || entry.title == query => 0,
        () if entry.title.contains(query) => 1,
        () if entry.question.contains(query) => 2,
        () => 3,
    })
}

/// What is shown of an entry: the words around the first find where neither title nor question have it.
fn hit(entry: &Entry, words: &[&str]) -> Hit {
    let mut hit = entry.hit.clone();
    let missing = words.iter().find(|word| !entry.title.contains(**word) && !entry.question.contains(**word));
    if let Some(word) = missing
        && let Some(around) = around(&entry.text, word)
    {
        hit.about = around;
    }
    hit
}

/// The words around a find.
fn around(text: &str, word: &str) -> Option<String> {
    // One letter to one letter, so that places in both are the same.
    let letters: Vec<char> = text.chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
    let plain: Vec<char> = letters.iter().map(|c| folded_letter(*c)).collect();
    let wanted: Vec<char> = word.chars().collect();
    let at = plain.windows(wanted.len().max(1)).position(|window| window == wanted)?;
    let (from, to) = (at.saturating_sub(AROUND), (at + wanted.len() + AROUND).min(letters.len()));
    let piece: String = letters.get(from..to)?.iter().collect();
    let before = if from > 0 { "…" } else { "" };
    let after = if to < letters.len() { "…" } else { "" };
    Some(format!("{before}{}{after}", piece.trim()))
}

/// A text without capitals and accents.
pub fn folded(text: &str) -> String {
    text.chars().map(folded_letter).collect()
}

fn folded_letter(letter: char) -> char {
    let small = letter.to_lowercase().next().unwrap_or(letter);
    match small {
        'á' | 'à' | 'â' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use crate::course::library::Course;

    fn course() -> Course {
        let lesson = |id: &str, title: &str, question: &str, body: &str| {
            format!(
                "---\nid = \"{id}\"\nlevel = \"beginner\"\ntitle = \"{title}\"\nquestion = \"{question}\"\nminutes = 1\n---\n{body}\n"
            )
        };
        let one = lesson("1.2", "Temperatura", "¿Por qué cambia la respuesta?", "La *entropía* crece con T.");
        let two = lesson("2.8", "La máscara causal", "¿Cómo se entrena?", "La temperatura no importa aquí.");
        let glossary = "[entropy]\ntitle = \"entropía\"\ntext = \"Cuánta sorpresa hay.\"\n";
        Course::from_files([
            ("es", "1.02-a.md", one.as_str()),
            ("es", "2.08-b.md", two.as_str()),
            ("es", "glossary.toml", glossary),
        ])
    }

    #[test]
    fn titles_come_first_and_accents_do_not_matter() {
        let course = course();
        let find = |query: &str| {
            let hits = course.language("es").find(query);
            hits.into_iter().map(|hit| hit.title).collect::<Vec<_>>()
        };
        assert_eq!(find("TEMPERATURA"), ["Temperatura", "La máscara causal"]);
        assert_eq!(find("mascara"), ["La máscara causal"]);
        assert_eq!(find("entropia"), ["entropía", "Temperatura"]);
        assert_eq!(find("2.8"), ["La máscara causal"]);
        assert_eq!(find("causal entrena"), ["La máscara causal"]);
        assert_eq!(find("nada de eso"), [""; 0]);
        assert_eq!(find("").len(), 3);
    }

    #[test]
    fn a_find_in_the_text_is_shown_with_the_words_around_it() {
        let hits = course().language("es").find("crece");
        assert_eq!(hits[0].about, "La entropía crece con T.");
    }
}
