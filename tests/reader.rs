//! Reading and continuing texts on slices against the Burn graph, for weights in 32, 16 and 8 bits.

mod drawn;

use drawn::{Case, cases, draw_weights};
use proptest::prelude::*;
use telar::data::Home;
use telar::hub::{self, ModelRef};
use telar::kernels::{Simd, Storage};
use telar::nn::{Decoder, DecoderConfig, LanguageModel, NoProbe, Rng, SliceReader, Weights, cpu, host_values};

fn tokens(case: &Case, rng: &mut Rng) -> Vec<u32> {
    (0..case.time).map(|_| rng.below(case.config.vocabulary) as u32).collect()
}

/// Logits after every token that ends a part, when the text is read part by part.
fn read(model: &dyn LanguageModel, ids: &[u32], parts: &[usize]) -> Vec<Vec<f32>> {
    let mut sequence = model.begin(ids.len());
    let mut rest = ids;
    let mut logits = Vec::new();
    for &part in parts {
        let (now, later) = rest.split_at(part.min(rest.len()));
        rest = later;
        if !now.is_empty() {
            logits.push(sequence.read(now));
        }
    }
    logits
}

fn close(a: &[f32], b: &[f32], tolerance: f32) -> bool {
    let size = b.iter().fold(1.0f32, |most, x| most.max(x.abs()));
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * size)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_read_is_what_the_graph_says(case in cases()) {
        let mut rng = Rng::new(case.seed);
        let weights = draw_weights(&case.config, &mut rng);
        let ids = tokens(&case, &mut rng);
        let graph = Decoder::from_weights(&weights, &cpu());
        let reader = SliceReader::new(&weights, Storage::F32);
        // All at once, one by one, and a prompt that is then continued by pieces.
        for parts in [vec![ids.len()], vec![1; ids.len()], vec![ids.len() / 2, 1, 2, 1, ids.len()]] {
            let (found, wanted) = (read(&reader, &ids, &parts), read(&graph, &ids, &parts));
            for (i, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
                prop_assert!(close(found, wanted, 1e-4), "part {i} of {parts:?}: {found:?} {wanted:?}");
            }
            prop_assert_eq!(found.len(), wanted.len());
        }
        // And the graph without any cache.
        let whole = host_values(graph.forward(graph.ids(&ids, 1), &mut NoProbe));
        let last = &whole[whole.len() - case.config.vocabulary..];
        prop_assert!(close(&read(&reader, &ids, &[ids.len()])[0], last, 1e-4));
    }

    #[test]
    fn fewer_bits_are_other_weights_and_the_same_model(case in cases()) {
        let mut rng = Rng::new(case.seed);
        let weights = draw_weights(&case.config, &mut rng);
        let ids = tokens(&case, &mut rng);
        for storage in [Storage::F16, Storage::Q8] {
            let reader = SliceReader::new(&weights, storage);
            let same = SliceReader::new(&reader.to_weights(), Storage::F32);
            let (found, wanted) = (read(&reader, &ids, &[ids.len()]), read(&same, &ids, &[ids.len()]));
            prop_assert!(close(&found[0], &wanted[0], 1e-4), "{storage:?}");
        }
        prop_assert_eq!(SliceReader::new(&weights, Storage::F32).to_weights().data, weights.data);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn beams_read_what_a_text_of_its_own_reads(case in cases()) {
        let mut rng = Rng::new(case.seed);
        let weights = draw_weights(&case.config, &mut rng);
        let prompt = tokens(&case, &mut rng);
        let graph = Decoder::from_weights(&weights, &cpu());
        let reader = SliceReader::new(&weights, Storage::F32);
        // The context has room for two tokens more.
        let steps: [&[usize]; 2] = [&[0, 0, 0], &[2, 0, 2]];
        let ids: Vec<u32> = (0..3).map(|_| rng.below(case.config.vocabulary) as u32).collect();
        for model in [&graph as &dyn LanguageModel, &reader] {
            let mut beams = model.begin_beams(3, case.config.context);
            let common = beams.read(&prompt);
            prop_assert!(close(&common, &read(&graph, &prompt, &[prompt.len()])[0], 1e-4));
            let mut texts = vec![prompt.clone(); 3];
            for from in steps {
                let logits = beams.step(from, &ids);
                texts = from.iter().zip(&ids).map(|(&beam, &id)| [&texts[beam][..], &[id]].concat()).collect();
                for (text, row) in texts.iter().zip(logits.chunks_exact(case.config.vocabulary)) {
                    let wanted = &read(&graph, text, &[text.len()])[0];
                    prop_assert!(close(row, wanted, 1e-4), "{row:?} {wanted:?}");
                }
            }
        }
    }

    #[test]
    fn the_logits_after_every_token_are_those_of_reading_one_by_one(case in cases()) {
        let mut rng = Rng::new(case.seed);
        let weights = draw_weights(&case.config, &mut rng);
        let ids = tokens(&case, &mut rng);
        let graph = Decoder::from_weights(&weights, &cpu());
        let reader = SliceReader::new(&weights, Storage::F32);
        let wanted = read(&graph, &ids, &vec![1; ids.len()]);
        for model in [&graph as &dyn LanguageModel, &reader] {
            let mut text = model.begin(ids.len());
            // Twice, and the second time in two parts: what was forgotten leaves no trace.
            for parts in [vec![ids.len()], vec![ids.len() / 2, ids.len() - ids.len() / 2]] {
                let mut found = Vec::new();
                let mut rest = &ids[..];
                for part in parts {
                    let (now, later) = rest.split_at(part);
                    rest = later;
                    text.read_each(now, &mut |place, row: &[f32]| found.push((place, row.to_vec())));
                }
                prop_assert_eq!(found.len(), ids.len());
                for (i, ((_, found), wanted)) in found.iter().zip(&wanted).enumerate() {
                    prop_assert!(close(found, wanted, 1e-4), "token {i}: {found:?} {wanted:?}");
                }
                prop_assert_eq!(found[0].0, 0);
                text.clear();
            }
        }
    }
}

