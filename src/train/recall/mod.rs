//! Why was attention invented? A small recurrent network reads a sentence and must say it again, once from its last state
//! alone, once by looking back at all states (after Bahdanau, Cho & Bengio 2015). Both are trained here, from random
//! weights, with the gradient written out by hand.
//!
//! The network is Elman's: `h_t = tanh(x_t + W·h_(t−1) + b)`, where `x_t` is a vector of the word plus one of the place.
//! Without attention every place has a readout of its own from the last state; with it place p asks `softmax(u_p·h_t)` and
//! one readout serves all places.

use std::ops::ControlFlow;

use crate::nn::Rng;

/// Different words.
pub const WORDS: usize = 12;
/// Width of a state.
const WIDTH: usize = 32;
/// Sentences of a step.
const BATCH: usize = 32;
/// Sentences on which it is measured.
const HELD_OUT: usize = 200;
/// The listener hears every so many steps.
const EVERY: usize = 25;

/// How a network is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecallOptions {
    /// Words of a sentence, 2 to 24.
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
    /// Whether it may look back.
    pub attention: bool,
    /// The step.
    pub step: usize,
    /// Share of right words at every place, over sentences that it never saw.
    pub right: Vec<f32>,
    /// The example that it read, by the words' numbers.
    pub sentence: Vec<usize>,
    /// What it said.
    pub said: Vec<usize>,
    /// With attention: how every place shared it among the words read, `[length, length]`.
    pub weights: Vec<f32>,
}

/// A matrix with its gradient and Adam's moments.
struct Parameter {
    values: Vec<f32>,
    gradient: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Parameter {
    fn new(size: usize, scale: f32, rng: &mut Rng) -> Self {
        let values = (0..size).map(|_| scale * rng.normal_f32()).collect();
        Self { values, gradient: vec![0.0; size], first: vec![0.0; size], second: vec![0.0; size] }
    }

    /// One step of Adam (Kingma & Ba 2015), the `turn`-th, counted from 1.
    fn adam(&mut self, rate: f32, turn: usize) {
        const B1: f32 = 0.9;
        const B2: f32 = 0.999;
        let (c1, c2) = (1.0 - B1.powi(turn as i32), 1.0 - B2.powi(turn as i32));
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((value, gradient), (m, v)) in self.values.iter_mut().zip(&mut self.gradient).zip(moments) {
            *m = B1 * *m + (1.0 - B1) * *gradient;
            *v = B2 * *v + (1.0 - B2) * *gradient * *gradient;
            *value -= rate * (*m / c1) / ((*v / c2).sqrt() + 1e-8);
            *gradient = 0.0;
        }
    }
}

/// The network.
struct Network {
    length: usize,
    attention: bool,
    /// `[WORDS, WIDTH]` and `[length, WIDTH]`.
    words: Parameter,
    places: Parameter,
    /// `[WIDTH, WIDTH]`: from state to state; and what is added.
    turn: Parameter,
    bias: Parameter,
    /// With attention `[length, WIDTH]`: what each place asks.
    queries: Parameter,
    /// `[WIDTH, WORDS]`, one for all places with attention, else one for each.
    readout: Parameter,
}

/// What a pass through a sentence leaves behind for the way back.
struct Pass {
    /// `[length, WIDTH]`.
    states: Vec<f32>,
    /// `[length, length]`, with attention.
    weights: Vec<f32>,
    /// `[length, WIDTH]`: what is read out of at each place.
    contexts: Vec<f32>,
    /// `[length, WORDS]`.
    probabilities: Vec<f32>,
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `to += factor · from`.
fn add(to: &mut [f32], from: &[f32], factor: f32) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
}

fn softmax(row: &mut [f32]) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut().for_each(|x| *x = (*x - largest).exp());
    let total: f32 = row.iter().sum();
    row.iter_mut().for_each(|x| *x /= total);
}

fn row(values: &[f32], at: usize, width: usize) -> &[f32] {
    &values[at * width..(at + 1) * width]
}

fn row_mut(values: &mut [f32], at: usize, width: usize) -> &mut [f32] {
    &mut values[at * width..(at + 1) * width]
}

impl Network {
    fn new(options: &RecallOptions, rng: &mut Rng) -> Self {
        let length = options.length;
        let scale = 1.0 / (WIDTH as f32).sqrt();
        let readouts = if options.attention { 1 } else { length };
        Self {
            length,
            attention: options.attention,
            words: Parameter::new(WORDS * WIDTH, 0.5, rng),
            places: Parameter::new(length * WIDTH, 0.5, rng),
            turn: Parameter::new(WIDTH * WIDTH, 0.9 * scale, rng),
            bias: Parameter::new(WIDTH, 0.0, rng),
            queries: Parameter::new(if options.attention { length * WIDTH } else { 0 }, scale, rng),
            readout: Parameter::new(readouts * WIDTH * WORDS, scale, rng),
        }
    }

