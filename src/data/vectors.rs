//! Words as vectors that ship with the program: which words are near which, and by which way from one to another.
//!
//! English: GloVe 6B (Pennington, Socher & Manning 2014). Spanish: a skip-gram that this program trained on Don Quijote.
//! `assets/vectors/README.md` says how both were made.

use std::collections::HashMap;
use std::sync::LazyLock;

use half::f16;

/// A vector a word.
#[derive(Clone, Debug)]
pub struct WordVectors {
    words: Vec<String>,
    places: HashMap<String, usize>,
    width: usize,
    /// `[words, width]`.
    values: Vec<f32>,
    /// Length of each vector.
    lengths: Vec<f32>,
}

static ENGLISH: LazyLock<WordVectors> = LazyLock::new(|| {
    WordVectors::parse(
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/vectors/glove.words")),
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/vectors/glove.f16")),
    )
});

static SPANISH: LazyLock<WordVectors> = LazyLock::new(|| {
    WordVectors::parse(
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/vectors/quijote.words")),
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/vectors/quijote.f16")),
    )
});

/// The vectors that ship for a language of the interface. The first call unpacks them: half a million numbers.
pub fn shipped(language: &str) -> &'static WordVectors {
    if language == "es" { &SPANISH } else { &ENGLISH }
}

impl WordVectors {
    /// A word a line, and as many vectors in half precision, little-endian, row-major.
    fn parse(words: &str, bytes: &[u8]) -> Self {
        let words: Vec<String> = words.lines().map(str::to_owned).collect();
        let half = |pair: &[u8]| match *pair {
            [low, high] => f16::from_le_bytes([low, high]).to_f32(),
            _ => 0.0,
        };
        Self::new(words, bytes.chunks_exact(2).map(half).collect())
    }

    /// Words with their vectors, `[words, width]`.
    pub fn new(words: Vec<String>, values: Vec<f32>) -> Self {
        let width = values.len() / words.len().max(1);
        let places = words.iter().cloned().zip(0..).collect();
        let length = |row: &[f32]| row.iter().map(|x| x * x).sum::<f32>().sqrt();
        let lengths = values.chunks_exact(width.max(1)).map(length).collect();
        Self { words, places, width, values, lengths }
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is no word at all.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Numbers of a vector.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The words, the most frequent first.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The place of a word, whatever its case.
    pub fn find(&self, word: &str) -> Option<usize> {
        self.places.get(&word.trim().to_lowercase()).copied()
    }

    /// The vector at a place; empty where there is none.
    pub fn vector(&self, place: usize) -> &[f32] {
        self.values.get(place * self.width..(place + 1) * self.width).unwrap_or_default()
    }

    /// The cosine of the angle between two words' vectors.
    pub fn similarity(&self, a: usize, b: usize) -> f32 {
        let dot: f32 = self.vector(a).iter().zip(self.vector(b)).map(|(a, b)| a * b).sum();
        dot / (self.length(a) * self.length(b)).max(f32::MIN_POSITIVE)
    }

    fn length(&self, place: usize) -> f32 {
        self.lengths.get(place).copied().unwrap_or(0.0)
    }

    /// The words whose vectors point most nearly into a direction, without some of them: place and cosine, the nearest
    /// first.
    pub fn nearest(&self, direction: &[f32], count: usize, without: &[usize]) -> Vec<(usize, f32)> {
        let own = direction.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        let cosine = |place: usize| {
            let dot: f32 = self.vector(place).iter().zip(direction).map(|(a, b)| a * b).sum();
            dot / (own * self.length(place)).max(f32::MIN_POSITIVE)
        };
        let mut all: Vec<(usize, f32)> =
            (0..self.len()).filter(|place| !without.contains(place)).map(|place| (place, cosine(place))).collect();
        let by_cosine = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if count < all.len() {
            all.select_nth_unstable_by(count, by_cosine);
            all.truncate(count);
        }
        all.sort_by(by_cosine);
        all
    }

    /// Words like `c + b − a`: what is to `c` as `b` is to `a` (Mikolov et al. 2013). The three are not among them.
    pub fn analogy(&self, [a, b, c]: [usize; 3], count: usize) -> Vec<(usize, f32)> {
        // By direction alone, so that a frequent word's long vector does not decide.
        let unit = |place: usize| {
            let length = self.length(place).max(f32::MIN_POSITIVE);
            self.vector(place).iter().map(move |x| x / length)
        };
        let direction: Vec<f32> = unit(c).zip(unit(b)).zip(unit(a)).map(|((c, b), a)| c + b - a).collect();
        self.nearest(&direction, count, &[a, b, c])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_english_words_know_likeness() {
        let vectors = shipped("en");
        assert_eq!((vectors.len(), vectors.width()), (10_000, 50));
        let place = |word: &str| vectors.find(word).unwrap();
        let (king, queen, apple) = (place("King "), place("queen"), place("apple"));
        // As of the whole set in single precision.
        assert!((vectors.similarity(king, queen) - 0.7839).abs() < 1e-3, "{}", vectors.similarity(king, queen));
        assert!(vectors.similarity(king, queen) > vectors.similarity(king, apple));
        assert!((vectors.similarity(apple, apple) - 1.0).abs() < 1e-5);
        let near = vectors.nearest(vectors.vector(king), 3, &[king]);
        let names: Vec<&str> = near.iter().map(|(place, _)| vectors.words()[*place].as_str()).collect();
        assert_eq!(names, ["prince", "queen", "ii"]);
        let answers = vectors.analogy([place("man"), king, place("woman")], 3);
        assert!(answers.iter().any(|(place, _)| vectors.words()[*place] == "queen"), "{answers:?}");
        assert_eq!(vectors.find("asdfgh"), None);
    }

    #[test]
    fn nearest_is_sorted_and_leaves_out() {
        let words = ["a", "b", "c"].map(str::to_owned).to_vec();
        let vectors = WordVectors::new(words, vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
        let near = vectors.nearest(&[1.0, 0.1], 2, &[0]);
        assert_eq!(near.iter().map(|pair| pair.0).collect::<Vec<_>>(), [2, 1]);
    }
}
