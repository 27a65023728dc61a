//! A model whose weights are taken one parameter at a time, so that what is made of them need not stand beside them.

use std::borrow::Cow;
use std::sync::Arc;

use super::Loaded;
use super::error::HubError;
use super::foreign::Parameters;
use super::reading::Reading;
use crate::nn::{DecoderConfig, Layout, Weights};
use crate::text::Tokenizer;

/// A model of which everything is known but its weights.
pub struct Opened {
    /// A short name for a person.
    pub name: String,
    /// What model it is.
    pub config: Arc<DecoderConfig>,
    /// Its parameters.
    pub layout: Arc<Layout>,
    /// How text becomes its tokens.
    pub tokenizer: Tokenizer,
    /// For runs: the training step of these weights.
    pub step: Option<u64>,
    /// `en`, `es`, … where it is known.
    pub language: Option<String>,
    values: Values,
}

enum Values {
    /// In memory, in the order of the layout: our own files are read as a whole.
    Here(Vec<f32>),
    /// In another program's files.
    Files(Parameters),
}

impl From<Loaded> for Opened {
    fn from(loaded: Loaded) -> Self {
        let Loaded { name, weights, tokenizer, step, language } = loaded;
        let Weights { config, layout, data } = weights;
        Self { name, config, layout, tokenizer, step, language, values: Values::Here(data) }
    }
}

impl Opened {
    /// A model in another program's files. `empty` has its configuration.
    pub(super) fn in_files(name: &str, empty: Weights, values: Parameters, tokenizer: Tokenizer) -> Self {
        let Weights { config, layout, .. } = empty;
        let (step, language) = (None, None);
        Self { name: name.to_owned(), config, layout, tokenizer, step, language, values: Values::Files(values) }
    }

    /// The values of the parameter at this place of the layout.
    ///
    /// # Errors
    /// If they cannot be read or are no numbers, or the reading was stopped.
    pub fn parameter(&self, index: usize, reading: &Reading) -> Result<Cow<'_, [f32]>, HubError> {
        match &self.values {
            Values::Here(data) => {
                let range = self.layout.parameters.get(index).map(|parameter| parameter.range.clone());
                Ok(Cow::Borrowed(range.and_then(|range| data.get(range)).unwrap_or_default()))
            }
            Values::Files(parameters) => parameters.values(index, reading).map(Cow::Owned),
        }
    }

    /// All weights in memory.
    ///
    /// # Errors
    /// As [`Opened::parameter`].
    pub fn weights(&self, reading: &Reading) -> Result<Weights, HubError> {
        let mut data = Vec::with_capacity(self.layout.len());
        for index in 0..self.layout.parameters.len() {
            data.extend_from_slice(&self.parameter(index, reading)?);
        }
        Ok(Weights { config: self.config.clone(), layout: self.layout.clone(), data })
    }

    /// The model with all its weights in memory.
    ///
    /// # Errors
    /// As [`Opened::parameter`].
    pub fn load(mut self, reading: &Reading) -> Result<Loaded, HubError> {
        let weights = match &mut self.values {
            Values::Here(data) => {
                let data = std::mem::take(data);
                Weights { config: self.config.clone(), layout: self.layout.clone(), data }
            }
            Values::Files(_) => self.weights(reading)?,
        };
        let Self { name, tokenizer, step, language, .. } = self;
        Ok(Loaded { name, weights, tokenizer, step, language })
    }
}
