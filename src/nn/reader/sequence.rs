//! One text on its way through a [`SliceReader`].

use std::ops::{ControlFlow, Range};

use rayon::prelude::*;

use super::super::config::{NormPlace, Positions};
use super::super::language_model::{LOGIT_ROWS, Sequence};
use super::super::plan::{BlockPlan, Norm};
use super::super::positional;
use super::SliceReader;
use crate::kernels::attention::Shape;
use crate::kernels::cached::Past;
use crate::kernels::rotary::Rotary;
use crate::kernels::{activation, norm, rows, threads};

/// Most tokens that go through the model together, where attention lets them be taken apart.
const CHUNK: usize = 512;

/// From so many tokens on, whoever waits is asked between the blocks whether they are still wanted.
const ASKED: usize = 16;

/// Rows of an element-wise pass that one task works off.
const ROWS: usize = 16;

/// What was read, and room to read on.
pub(super) struct SliceSequence<'a> {
    reader: &'a SliceReader,
    capacity: usize,
    /// Tokens read; where attention is not causal, all of them, because each new one changes what came of the others.
    length: usize,
    earlier: Vec<u32>,
    /// Keys and values of one text a lane, one a layer in each; a plain sequence has one lane.
    lanes: Vec<Vec<Past>>,
    rotary: Option<Rotary>,
    /// Sinusoidal positions `[capacity, d_model]`, or empty.
    sinusoids: Vec<f32>,
    rows: Rows,
}

/// Activations of the tokens that are being read, one row a token.
#[derive(Default)]
struct Rows {
    /// The residual stream, `[n, d_model]`.
    x: Vec<f32>,
    /// What goes into a sub-layer where it is not the stream itself.
    normed: Vec<f32>,
    /// What comes out of it.
    y: Vec<f32>,
    qkv: Vec<f32>,
    heads: Vec<f32>,
    gate: Vec<f32>,
    up: Vec<f32>,
    hidden: Vec<f32>,
    stats: Vec<f32>,
}

impl Rows {
    fn resize(&mut self, n: usize, reader: &SliceReader) {
        let config = &reader.config;
        let (d, ff) = (config.d_model, config.d_ff);
        let d_head = config.d_head();
        let width = (config.n_heads + 2 * config.n_kv_heads) * d_head;
        let gate = if reader.activation().is_none() { ff } else { 0 };
        let buffers = [
            (&mut self.x, d),
            (&mut self.normed, d),
            (&mut self.y, d),
            (&mut self.qkv, width),
            (&mut self.heads, config.n_heads * d_head),
            (&mut self.gate, gate),
            (&mut self.up, ff),
            (&mut self.hidden, ff),
            (&mut self.stats, 2),
        ];
        for (buffer, columns) in buffers {
            buffer.resize(n * columns, 0.0);
        }
    }
}

/// What the rows of a pass are to each other.
#[derive(Clone, Copy)]
enum Side<'a> {
    /// One token after the other of the first lane's text.
    Along,
    /// The next token of each of these lanes' texts, which are equally long.
    Across(&'a [usize]),
}

impl<'a> SliceSequence<'a> {
    pub fn new(reader: &'a SliceReader, capacity: usize) -> Self {
        Self::with_lanes(reader, 1, capacity)
    }

    /// Room for `lanes` texts, the first of which is read by [`Sequence::read`]. Allocates everything once.
    pub fn with_lanes(reader: &'a SliceReader, lanes: usize, capacity: usize) -> Self {
        let config = &reader.config;
        let capacity = capacity.max(1);
        let (d_head, kv_heads) = (config.d_head(), config.n_kv_heads);
        let past = || (0..config.n_layers).map(|_| Past::new(kv_heads, capacity, d_head)).collect();
        let lanes = (0..lanes).map(|_| past()).collect();
        let rotary = (config.positions == Positions::Rotary).then(|| {
            let (cosines, sines) = positional::rotary(0, capacity, &config.rotary_frequencies());
            Rotary::new(&cosines, &sines, d_head)
        });
        let sinusoids = match config.positions {
            Positions::Sinusoidal => positional::table(capacity, config.d_model),
            _ => Vec::new(),
        };
        let rows = Rows::default();
        Self { reader, capacity, length: 0, earlier: Vec::new(), lanes, rotary, sinusoids, rows }
    }

    /// Tokens read, of every text.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Copies keys and values of the positions from `first` on from one lane to another.
    pub fn copy_lane(&mut self, from: usize, to: usize, first: usize) {
        let positions = first..self.length;
        let Ok([from, to]) = self.lanes.get_disjoint_mut([from, to]) else { return };
        let (heads, d) = (self.reader.config.n_kv_heads, self.reader.config.d_head());
        from.iter().zip(to).for_each(|(from, to)| to.copy(from, heads, d, positions.clone()));
    }

    /// Reads one token more of the text of every lane named; the logits `[lanes, vocabulary]` after them.
    pub fn step(&mut self, ids: &[u32], lanes: &[usize]) -> Vec<f32> {
        self.pass(ids, Side::Across(lanes));
        self.logits(0..ids.len())
    }

