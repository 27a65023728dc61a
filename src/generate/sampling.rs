//! From one row of logits to one token, with every step in between to look at.
//!
//! Order and meaning of the steps are those of `transformers`:
//!
//! | step | there | here |
//! |---|---|---|
//! | repetition penalty (Keskar et al. 2019) | `RepetitionPenaltyLogitsProcessor` | [`Stages::penalized`] |
//! | ÷ temperature | `TemperatureLogitsWarper` | [`Stages::scaled`] |
//! | top-k (Fan et al. 2018) | `TopKLogitsWarper` | [`Cut::TopK`] |
//! | top-p (Holtzman et al. 2020) | `TopPLogitsWarper` | [`Cut::TopP`] |
//! | min-p (Nguyen et al. 2024) | `MinPLogitsWarper` | [`Cut::MinP`] |
//! | softmax | `softmax` | [`Stages::probabilities`] |
//!
//! What is out of range does no harm: a logit that is NaN is taken for −∞ and never drawn; a row without any logit above −∞
//! gives every token the same probability.

use super::SamplingOptions;
use crate::kernels::math::exp_in_place;
use crate::kernels::simd::Simd;
use crate::nn::Rng;

/// Which step took a token out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// None: it can be drawn.
    Kept,
    /// Its logit was −∞ or NaN from the start.
    Impossible,
    /// The temperature is 0 and it is not the likeliest.
    Greedy,
    /// It is not among the k likeliest.
    TopK,
    /// The likelier ones reach the share p without it.
    TopP,
    /// It is too unlikely beside the likeliest.
    MinP,
}

/// What happens to one row of logits, step by step. All are `[vocabulary]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Stages {
    /// Logits after the repetition penalty.
    pub penalized: Vec<f32>,
    /// Those, divided by the temperature; undivided where it is 0.
    pub scaled: Vec<f32>,
    /// Which step took each token out.
    pub cut: Vec<Cut>,
    /// Whether a token can still be drawn; at least one can.
    pub kept: Vec<bool>,
    /// Softmax of `scaled` over the kept ones, 0 for the others.
    pub probabilities: Vec<f32>,
}

/// All steps from `logits` `[vocabulary]` to probabilities. `previous` are the tokens of the text so far (prompt and
/// answer), which the repetition penalty looks at.
pub fn stages(logits: &[f32], previous: &[u32], options: &SamplingOptions) -> Stages {
    let penalized = penalize(logits, previous, options.repetition_penalty);
    let largest = maximum(&penalized);
    if largest == f32::NEG_INFINITY {
        return without_choice(penalized);
    }
    // So cold that the largest logit would no longer be a number: the same as 0.
    let cold = options.temperature.is_nan() || options.temperature <= 0.0;
    if cold || (largest.is_finite() && !(largest / options.temperature).is_finite()) {
        return greedy(penalized);
    }
    let scaled: Vec<f32> = penalized.iter().map(|&x| or_impossible(x / options.temperature)).collect();
    let mut weights = weights(&scaled);
    let impossible = |&x: &f32| if x == f32::NEG_INFINITY { Cut::Impossible } else { Cut::Kept };
    let mut cut: Vec<Cut> = scaled.iter().map(impossible).collect();
    top_k(&mut cut, &scaled, options.top_k);
    top_p(&mut cut, &scaled, &weights, options.top_p);
    min_p(&mut cut, &weights, options.min_p);
    let kept: Vec<bool> = cut.iter().map(|&cut| cut == Cut::Kept).collect();
    weights.iter_mut().zip(&kept).for_each(|(weight, &kept)| *weight = if kept { *weight } else { 0.0 });
    let total = sum(&weights);
    weights.iter_mut().for_each(|weight| *weight = (f64::from(*weight) / total) as f32);
    Stages { penalized, scaled, cut, kept, probabilities: weights }
}

/// The token at which the cumulative curve of `probabilities`, in the order of ids, passes `u` in `[0, 1)`.
///
/// The probabilities need not add up to 1: `u` is a share of their sum. A token of probability 0 is never picked unless
/// there is no other.
pub fn pick(probabilities: &[f32], u: f64) -> u32 {
    let mark = u * sum(probabilities);
    let mut reached = 0.0;
    let mut last = 0;
    for (&p, id) in probabilities.iter().zip(0..) {
        if p > 0.0 {
            reached += f64::from(p);
            last = id;
            if reached > mark {
                return id;
            }
        }
    }
    last
}

/// Draws the next token. Greedy decoding draws no random number.
pub fn sample(logits: &[f32], previous: &[u32], options: &SamplingOptions, rng: &mut Rng) -> u32 {
    if options.temperature > 0.0 {
        pick(&stages(logits, previous, options).probabilities, rng.uniform_f64())
    } else {
        largest(&penalize(logits, previous, options.repetition_penalty)).unwrap_or(0) as u32
    }
}

