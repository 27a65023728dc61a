//! Chapter 2: attention.

mod dot_product;
mod heads;
mod mask;
mod mask_shape;
mod padding;
mod patches;
mod qkv;
mod seq2seq;
mod sqrt_d;
mod two_contexts;
mod viewer;
mod word_vectors;

use super::FigureEntry;

/// The figures of this chapter, in its order.
pub(super) const FIGURES: [FigureEntry; 11] = [
    patches::ENTRY,
    two_contexts::ENTRY,
    word_vectors::ENTRY,
    dot_product::ENTRY,
    seq2seq::ENTRY,
    qkv::ENTRY,
    sqrt_d::ENTRY,
    mask::ENTRY,
    padding::ENTRY,
    heads::ENTRY,
    viewer::ENTRY,
];
