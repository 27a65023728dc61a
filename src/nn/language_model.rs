//! What reading and continuing a text needs of a model, whichever path computes it.

use super::config::DecoderConfig;
use super::{Decoder, KvCache, NoProbe, host_values};

/// A model that says which token comes next.
pub trait LanguageModel {
    /// What model it is.
    fn config(&self) -> &DecoderConfig;

    /// Begins a text of at most `capacity` tokens (at least one, at most the context).
    fn begin(&self, capacity: usize) -> Box<dyn Sequence + '_>;
}

/// A text that a model is reading.
pub trait Sequence {
    /// Reads on and returns the logits `[vocabulary]` after the last token; nothing for no ids. Ids must be below the
    /// vocabulary, and no more than there is room for.
    fn read(&mut self, ids: &[u32]) -> Vec<f32>;
}

impl LanguageModel for Decoder {
    fn config(&self) -> &DecoderConfig {
        self.config()
    }

    fn begin(&self, capacity: usize) -> Box<dyn Sequence + '_> {
        if self.config().causal {
            let cache = KvCache::new(self.config(), capacity, self.device());
            return Box::new(Cached { decoder: self, cache });
        }
        Box::new(Whole { decoder: self, ids: Vec::new() })
    }
}

/// The graph with keys and values kept.
struct Cached<'a> {
    decoder: &'a Decoder,
    cache: KvCache,
}

impl Sequence for Cached<'_> {
    fn read(&mut self, ids: &[u32]) -> Vec<f32> {
        self.decoder.decode(ids, &mut self.cache)
    }
}

/// The graph where attention is not causal: there every new token changes what was computed for those before it.
struct Whole<'a> {
    decoder: &'a Decoder,
    ids: Vec<u32>,
}

impl Sequence for Whole<'_> {
    fn read(&mut self, ids: &[u32]) -> Vec<f32> {
        if ids.is_empty() {
            return Vec::new();
        }
        self.ids.extend_from_slice(ids);
        let stream = self.decoder.hidden(self.decoder.ids(&self.ids, 1), &mut NoProbe);
        let last = stream.narrow(1, self.ids.len() - 1, 1);
        host_values(self.decoder.output(last.squeeze_dim(0)))
    }
}
