//! Sampling: the same sets and probabilities as transformers, draws that follow them, and nothing that breaks it.

use std::time::Instant;

use proptest::prelude::*;
use safetensors::SafeTensors;
use serde::Deserialize;
use telar::generate::SamplingOptions;
use telar::generate::sampling::{Cut, entropy, log_probability_and_rank, pick, sample, stages, top};
use telar::nn::Rng;

const OFF: SamplingOptions =
    SamplingOptions { temperature: 1.0, top_k: 0, top_p: 1.0, min_p: 0.0, repetition_penalty: 1.0 };

#[derive(Deserialize)]
struct Case {
    row: String,
    previous: Vec<u32>,
    options: SamplingOptions,
}

fn floats(file: &SafeTensors, name: &str) -> Vec<f32> {
    let data = file.tensor(name).unwrap().data();
    data.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

/// See `fixtures/sampling/make.py`: every step alone, and all combinations of two values of each.
#[test]
fn the_same_sets_and_probabilities_as_transformers() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("fixtures/sampling/cases.json")).unwrap();
    let file = SafeTensors::deserialize(include_bytes!("fixtures/sampling/rows.safetensors")).unwrap();
    assert!(cases.len() > 250);
    for (i, case) in cases.iter().enumerate() {
        let logits = floats(&file, &format!("logits.{}", case.row));
        let expected = floats(&file, &format!("probabilities.{i}"));
        let kept: Vec<bool> = file.tensor(&format!("kept.{i}")).unwrap().data().iter().map(|&kept| kept == 1).collect();
        let stages = stages(&logits, &case.previous, &case.options);
        let label = format!("case {i}, {}, {:?}", case.row, case.options);
        assert_eq!(stages.kept, kept, "{label}");
        for (id, (ours, theirs)) in stages.probabilities.iter().zip(&expected).enumerate() {
            assert!((ours - theirs).abs() <= 1e-6, "{label}: token {id} has {ours}, expected {theirs}");
        }
    }
}

#[test]
fn every_stage_can_be_followed_by_hand() {
    let logits = [2.0, 1.0, -1.0, 0.0, f32::NEG_INFINITY];
    let options = SamplingOptions { temperature: 0.5, top_k: 3, top_p: 0.95, min_p: 0.05, repetition_penalty: 2.0 };
    let s = stages(&logits, &[0, 2, 2], &options);
    assert_eq!(s.penalized, [1.0, 1.0, -2.0, 0.0, f32::NEG_INFINITY]);
    assert_eq!(s.scaled, [2.0, 2.0, -4.0, 0.0, f32::NEG_INFINITY]);
    // Of the three that top-k leaves, the two likeliest have 1/(1 + e⁻²/2) = 0.937 together: the third is needed.
    assert_eq!(s.cut, [Cut::Kept, Cut::Kept, Cut::TopK, Cut::Kept, Cut::Impossible]);
    let e = (-2f32).exp();
    assert!((s.probabilities[3] - e / (2.0 + e)).abs() < 1e-6);
    let s = stages(&logits, &[0, 2, 2], &SamplingOptions { top_p: 0.9, ..options });
    assert_eq!(s.cut[3], Cut::TopP);
    let s = stages(&logits, &[0, 2, 2], &SamplingOptions { min_p: 0.2, ..options });
    assert_eq!(s.cut[3], Cut::MinP);
}

#[test]
fn temperature_0_is_greedy_and_draws_nothing() {
    let logits = [0.5, 3.0, -1.0, 3.0, 2.9];
    for temperature in [0.0, -1.0, f32::NAN, 1e-44] {
        let options = SamplingOptions { temperature, ..SamplingOptions::default() };
        let s = stages(&logits, &[], &options);
        assert_eq!(s.probabilities, [0.0, 1.0, 0.0, 0.0, 0.0], "{temperature}");
        assert_eq!(s.kept, [false, true, false, false, false]);
        assert_eq!(s.cut[0], Cut::Greedy);
    }
    let mut rng = Rng::new(1);
    let options = SamplingOptions { temperature: 0.0, ..OFF };
    assert!((0..50).all(|_| sample(&logits, &[], &options, &mut rng) == 1));
    assert_eq!(rng, Rng::new(1));
    let penalized = SamplingOptions { repetition_penalty: 1.5, ..options };
    assert_eq!(sample(&logits, &[1, 3], &penalized, &mut rng), 4);
}

