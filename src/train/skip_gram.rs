//! Words become vectors: a skip-gram with negative sampling (Mikolov et al. 2013, "Distributed representations of words
//! and phrases"). Each word learns to tell the words around it from words drawn at random.

use std::collections::HashMap;
use std::ops::ControlFlow;

use crate::data::vectors::WordVectors;
use crate::nn::Rng;

/// How vectors are trained. The defaults are word2vec's, but for the number of epochs: a single book is small.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SkipGramOptions {
    /// Numbers of a vector.
    pub width: usize,
    /// The farthest word that counts as a neighbour; each time a smaller distance is drawn, so that near ones count more.
    pub window: usize,
    /// Words drawn at random for each neighbour.
    pub negatives: usize,
    /// Passes over the text.
    pub epochs: usize,
    /// Rarer words are left out.
    pub min_count: usize,
    /// At most so many words, the most frequent ones.
    pub most_words: usize,
    /// Learning rate at the start; it falls to a ten-thousandth of that.
    pub rate: f32,
    /// Words of a larger share of the text than this are skipped now and then.
    pub subsample: f64,
    /// Seed of everything that is drawn.
    pub seed: u64,
}

impl Default for SkipGramOptions {
    fn default() -> Self {
        Self {
            width: 50,
            window: 5,
            negatives: 5,
            epochs: 15,
            min_count: 5,
            most_words: 10_000,
            rate: 0.025,
            subsample: 1e-3,
            seed: 1,
        }
    }
}

/// How far a training is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Share of all words that were read, 0 to 1.
    pub share: f32,
    /// Mean loss of a neighbour with its negatives since the last report, in nats.
    pub loss: f32,
}

/// Words that are kept, and the text as their places.
struct Vocabulary {
    words: Vec<String>,
    counts: Vec<usize>,
    /// Sentences of places.
    sentences: Vec<Vec<usize>>,
    tokens: usize,
}

/// The words of a text: runs of letters, in lower case, in sentences.
pub fn sentences(text: &str) -> impl Iterator<Item = Vec<String>> + '_ {
    text.split(['.', '!', '?', ';', '¿', '¡', ':']).map(|sentence| {
        let words = sentence.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    })
}

impl Vocabulary {
    fn of(text: &str, options: &SkipGramOptions) -> Self {
        let mut counted: HashMap<String, usize> = HashMap::new();
        for word in sentences(text).flatten() {
            *counted.entry(word).or_default() += 1;
        }
        let mut kept: Vec<(String, usize)> =
            counted.into_iter().filter(|(_, count)| *count >= options.min_count.max(1)).collect();
        kept.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        kept.truncate(options.most_words);
        let places: HashMap<&str, usize> = kept.iter().map(|(word, _)| word.as_str()).zip(0..).collect();
        let known = |words: Vec<String>| -> Vec<usize> {
            words.iter().filter_map(|word| places.get(word.as_str()).copied()).collect()
        };
        let sentences: Vec<Vec<usize>> = sentences(text).map(known).filter(|sentence| sentence.len() > 1).collect();
        let tokens = sentences.iter().map(Vec::len).sum();
        let (words, counts) = kept.into_iter().unzip();
        Self { words, counts, sentences, tokens }
    }

    /// Draws words as often as the ¾ power of their counts.
    fn noise(&self) -> Vec<usize> {
        const SIZE: usize = 1 << 17;
        let powers: Vec<f64> = self.counts.iter().map(|&count| (count as f64).powf(0.75)).collect();
        let total: f64 = powers.iter().sum();
        let mut table = Vec::with_capacity(SIZE);
        let mut reached = 0.0;
        for (place, power) in powers.iter().enumerate() {
            reached += power / total;
            table.resize(((reached * SIZE as f64).round() as usize).max(table.len()), place);
        }
        table
    }
}

/// The numbers in training.
struct Model {
    width: usize,
    /// `[words, width]`: what is kept in the end.
    inner: Vec<f32>,
    /// `[words, width]`: words as neighbours.
    outer: Vec<f32>,
}

impl Model {
    fn new(words: usize, width: usize, rng: &mut Rng) -> Self {
        let inner = (0..words * width).map(|_| (rng.uniform_f32() - 0.5) / width as f32).collect();
        Self { width, inner, outer: vec![0.0; words * width] }
    }

    /// One neighbour, or one word drawn at random, of the word at `center`; returns its loss in nats.
    fn learn(&mut self, center: usize, other: usize, right: bool, rate: f32, change: &mut [f32]) -> f32 {
        let (c, o) = (center * self.width, other * self.width);
        let inner = &self.inner[c..c + self.width];
        let outer = &mut self.outer[o..o + self.width];
        let score: f32 = inner.iter().zip(outer.iter()).map(|(a, b)| a * b).sum();
        let probability = 1.0 / (1.0 + (-score).exp());
        let step = rate * (f32::from(u8::from(right)) - probability);
        for ((change, outer), inner) in change.iter_mut().zip(outer.iter_mut()).zip(inner) {
            *change += step * *outer;
            *outer += step * inner;
        }
        -(if right { probability } else { 1.0 - probability }).max(1e-7).ln()
    }

