//! Every reader of files from outside, against small valid files that were changed at random: whatever comes, it opens or is
//! refused with a sentence, without a panic and without memory that the file could not need.
//!
//! By default a few hundred changes a reader, always the same. `TELAR_FUZZ_SECONDS` gives all readers together so many
//! seconds and other changes each time; a failure names its case, which `TELAR_FUZZ_CASE` repeats.

mod foreign;

use std::fs;
use std::io::{Cursor, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use foreign::{Copied, bounded, fixtures, load, peak};
use telar::hub::{HubError, Precision, folder};
use telar::text::Tokenizer;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Cases a reader where no time is given, and the readers that share the time.
const CASES: u64 = 250;
const READERS: u32 = 9;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// Values at which sizes go wrong.
const EDGES: [u64; 12] = [0, 1, 2, 7, 0x7F, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 40, i64::MAX as u64, u64::MAX];
/// What stands in texts where sizes go wrong.
const WORDS: [&str; 16] = [
    "0",
    "-1",
    "1e999",
    "18446744073709551615",
    "4000000000",
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "[[[[[[[[",
    "NaN",
    "\\u0000",
    "🧵",
    "\u{FFFD}",
    "\"type\"",
];

/// Changes some bytes; `head` of them (where what they mean is written) are changed more often than the rest.
fn change(bytes: &[u8], head: usize, random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    // Mostly one change: what is changed a lot is refused early.
    let changes = if random.below(4) == 0 { 1 + random.below(6) } else { 1 };
    for _ in 0..changes {
        let reach = if random.below(10) < 8 { head.min(bytes.len()) } else { bytes.len() };
        let at = random.below(reach);
        let some = 1 + random.below(24);
        let end = (at + some).min(bytes.len());
        match random.below(9) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let again = bytes[at.min(end)..end].to_vec();
                bytes.splice(at..at, again);
            }
            3 => {
                let from = random.below(bytes.len());
                let piece = bytes[from..(from + some).min(bytes.len())].to_vec();
                bytes.splice(at..end, piece);
            }
            4 => {
                let word = random.pick(&WORDS);
                bytes.splice(at..(at + random.below(4)).min(bytes.len()), word.bytes());
            }
            5 | 6 => {
                let edge = random.pick(&EDGES).to_le_bytes();
                let wide = random.pick(&[1, 2, 4, 8]).min(bytes.len() - at.min(bytes.len()));
                bytes.splice(at..at + wide, edge[..wide].to_vec());
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
    bytes
}

/// Runs cases until the time or their number is up.
fn fuzz(reader: &str, mut case: impl FnMut(&mut Random) -> Result<(), String>) {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let seconds = number("TELAR_FUZZ_SECONDS");
    let time = seconds.map(|seconds| Duration::from_secs(seconds) / READERS);
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64);
    let first = number("TELAR_FUZZ_CASE").unwrap_or_else(|| if time.is_some() { now() } else { 1 });
    let started = Instant::now();
    let before = peak();
    let (mut done, mut opened) = (0, 0);
    let more = |done| match time {
        Some(time) => started.elapsed() < time,
        None => done < CASES,
    };
    while more(done) {
        let seed = first + done;
        // Far apart seeds for cases that follow each other.
        let mut random = Random(seed.wrapping_mul(0xD134_2543_DE82_EF95));
        match catch_unwind(AssertUnwindSafe(|| case(&mut random))) {
            Ok(Ok(())) => opened += 1,
            Ok(Err(sentence)) => assert!(sentence.len() > 20, "{reader}, case {seed}: {sentence:?}"),
            Err(_) => panic!("{reader}: TELAR_FUZZ_CASE={seed} panics"),
        }
        done += 1;
    }
    println!("{reader}: {done} cases, {opened} opened, {:.1} s", started.elapsed().as_secs_f64());
    bounded(before);
}

/// Whether a folder opens with a file of it changed.
fn open(model: &Copied, file: &str, bytes: &[u8]) -> Result<(), String> {
    model.write(file, bytes);
    finite(model.load())
}

/// What opened must be usable: a model of numbers.
fn finite(loaded: Result<telar::hub::Loaded, HubError>) -> Result<(), String> {
    let loaded = loaded.map_err(|error| error.to_string())?;
    assert!(loaded.weights.data.iter().all(|value| value.is_finite()));
    assert!(loaded.tokenizer.vocabulary() <= loaded.weights.config.vocabulary);
    Ok(())
}

#[test]
fn safetensors() {
    let model = Copied::of("llama");
    let good = model.bytes("model.safetensors");
    fuzz("safetensors", |random| open(&model, "model.safetensors", &change(&good, 3_000, random)));
}

#[test]
fn configurations() {
    let models = ["gpt2", "gpt_neo", "llama", "llama3", "mistral", "qwen2"].map(Copied::of);
    let good = models.each_ref().map(|model| model.bytes("config.json"));
    fuzz("config.json", |random| {
        let family = random.below(models.len());
        open(&models[family], "config.json", &change(&good[family], usize::MAX, random))
    });
}

#[test]
fn indices() {
    let model = Copied::of("llama_tied");
    let file = "model.safetensors.index.json";
    let good = model.bytes(file);
    fuzz(file, |random| open(&model, file, &change(&good, usize::MAX, random)));
}

#[test]
fn our_own_folders() {
    let model = Copied::of("gpt2");
    folder::write(model.folder(), &model.load().unwrap(), Precision::Half).unwrap();
    let good = ["config.json", "model.safetensors"].map(|file| (file, model.bytes(file)));
    fuzz("telar", |random| {
        good.iter().for_each(|(file, bytes)| model.write(file, bytes));
        let (file, bytes) = &good[random.below(2)];
        open(&model, file, &change(bytes, 2_000, random))
    });
}

/// A family with PyTorch's file instead of safetensors.
fn torch_model() -> Copied {
    let model = Copied::of("qwen2");
    fs::remove_file(model.path("model.safetensors")).unwrap();
    model.take("torch/qwen2");
    model
}

#[test]
fn torch_archives() {
    let model = torch_model();
    let good = model.bytes("pytorch_model.bin");
    // The list of files stands at the end: both ends are changed.
    fuzz("pytorch_model.bin", |random| {
        let mut bytes = change(&good, 4_000, random);
        if random.below(2) == 0 {
            let end = bytes.len() - 4_000.min(bytes.len());
            let tail = change(&bytes[end..], usize::MAX, random);
            bytes.splice(end.., tail);
        }
        open(&model, "pytorch_model.bin", &bytes)
    });
}

#[test]
fn pickles() {
    let model = torch_model();
    let mut archive = zip::ZipArchive::new(Cursor::new(model.bytes("pytorch_model.bin"))).unwrap();
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        std::io::copy(&mut file, &mut bytes).unwrap();
        files.push((file.name().unwrap().into_owned(), bytes));
    }
    fuzz("data.pkl", |random| {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in &files {
            let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
            writer.start_file(name.as_str(), stored).unwrap();
            let changed = name.ends_with("data.pkl").then(|| change(bytes, usize::MAX, random));
            writer.write_all(changed.as_ref().unwrap_or(bytes)).unwrap();
        }
        open(&model, "pytorch_model.bin", &writer.finish().unwrap().into_inner())
    });
}