    /// Takes tokens through all blocks; the stream is in `rows.x` afterwards.
    fn pass(&mut self, ids: &[u32], side: Side) {
        let reader = self.reader;
        let start = self.length;
        let more = if let Side::Along = side { ids.len() } else { 1 };
        assert!(start + more <= self.capacity, "no room for so many tokens");
        self.rows.resize(ids.len(), reader);
        self.embed(ids, start, side);
        (0..reader.plan.blocks.len()).for_each(|layer| self.block(layer, start, side));
        self.length += more;
    }

    /// Takes the tokens of a pass through one block.
    fn block(&mut self, layer: usize, start: usize, side: Side) {
        let block = &self.reader.plan.blocks[layer];
        self.enter(&block.norm1);
        self.attention(layer, block, start, side);
        self.leave(&block.norm1);
        self.enter(&block.norm2);
        self.feed_forward(block);
        self.leave(&block.norm2);
    }

    /// As [`SliceSequence::pass`] along the first text, with a question before every block; whether it came to the end.
    /// Where it did not, nothing counts as read: what the blocks have kept is overwritten by the next pass.
    fn pass_while(&mut self, ids: &[u32], go_on: &mut dyn FnMut() -> ControlFlow<()>) -> bool {
        let start = self.length;
        assert!(start + ids.len() <= self.capacity, "no room for so many tokens");
        threads::run(|| {
            self.rows.resize(ids.len(), self.reader);
            self.embed(ids, start, Side::Along);
        });
        for layer in 0..self.reader.plan.blocks.len() {
            if go_on().is_break() {
                return false;
            }
            threads::run(|| self.block(layer, start, Side::Along));
        }
        self.length += ids.len();
        true
    }

    fn embed(&mut self, ids: &[u32], start: usize, side: Side) {
        let reader = self.reader;
        let d = reader.config.d_model;
        let x = &mut self.rows.x;
        if let Some(embedding) = &reader.matrices[reader.plan.embedding] {
            x.chunks_exact_mut(d).zip(ids).for_each(|(row, &id)| embedding.column(id as usize, row));
        }
        let table = match reader.config.positions {
            Positions::None | Positions::Rotary => return,
            Positions::Sinusoidal => &self.sinusoids,
            Positions::Learned => &reader.vectors[reader.plan.positions],
        };
        match side {
            Side::Along => rows::add(reader.simd, x, &table[start * d..(start + ids.len()) * d]),
            Side::Across(_) => rows::add_bias(reader.simd, x, &table[start * d..(start + 1) * d]),
        }
    }

    fn pre(&self) -> bool {
        self.reader.config.norm_place == NormPlace::Pre
    }

    /// What a sub-layer reads goes to `normed`: the stream, normalized where that is done before.
    fn enter(&mut self, plan: &Norm) {
        if self.pre() {
            self.normalize(plan);
        } else {
            self.rows.normed.copy_from_slice(&self.rows.x);
        }
    }

    /// What a sub-layer has written to `y` goes into the stream.
    fn leave(&mut self, plan: &Norm) {
        let Rows { x, y, .. } = &mut self.rows;
        if self.reader.config.residual {
            rows::add(self.reader.simd, x, y);
        } else {
            x.copy_from_slice(y);
        }
        if !self.pre() {
            self.normalize(plan);
            std::mem::swap(&mut self.rows.x, &mut self.rows.normed);
        }
    }

    /// `normed` ← norm(x).
    fn normalize(&mut self, plan: &Norm) {
        let (simd, norm) = (self.reader.simd, self.reader.norm(plan));
        let d = self.reader.config.d_model;
        let Rows { x, normed, stats, .. } = &mut self.rows;
        if stats.len() <= 2 * ROWS {
            norm::forward(simd, norm, x, normed, stats);
            return;
        }
        let parts = x.par_chunks(ROWS * d).zip(normed.par_chunks_mut(ROWS * d)).zip(stats.par_chunks_mut(ROWS * 2));
        parts.for_each(|((x, normed), stats)| norm::forward(simd, norm, x, normed, stats));
    }

    fn attention(&mut self, layer: usize, block: &BlockPlan, start: usize, side: Side) {
        let (reader, config) = (self.reader, &self.reader.config);
        let Rows { normed, y, qkv, heads, stats, .. } = &mut self.rows;
        let more = if let Side::Along = side { stats.len() / 2 } else { 1 };
        let shape = Shape {
            time: start + more,
            heads: config.n_heads,
            kv_heads: config.n_kv_heads,
            d_head: config.d_head(),
            causal: config.causal,
            window: config.window(layer),
            scale: config.score_scale(),
        };
        reader.linear(&block.qkv, normed, qkv);
        let mut one_text = |lane: usize, qkv: &mut [f32], heads: &mut [f32]| {
            if let Some(rotary) = &self.rotary {
                rotary.turn(start, qkv, shape.width(), shape.heads + shape.kv_heads, false);
            }
            let past = &mut self.lanes[lane][layer];
            past.append(&shape, start, qkv);
            past.attend(reader.simd, &shape, start, qkv, heads);
        };
        match side {
            Side::Along => one_text(0, qkv, heads),
            Side::Across(lanes) => {
                let rows = qkv.chunks_exact_mut(shape.width()).zip(heads.chunks_exact_mut(shape.heads * shape.d_head));
                rows.zip(lanes).for_each(|((qkv, heads), &lane)| one_text(lane, qkv, heads));
            }
        }
        reader.linear(&block.out, heads, y);
    }

