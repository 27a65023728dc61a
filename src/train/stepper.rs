//! One training step on either path: plain slices on the CPU, the Burn graph on every other device (and for what the
//! slices do not serve). Both keep Adam's moments in the order of the layout.

use std::ops::Range;

use burn::tensor::{Int, Tensor, TensorData};

use super::batches::Batch;
use super::{OptimizerKind, TrainSettings};
use crate::kernels::adam::{AdamStep, adam, global_norm};
use crate::kernels::threads;
use crate::nn::{
    B, Decoder, DecoderConfig, Device, NoProbe, Parameter, Role, SliceDecoder, Weights, host_values, loss,
};

/// Weights, moments and what a step needs.
pub struct Stepper {
    path: Path,
    /// Steps that Adam has made.
    time: u64,
    tally: Tally,
}

/// Losses since they were last taken. Plain, so that a checkpoint can hold it.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Tally {
    /// Sum of the steps' losses, in nats a token.
    pub sum: f64,
    /// Number of steps.
    pub steps: u64,
    /// Norm of the last step's gradient before clipping.
    pub grad_norm: f32,
}

/// The state of the optimizer on the host: moments in the order of the layout.
pub struct Moments {
    /// Mean of gradients.
    pub m: Vec<f32>,
    /// Mean of their squares.
    pub v: Vec<f32>,
}

enum Path {
    Slices(Box<Slices>),
    Graph(Box<Graph>),
}

struct Slices {
    decoder: SliceDecoder,
    weights: Weights,
    grads: Vec<f32>,
    moments: Moments,
    decayed: Vec<Range<usize>>,
}

struct Graph {
    decoder: Decoder,
    device: Device,
    m: Vec<Parameter>,
    v: Vec<Parameter>,
    decays: Vec<bool>,
    /// Sum of losses and the last norm, still on the device.
    pending: Option<(Tensor<B, 1>, Tensor<B, 1>, u64)>,
}

/// The numbers of one step.
pub struct StepSettings {
    /// Learning rate.
    pub lr: f64,
    /// Seed of this step's dropout.
    pub dropout_seed: u64,
}

impl Stepper {
    /// From weights, and moments where a run goes on; `time` steps have been made.
    pub fn new(
        weights: Weights,
        moments: Option<Moments>,
        settings: &TrainSettings,
        device: &Device,
        time: u64,
    ) -> Self {
        let moments = moments.unwrap_or_else(|| Moments { m: vec![0.0; weights.len()], v: vec![0.0; weights.len()] });
        let decays = decays(&weights, settings);
        let on_cpu = matches!(device, Device::Flex(_));
        let path = if on_cpu && SliceDecoder::supports(&weights.config) {
            Path::Slices(Box::new(Slices {
                decoder: SliceDecoder::new(&weights.config, settings.batch_size, settings.context),
                grads: vec![0.0; weights.len()],
                decayed: ranges(&weights, &decays),
                moments,
                weights,
            }))
        } else {
            tracing::info!("this run trains on the graph");
            Path::Graph(Box::new(Graph::new(&weights, &moments, decays, device)))
        };
        Self { path, time, tally: Tally::default() }
    }

    /// What has been summed up since the last time; waits for the device.
    pub fn tally(&mut self) -> Tally {
        if let Path::Graph(graph) = &mut self.path
            && let Some((sum, norm, steps)) = graph.pending.take()
        {
            self.tally.sum += f64::from(first(sum));
            self.tally.grad_norm = first(norm);
            self.tally.steps += steps;
        }
        self.tally
    }

    /// The same, and begins to sum up anew.
    pub fn take_tally(&mut self) -> Tally {
        let tally = self.tally();
        self.tally = Tally { grad_norm: tally.grad_norm, ..Tally::default() };
        tally
    }

    /// Goes on from an earlier sum.
    pub fn set_tally(&mut self, tally: Tally) {
        self.tally = tally;
    }