#[test]
fn gguf() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    let good = ["qwen2", "marked", "gpt2"].map(|name| fs::read(fixtures().join(format!("gguf/{name}.gguf"))).unwrap());
    fuzz("gguf", |random| {
        let file = random.below(good.len());
        fs::write(&path, change(&good[file], 16_000, random)).unwrap();
        finite(load(&path))
    });
}

/// A tokenizer that opens reads and writes any text.
fn use_it(tokenizer: Result<Tokenizer, telar::text::TextError>) -> Result<(), String> {
    let tokenizer = tokenizer.map_err(|error| error.to_string())?;
    for text in ["", "The loom, ¿qué?\n\t 日本 👩‍👧 <s>", "a\u{301}  \u{4}"] {
        if let Ok(encoding) = tokenizer.encode(text) {
            tokenizer.decode(&encoding.ids);
        }
    }
    tokenizer.decode(&(0..tokenizer.vocabulary() as u32 + 2).collect::<Vec<_>>());
    tokenizer.prefix();
    Ok(())
}

#[test]
fn tokenizers() {
    let read = |name: &str| fs::read(fixtures().join(format!("tokenizers/{name}.tokenizer.json"))).unwrap();
    let good = ["gpt2", "llama", "mistral", "wordpiece"].map(read);
    fuzz("tokenizer.json", |random| {
        let kind = random.below(good.len());
        // What surrounds the vocabulary stands at both ends.
        let bytes = change(&good[kind], 900, random);
        use_it(Tokenizer::from_json(&String::from_utf8_lossy(&bytes)))
    });
}

#[test]
fn vocabulary_and_merges() {
    let tree: serde_json::Value =
        serde_json::from_slice(&fs::read(fixtures().join("tokenizers/gpt2.tokenizer.json")).unwrap()).unwrap();
    let vocabulary = tree["model"]["vocab"].to_string();
    let merges = tree["model"]["merges"].as_array().unwrap().iter();
    let merges: String =
        merges.map(|pair| format!("{} {}\n", pair[0].as_str().unwrap(), pair[1].as_str().unwrap())).collect();
    fuzz("vocab.json, merges.txt", |random| {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let (vocabulary, merges) = if random.below(2) == 0 {
            (text(change(vocabulary.as_bytes(), usize::MAX, random)), merges.clone())
        } else {
            (vocabulary.clone(), text(change(merges.as_bytes(), usize::MAX, random)))
        };
        use_it(Tokenizer::from_gpt2(&vocabulary, &merges))
    });
}