    /// Which part of the readout belongs to a place.
    fn readout_of(&self, place: usize) -> usize {
        if self.attention { 0 } else { place * WIDTH * WORDS }
    }

    fn forward(&self, sentence: &[usize]) -> Pass {
        let t = self.length;
        let mut states = vec![0.0; t * WIDTH];
        let mut before = vec![0.0; WIDTH];
        for (at, &word) in sentence.iter().enumerate() {
            let mut state = self.bias.values.clone();
            add(&mut state, row(&self.words.values, word, WIDTH), 1.0);
            add(&mut state, row(&self.places.values, at, WIDTH), 1.0);
            for (i, value) in state.iter_mut().enumerate() {
                *value = (*value + dot(row(&self.turn.values, i, WIDTH), &before)).tanh();
            }
            row_mut(&mut states, at, WIDTH).copy_from_slice(&state);
            before = state;
        }
        let (weights, contexts) = self.contexts(&states);
        let mut probabilities = vec![0.0; t * WORDS];
        for at in 0..t {
            let readout = &self.readout.values[self.readout_of(at)..];
            let out = row_mut(&mut probabilities, at, WORDS);
            for (i, value) in row(&contexts, at, WIDTH).iter().enumerate() {
                add(out, row(readout, i, WORDS), *value);
            }
            softmax(out);
        }
        Pass { states, weights, contexts, probabilities }
    }

    /// What each place reads out of: the last state, or its mean of all states.
    fn contexts(&self, states: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let t = self.length;
        if !self.attention {
            return (Vec::new(), row(states, t - 1, WIDTH).repeat(t));
        }
        let (mut weights, mut contexts) = (vec![0.0; t * t], vec![0.0; t * WIDTH]);
        for at in 0..t {
            let shares = row_mut(&mut weights, at, t);
            let query = row(&self.queries.values, at, WIDTH);
            shares.iter_mut().enumerate().for_each(|(j, share)| *share = dot(query, row(states, j, WIDTH)));
            softmax(shares);
            for (j, share) in shares.iter().enumerate() {
                add(row_mut(&mut contexts, at, WIDTH), row(states, j, WIDTH), *share);
            }
        }
        (weights, contexts)
    }

    /// Adds the gradient of the mean cross-entropy of a sentence, times `factor`.
    fn backward(&mut self, sentence: &[usize], pass: &Pass, factor: f32) {
        let t = self.length;
        let mut back = vec![0.0; t * WIDTH];
        for at in 0..t {
            // p − y
            let mut error = row(&pass.probabilities, at, WORDS).to_vec();
            error[sentence[at]] -= 1.0;
            error.iter_mut().for_each(|e| *e *= factor / t as f32);
            let first = self.readout_of(at);
            let context = row(&pass.contexts, at, WIDTH);
            let mut of_context = vec![0.0; WIDTH];
            for i in 0..WIDTH {
                let place = first + i * WORDS;
                of_context[i] = dot(&self.readout.values[place..place + WORDS], &error);
                add(&mut self.readout.gradient[place..place + WORDS], &error, context[i]);
            }
            self.back_to_states(&mut back, at, &of_context, pass);
        }
        self.back_through_time(sentence, &mut back, pass);
    }

    /// From a place's context to the states that it was made of.
    fn back_to_states(&mut self, back: &mut [f32], at: usize, of_context: &[f32], pass: &Pass) {
        let t = self.length;
        if !self.attention {
            add(row_mut(back, t - 1, WIDTH), of_context, 1.0);
            return;
        }
        let shares = row(&pass.weights, at, t);
        let of_shares: Vec<f32> = (0..t).map(|j| dot(of_context, row(&pass.states, j, WIDTH))).collect();
        let mean = dot(&of_shares, shares);
        for j in 0..t {
            let of_score = shares[j] * (of_shares[j] - mean);
            let to = row_mut(back, j, WIDTH);
            add(to, of_context, shares[j]);
            add(to, row(&self.queries.values, at, WIDTH), of_score);
            add(row_mut(&mut self.queries.gradient, at, WIDTH), row(&pass.states, j, WIDTH), of_score);
        }
    }

    fn back_through_time(&mut self, sentence: &[usize], back: &mut [f32], pass: &Pass) {
        for at in (0..self.length).rev() {
            let state = row(&pass.states, at, WIDTH);
            let of_sum: Vec<f32> = row(back, at, WIDTH).iter().zip(state).map(|(g, h)| g * (1.0 - h * h)).collect();
            add(&mut self.bias.gradient, &of_sum, 1.0);
            add(row_mut(&mut self.words.gradient, sentence[at], WIDTH), &of_sum, 1.0);
            add(row_mut(&mut self.places.gradient, at, WIDTH), &of_sum, 1.0);
            if at == 0 {
                break;
            }
            let before = row(&pass.states, at - 1, WIDTH).to_vec();
            for (i, g) in of_sum.iter().enumerate() {
                add(row_mut(&mut self.turn.gradient, i, WIDTH), &before, *g);
                add(row_mut(back, at - 1, WIDTH), row(&self.turn.values, i, WIDTH), *g);
            }
        }
    }