    fn apply(&mut self, center: usize, change: &mut [f32]) {
        let c = center * self.width;
        for (value, change) in self.inner[c..c + self.width].iter_mut().zip(change) {
            *value += *change;
            *change = 0.0;
        }
    }
}

/// Trains vectors on a text; `listen` hears how far it is about every thousand words and may end it, then nothing is
/// returned. The same text, options and seed give the same vectors. Nothing is returned for a text without two words
/// that are frequent enough, either.
pub fn train(
    text: &str,
    options: &SkipGramOptions,
    mut listen: impl FnMut(Progress) -> ControlFlow<()>,
) -> Option<WordVectors> {
    let vocabulary = Vocabulary::of(text, options);
    if vocabulary.words.len() < 2 || options.width == 0 {
        return None;
    }
    let noise = vocabulary.noise();
    let mut rng = Rng::new(options.seed);
    let mut model = Model::new(vocabulary.words.len(), options.width, &mut rng);
    let all = vocabulary.tokens * options.epochs.max(1);
    let (mut read, mut reported) = (0usize, 0usize);
    let mut seen = Mean::default();
    for _ in 0..options.epochs.max(1) {
        for sentence in &vocabulary.sentences {
            let share = read as f32 / all as f32;
            let rate = options.rate * (1.0 - share).max(1e-4);
            read += sentence.len();
            learn_sentence(&mut model, sentence, &vocabulary, &noise, rate, options, &mut rng, &mut seen);
            if read - reported >= 1000 {
                reported = read;
                if listen(Progress { share, loss: seen.take() }).is_break() {
                    return None;
                }
            }
        }
    }
    Some(WordVectors::new(vocabulary.words, model.inner))
}

#[derive(Default)]
struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    fn take(&mut self) -> f32 {
        let mean = self.sum / self.count.max(1) as f64;
        *self = Self::default();
        mean as f32
    }
}

fn learn_sentence(
    model: &mut Model,
    sentence: &[usize],
    vocabulary: &Vocabulary,
    noise: &[usize],
    rate: f32,
    options: &SkipGramOptions,
    rng: &mut Rng,
    seen: &mut Mean,
) {
    // Frequent words tell little about their neighbours.
    let keeps = |place: usize, rng: &mut Rng| {
        let share = vocabulary.counts[place] as f64 / vocabulary.tokens.max(1) as f64;
        let limit = options.subsample;
        share <= limit || rng.uniform_f64() < (limit / share).sqrt() + limit / share
    };
    let kept: Vec<usize> = sentence.iter().copied().filter(|&place| keeps(place, rng)).collect();
    let mut change = vec![0.0; model.width];
    for (at, &center) in kept.iter().enumerate() {
        let reach = 1 + rng.below(options.window.max(1));
        let from = at.saturating_sub(reach);
        for (place, &other) in kept.iter().enumerate().take(at + reach + 1).skip(from) {
            if place == at {
                continue;
            }
            let mut loss = model.learn(center, other, true, rate, &mut change);
            for _ in 0..options.negatives {
                let drawn = noise[rng.below(noise.len())];
                if drawn != other {
                    loss += model.learn(center, drawn, false, rate, &mut change);
                }
            }
            model.apply(center, &mut change);
            (seen.sum, seen.count) = (seen.sum + f64::from(loss), seen.count + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two groups of words that never meet.
    fn text() -> String {
        let mut rng = Rng::new(5);
        let groups = [["sol", "luna", "cielo", "nube"], ["pan", "queso", "vino", "mesa"]];
        let sentence = |rng: &mut Rng| {
            let group = groups[rng.below(2)];
            (0..6).map(|_| group[rng.below(4)]).collect::<Vec<_>>().join(" ") + ". "
        };
        (0..400).map(|_| sentence(&mut rng)).collect()
    }

    #[test]
    fn words_that_stand_together_become_alike() {
        // So few words are all frequent: none is skipped.
        let options = SkipGramOptions { width: 8, epochs: 8, subsample: 1.0, ..SkipGramOptions::default() };
        let mut losses = Vec::new();
        let hear = |progress: Progress| {
            losses.push(progress.loss);
            ControlFlow::Continue(())
        };
        let vectors = train(&text(), &options, hear).unwrap();
        let place = |word: &str| vectors.find(word).unwrap();
        let inside = vectors.similarity(place("sol"), place("luna"));
        let across = vectors.similarity(place("sol"), place("queso"));
        assert!(inside > across + 0.5, "{inside} against {across}");
        assert!(losses.last() < losses.first(), "{losses:?}");
        let again = train(&text(), &options, |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(again.vector(0), vectors.vector(0), "the same seed");
    }

    #[test]
    fn a_text_without_words_gives_nothing_and_a_listener_can_end_it() {
        let go = |_: Progress| ControlFlow::Continue(());
        assert!(train("", &SkipGramOptions::default(), go).is_none());
        assert!(train("uno dos tres", &SkipGramOptions::default(), go).is_none(), "too rare");
        assert!(train(&text(), &SkipGramOptions::default(), |_| ControlFlow::Break(())).is_none());
        let words: Vec<Vec<String>> = sentences("¿Quién? Yo, Sancho.").filter(|words| !words.is_empty()).collect();
        assert_eq!(words, [vec!["quién".to_owned()], vec!["yo".to_owned(), "sancho".to_owned()]]);
    }
}
