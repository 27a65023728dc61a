//! Trains the Spanish word vectors that ship with the program.
//!
//! `cargo run --release --example word_vectors -- quijote.txt assets/vectors/quijote`

use std::ops::ControlFlow;

use anyhow::{Context, anyhow};
use half::f16;
use telar::train::skip_gram::{SkipGramOptions, train};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [text, out] = &arguments[..] else { anyhow::bail!("which text, and the beginning of the files' names?") };
    let text = std::fs::read_to_string(text).context("the text cannot be read")?;
    let mut tenth = 0;
    let vectors = train(&text, &SkipGramOptions::default(), |progress| {
        if (progress.share * 10.0) as u32 > tenth {
            tenth += 1;
            println!("{tenth}0 %: loss {:.3}", progress.loss);
        }
        ControlFlow::Continue(())
    });
    let vectors = vectors.ok_or_else(|| anyhow!("no two words are frequent enough"))?;
    let values = (0..vectors.len()).flat_map(|place| vectors.vector(place));
    let bytes: Vec<u8> = values.flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect();
    std::fs::write(format!("{out}.f16"), bytes)?;
    std::fs::write(format!("{out}.words"), vectors.words().join("\n") + "\n")?;
    println!("{} words of {} numbers", vectors.len(), vectors.width());
    for word in ["sancho", "caballero", "pan", "rey"] {
        let Some(place) = vectors.find(word) else { continue };
        let near = vectors.nearest(vectors.vector(place), 6, &[place]);
        let names: Vec<&str> = near.iter().map(|(place, _)| vectors.words()[*place].as_str()).collect();
        println!("{word}: {}", names.join(", "));
    }
    Ok(())
}