/// Entropy −Σ p ln p in nats; its exponential is the number of equally likely tokens that would leave as much open.
pub fn entropy(probabilities: &[f32]) -> f32 {
    let sum: f64 = probabilities.iter().map(|&p| f64::from(p)).filter(|&p| p > 0.0).map(|p| p * p.ln()).sum();
    (0.0 - sum) as f32
}

/// What the model itself says of a token, before any option: the natural logarithm of its probability (log-softmax), and
/// its rank among all tokens, 0 the likeliest; among equals the lower id comes first.
pub fn log_probability_and_rank(logits: &[f32], id: u32) -> (f32, usize) {
    let clean: Vec<f32> = logits.iter().map(|&x| or_impossible(x)).collect();
    let Some(&own) = clean.get(id as usize) else { return (f32::NEG_INFINITY, clean.len()) };
    let largest = maximum(&clean);
    let before = |(other, &x): (usize, &f32)| x > own || (x == own && other < id as usize);
    let rank = clean.iter().enumerate().filter(|&pair| before(pair)).count();
    if largest.is_infinite() {
        let probability = pick_share(&clean, largest, own);
        return (probability.ln(), rank);
    }
    let total = sum(&weights(&clean));
    ((f64::from(own) - f64::from(largest) - total.ln()) as f32, rank)
}

/// The ids of the `n` largest values, the largest first, among equals the lower id first; NaN last.
pub fn top(values: &[f32], n: usize) -> Vec<u32> {
    let mut keys: Vec<u64> = values.iter().zip(0..).map(|(&x, id)| key(or_impossible(x), !id)).collect();
    let n = n.min(keys.len());
    if n < keys.len() {
        keys.select_nth_unstable_by(n, |a, b| b.cmp(a));
    }
    keys.truncate(n);
    keys.sort_unstable_by(|a, b| b.cmp(a));
    keys.into_iter().map(|key| !(key as u32)).collect()
}

/// NaN is never drawn.
fn or_impossible(x: f32) -> f32 {
    if x.is_nan() { f32::NEG_INFINITY } else { x }
}

/// Divides positive and multiplies negative logits of tokens already in the text; each once, however often it occurs.
fn penalize(logits: &[f32], previous: &[u32], penalty: f32) -> Vec<f32> {
    let mut penalized: Vec<f32> = logits.iter().map(|&x| or_impossible(x)).collect();
    if penalty > 0.0 && penalty != 1.0 {
        for &id in previous {
            if let (Some(x), Some(&before)) = (penalized.get_mut(id as usize), logits.get(id as usize)) {
                *x = or_impossible(if before < 0.0 { before * penalty } else { before / penalty });
            }
        }
    }
    penalized
}

/// The largest value, −∞ for none. Sixteen at once, since one after the other would wait for each comparison.
fn maximum(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 16];
    let chunks = values.chunks_exact(16);
    let rest = chunks.remainder();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &x)| *lane = if x > *lane { x } else { *lane });
    }
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |largest, &x| if x > largest { x } else { largest })
}

/// The sum, in 64 bits and eight at once; always in the same order.
fn sum(values: &[f32]) -> f64 {
    let mut lanes = [0f64; 8];
    let chunks = values.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &x)| *lane += f64::from(x));
    }
    lanes.iter().sum::<f64>() + rest.iter().map(|&x| f64::from(x)).sum::<f64>()
}

/// The place of the largest value, the first among equals.
fn largest(values: &[f32]) -> Option<usize> {
    let mut best: Option<(usize, f32)> = None;
    for (i, &x) in values.iter().enumerate() {
        if best.is_none_or(|(_, y)| x > y) {
            best = Some((i, x));
        }
    }
    best.map(|(i, _)| i)
}

fn greedy(penalized: Vec<f32>) -> Stages {
    let best = largest(&penalized);
    let kept: Vec<bool> = (0..penalized.len()).map(|i| Some(i) == best).collect();
    let cut = kept.iter().zip(&penalized).map(|(&kept, &x)| match x {
        _ if kept => Cut::Kept,
        f32::NEG_INFINITY => Cut::Impossible,
        _ => Cut::Greedy,
    });
    let probabilities = kept.iter().map(|&kept| f32::from(u8::from(kept))).collect();
    Stages { scaled: penalized.clone(), cut: cut.collect(), probabilities, kept, penalized }
}

/// Nothing is left of the row, so nothing speaks for any token.
fn without_choice(penalized: Vec<f32>) -> Stages {
    let n = penalized.len();
    Stages {
        scaled: penalized.clone(),
        penalized,
        cut: vec![Cut::Kept; n],
        kept: vec![true; n],
        probabilities: vec![1.0 / n.max(1) as f32; n],
    }
}