/// A model large enough for work to be shared between threads, with a prompt longer than a block of attention.
fn large() -> (Weights, Vec<u32>) {
    let settings = telar::train::Preset::MiniLlama.settings();
    let config = DecoderConfig { vocabulary: 300, context: 128, n_layers: 2, ..settings.model };
    let mut rng = Rng::new(3);
    let weights = draw_weights(&config, &mut rng);
    let ids = (0..100).map(|_| rng.below(300) as u32).collect();
    (weights, ids)
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let (weights, ids) = large();
    let reader = SliceReader::new(&weights, Storage::F32);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| read(&reader, &ids, &[70, 1, 1, 28]))
    };
    let one = run(1);
    assert_eq!(one.len(), 4);
    assert!(run(2) == one && run(3) == one);
}

#[test]
fn all_levels_of_vector_instructions_agree() {
    let (weights, ids) = large();
    for storage in [Storage::F32, Storage::F16, Storage::Q8] {
        let run = |simd| read(&SliceReader::with_simd(&weights, storage, simd), &ids, &[60, 1, 39]);
        let baseline = run(Simd::baseline());
        for simd in Simd::available() {
            let found = run(simd);
            assert!(found.iter().zip(&baseline).all(|(a, b)| close(a, b, 1e-5)), "{} {storage:?}", simd.name());
        }
    }
}

#[test]
fn what_is_no_number_stays_visible() {
    let (mut weights, ids) = large();
    let (index, _) = weights.layout.find("blocks.1.ff.down.weight").unwrap();
    weights.parameter_mut(index)[5] = f32::NAN;
    for storage in [Storage::F32, Storage::F16, Storage::Q8] {
        let logits = read(&SliceReader::new(&weights, storage), &ids, &[ids.len()]);
        assert!(logits[0].iter().any(|logit| !logit.is_finite()), "{storage:?}");
    }
}

#[test]
fn memory_is_that_of_the_bits() {
    let (weights, _) = large();
    let bytes = |storage| SliceReader::new(&weights, storage).bytes() as f64 / weights.len() as f64;
    let [full, half, eighth] = [Storage::F32, Storage::F16, Storage::Q8].map(bytes);
    assert!((4.0..4.2).contains(&full) && half < 2.2 && eighth < 1.2, "{full} {half} {eighth}");
}

/// Loss of a model on a text, in nats.
fn loss(reader: &SliceReader, ids: &[u32]) -> f64 {
    let mut sequence = reader.begin(ids.len());
    let mut sum = 0.0;
    for pair in ids.windows(2) {
        let logits = sequence.read(&pair[..1]);
        let largest = logits.iter().fold(f32::MIN, |most, &logit| most.max(logit));
        let total: f64 = logits.iter().map(|&logit| f64::from(logit - largest).exp()).sum();
        sum += total.ln() - f64::from(logits[pair[1] as usize] - largest);
    }
    sum
}

#[test]
fn the_shipped_models_write_as_well_with_eight_bits() {
    let text = "This is the air; that is the glorious sun;\nThis pearl she gave me, I do feel't and see't;\n\
                And though 'tis wonder that enwraps me thus,\nYet 'tis not madness. Where's Antonio, then?\n";
    let model = hub::load(&ModelRef::Builtin("shakespeare".to_owned()), &Home::at("nowhere")).unwrap();
    let ids = model.tokenizer.encode_ids(text).unwrap();
    let [full, half, eighth] = [Storage::F32, Storage::F16, Storage::Q8]
        .map(|storage| loss(&SliceReader::new(&model.weights, storage), &ids) / text.len() as f64);
    println!("nats a character: {full:.5} in 32 bits, {half:.5} in 16, {eighth:.5} in 8");
    assert!(full < 2.0 && (half - full).abs() < 1e-4 && (eighth - full).abs() < 0.01);
}
