//! A small translation: sentences of seven English words and the same in Spanish, where adjectives stand behind their noun
//! and articles and adjectives agree with its gender. So no word can be said by looking at one read word alone, and the
//! order changes.

use crate::nn::Rng;

/// Words of a sentence, in both languages.
pub const LENGTH: usize = 7;
/// In English, and in Spanish for a masculine and a feminine noun.
const ADJECTIVES: [[&str; 3]; 5] = [
    ["white", "blanco", "blanca"],
    ["black", "negro", "negra"],
    ["red", "rojo", "roja"],
    ["old", "viejo", "vieja"],
    ["small", "pequeño", "pequeña"],
];
/// In English, in Spanish, and whether it is feminine. The first ones do something, the others have it done to them.
const NOUNS: [(&str, &str, bool); 10] = [
    ("cat", "gato", false),
    ("dog", "perro", false),
    ("cow", "vaca", true),
    ("hen", "gallina", true),
    ("moon", "luna", true),
    ("house", "casa", true),
    ("rose", "rosa", true),
    ("book", "libro", false),
    ("train", "tren", false),
    ("bread", "pan", false),
];
/// So many nouns do something.
const SUBJECTS: usize = 4;
const VERBS: [[&str; 2]; 4] = [["sees", "ve"], ["wants", "quiere"], ["finds", "encuentra"], ["brings", "trae"]];

/// Where the kinds of words begin among the English words: articles, adjectives, nouns, verbs.
const ENGLISH: [usize; 4] = [0, 1, 1 + ADJECTIVES.len(), 1 + ADJECTIVES.len() + NOUNS.len()];
/// Likewise among the Spanish words: two articles, and two forms of every adjective.
const SPANISH: [usize; 4] = [0, 2, 2 + 2 * ADJECTIVES.len(), 2 + 2 * ADJECTIVES.len() + NOUNS.len()];

/// The words that are read, by their numbers.
pub fn english() -> Vec<&'static str> {
    let adjectives = ADJECTIVES.iter().map(|[english, ..]| *english);
    let nouns = NOUNS.iter().map(|(english, ..)| *english);
    ["the"].into_iter().chain(adjectives).chain(nouns).chain(VERBS.iter().map(|[english, _]| *english)).collect()
}

/// The words that are said, by their numbers.
pub fn spanish() -> Vec<&'static str> {
    let adjectives = ADJECTIVES.iter().flat_map(|[_, masculine, feminine]| [*masculine, *feminine]);
    let nouns = NOUNS.iter().map(|(_, spanish, _)| *spanish);
    ["el", "la"].into_iter().chain(adjectives).chain(nouns).chain(VERBS.iter().map(|[_, spanish]| *spanish)).collect()
}

/// A sentence, as in «the old hen brings the red book».
pub(super) fn phrase(rng: &mut Rng) -> Vec<usize> {
    let [the, adjectives, nouns, verbs] = ENGLISH;
    let mut draw = |from: usize, count: usize| from + rng.below(count);
    let first = [the, draw(adjectives, ADJECTIVES.len()), draw(nouns, SUBJECTS)];
    let verb = draw(verbs, VERBS.len());
    let second = [the, draw(adjectives, ADJECTIVES.len()), draw(nouns + SUBJECTS, NOUNS.len() - SUBJECTS)];
    [&first[..], &[verb], &second].concat()
}

/// The same in Spanish: article, noun, adjective, verb, article, noun, adjective.
pub(super) fn translate(sentence: &[usize]) -> Vec<usize> {
    let word = |at: usize, kind: usize| sentence.get(at).copied().unwrap_or(0).saturating_sub(ENGLISH[kind]);
    let part = |from: usize| {
        let (adjective, noun) = (word(from + 1, 1), word(from + 2, 2));
        let feminine = usize::from(NOUNS.get(noun).is_some_and(|noun| noun.2));
        [SPANISH[0] + feminine, SPANISH[2] + noun, SPANISH[1] + 2 * adjective + feminine]
    };
    [&part(0)[..], &[SPANISH[3] + word(3, 3)], &part(4)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_translated_with_gender_and_order() {
        let (english, spanish) = (english(), spanish());
        let number = |word: &str| english.iter().position(|known| *known == word).unwrap();
        for (read, said) in [
            ("the old hen brings the red book", "la gallina vieja trae el libro rojo"),
            ("the black cat sees the white moon", "el gato negro ve la luna blanca"),
            ("the small cow finds the small bread", "la vaca pequeña encuentra el pan pequeño"),
        ] {
            let numbers: Vec<usize> = read.split(' ').map(number).collect();
            let words: Vec<&str> = translate(&numbers).into_iter().map(|word| spanish[word]).collect();
            assert_eq!(words.join(" "), said);
        }
    }

    #[test]
    fn what_is_drawn_are_sentences_of_this_kind() {
        let (english, spanish) = (english(), spanish());
        let mut rng = Rng::new(5);
        for _ in 0..200 {
            let phrase = phrase(&mut rng);
            assert_eq!((phrase.len(), phrase[0], phrase[4]), (LENGTH, 0, 0));
            assert!((ENGLISH[1]..ENGLISH[2]).contains(&phrase[1]) && (ENGLISH[2]..ENGLISH[3]).contains(&phrase[2]));
            assert!((ENGLISH[3]..english.len()).contains(&phrase[3]));
            assert!(translate(&phrase).iter().all(|word| *word < spanish.len()));
        }
    }
}