#[test]
fn a_million_draws_match_the_probabilities() {
    let logits: Vec<f32> = (0..40).map(|i| ((i * 37 % 40) as f32) / 9.0).collect();
    for options in [OFF, SamplingOptions { temperature: 0.7, top_k: 25, top_p: 0.97, min_p: 0.02, ..OFF }] {
        let probabilities = stages(&logits, &[], &options).probabilities;
        let mut rng = Rng::new(20);
        let mut counts = vec![0u32; logits.len()];
        let draws = 1_000_000;
        for _ in 0..draws {
            counts[pick(&probabilities, rng.uniform_f64()) as usize] += 1;
        }
        let possible = || probabilities.iter().zip(&counts).filter(|(p, _)| **p > 0.0);
        let degrees = possible().count() as f64 - 1.0;
        let chi2: f64 = possible()
            .map(|(&p, &count)| {
                let expected = f64::from(p) * f64::from(draws);
                (f64::from(count) - expected).powi(2) / expected
            })
            .sum();
        // Wilson and Hilferty's approximation of the value that is passed once in ten thousand.
        let limit = degrees * (1.0 - 2.0 / (9.0 * degrees) + 3.719 * (2.0 / (9.0 * degrees)).sqrt()).powi(3);
        assert!(degrees > 15.0 && chi2 < limit, "χ² = {chi2} with {degrees} degrees of freedom");
        assert!(probabilities.iter().zip(&counts).all(|(&p, &count)| p > 0.0 || count == 0));
    }
}

#[test]
fn the_mark_on_the_cumulative_curve_picks() {
    let probabilities = [0.0, 0.25, 0.0, 0.5, 0.25, 0.0];
    for (u, id) in [(0.0, 1), (0.249, 1), (0.25, 3), (0.749, 3), (0.75, 4), (0.999_999_9, 4), (1.0, 4), (7.0, 4)] {
        assert_eq!(pick(&probabilities, u), id, "{u}");
    }
    assert_eq!(pick(&[0.0, 2.0, 6.0], 0.3), 2, "shares of the sum");
    assert_eq!((pick(&[], 0.5), pick(&[0.0, 0.0], 0.5)), (0, 0));
}

#[test]
fn rows_that_are_no_rows() {
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    let options = SamplingOptions::default();
    let s = stages(&[nan, 1.0, nan, 0.0], &[0], &options);
    assert_eq!(s.cut[0], Cut::Impossible);
    assert!(s.probabilities[0] == 0.0 && s.probabilities[1] > 0.5);
    assert_eq!(stages(&[nan, -inf, nan, nan], &[0], &options).probabilities, [0.25; 4]);
    assert_eq!(
        stages(&[inf, 1.0, inf, nan], &[], &SamplingOptions { top_p: 1.0, ..options }).probabilities,
        [0.5, 0.0, 0.5, 0.0]
    );
    assert!(stages(&[], &[3], &options).probabilities.is_empty());
    // Ids that the row does not have are passed over.
    assert_eq!(
        stages(&[1.0, 2.0], &[9, u32::MAX], &SamplingOptions { repetition_penalty: 1.5, ..OFF }).penalized,
        [1.0, 2.0]
    );
}

#[test]
fn entropy_and_ranks() {
    assert!((entropy(&[0.25; 4]) - 4f32.ln()).abs() < 1e-6);
    assert_eq!(entropy(&[0.0, 1.0, 0.0]), 0.0);
    let logits = [1.0, 3.0, 3.0, -2.0];
    let total: f64 = logits.iter().map(|x: &f32| f64::from(*x).exp()).sum();
    for (id, rank) in [(0, 2), (1, 0), (2, 1), (3, 3)] {
        let (log_probability, found) = log_probability_and_rank(&logits, id);
        assert_eq!(found, rank);
        assert!((f64::from(log_probability) - (f64::from(logits[id as usize]) - total.ln())).abs() < 1e-6);
    }
    assert_eq!(log_probability_and_rank(&[f32::NAN, 0.0], 0), (f32::NEG_INFINITY, 1));
    assert_eq!(log_probability_and_rank(&[0.0], 5), (f32::NEG_INFINITY, 1));
    assert_eq!(top(&[0.5, f32::NAN, 2.0, -1.0, 2.0, -0.0, 0.0], 5), [2, 4, 0, 5, 6]);
    assert_eq!((top(&[1.0, 2.0], 9), top(&[], 3)), (vec![1, 0], vec![]));
}

/// Top-p as it is defined, by a whole sort: the smallest set of the likeliest that reaches p, among equals the higher ids.
fn by_sorting(scaled: &[f32], p: f32) -> Vec<bool> {
    let mut order: Vec<usize> = (0..scaled.len()).rev().collect();
    order.sort_by(|&a, &b| scaled[b].total_cmp(&scaled[a]));
    let largest = scaled[order[0]];
    let weight = |i: usize| f64::from(scaled[i] - largest).exp();
    let total: f64 = (0..scaled.len()).map(weight).sum();
    let mut kept = vec![false; scaled.len()];
    let mut sum = 0.0;
    for i in order {
        if sum >= f64::from(p) * total && sum > 0.0 {
            break;
        }
        sum += weight(i);
        kept[i] = true;
    }
    kept
}

