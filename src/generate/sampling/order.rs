//! Which values of a row are the largest, and how many of them reach a share? Selections instead of sorts: linear in the
//! vocabulary, so that a slider can be dragged over 50 257 tokens.

/// So many are found by one walk along the row instead of a selection.
const FEW: usize = 64;

/// The place of a drawn number on the cumulative curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The token whose interval it is.
    pub id: u32,
    /// The token's place on the curve, 0 the likeliest.
    pub place: usize,
    /// Where its interval begins, in `[0, 1)`.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
}

/// The ids of the `n` largest values, the largest first, among equals the lower id first; NaN last.
pub fn top(values: &[f32], n: usize) -> Vec<u32> {
    let mut keys = if n <= FEW { few_largest(values, n) } else { largest(values, n) };
    keys.sort_unstable_by(|a, b| b.cmp(a));
    keys.into_iter().map(id_of).collect()
}

/// The interval in which `u` of `[0, 1)` falls on the cumulative curve of `probabilities`, in the order of [`top`]: the
/// likeliest token's interval begins at 0.
///
/// The probabilities need not add up to 1: `u` is a share of their sum. A token of probability 0 is never hit unless there
/// is no other. Nothing for no probabilities.
pub fn hit(probabilities: &[f32], u: f64) -> Option<Interval> {
    let u = u.clamp(0.0, 1.0);
    // Nearly always it is one of the likeliest.
    let few = intervals(probabilities, FEW);
    if let Some(found) = few.iter().find(|interval| interval.to > u) {
        return Some(*found);
    }
    let possible = probabilities.iter().zip(0..).filter(|(p, _)| **p > 0.0);
    let mut keys: Vec<u64> = possible.map(|(&p, id)| key(p, !id)).collect();
    let weight = |key: u64| probabilities.get(id_of(key) as usize).map_or(0.0, |&p| f64::from(p));
    let total = sum(probabilities);
    let (count, sum) = nucleus(&mut keys, weight, |sum| sum > u * total);
    match keys.get(count.saturating_sub(1)) {
        Some(&last) => {
            let share = weight(last) / total;
            let to = if count == keys.len() { 1.0 } else { (sum / total).min(1.0) };
            let from = (sum / total - share).max(0.0);
            Some(Interval { id: id_of(last), place: count.saturating_sub(1), from, to })
        }
        None if probabilities.is_empty() => None,
        None => Some(Interval { id: 0, place: 0, from: 0.0, to: 1.0 }),
    }
}

/// The token that a number in `[0, 1)` picks; see [`hit`].
pub fn pick(probabilities: &[f32], u: f64) -> u32 {
    hit(probabilities, u).map_or(0, |interval| interval.id)
}

/// The intervals of the `most` likeliest tokens, one after the other from 0 on; tokens of probability 0 have none.
pub fn intervals(probabilities: &[f32], most: usize) -> Vec<Interval> {
    let total = sum(probabilities);
    let share = |id: u32| probabilities.get(id as usize).map_or(0.0, |&p| f64::from(p) / total);
    let mut to = 0.0;
    let likeliest = top(probabilities, most).into_iter().enumerate().filter(|&(_, id)| share(id) > 0.0);
    likeliest
        .map(|(place, id)| {
            let from = to;
            to = (from + share(id)).min(1.0);
            Interval { id, place, from, to }
        })
        .collect()
}

/// NaN is never drawn.
pub(super) fn or_impossible(x: f32) -> f32 {
    if x.is_nan() { f32::NEG_INFINITY } else { x }
}

/// A number that sorts as the value does, and by `tie` among equals.
pub(super) fn key(value: f32, tie: u32) -> u64 {
    // −0 becomes 0, which it equals.
    let bits = (value + 0.0).to_bits();
    let ordered = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    u64::from(ordered) << 32 | u64::from(tie)
}

/// The id of a key whose tie is `!id`.
fn id_of(key: u64) -> u32 {
    !(key as u32)
}

/// Keys of the `n` largest, found by a selection.
fn largest(values: &[f32], n: usize) -> Vec<u64> {
    let mut keys: Vec<u64> = values.iter().zip(0..).map(|(&x, id)| key(or_impossible(x), !id)).collect();
    if n < keys.len() {
        keys.select_nth_unstable_by(n, |a, b| b.cmp(a));
        keys.truncate(n);
    }
    keys
}

/// The same for few: whoever beats the least of those found so far takes a place among them.
fn few_largest(values: &[f32], n: usize) -> Vec<u64> {
    let mut found: Vec<u64> = Vec::with_capacity(n + 1);
    let mut least = f32::NEG_INFINITY;
    for (&x, id) in values.iter().zip(0..) {
        // Most of a row ends here. A later equal one has the higher id, so it does not come before.
        if found.len() == n && (x <= least || x.is_nan()) {
            continue;
        }
        let key = key(or_impossible(x), !id);
        let place = found.partition_point(|&other| other > key);
        found.insert(place, key);
        found.truncate(n);
        if let (true, Some(&last)) = (found.len() == n, found.last()) {
            least = values.get(id_of(last) as usize).map_or(f32::NEG_INFINITY, |&x| or_impossible(x));
        }
    }
    found
}

/// Brings the largest keys to the front, as many as it takes until their weights are `enough`, the smallest of them last,
/// and returns how many there are and what they weigh.
///
/// A selection that halves what is still open every time: linear in the vocabulary, where a sort would not be.
pub(super) fn nucleus(keys: &mut [u64], weight: impl Fn(u64) -> f64, enough: impl Fn(f64) -> bool) -> (usize, f64) {
    /// So few are sorted and walked through.
    const FEW: usize = 32;
    // Everything before `from` is in, with the weight `sum`; everything from `to` on is out.
    let (mut from, mut to, mut sum) = (0, keys.len(), 0.0);
    while to - from > FEW {
        let middle = (to - from) / 2;
        let open = &mut keys[from..to];
        let (larger, &mut at_middle, _) = open.select_nth_unstable_by(middle, |a, b| b.cmp(a));
        let weight_of_larger: f64 = larger.iter().map(|&key| weight(key)).sum();
        if enough(sum + weight_of_larger) {
            to = from + middle;
        } else {
            sum += weight_of_larger + weight(at_middle);
            from += middle + 1;
        }
    }
    keys[from..to].sort_unstable_by(|a, b| b.cmp(a));
    for &key in &keys[from..to] {
        if enough(sum) {
            break;
        }
        sum += weight(key);
        from += 1;
    }
    (from, sum)
}

/// The sum, in 64 bits and eight at once; always in the same order.
pub(super) fn sum(values: &[f32]) -> f64 {
    let mut lanes = [0f64; 8];
    let chunks = values.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &x)| *lane += f64::from(x));
    }
    lanes.iter().sum::<f64>() + rest.iter().map(|&x| f64::from(x)).sum::<f64>()
}

/// The largest value, −∞ for none. Sixteen at once, since one after the other would wait for each comparison.
pub(super) fn maximum(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 16];
    let chunks = values.chunks_exact(16);
    let rest = chunks.remainder();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &x)| *lane = if x > *lane { x } else { *lane });
    }
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |largest, &x| if x > largest { x } else { largest })
}

/// The place of the largest value, the first among equals.
pub(super) fn first_largest(values: &[f32]) -> Option<usize> {
    let mut best: Option<(usize, f32)> = None;
    for (i, &x) in values.iter().enumerate() {
        if best.is_none_or(|(_, y)| x > y) {
            best = Some((i, x));
        }
    }
    best.map(|(i, _)| i)
}