    /// One step. On the CPU, where the loss is known at once, a step whose loss or gradient is no finite number changes
    /// nothing.
    pub fn step(&mut self, batch: &Batch, settings: &TrainSettings, step: &StepSettings) {
        let numbers = AdamStep {
            lr: step.lr as f32,
            beta1: settings.beta1 as f32,
            beta2: settings.beta2 as f32,
            eps: settings.eps as f32,
            weight_decay: if settings.optimizer == OptimizerKind::AdamW { settings.weight_decay as f32 } else { 0.0 },
            time: self.time + 1,
            gradient_scale: 1.0,
        };
        let seed = (settings.model.dropout > 0.0).then_some(step.dropout_seed);
        match &mut self.path {
            Path::Slices(slices) => {
                let (loss, norm) = threads::run(|| slices.step(batch, seed, numbers, settings.clip as f32));
                self.tally.sum += f64::from(loss);
                self.tally.steps += 1;
                self.tally.grad_norm = norm;
            }
            Path::Graph(graph) => graph.step(batch, settings, seed, &numbers),
        }
        self.time += 1;
    }

    /// The mean loss of a batch with these weights, without dropout and without a change. `rows` sequences.
    pub fn loss(&mut self, batch: &Batch, rows: usize) -> f32 {
        let context = batch.ids.len() / rows.max(1);
        match &mut self.path {
            Path::Slices(slices) => {
                let Slices { decoder, weights, .. } = &mut **slices;
                let run = || {
                    if decoder.shape() == [rows, context] {
                        decoder.loss(&weights.data, &batch.ids, &batch.targets, None)
                    } else {
                        let mut decoder = SliceDecoder::new(&weights.config, rows, context);
                        decoder.loss(&weights.data, &batch.ids, &batch.targets, None)
                    }
                };
                threads::run(run)
            }
            Path::Graph(graph) => graph.loss_alone(batch, rows),
        }
    }

    /// A copy of the weights on the host; waits for the device.
    pub fn weights(&self) -> Weights {
        match &self.path {
            Path::Slices(slices) => slices.weights.clone(),
            Path::Graph(graph) => graph.decoder.to_weights(),
        }
    }

    /// A copy of the optimizer's moments on the host.
    pub fn moments(&self) -> Moments {
        match &self.path {
            Path::Slices(slices) => Moments { m: slices.moments.m.clone(), v: slices.moments.v.clone() },
            Path::Graph(graph) => Moments { m: flat(&graph.m), v: flat(&graph.v) },
        }
    }

    /// The model's configuration.
    pub fn config(&self) -> &DecoderConfig {
        match &self.path {
            Path::Slices(slices) => &slices.weights.config,
            Path::Graph(graph) => graph.decoder.config(),
        }
    }
}

impl Slices {
    fn step(&mut self, batch: &Batch, dropout: Option<u64>, numbers: AdamStep, clip: f32) -> (f32, f32) {
        let Self { decoder, weights, grads, moments, decayed } = self;
        let loss = decoder.loss_and_gradients(&weights.data, &batch.ids, &batch.targets, None, dropout, grads);
        let norm = global_norm(grads);
        if loss.is_finite() && norm.is_finite() {
            let numbers = if clip > 0.0 { numbers.clipped(norm, clip) } else { numbers };
            adam(&mut weights.data, grads, &mut moments.m, &mut moments.v, decayed, &numbers);
            (loss, norm)
        } else {
            (f32::NAN, norm)
        }
    }
}

impl Graph {
    fn new(weights: &Weights, moments: &Moments, decays: Vec<bool>, device: &Device) -> Self {
        let upload = |data: &[f32]| {
            let parameters = &weights.layout.parameters;
            parameters.iter().map(|spec| Parameter::upload(&data[spec.range.clone()], &spec.shape, device)).collect()
        };
        let decoder = Decoder::from_weights(weights, &Device::autodiff(device.clone()));
        Self { decoder, device: device.clone(), m: upload(&moments.m), v: upload(&moments.v), decays, pending: None }
    }

