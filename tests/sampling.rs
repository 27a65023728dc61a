//! Sampling: the same sets and probabilities as transformers, draws that follow them, and nothing that breaks it.

use proptest::prelude::*;
use safetensors::SafeTensors;
use serde::Deserialize;
use telar::generate::sampling::{
    Cut, Place, Step, Trace, draw, entropy, hit, intervals, judge, log_probabilities, log_probability_and_rank, pick,
    sample, stages, stages_at, top,
};
use telar::generate::{GenerateRequest, SamplingOptions};
use telar::nn::Rng;

const OFF: SamplingOptions = SamplingOptions::PLAIN;

#[derive(Deserialize)]
struct Case {
    row: String,
    previous: Vec<u32>,
    /// How many of those are the prompt.
    prompt: usize,
    /// The end of text.
    end: u32,
    options: SamplingOptions,
    #[serde(default)]
    min_new_tokens: usize,
    #[serde(default)]
    min_length: usize,
    /// The processors, where the row after each of them is there.
    #[serde(default)]
    steps: Vec<String>,
}

impl Case {
    fn all() -> (Vec<Self>, SafeTensors<'static>) {
        let cases = serde_json::from_str(include_str!("fixtures/sampling/cases.json")).unwrap();
        (cases, SafeTensors::deserialize(include_bytes!("fixtures/sampling/rows.safetensors")).unwrap())
    }

    fn place(&self) -> Place<'_> {
        let Self { min_new_tokens, min_length, .. } = *self;
        let request = GenerateRequest { min_new_tokens, min_length, ..GenerateRequest::default() };
        let early = self.previous.len() - self.prompt < request.least_new_tokens(self.prompt);
        let forbidden = if early { std::slice::from_ref(&self.end) } else { &[] };
        Place { previous: &self.previous, forbidden }
    }
}