fn any_logit() -> impl Strategy<Value = f32> {
    prop_oneof![20 => -30f32..30.0, 1 => Just(f32::NAN), 1 => Just(f32::NEG_INFINITY), 1 => Just(f32::INFINITY), 1 => any::<f32>()]
}

fn any_options() -> impl Strategy<Value = SamplingOptions> {
    let temperature = prop_oneof![Just(0.0), 0.01f32..5.0, any::<f32>()];
    let (top_p, min_p) = (prop_oneof![0f32..1.2, any::<f32>()], prop_oneof![0f32..1.2, any::<f32>()]);
    (temperature, 0usize..60, top_p, min_p, prop_oneof![0.5f32..2.0, any::<f32>()]).prop_map(
        |(temperature, top_k, top_p, min_p, repetition_penalty)| SamplingOptions {
            temperature,
            top_k,
            top_p,
            min_p,
            repetition_penalty,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn something_is_always_kept_and_probabilities_sum_to_1(
        logits in proptest::collection::vec(any_logit(), 1..120),
        previous in proptest::collection::vec(0u32..150, 0..8),
        options in any_options(),
        u in 0f64..1.0,
    ) {
        let s = stages(&logits, &previous, &options);
        prop_assert!(s.kept.contains(&true));
        let sum: f64 = s.probabilities.iter().map(|&p| f64::from(p)).sum();
        prop_assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        for (i, &p) in s.probabilities.iter().enumerate() {
            prop_assert!((0.0..=1.0).contains(&p));
            prop_assert!(s.kept[i] || p == 0.0);
            prop_assert_eq!(s.kept[i], s.cut[i] == Cut::Kept);
        }
        let picked = pick(&s.probabilities, u) as usize;
        prop_assert!(s.probabilities[picked] > 0.0);
        prop_assert!((sample(&logits, &previous, &options, &mut Rng::new(1)) as usize) < logits.len());
        let (log_probability, rank) = log_probability_and_rank(&logits, picked as u32);
        prop_assert!(log_probability <= 0.0 && rank < logits.len());
    }

    #[test]
    fn top_p_is_what_a_sort_gives(
        logits in proptest::collection::vec((-40i32..40).prop_map(|x| x as f32 / 8.0), 1..400),
        p in 0.01f32..0.999,
    ) {
        let s = stages(&logits, &[], &SamplingOptions { top_p: p, ..OFF });
        let expected = by_sorting(&logits, p);
        // Where p is reached to the last digit, rounding decides; then the sizes differ by one.
        let sizes = [&s.kept, &expected].map(|kept| kept.iter().filter(|&&kept| kept).count());
        if sizes[0] == sizes[1] {
            prop_assert_eq!(s.kept, expected);
        } else {
            let sum = |kept: &[bool]| -> f64 {
                let all = stages(&logits, &[], &OFF).probabilities;
                all.iter().zip(kept).filter(|pair| *pair.1).map(|(&p, _)| f64::from(p)).sum()
            };
            prop_assert!(sizes[0].abs_diff(sizes[1]) == 1);
            prop_assert!((sum(&s.kept).min(sum(&expected)) - f64::from(p)).abs() < 1e-5);
        }
    }

    #[test]
    fn top_k_keeps_k_and_the_equals_of_the_last(
        logits in proptest::collection::vec((-20i32..20).prop_map(|x| x as f32), 1..200),
        k in 1usize..250,
    ) {
        let s = stages(&logits, &[], &SamplingOptions { top_k: k, ..OFF });
        let mut sorted = logits.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let last = sorted[k.min(sorted.len()) - 1];
        prop_assert_eq!(s.kept, logits.iter().map(|&x| x >= last).collect::<Vec<_>>());
    }
}

/// Dragging a slider recomputes all steps at every frame; optimized builds need a fraction of a millisecond.
#[test]
fn a_row_of_gpt_2s_vocabulary_is_fast() {
    let mut rng = Rng::new(4);
    let logits: Vec<f32> = (0..50_257).map(|_| 2.5 * rng.normal_f32()).collect();
    let flat = SamplingOptions { temperature: 5.0, top_p: 0.98, ..OFF };
    let all = SamplingOptions { temperature: 0.8, top_k: 400, top_p: 0.9, min_p: 0.02, repetition_penalty: 1.2 };
    for options in [OFF, SamplingOptions::default(), flat, all] {
        let mut times: Vec<_> = (0..21)
            .map(|_| {
                let started = Instant::now();
                std::hint::black_box(stages(std::hint::black_box(&logits), &[1, 2, 3], &options));
                started.elapsed()
            })
            .collect();
        times.sort();
        eprintln!("{:?}: {:?}", options, times[10]);
        assert!(times[10].as_millis() < 40, "{:?} for one row", times[10]);
    }
}
