//! Where in the layout does each part of the decoder find its parameters?

use super::config::{DecoderConfig, Head, NormKind, Positions};
use super::layout::Layout;

/// Indices of a linear map.
pub(super) struct Linear {
    pub weight: usize,
    pub bias: Option<usize>,
}

/// Indices of a normalization.
pub(super) struct Norm {
    pub gain: usize,
    pub bias: Option<usize>,
}

/// Indices of one block.
pub(super) struct BlockPlan {
    pub norm1: Norm,
    pub qkv: Linear,
    pub out: Linear,
    pub norm2: Norm,
    pub gate: Option<Linear>,
    pub up: Linear,
    pub down: Linear,
}

/// Indices of all parameters. `positions` and `head` mean something only where the configuration has them.
pub(super) struct Plan {
    pub embedding: usize,
    pub positions: usize,
    pub blocks: Vec<BlockPlan>,
    pub final_norm: Option<Norm>,
    pub head: usize,
    pub head_bias: Option<usize>,
}

impl Plan {
    /// Walks the layout in its order, which [`Layout::new`] defines.
    pub fn new(config: &DecoderConfig, layout: &Layout) -> Self {
        let mut next = 0..layout.parameters.len();
        let mut take = move || next.next().unwrap_or(usize::MAX);
        let norm_has_bias = config.norm == NormKind::LayerNorm;
        let embedding = take();
        let positions = if config.positions == Positions::Learned { take() } else { usize::MAX };
        let mut blocks = Vec::with_capacity(config.n_layers);
        for _ in 0..config.n_layers {
            let norm1 = norm(&mut take, norm_has_bias);
            let qkv = linear(&mut take, config.qkv_bias);
            let out = linear(&mut take, config.attn_out_bias);
            let norm2 = norm(&mut take, norm_has_bias);
            let gate = (config.activation == super::Activation::SwiGlu).then(|| linear(&mut take, config.ff_bias));
            let up = linear(&mut take, config.ff_bias);
            let down = linear(&mut take, config.ff_bias);
            blocks.push(BlockPlan { norm1, qkv, out, norm2, gate, up, down });
        }
        let final_norm = config.final_norm.then(|| norm(&mut take, norm_has_bias));
        let head = if config.head == Head::Separate { take() } else { usize::MAX };
        let head_bias = config.head_bias.then(&mut take);
        Self { embedding, positions, blocks, final_norm, head, head_bias }
    }
}

fn linear(take: &mut impl FnMut() -> usize, bias: bool) -> Linear {
    Linear { weight: take(), bias: bias.then(&mut *take) }
}

fn norm(take: &mut impl FnMut() -> usize, bias: bool) -> Norm {
    Norm { gain: take(), bias: bias.then(&mut *take) }
}
