//! Why was attention invented? A small recurrent network reads a sentence and must say it again or translate it, once from
//! its last state alone, once by looking back at all states (after Bahdanau, Cho & Bengio 2015). It is trained here, from
//! random weights, with the gradient written out by hand.
//!
//! The network is Elman's: `h_t = tanh(x_t + W·h_(t−1) + b)`, where `x_t` is a vector of the word plus one of the place.
//! Without attention every place has a readout of its own from the last state; with it place p asks `softmax(u_p·h_t)` (in
//! a translation `÷ √width`) and one readout serves all places.

mod network;
mod phrases;

use std::ops::ControlFlow;

pub use phrases::{english, spanish};

pub use crate::kernels::rows::softmax;
use crate::nn::Rng;
use network::{Network, Pass, add, row};

/// Different words of the sentences that are said again.
pub const WORDS: usize = 12;
/// Width of a state.
pub const WIDTH: usize = 32;
/// Sentences of a step.
const BATCH: usize = 32;
/// Sentences on which it is measured.
pub const HELD_OUT: usize = 200;
/// One in so many sentences is kept from the training.
const KEPT: usize = 5;
/// The listener hears every so many steps.
const EVERY: usize = 25;
/// Sentences of a translation that are looked at.
const EXAMPLES: usize = 6;

/// What a network learns to do with a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Say it again.
    Repeat,
    /// Say it in Spanish: [`english`] words become [`spanish`] ones.
    Translate,
}

impl Task {
    /// Different words that are read, and that are said.
    fn vocabularies(self) -> [usize; 2] {
        match self {
            Self::Repeat => [WORDS, WORDS],
            Self::Translate => [english().len(), spanish().len()],
        }
    }

    /// How strongly a state hangs on the one before at first. A translation is learned faster by states that are mostly their
    /// own word's.
    fn memory(self) -> f32 {
        match self {
            Self::Repeat => 0.9,
            Self::Translate => 0.2,
        }
    }

    /// What scores are multiplied by. Small ones at first keep several words in sight until it is clear which are of use.
    fn score_scale(self) -> f32 {
        match self {
            Self::Repeat => 1.0,
            Self::Translate => 1.0 / (WIDTH as f32).sqrt(),
        }
    }

    /// A sentence, of those for the training or of those that are kept from it.
    fn sentence(self, length: usize, kept: bool, rng: &mut Rng) -> Vec<usize> {
        loop {
            let sentence: Vec<usize> = match self {
                Self::Repeat => (0..length).map(|_| rng.below(WORDS)).collect(),
                Self::Translate => phrases::phrase(rng),
            };
            if (sentence.iter().sum::<usize>() % KEPT == 0) == kept {
                return sentence;
            }
        }
    }

    /// What is to be said of a sentence.
    fn wanted(self, sentence: &[usize]) -> Vec<usize> {
        match self {
            Self::Repeat => sentence.to_vec(),
            Self::Translate => phrases::translate(sentence),
        }
    }
}

/// How a network is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecallOptions {
    /// What it learns.
    pub task: Task,
    /// Words of a sentence that is said again, 2 to 24; a translation has a length of its own.
    pub length: usize,
    /// Whether it may look back.
    pub attention: bool,
    /// Steps.
    pub steps: usize,
    /// Seed of weights and sentences.
    pub seed: u64,
}

/// What a network can do at some step.
#[derive(Clone, Debug, PartialEq)]
pub struct Recall {
    /// What it learns.
    pub task: Task,
    /// Whether it may look back.
    pub attention: bool,
    /// The step.
    pub step: usize,
    /// Share of right words at every place, over sentences that it never saw.
    pub right: Vec<f32>,
    /// Some of these sentences; with attention as a network reads them.
    pub examples: Vec<Reading>,
    /// With attention: how a context becomes a word.
    pub readout: Option<Readout>,
}

/// A sentence as a network reads and says it, by the words' numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What it reads.
    pub read: Vec<usize>,
    /// What it is to say.
    pub wanted: Vec<usize>,
    /// What it says.
    pub said: Vec<usize>,
    /// Its state after every word, `[length, WIDTH]`, each value from −1 to 1.
    pub states: Vec<f32>,
    /// With attention: how every place scores the words read, `[length, length]`.
    pub scores: Vec<f32>,
    /// Softmax of each row of the scores.
    pub weights: Vec<f32>,
}

impl Reading {
    /// The context that such weights make of the states: `Σⱼ weightⱼ·hⱼ`, `[WIDTH]`.
    pub fn context(&self, weights: &[f32]) -> Vec<f32> {
        blend(&self.states, weights)
    }
}

/// What makes a word of a context.
#[derive(Clone, Debug, PartialEq)]
pub struct Readout {
    /// `[WIDTH, outputs]`.
    values: Vec<f32>,
    outputs: usize,
}

impl Readout {
    /// The probability of every word, `[outputs]`.
    pub fn read(&self, context: &[f32]) -> Vec<f32> {
        read(&self.values, self.outputs, context)
    }

    /// A readout of given values, `[WIDTH, outputs]`.
    #[cfg(test)]
    pub fn of(values: Vec<f32>, outputs: usize) -> Self {
        Self { values, outputs }
    }
}

/// The largest of a few values, by its place.
pub fn likeliest(row: &[f32]) -> usize {
    (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0)
}

/// States under weights: their weighted sum.
fn blend(states: &[f32], weights: &[f32]) -> Vec<f32> {
    let mut context = vec![0.0; WIDTH];
    for (state, weight) in states.chunks(WIDTH).zip(weights) {
        add(&mut context, state, *weight);
    }
    context
}

