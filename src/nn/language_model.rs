//! What reading and continuing a text needs of a model, whichever path computes it.

use std::ops::ControlFlow;

use burn::tensor::Tensor;

use super::config::DecoderConfig;
use super::{B, Decoder, KvCache, NoProbe, host_values};

/// So many rows of logits are computed and handed over at once where all of a text's are wanted: a block of GPT-2's
/// vocabulary is 6 MB, however long the text.
pub(super) const LOGIT_ROWS: usize = 32;

/// So many tokens go through the graph before somebody is asked whether the rest is still wanted.
const ASK_EVERY: usize = 256;

/// A model that says which token comes next.
pub trait LanguageModel {
    /// What model it is.
    fn config(&self) -> &DecoderConfig;

    /// Begins a text of at most `capacity` tokens (at least one, at most the context).
    fn begin(&self, capacity: usize) -> Box<dyn Sequence + '_>;

    /// Begins `beams` texts (at least one) with a common beginning, each of at most `capacity` tokens.
    fn begin_beams(&self, beams: usize, capacity: usize) -> Box<dyn Beams + '_>;
}

/// A text that a model is reading.
pub trait Sequence {
    /// Reads on and returns the logits `[vocabulary]` after the last token; nothing for no ids. Ids must be below the
    /// vocabulary, and no more than there is room for.
    fn read(&mut self, ids: &[u32]) -> Vec<f32>;

    /// The same for a long text, asking now and then whether to go on. Nothing comes back where the answer was no; then only
    /// [`Sequence::clear`] may follow.
    fn read_while(&mut self, ids: &[u32], go_on: &mut dyn FnMut() -> ControlFlow<()>) -> Option<Vec<f32>> {
        let mut logits = Vec::new();
        for ids in ids.chunks(ASK_EVERY) {
            if go_on().is_break() {
                return None;
            }
            logits = self.read(ids);
        }
        Some(logits)
    }

    /// Reads on and hands over the logits `[vocabulary]` after every token, in their order, with the token's place among
    /// `ids`. They are computed in blocks of rows, so memory does not grow with the text.
    fn read_each(&mut self, ids: &[u32], each: &mut dyn FnMut(usize, &[f32])) {
        for (place, id) in ids.iter().enumerate() {
            each(place, &self.read(std::slice::from_ref(id)));
        }
    }

    /// Forgets everything that was read. What is allocated stays.
    fn clear(&mut self);
}

/// Several texts of the same length with a common beginning, which a model reads side by side.
pub trait Beams {
    /// Reads the common beginning, once, and returns the logits `[vocabulary]` after it.
    fn read(&mut self, ids: &[u32]) -> Vec<f32>;

    /// The same for a long text, asking now and then whether to go on. Nothing comes back where the answer was no; then the
    /// texts cannot be used any more.
    fn read_while(&mut self, ids: &[u32], go_on: &mut dyn FnMut() -> ControlFlow<()>) -> Option<Vec<f32>> {
        if go_on().is_break() { None } else { Some(self.read(ids)) }
    }

    /// From now on text `i` is what text `from[i]` was, and one token more, `ids[i]`; there may be fewer than before.
    /// Returns the logits `[from.len(), vocabulary]` after those tokens. After the common beginning all texts are alike.
    ///
    /// # Panics
    /// Where there are no such texts, more than were begun, or not as many ids.
    fn step(&mut self, from: &[usize], ids: &[u32]) -> Vec<f32>;
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

    fn begin_beams(&self, beams: usize, capacity: usize) -> Box<dyn Beams + '_> {
        if self.config().causal {
            let caches = vec![Some(KvCache::new(self.config(), capacity, self.device()))];
            return Box::new(CachedBeams { decoder: self, beams, caches });
        }
        Box::new(WholeBeams::new(self, beams))
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