fn floats(file: &SafeTensors, name: &str) -> Vec<f32> {
    let data = file.tensor(name).unwrap().data();
    data.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

/// See `fixtures/sampling/make.py`: every step alone, and all combinations of two values of each.
#[test]
fn the_same_sets_and_probabilities_as_transformers() {
    let (cases, file) = Case::all();
    assert!(cases.len() > 300 && cases.iter().any(|case| !case.place().forbidden.is_empty()));
    for (i, case) in cases.iter().enumerate() {
        let logits = floats(&file, &format!("logits.{}", case.row));
        let expected = floats(&file, &format!("probabilities.{i}"));
        let kept: Vec<bool> = file.tensor(&format!("kept.{i}")).unwrap().data().iter().map(|&kept| kept == 1).collect();
        let stages = stages_at(&logits, case.place(), &case.options);
        let label = format!("case {i}, {}, {:?}", case.row, case.options);
        assert_eq!(stages.kept, kept, "{label}");
        for (id, (ours, theirs)) in stages.probabilities.iter().zip(&expected).enumerate() {
            assert!((ours - theirs).abs() <= 1e-6, "{label}: token {id} has {ours}, expected {theirs}");
        }
        // What the microscope shows is what is drawn from, to the last bit.
        let trace = Trace::new(&logits, case.place(), &case.options);
        assert_eq!((&trace.probabilities, &trace.cut), (&stages.probabilities, &stages.cut), "{label}");
    }
}

/// The step after which a row is what a processor of transformers leaves.
fn step(processor: &str) -> Step {
    match processor {
        "RepetitionPenaltyLogitsProcessor" => Step::RepetitionPenalty,
        "MinLengthLogitsProcessor" | "MinNewTokensLengthLogitsProcessor" => Step::LeastLength,
        "TemperatureLogitsWarper" => Step::Temperature,
        "TopKLogitsWarper" => Step::TopK,
        "TopPLogitsWarper" => Step::TopP,
        "MinPLogitsWarper" => Step::MinP,
        other => panic!("{other} is no step"),
    }
}

#[test]
fn after_every_step_the_row_is_that_of_transformers() {
    let (cases, file) = Case::all();
    let mut compared = 0;
    for (i, case) in cases.iter().enumerate() {
        let logits = floats(&file, &format!("logits.{}", case.row));
        let trace = Trace::new(&logits, case.place(), &case.options);
        for (j, name) in case.steps.iter().enumerate() {
            let (row, expected) = (trace.row(step(name)), floats(&file, &format!("after.{i}.{j}")));
            let close = |(a, b): (&f32, &f32)| a == b || (a - b).abs() <= 1e-5 * (1.0 + b.abs());
            assert!(row.iter().zip(&expected).all(close), "case {i} after {name}: {row:?}, expected {expected:?}");
            compared += 1;
        }
    }
    assert!(compared > 200, "{compared}");
}

#[test]
fn what_a_trace_says_of_each_step_is_what_its_row_says() {
    let (cases, file) = Case::all();
    for case in &cases {
        let logits = floats(&file, &format!("logits.{}", case.row));
        let trace = Trace::new(&logits, case.place(), &case.options);
        for (step, summary) in Step::ALL.into_iter().zip(trace.summaries()) {
            let row = trace.row(step);
            let probabilities: Vec<f32> = log_probabilities(&row).iter().map(|x| x.exp()).collect();
            let ids = 0..row.len() as u32;
            for (id, expected) in ids.clone().zip(&probabilities) {
                let found = trace.probability(step, id);
                assert!((found - expected).abs() < 1e-5, "{step:?}, token {id}: {found}, expected {expected}");
            }
            assert_eq!(summary.kept, ids.filter(|&id| trace.kept(step, id)).count(), "{step:?}");
            assert_eq!(summary.kept, row.iter().filter(|&&x| x > f32::NEG_INFINITY).count(), "{step:?}");
            let expected = entropy(&probabilities);
            assert!((summary.entropy - expected).abs() < 1e-3, "{step:?}: {}, expected {expected}", summary.entropy);
            assert_eq!(trace.summary(step), summary);
        }
        let likeliest = trace.likeliest(Step::MinP, 5);
        assert!(likeliest.is_sorted_by(|&a, &b| trace.probability(Step::MinP, a) >= trace.probability(Step::MinP, b)));
    }
}

#[test]
fn a_trace_says_which_steps_are_on_and_what_they_took() {
    let logits: Vec<f32> = [8.0, 4.0, 2.0, 1.0, 1.0].iter().map(|x: &f32| x.ln()).collect();
    let options = SamplingOptions { top_k: 3, ..OFF };
    let trace = Trace::new(&logits, Place { previous: &[], forbidden: &[0] }, &options);
    let on: Vec<bool> = trace.summaries().iter().map(|summary| summary.on).collect();
    assert_eq!(on, [true, false, true, false, true, false, false]);
    assert!((trace.summary(Step::LeastLength).lost - 0.5).abs() < 1e-6, "half of all goes with the first");
    // 1 of the 8 that are left is cut; of two equals at the edge both stay.
    assert_eq!((trace.summary(Step::TopK).kept, trace.summary(Step::TopK).lost), (4, 0.0));
    let trace = Trace::new(&logits, Place::default(), &SamplingOptions { top_k: 3, ..OFF });
    assert!((trace.summary(Step::TopK).lost - 2.0 / 16.0).abs() < 1e-6);
    assert_eq!(trace.probability(Step::Logits, 3), trace.probability(Step::Temperature, 3));
    assert_eq!((trace.cut[3].step(), trace.cut[0].step()), (Some(Step::TopK), None));
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
fn draws_match_the_probabilities() {
    let logits: Vec<f32> = (0..40).map(|i| ((i * 37 % 40) as f32) / 9.0).collect();
    for options in [OFF, SamplingOptions { temperature: 0.7, top_k: 25, top_p: 0.97, min_p: 0.02, ..OFF }] {
        let probabilities = stages(&logits, &[], &options).probabilities;
        let mut rng = Rng::new(20);
        let mut counts = vec![0u32; logits.len()];
        let draws = 200_000;
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
    // The likeliest first; of the two equals the lower id.
    for (u, id) in [(0.0, 3), (0.499, 3), (0.5, 1), (0.749, 1), (0.75, 4), (0.999_999_9, 4), (1.0, 4), (7.0, 4)] {
        assert_eq!(pick(&probabilities, u), id, "{u}");
    }
    let found = hit(&probabilities, 0.6).unwrap();
    assert_eq!((found.id, found.place, found.from, found.to), (1, 1, 0.5, 0.75));
    assert_eq!(pick(&[0.0, 2.0, 6.0], 0.8), 1, "shares of the sum");
    assert_eq!((pick(&[], 0.5), pick(&[0.0, 0.0], 0.5)), (0, 0));
    assert_eq!((hit(&[], 0.5), pick(&probabilities, -1.0), pick(&probabilities, f64::NAN)), (None, 3, 4));
}

#[test]
fn the_drawn_number_falls_into_the_interval_of_the_token_that_is_drawn() {
    let logits: Vec<f32> = (0..900).map(|i| ((i * 577 % 900) as f32) / 150.0).collect();
    let options = SamplingOptions { temperature: 0.8, top_p: 0.9, ..OFF };
    let trace = Trace::new(&logits, Place::default(), &options);
    let curve = trace.curve(1000);
    assert_eq!(curve.len(), trace.summary(Step::MinP).kept);
    assert!(curve.windows(2).all(|pair| pair[0].to == pair[1].from) && curve[0].from == 0.0);
    assert!((curve[curve.len() - 1].to - 1.0).abs() < 1e-9);
    let mut rng = Rng::new(3);
    for _ in 0..300 {
        let drawn = draw(&logits, Place::default(), &options, &mut rng);
        let number = drawn.number.unwrap();
        let found = trace.hit(number).unwrap();
        let on_curve = curve[found.place];
        assert_eq!((found.id, on_curve.id), (drawn.id, drawn.id));
        assert!(found.from - 1e-9 <= number && number < found.to + 1e-9, "{number} in {found:?}");
        assert!((on_curve.from - found.from).abs() < 1e-9 && (on_curve.to - found.to).abs() < 1e-9);
        assert_eq!(drawn.share, trace.probability(Step::MinP, drawn.id));
        assert_eq!(drawn.candidates.len(), 10);
        for (candidate, interval) in drawn.candidates.iter().zip(&curve) {
            assert_eq!(
                (candidate.id, candidate.probability),
                (interval.id, trace.probability(Step::MinP, interval.id))
            );
        }
    }
    assert_eq!(intervals(&[0.0, 0.0], 5), []);
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
    let judged = judge(&logits, 0);
    assert_eq!((judged.logprob, judged.rank), log_probability_and_rank(&logits, 0));
    assert_eq!(judged.alternatives.iter().map(|other| other.id).collect::<Vec<_>>(), [1, 2, 0, 3]);
    assert!((judged.alternatives.iter().map(|other| other.probability).sum::<f32>() - 1.0).abs() < 1e-6);
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
        let trace = Trace::new(&logits, Place::after(&previous), &options);
        prop_assert_eq!(&trace.probabilities, &s.probabilities);
        prop_assert!(trace.summaries().iter().all(|stage| stage.entropy >= 0.0 && (0.0..=1.0).contains(&stage.lost)));
        prop_assert_eq!(trace.hit(u).map(|interval| interval.id as usize), Some(picked));
    }

    /// Few are found by a walk along the row, many by a selection: a sort finds the same.
    #[test]
    fn the_largest_are_those_of_a_sort(
        values in proptest::collection::vec(prop_oneof![9 => (-9i32..9).prop_map(|x| x as f32), 1 => any_logit()], 0..200),
        n in 0usize..150,
    ) {
        let clean = |id: u32| if values[id as usize].is_nan() { f32::NEG_INFINITY } else { values[id as usize] + 0.0 };
        let mut expected: Vec<u32> = (0..values.len() as u32).collect();
        expected.sort_by(|&a, &b| clean(b).total_cmp(&clean(a)).then(a.cmp(&b)));
        expected.truncate(n);
        prop_assert_eq!(top(&values, n), expected);
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