/// e^(x − largest): what softmax is made of. Where logits are +∞, those share everything.
fn weights(scaled: &[f32]) -> Vec<f32> {
    let largest = maximum(scaled);
    if largest == f32::INFINITY {
        return scaled.iter().map(|&x| f32::from(u8::from(x == f32::INFINITY))).collect();
    }
    let mut weights: Vec<f32> = scaled.iter().map(|&x| x - largest).collect();
    exp_in_place(Simd::detect(), &mut weights);
    weights
}

/// The probability of one of several values of which the largest is infinite.
fn pick_share(values: &[f32], largest: f32, own: f32) -> f32 {
    if own == largest { 1.0 / values.iter().filter(|&&x| x == largest).count() as f32 } else { 0.0 }
}

/// A number that sorts as the logit does, and by `tie` among equals.
fn key(logit: f32, tie: u32) -> u64 {
    // −0 becomes 0, which it equals.
    let bits = (logit + 0.0).to_bits();
    let ordered = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    u64::from(ordered) << 32 | u64::from(tie)
}

/// Keys of those that are left; among equals the higher id counts as the larger, as in the ascending sort of the reference.
fn keys_of_kept(cut: &[Cut], scaled: &[f32]) -> Vec<u64> {
    let kept = cut.iter().zip(scaled).zip(0..).filter(|((cut, _), _)| **cut == Cut::Kept);
    kept.map(|((_, &x), id)| key(x, id)).collect()
}

/// Cuts what is smaller than the k-th largest; its equals stay.
fn top_k(cut: &mut [Cut], scaled: &[f32], k: usize) {
    if k == 0 || k >= cut.len() {
        return;
    }
    let mut keys = keys_of_kept(cut, scaled);
    if k >= keys.len() {
        return;
    }
    let (_, &mut last, _) = keys.select_nth_unstable_by(k - 1, |a, b| b.cmp(a));
    let least = scaled.get(last as u32 as usize).copied().unwrap_or(f32::NEG_INFINITY);
    for (cut, &x) in cut.iter_mut().zip(scaled) {
        if *cut == Cut::Kept && x < least {
            *cut = Cut::TopK;
        }
    }
}

/// Keeps the smallest set of the likeliest whose share reaches p, at least one.
fn top_p(cut: &mut [Cut], scaled: &[f32], weights: &[f32], p: f32) {
    if p.is_nan() || p >= 1.0 {
        return;
    }
    let mut keys = keys_of_kept(cut, scaled);
    let weight = |key: u64| weights.get(key as u32 as usize).map_or(0.0, |&weight| f64::from(weight));
    let total: f64 = keys.iter().map(|&key| weight(key)).sum();
    let kept = nucleus(&mut keys, weight, f64::from(p) * total).max(1);
    for &key in keys.iter().skip(kept) {
        if let Some(cut) = cut.get_mut(key as u32 as usize) {
            *cut = Cut::TopP;
        }
    }
}

/// Brings the largest keys to the front, as many as it takes until their weights reach `goal`, and returns how many.
///
/// A selection that halves what is still open every time: linear in the vocabulary, where a sort would not be.
fn nucleus(keys: &mut [u64], weight: impl Fn(u64) -> f64, goal: f64) -> usize {
    /// So few are sorted and walked through.
    const FEW: usize = 32;
    // Everything before `from` is in, with the weight `sum`; everything from `to` on is out.
    let (mut from, mut to, mut sum) = (0, keys.len(), 0.0);
    while to - from > FEW {
        let middle = (to - from) / 2;
        let open = &mut keys[from..to];
        let (larger, &mut at_middle, _) = open.select_nth_unstable_by(middle, |a, b| b.cmp(a));
        let weight_of_larger: f64 = larger.iter().map(|&key| weight(key)).sum();
        if sum + weight_of_larger < goal {
            sum += weight_of_larger + weight(at_middle);
            from += middle + 1;
        } else {
            to = from + middle;
        }
    }
    keys[from..to].sort_unstable_by(|a, b| b.cmp(a));
    for &key in &keys[from..to] {
        if sum >= goal {
            break;
        }
        sum += weight(key);
        from += 1;
    }
    from
}

/// Cuts what has less than the share p of the largest probability. The largest has the weight 1.
fn min_p(cut: &mut [Cut], weights: &[f32], p: f32) {
    if p > 0.0 {
        for (cut, &weight) in cut.iter_mut().zip(weights) {
            if *cut == Cut::Kept && weight < p.min(1.0) {
                *cut = Cut::MinP;
            }
        }
    }
}