    fn read_each(&mut self, ids: &[u32], each: &mut dyn FnMut(usize, &[f32])) {
        if ids.is_empty() {
            return;
        }
        let stream: Tensor<B, 2> = self.decoder.decode_stream(ids, &mut self.cache);
        let vocabulary = self.decoder.config().vocabulary;
        for first in (0..ids.len()).step_by(LOGIT_ROWS) {
            let rows = LOGIT_ROWS.min(ids.len() - first);
            let logits = host_values(self.decoder.output(stream.clone().narrow(0, first, rows)));
            logits.chunks_exact(vocabulary).enumerate().for_each(|(row, logits)| each(first + row, logits));
        }
    }

    fn clear(&mut self) {
        self.cache.clear();
    }
}

/// The graph where attention is not causal: there every new token changes what was computed for those before it.
struct Whole<'a> {
    decoder: &'a Decoder,
    ids: Vec<u32>,
}

impl Sequence for Whole<'_> {
    fn read_while(&mut self, ids: &[u32], go_on: &mut dyn FnMut() -> ControlFlow<()>) -> Option<Vec<f32>> {
        // Parts would be read again with every later one.
        if go_on().is_break() { None } else { Some(self.read(ids)) }
    }

    fn read(&mut self, ids: &[u32]) -> Vec<f32> {
        if ids.is_empty() {
            return Vec::new();
        }
        self.ids.extend_from_slice(ids);
        let stream = self.decoder.hidden(self.decoder.ids(&self.ids, 1), &mut NoProbe);
        let last = stream.narrow(1, self.ids.len() - 1, 1);
        host_values(self.decoder.output(last.squeeze_dim(0)))
    }

    fn clear(&mut self) {
        self.ids.clear();
    }
}

/// Beams of the graph, one cache each.
struct CachedBeams<'a> {
    decoder: &'a Decoder,
    beams: usize,
    /// All there, except while they are being rearranged.
    caches: Vec<Option<KvCache>>,
}

impl Beams for CachedBeams<'_> {
    fn read(&mut self, ids: &[u32]) -> Vec<f32> {
        let logits = self.caches.first_mut().and_then(Option::as_mut).map(|cache| self.decoder.decode(ids, cache));
        let first = self.caches.first().cloned().flatten();
        self.caches.resize(self.beams, first);
        logits.unwrap_or_default()
    }

    fn step(&mut self, from: &[usize], ids: &[u32]) -> Vec<f32> {
        assert!(from.len() == ids.len() && from.len() <= self.beams);
        let mut old = std::mem::take(&mut self.caches);
        let mut logits = Vec::with_capacity(from.len() * self.decoder.config().vocabulary);
        for (i, (&beam, &id)) in from.iter().zip(ids).enumerate() {
            // Whoever needs a cache last takes it: then it is written in place instead of being copied.
            let again = from.iter().skip(i + 1).any(|&later| later == beam);
            let mut cache = if again { old[beam].clone() } else { old[beam].take() };
            if let Some(cache) = &mut cache {
                logits.extend(self.decoder.decode(&[id], cache));
            }
            self.caches.push(cache);
        }
        logits
    }
}

/// Beams of a model that has to read a whole text again for every token.
pub(super) struct WholeBeams<'a> {
    model: &'a dyn LanguageModel,
    texts: Vec<Vec<u32>>,
}

impl<'a> WholeBeams<'a> {
    pub fn new(model: &'a dyn LanguageModel, beams: usize) -> Self {
        Self { model, texts: vec![Vec::new(); beams.max(1)] }
    }

    fn logits(&self, text: &[u32]) -> Vec<f32> {
        self.model.begin(text.len()).read(text)
    }
}

impl Beams for WholeBeams<'_> {
    fn read(&mut self, ids: &[u32]) -> Vec<f32> {
        self.texts.iter_mut().for_each(|text| text.extend_from_slice(ids));
        self.logits(&self.texts[0])
    }

    fn step(&mut self, from: &[usize], ids: &[u32]) -> Vec<f32> {
        assert!(from.len() == ids.len());
        self.texts = from.iter().zip(ids).map(|(&beam, &id)| [&self.texts[beam][..], &[id]].concat()).collect();
        self.texts.iter().flat_map(|text| self.logits(text)).collect()
    }
}
