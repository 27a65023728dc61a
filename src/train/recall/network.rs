//! The network of [`super`]: its parameters, a pass through a sentence, and the way back.

use super::{Readout, RecallOptions, WIDTH, blend, softmax};
use crate::nn::Rng;

/// A matrix with its gradient and Adam's moments.
pub(super) struct Parameter {
    pub values: Vec<f32>,
    pub gradient: Vec<f32>,
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
pub(super) struct Network {
    length: usize,
    attention: bool,
    /// Scores are multiplied by this.
    scale: f32,
    /// Different words that it can say.
    outputs: usize,
    /// `[words that are read, WIDTH]` and `[length, WIDTH]`.
    pub words: Parameter,
    pub places: Parameter,
    /// `[WIDTH, WIDTH]`: from state to state; and what is added.
    pub turn: Parameter,
    pub bias: Parameter,
    /// With attention `[length, WIDTH]`: what each place asks.
    pub queries: Parameter,
    /// `[WIDTH, outputs]`, one for all places with attention, else one for each.
    pub readout: Parameter,
}

/// What a pass through a sentence leaves behind for the way back.
pub(super) struct Pass {
    /// `[length, WIDTH]`.
    pub states: Vec<f32>,
    /// `[length, length]`, with attention.
    pub scores: Vec<f32>,
    /// Likewise: softmax of each row.
    pub weights: Vec<f32>,
    /// `[length, WIDTH]`: what is read out of at each place.
    pub contexts: Vec<f32>,
    /// `[length, outputs]`.
    pub probabilities: Vec<f32>,
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `to += factor · from`.
pub(super) fn add(to: &mut [f32], from: &[f32], factor: f32) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
}

pub(super) fn row(values: &[f32], at: usize, width: usize) -> &[f32] {
    &values[at * width..(at + 1) * width]
}

fn row_mut(values: &mut [f32], at: usize, width: usize) -> &mut [f32] {
    &mut values[at * width..(at + 1) * width]
}

impl Network {
    pub fn new(options: &RecallOptions, rng: &mut Rng) -> Self {
        let length = options.length;
        let scale = 1.0 / (WIDTH as f32).sqrt();
        let readouts = if options.attention { 1 } else { length };
        let [inputs, outputs] = options.task.vocabularies();
        Self {
            length,
            attention: options.attention,
            scale: options.task.score_scale(),
            outputs,
            words: Parameter::new(inputs * WIDTH, 0.5, rng),
            places: Parameter::new(length * WIDTH, 0.5, rng),
            turn: Parameter::new(WIDTH * WIDTH, options.task.memory() * scale, rng),
            bias: Parameter::new(WIDTH, 0.0, rng),
            queries: Parameter::new(if options.attention { length * WIDTH } else { 0 }, scale, rng),
            readout: Parameter::new(readouts * WIDTH * outputs, scale, rng),
        }
    }

    /// How a context becomes a word, where one readout serves all places.
    pub fn readout(&self) -> Option<Readout> {
        self.attention.then(|| Readout { values: self.readout.values.clone(), outputs: self.outputs })
    }

    /// Which part of the readout belongs to a place.
    fn readout_of(&self, place: usize) -> usize {
        if self.attention { 0 } else { place * WIDTH * self.outputs }
    }

    pub fn forward(&self, sentence: &[usize]) -> Pass {
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
        let (scores, weights, contexts) = self.contexts(&states);
        let probabilities = (0..t).flat_map(|at| {
            let readout = self.readout.values.get(self.readout_of(at)..).unwrap_or_default();
            super::read(readout, self.outputs, row(&contexts, at, WIDTH))
        });
        let probabilities = probabilities.collect();
        Pass { states, scores, weights, contexts, probabilities }
    }

    /// What each place reads out of: the last state, or its mean of all states.
    fn contexts(&self, states: &[f32]) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        let t = self.length;
        if !self.attention {
            return (Vec::new(), Vec::new(), row(states, t - 1, WIDTH).repeat(t));
        }
        let score = |at: usize, j: usize| self.scale * dot(row(&self.queries.values, at, WIDTH), row(states, j, WIDTH));
        let scores: Vec<f32> = (0..t * t).map(|k| score(k / t, k % t)).collect();
        let weights: Vec<f32> = scores.chunks(t).flat_map(softmax).collect();
        let contexts = weights.chunks(t).flat_map(|shares| blend(states, shares)).collect();
        (scores, weights, contexts)
    }

    /// Adds the gradient of the mean cross-entropy of what is wanted for a sentence, times `factor`.
    pub fn backward(&mut self, sentence: &[usize], wanted: &[usize], pass: &Pass, factor: f32) {
        let (t, outputs) = (self.length, self.outputs);
        let mut back = vec![0.0; t * WIDTH];
        for at in 0..t {
            // p − y
            let mut error = row(&pass.probabilities, at, outputs).to_vec();
            error[wanted[at]] -= 1.0;
            error.iter_mut().for_each(|e| *e *= factor / t as f32);
            let first = self.readout_of(at);
            let context = row(&pass.contexts, at, WIDTH);
            let mut of_context = vec![0.0; WIDTH];
            for i in 0..WIDTH {
                let place = first + i * outputs;
                of_context[i] = dot(&self.readout.values[place..place + outputs], &error);
                add(&mut self.readout.gradient[place..place + outputs], &error, context[i]);
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
            let of_score = self.scale * shares[j] * (of_shares[j] - mean);
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

    pub fn adam(&mut self, rate: f32, turn: usize) {
        let all =
            [&mut self.words, &mut self.places, &mut self.turn, &mut self.bias, &mut self.queries, &mut self.readout];
        all.into_iter().for_each(|parameter| parameter.adam(rate, turn));
    }
}

#[cfg(test)]
mod tests {
    use super::super::Task;
    use super::*;

    fn loss(network: &Network, sentence: &[usize]) -> f32 {
        let pass = network.forward(sentence);
        let outputs = network.outputs;
        let costs = sentence.iter().enumerate().map(|(at, &word)| -row(&pass.probabilities, at, outputs)[word].ln());
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
        for (task, attention) in [(Task::Repeat, false), (Task::Repeat, true), (Task::Translate, true)] {
            let options = RecallOptions { task, length: 4, attention, steps: 0, seed: 3 };
            let mut network = Network::new(&options, &mut Rng::new(3));
            let read = [3, 1, 4, 1];
            let pass = network.forward(&read);
            network.backward(&read, &read, &pass, 1.0);
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
}