/// Softmax of a context times a readout `[WIDTH, outputs]`.
fn read(readout: &[f32], outputs: usize, context: &[f32]) -> Vec<f32> {
    let mut scores = vec![0.0; outputs];
    for (row, value) in readout.chunks(outputs.max(1)).zip(context) {
        add(&mut scores, row, *value);
    }
    softmax(&scores)
}

/// The likeliest word at every place.
fn said(pass: &Pass, length: usize) -> Vec<usize> {
    let outputs = pass.probabilities.len() / length.max(1);
    (0..length).map(|at| likeliest(row(&pass.probabilities, at, outputs))).collect()
}

fn measure(network: &Network, options: &RecallOptions, step: usize) -> Recall {
    let RecallOptions { task, length, attention, .. } = *options;
    let mut rng = Rng::from_parts(options.seed, 99);
    let mut held_out = || task.sentence(length, true, &mut rng);
    let examples = (0..if task == Task::Translate { EXAMPLES } else { 1 }).map(|_| {
        let read = held_out();
        let pass = network.forward(&read);
        let said = said(&pass, length);
        Reading {
            wanted: task.wanted(&read),
            read,
            said,
            states: pass.states,
            scores: pass.scores,
            weights: pass.weights,
        }
    });
    let examples = examples.collect();
    let mut hits = vec![0usize; length];
    for _ in 0..HELD_OUT {
        let read = held_out();
        let said = said(&network.forward(&read), length);
        for ((hits, a), b) in hits.iter_mut().zip(&task.wanted(&read)).zip(&said) {
            *hits += usize::from(a == b);
        }
    }
    let right = hits.into_iter().map(|hits| hits as f32 / HELD_OUT as f32).collect();
    Recall { task, attention, step, right, examples, readout: network.readout() }
}

/// Trains a network; the listener hears how it does and may end it, then nothing is returned. The same options give the
/// same network.
pub fn recall(options: &RecallOptions, mut listen: impl FnMut(Recall) -> ControlFlow<()>) -> Option<Recall> {
    let length = match options.task {
        Task::Repeat => options.length.clamp(2, 24),
        Task::Translate => phrases::LENGTH,
    };
    let options = RecallOptions { length, ..*options };
    let mut rng = Rng::new(options.seed);
    let mut network = Network::new(&options, &mut rng);
    for step in 0..options.steps {
        for _ in 0..BATCH {
            let sentence = options.task.sentence(length, false, &mut rng);
            let pass = network.forward(&sentence);
            network.backward(&sentence, &options.task.wanted(&sentence), &pass, 1.0 / BATCH as f32);
        }
        network.adam(0.004, step + 1);
        if step % EVERY == 0 && listen(measure(&network, &options, step)).is_break() {
            return None;
        }
    }
    Some(measure(&network, &options, options.steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn train(task: Task, length: usize, attention: bool, steps: usize) -> Recall {
        let options = RecallOptions { task, length, attention, steps, seed: 1 };
        recall(&options, |_| ControlFlow::Continue(())).unwrap()
    }

    #[test]
    fn a_network_that_looks_back_recalls_what_another_forgets() {
        let (one, all) = (train(Task::Repeat, 10, false, 150), train(Task::Repeat, 10, true, 150));
        assert!(one.right[9] > one.right[0] + 0.2, "the first words fade: {:?}", one.right);
        assert!(all.right[0] > one.right[0] + 0.2, "{:?} against {:?}", all.right, one.right);
        let example = &all.examples[0];
        assert!(example.weights.chunks(10).all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-4));
        assert!(one.examples[0].weights.is_empty() && one.readout.is_none());
        let stopped = RecallOptions { task: Task::Repeat, length: 4, attention: true, steps: 50, seed: 1 };
        assert!(recall(&stopped, |_| ControlFlow::Break(())).is_none());
    }

    #[test]
    fn a_translation_is_learned_by_looking_at_more_than_one_word() {
        let found = train(Task::Translate, 0, true, 800);
        assert!(found.right.iter().all(|right| *right > 0.9), "{:?}", found.right);
        assert_eq!(found.examples.len(), EXAMPLES);
        // The order is another one: the noun is said second and read third.
        let row = |step: usize| &found.examples[0].weights[step * 7..(step + 1) * 7];
        assert_eq!(likeliest(row(1)), 2, "{:?}", row(1));
    }

    #[test]
    fn what_is_shown_of_a_sentence_is_what_the_network_says() {
        let found = train(Task::Translate, 0, true, 26);
        let readout = found.readout.unwrap();
        for example in &found.examples {
            for step in 0..7 {
                let weights = softmax(&example.scores[step * 7..(step + 1) * 7]);
                assert_eq!(weights, example.weights[step * 7..(step + 1) * 7]);
                assert_eq!(likeliest(&readout.read(&example.context(&weights))), example.said[step]);
            }
            // All weight on one word makes its state the context.
            let alone = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
            assert_eq!(example.context(&alone), example.states[2 * WIDTH..3 * WIDTH]);
        }
    }

    #[test]
    fn what_is_measured_was_kept_from_the_training() {
        let mut rng = Rng::new(3);
        for task in [Task::Repeat, Task::Translate] {
            let mut all = |kept| (0..500).map(|_| task.sentence(4, kept, &mut rng)).collect::<Vec<_>>();
            let (trained, kept) = (all(false), all(true));
            assert!(kept.iter().all(|sentence| !trained.contains(sentence)), "{task:?}");
        }
    }
}
