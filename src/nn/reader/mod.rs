//! The decoder on plain slices, for reading and continuing texts on the CPU: the same function as the Burn graph.
//!
//! Its weights are laid out so that each is read from memory once a token ([`Packed`]), in 32, 16 or 8 bits.

mod beams;
mod sequence;

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use super::config::{DecoderConfig, Head, Positions};
use super::language_model::{Beams, LanguageModel, Sequence, WholeBeams};
use super::layout::Layout;
use super::plan::{Linear, Plan};
use super::weights::Weights;
use crate::kernels::activation::Kind;
use crate::kernels::{Mat, Packed, Simd, Storage, norm};

/// A decoder for reading.
pub struct SliceReader {
    config: Arc<DecoderConfig>,
    layout: Arc<Layout>,
    plan: Plan,
    simd: Simd,
    /// By the parameter's index: matrices, the embedding by its transpose `[d_model, vocabulary]`.
    matrices: Vec<Option<Packed>>,
    /// By the parameter's index: everything else, as it is.
    vectors: Vec<Vec<f32>>,
}

impl SliceReader {
    /// Whether this path computes the configuration; where it does not, the Burn graph does.
    pub fn supports(config: &DecoderConfig) -> bool {
        super::SliceDecoder::supports(config)
    }

    /// Copies the weights, each in this many bits.
    ///
    /// # Panics
    /// Where the configuration is not supported.
    pub fn new(weights: &Weights, storage: Storage) -> Self {
        Self::with_simd(weights, storage, Simd::detect())
    }

    /// The same at a given level of vector instructions.
    ///
    /// # Panics
    /// As [`SliceReader::new`].
    pub fn with_simd(weights: &Weights, storage: Storage, simd: Simd) -> Self {
        let parameter = |index| Ok::<_, Infallible>(Cow::Borrowed(weights.parameter(index)));
        let Ok(reader) = Self::build(&weights.config, &weights.layout, storage, simd, parameter);
        reader
    }

    /// Asks for one parameter after the other, by its index in the layout, so that no more than one of them is held
    /// beside what is kept: a model of half a gigabyte is read with little more than that.
    ///
    /// # Errors
    /// Those of `parameter`.
    ///
    /// # Panics
    /// Where the configuration is not supported.
    pub fn stream<'a, E>(
        config: &Arc<DecoderConfig>,
        layout: &Arc<Layout>,
        storage: Storage,
        parameter: impl FnMut(usize) -> Result<Cow<'a, [f32]>, E>,
    ) -> Result<Self, E> {
        Self::build(config, layout, storage, Simd::detect(), parameter)
    }

    fn build<'a, E>(
        config: &Arc<DecoderConfig>,
        layout: &Arc<Layout>,
        storage: Storage,
        simd: Simd,
        mut parameter: impl FnMut(usize) -> Result<Cow<'a, [f32]>, E>,
    ) -> Result<Self, E> {
        assert!(Self::supports(config), "a configuration that the slices do not serve");
        let plan = Plan::new(config, layout);
        let (mut matrices, mut vectors) = (Vec::new(), Vec::new());
        for (index, spec) in layout.parameters.iter().enumerate() {
            let values = parameter(index)?;
            // The table of positions is read by rows, a few of them a step.
            let table = config.positions == Positions::Learned && index == plan.positions;
            match spec.shape[..] {
                [rows, columns] if !table => {
                    let matrix = Mat::new(&values, rows, columns);
                    let matrix = if index == plan.embedding { matrix.t() } else { matrix };
                    (matrices.push(Some(Packed::new(matrix, storage))), vectors.push(Vec::new()))
                }
                _ => (matrices.push(None), vectors.push(values.into_owned())),
            };
        }
        Ok(Self { config: config.clone(), layout: layout.clone(), plan, simd, matrices, vectors })
    }

    /// Bytes that the weights take in memory.
    pub fn bytes(&self) -> usize {
        let matrices = self.matrices.iter().flatten().map(Packed::bytes);
        matrices.chain(self.vectors.iter().map(|vector| vector.len() * 4)).sum()
    }

    /// The weights as this path computes with them: exactly the original ones where they are stored in 32 bits.
    pub fn to_weights(&self) -> Weights {
        let mut data = vec![0.0; self.layout.len()];
        for (index, spec) in self.layout.parameters.iter().enumerate() {
            let to = &mut data[spec.range.clone()];
            match &self.matrices[index] {
                None => to.copy_from_slice(&self.vectors[index]),
                Some(matrix) if index == self.plan.embedding => {
                    let d = self.config.d_model;
                    to.chunks_exact_mut(d).enumerate().for_each(|(id, row)| matrix.column(id, row));
                }
                Some(matrix) => to.copy_from_slice(&matrix.unpack()),
            }
        }
        Weights { config: self.config.clone(), layout: self.layout.clone(), data }
    }

    /// y `[rows, out]` ← x·W + b.
    fn linear(&self, linear: &Linear, x: &[f32], y: &mut [f32]) {
        self.product(linear.weight, x, y);
        if let Some(bias) = linear.bias {
            crate::kernels::rows::add_bias(self.simd, y, &self.vectors[bias]);
        }
    }

    /// y `[rows, out]` ← x·W.
    fn product(&self, weight: usize, x: &[f32], y: &mut [f32]) {
        if let Some(matrix) = &self.matrices[weight] {
            matrix.product(self.simd, x, y);
        }
    }

    fn norm(&self, plan: &super::plan::Norm) -> norm::Norm<'_> {
        norm::Norm {
            gain: &self.vectors[plan.gain],
            bias: plan.bias.map(|bias| &self.vectors[bias][..]),
            eps: self.config.norm_eps as f32,
        }
    }

    /// The matrix of the output layer, `[d_model, vocabulary]`.
    fn head(&self) -> usize {
        match self.config.head {
            Head::Tied => self.plan.embedding,
            Head::Separate => self.plan.head,
        }
    }

    /// The plain non-linearity; nothing for SwiGLU, which has two inputs.
    fn activation(&self) -> Option<Kind> {
        super::slices::plain_activation(&self.config)
    }
}

impl LanguageModel for SliceReader {
    fn config(&self) -> &DecoderConfig {
        &self.config
    }

    fn begin(&self, capacity: usize) -> Box<dyn Sequence + '_> {
        Box::new(sequence::SliceSequence::new(self, capacity))
    }

    fn begin_beams(&self, beams: usize, capacity: usize) -> Box<dyn Beams + '_> {
        if self.config.causal {
            return Box::new(beams::SliceBeams::new(self, beams, capacity));
        }
        Box::new(WholeBeams::new(self, beams))
    }
}