    fn step(&mut self, batch: &Batch, settings: &TrainSettings, dropout: Option<u64>, numbers: &AdamStep) {
        let loss = self.loss(batch, settings.batch_size, dropout);
        let value = loss.clone().inner();
        let gradients = self.decoder.gradients(&loss.backward());
        let squares = gradients.iter().flatten().map(squared_sum).reduce(|a, b| a + b);
        let norm = squares.unwrap_or_else(|| Tensor::zeros([1], &self.device)).sqrt();
        // min(1, clip / norm), computed where the norm is, so that nothing waits for the device.
        let scale = (settings.clip > 0.0)
            .then(|| (norm.clone() + 1e-12).recip().mul_scalar(settings.clip as f32).clamp_max(1.0));
        for (index, gradient) in gradients.into_iter().enumerate() {
            let Some(gradient) = gradient else { continue };
            let decay = if self.decays[index] { numbers.weight_decay } else { 0.0 };
            let old = self.decoder.parameters()[index].inner();
            let step = AdamStep { weight_decay: decay, ..*numbers };
            let new = update(old, gradient, &mut self.m[index], &mut self.v[index], scale.as_ref(), &step);
            self.decoder.set_parameter(index, new);
        }
        let (sum, steps) = match self.pending.take() {
            Some((sum, _, steps)) => (sum + value, steps + 1),
            None => (value, 1),
        };
        self.pending = Some((sum, norm, steps));
    }

    fn loss(&self, batch: &Batch, rows: usize, dropout: Option<u64>) -> Tensor<B, 1> {
        let logits = self.decoder.forward_train(self.decoder.ids(&batch.ids, rows), dropout, &mut NoProbe);
        let [batch_size, time, vocabulary] = logits.dims();
        let targets: Vec<i32> = batch.targets.iter().map(|&id| id as i32).collect();
        let count = targets.len();
        let targets = Tensor::<B, 1, Int>::from_data(TensorData::new(targets, [count]), self.decoder.device());
        loss::cross_entropy(logits.reshape([batch_size * time, vocabulary]), targets, None)
    }

    fn loss_alone(&self, batch: &Batch, rows: usize) -> f32 {
        first(self.loss(batch, rows, None).inner())
    }
}

/// One parameter's Adam step, on the device; see [`AdamStep`] for the reference.
fn update(
    parameter: Parameter,
    gradient: Parameter,
    m: &mut Parameter,
    v: &mut Parameter,
    scale: Option<&Tensor<B, 1>>,
    step: &AdamStep,
) -> Parameter {
    match (parameter, gradient, m, v) {
        (Parameter::Matrix(p), Parameter::Matrix(g), Parameter::Matrix(m), Parameter::Matrix(v)) => {
            let g = scale.map_or_else(|| g.clone(), |scale| g.clone() * scale.clone().reshape([1, 1]));
            Parameter::Matrix(adam_tensor(p, g, m, v, step))
        }
        (Parameter::Vector(p), Parameter::Vector(g), Parameter::Vector(m), Parameter::Vector(v)) => {
            let g = scale.map_or_else(|| g.clone(), |scale| g.clone() * scale.clone());
            Parameter::Vector(adam_tensor(p, g, m, v, step))
        }
        // Parameter, gradient and moments share a layout, so their axes agree.
        (parameter, ..) => parameter,
    }
}