    fn feed_forward(&mut self, block: &BlockPlan) {
        let reader = self.reader;
        let (simd, ff) = (reader.simd, reader.config.d_ff);
        let Rows { normed, y, gate, up, hidden, .. } = &mut self.rows;
        match (reader.activation(), &block.gate) {
            (None, Some(plan)) => {
                reader.linear(plan, normed, gate);
                reader.linear(&block.up, normed, up);
                let parts = gate.par_chunks_mut(ROWS * ff).zip(up.par_chunks_mut(ROWS * ff));
                let parts = parts.zip(hidden.par_chunks_mut(ROWS * ff));
                parts.for_each(|((gate, up), hidden)| activation::swiglu(simd, gate, up, hidden));
            }
            (kind, _) => {
                reader.product(block.up.weight, normed, up);
                let bias = block.up.bias.map(|bias| &reader.vectors[bias][..]);
                let kind = kind.unwrap_or(activation::Kind::Relu);
                let parts = up.par_chunks_mut(ROWS * ff).zip(hidden.par_chunks_mut(ROWS * ff));
                parts.for_each(|(up, hidden)| activation::forward(simd, kind, up, hidden, bias, ff));
            }
        }
        reader.linear(&block.down, hidden, y);
    }

    /// The logits `[rows, vocabulary]` of some rows of the last pass.
    fn logits(&self, range: Range<usize>) -> Vec<f32> {
        let reader = self.reader;
        let d = reader.config.d_model;
        let stream = &self.rows.x[range.start * d..range.end * d];
        let mut hidden = stream.to_vec();
        if let Some(plan) = &reader.plan.final_norm {
            let norm = reader.norm(plan);
            norm::forward(reader.simd, norm, stream, &mut hidden, &mut vec![0.0; 2 * range.len()]);
        }
        let mut logits = vec![0.0; range.len() * reader.config.vocabulary];
        reader.product(reader.head(), &hidden, &mut logits);
        if let Some(bias) = reader.plan.head_bias {
            rows::add_bias(reader.simd, &mut logits, &reader.vectors[bias]);
        }
        logits
    }

    /// Rows of the last pass.
    fn passed(&self) -> usize {
        self.rows.x.len() / self.reader.config.d_model
    }

    /// Reads on in the first lane's text; the logits `[vocabulary]` after the last of at least one token.
    pub fn read_all(&mut self, ids: &[u32]) -> Vec<f32> {
        if self.reader.config.causal {
            ids.chunks(CHUNK).for_each(|ids| self.pass(ids, Side::Along));
        } else {
            self.earlier.extend_from_slice(ids);
            let all = std::mem::take(&mut self.earlier);
            self.length = 0;
            self.pass(&all, Side::Along);
            self.earlier = all;
        }
        let rows = self.passed();
        self.logits(rows - 1..rows)
    }
}

impl Sequence for SliceSequence<'_> {
    fn read_while(&mut self, ids: &[u32], go_on: &mut dyn FnMut() -> ControlFlow<()>) -> Option<Vec<f32>> {
        // A few tokens are read before anybody could mind.
        if ids.len() < ASKED || !self.reader.config.causal {
            return if go_on().is_break() { None } else { Some(self.read(ids)) };
        }
        for ids in ids.chunks(CHUNK) {
            if !self.pass_while(ids, go_on) {
                return None;
            }
        }
        let rows = self.passed();
        Some(threads::run(|| self.logits(rows - 1..rows)))
    }

    fn read(&mut self, ids: &[u32]) -> Vec<f32> {
        if ids.is_empty() {
            return Vec::new();
        }
        threads::run(|| self.read_all(ids))
    }

    fn read_each(&mut self, ids: &[u32], each: &mut dyn FnMut(usize, &[f32])) {
        let vocabulary = self.reader.config.vocabulary;
        if !self.reader.config.causal {
            // A token more changes what all others have seen, so each place is a text of its own.
            ids.iter().enumerate().for_each(|(place, &id)| each(place, &self.read(&[id])));
            return;
        }
        let mut place = 0;
        for ids in ids.chunks(CHUNK) {
            threads::run(|| self.pass(ids, Side::Along));
            for first in (0..ids.len()).step_by(LOGIT_ROWS) {
                let logits = threads::run(|| self.logits(first..ids.len().min(first + LOGIT_ROWS)));
                for row in logits.chunks_exact(vocabulary) {
                    each(place, row);
                    place += 1;
                }
            }
        }
    }

    fn clear(&mut self) {
        self.length = 0;
        self.earlier.clear();
    }
}