    fn adam(&mut self, rate: f32, turn: usize) {
        let all =
            [&mut self.words, &mut self.places, &mut self.turn, &mut self.bias, &mut self.queries, &mut self.readout];
        all.into_iter().for_each(|parameter| parameter.adam(rate, turn));
    }
}

fn sentence(length: usize, rng: &mut Rng) -> Vec<usize> {
    (0..length).map(|_| rng.below(WORDS)).collect()
}

/// The likeliest word at every place.
fn said(pass: &Pass) -> Vec<usize> {
    let likeliest = |row: &[f32]| (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0);
    pass.probabilities.chunks(WORDS).map(likeliest).collect()
}

fn measure(network: &Network, options: &RecallOptions, step: usize) -> Recall {
    // Always the same sentences, which no training sees: their generator is another one.
    let mut rng = Rng::from_parts(options.seed, 99);
    let example = sentence(options.length, &mut rng);
    let pass = network.forward(&example);
    let mut hits = vec![0usize; options.length];
    for _ in 0..HELD_OUT {
        let read = sentence(options.length, &mut rng);
        let said = said(&network.forward(&read));
        for ((hits, a), b) in hits.iter_mut().zip(&read).zip(&said) {
            *hits += usize::from(a == b);
        }
    }
    let right = hits.into_iter().map(|hits| hits as f32 / HELD_OUT as f32).collect();
    let said = said(&pass);
    Recall { attention: options.attention, step, right, sentence: example, said, weights: pass.weights }
}

/// Trains a network; the listener hears how it does and may end it, then nothing is returned. The same options give the
/// same network.
pub fn recall(options: &RecallOptions, mut listen: impl FnMut(Recall) -> ControlFlow<()>) -> Option<Recall> {
    let options = RecallOptions { length: options.length.clamp(2, 24), ..*options };
    let mut rng = Rng::new(options.seed);
    let mut network = Network::new(&options, &mut rng);
    for step in 0..options.steps {
        for _ in 0..BATCH {
            let read = sentence(options.length, &mut rng);
            let pass = network.forward(&read);
            network.backward(&read, &pass, 1.0 / BATCH as f32);
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

    fn loss(network: &Network, sentence: &[usize]) -> f32 {
        let pass = network.forward(sentence);
        let costs = sentence.iter().enumerate().map(|(at, &word)| -row(&pass.probabilities, at, WORDS)[word].ln());
        costs.sum::<f32>() / sentence.len() as f32
    }

    /// The parameters one after the other, by a number.
    fn parameter(network: &mut Network, which: usize) -> &mut Parameter {
        match which {
            0 => &mut network.words,
            1 => &mut network.places,
            2 => &mut network.turn,
            3 => &mut network.bias,
            4 => &mut network.readout,
            _ => &mut network.queries,
        }
    }

    #[test]
    fn the_gradient_is_that_of_small_differences() {
        for attention in [false, true] {
            let options = RecallOptions { length: 4, attention, steps: 0, seed: 3 };
            let mut network = Network::new(&options, &mut Rng::new(3));
            let read = [3, 1, 4, 1];
            let pass = network.forward(&read);
            network.backward(&read, &pass, 1.0);
            for which in 0..if attention { 6 } else { 5 } {
                // Of each parameter some values that the sentence touches.
                for place in [1, WIDTH + 5, 3 * WIDTH + 7] {
                    if place >= parameter(&mut network, which).values.len() {
                        continue;
                    }
                    let found = parameter(&mut network, which).gradient[place];
                    let mut shifted = |by: f32| {
                        parameter(&mut network, which).values[place] += by;
                        let loss = loss(&network, &read);
                        parameter(&mut network, which).values[place] -= by;
                        loss
                    };
                    let expected = (shifted(1e-2) - shifted(-1e-2)) / 2e-2;
                    let close = (found - expected).abs() < 2e-4 + 0.03 * expected.abs();
                    assert!(close, "parameter {which}, value {place}: {found} instead of {expected}");
                }
            }
        }
    }

    #[test]
    fn a_network_that_looks_back_recalls_what_another_forgets() {
        let train = |attention| {
            let options = RecallOptions { length: 10, attention, steps: 150, seed: 1 };
            recall(&options, |_| ControlFlow::Continue(())).unwrap()
        };
        let (one, all) = (train(false), train(true));
        assert!(one.right[9] > one.right[0] + 0.2, "the first words fade: {:?}", one.right);
        assert!(all.right[0] > one.right[0] + 0.2, "{:?} against {:?}", all.right, one.right);
        assert!(all.weights.chunks(10).all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-4));
        assert!(one.weights.is_empty());
        let stopped = RecallOptions { length: 4, attention: true, steps: 50, seed: 1 };
        assert!(recall(&stopped, |_| ControlFlow::Break(())).is_none());
    }
}