fn adam_tensor<const D: usize>(
    p: Tensor<B, D>,
    g: Tensor<B, D>,
    m: &mut Tensor<B, D>,
    v: &mut Tensor<B, D>,
    step: &AdamStep,
) -> Tensor<B, D> {
    let power = |beta: f32| 1.0 - f64::from(beta).powi(step.time.min(i32::MAX as u64) as i32);
    *m = m.clone().mul_scalar(step.beta1) + g.clone().mul_scalar(1.0 - step.beta1);
    *v = v.clone().mul_scalar(step.beta2) + (g.clone() * g).mul_scalar(1.0 - step.beta2);
    let mean = m.clone().div_scalar(power(step.beta1) as f32);
    let root = v.clone().div_scalar(power(step.beta2) as f32).sqrt().add_scalar(step.eps);
    p.mul_scalar(1.0 - step.lr * step.weight_decay) - (mean / root).mul_scalar(step.lr)
}

fn squared_sum(parameter: &Parameter) -> Tensor<B, 1> {
    match parameter {
        Parameter::Matrix(g) => (g.clone() * g.clone()).sum(),
        Parameter::Vector(g) => (g.clone() * g.clone()).sum(),
    }
}

fn first(tensor: Tensor<B, 1>) -> f32 {
    host_values(tensor).first().copied().unwrap_or(f32::NAN)
}

fn flat(parameters: &[Parameter]) -> Vec<f32> {
    parameters.iter().flat_map(Parameter::host_values).collect()
}

/// Which parameters weight decay touches: matrices, not biases and gains.
fn decays(weights: &Weights, settings: &TrainSettings) -> Vec<bool> {
    let on = settings.optimizer == OptimizerKind::AdamW && settings.weight_decay > 0.0;
    weights.layout.parameters.iter().map(|p| on && !matches!(p.role, Role::Bias | Role::NormGain)).collect()
}

/// Neighbouring parameters that decay, as ranges of the flat buffer.
fn ranges(weights: &Weights, decays: &[bool]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (parameter, _) in weights.layout.parameters.iter().zip(decays).filter(|(_, decays)| **decays) {
        match ranges.last_mut() {
            Some(last) if last.end == parameter.range.start => last.end = parameter.range.end,
            _ => ranges.push(parameter.range.clone()),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Rng, cpu};
    use crate::train::Preset;

    /// Three steps with clipping and decay on both paths.
    #[test]
    fn slices_and_graph_make_the_same_steps() {
        let mut settings = Preset::MiniLlama.settings();
        for (key, value) in
            [("d_model", "16"), ("n_layers", "2"), ("n_heads", "4"), ("n_kv_heads", "2"), ("d_ff", "24")]
        {
            settings.set(key, value).unwrap();
        }
        settings = TrainSettings { batch_size: 3, context: 8, clip: 0.05, ..settings };
        settings.model.vocabulary = 19;
        let weights = Weights::init(&settings.model, 5).unwrap();
        let mut a = Stepper::new(weights.clone(), None, &settings, &cpu(), 0);
        let moments = Moments { m: vec![0.0; weights.len()], v: vec![0.0; weights.len()] };
        let decays = decays(&weights, &settings);
        let path = Path::Graph(Box::new(Graph::new(&weights, &moments, decays, &cpu())));
        let mut b = Stepper { path, time: 0, tally: Tally::default() };
        let mut rng = Rng::new(1);
        for step in 0..3 {
            let mut ids = || (0..24).map(|_| rng.below(19) as u32).collect::<Vec<_>>();
            let batch = Batch { ids: ids(), targets: ids() };
            let numbers = StepSettings { lr: 0.01, dropout_seed: step };
            a.step(&batch, &settings, &numbers);
            b.step(&batch, &settings, &numbers);
        }
        let (x, y) = (a.take_tally(), b.take_tally());
        assert_eq!((x.steps, y.steps), (3, 3));
        assert!((x.sum - y.sum).abs() < 1e-3 && (x.grad_norm - y.grad_norm).abs() < 1e-3, "{x:?} {y:?}");
        assert!(x.grad_norm > 0.05, "clipping was at work");
        let furthest = a.weights().data.iter().zip(&b.weights().data).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(furthest < 2e-4, "{furthest}");
        let v = a.moments().v.iter().zip(&b.moments().v).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(v < 1e-6, "{v}");
    }
}
