//! Models of the hub that the app recommends: small enough for a laptop, and known to open.

use std::path::Path;

use rust_i18n::t;

use super::foreign;
use super::memory::Weight;
use super::remote::short;

/// A model of the hub that is known before it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// Its repository.
    pub repository: &'static str,
    /// `en`, `es`.
    pub language: &'static str,
    /// Under which terms it may be used, as the hub abbreviates it.
    pub licence: &'static str,
    /// What is to be downloaded, weights and tokenizer together, as the hub listed it; in whole megabytes. The exact figure
    /// comes with the download.
    pub megabytes: u64,
    /// What its `config.json` says of its shape.
    shape: &'static str,
}

const CATALOGUE: [CatalogueEntry; 5] = [
    CatalogueEntry {
        repository: "openai-community/gpt2",
        language: "en",
        licence: "mit",
        megabytes: 549,
        shape: r#"{ "model_type": "gpt2", "vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 12,
                    "n_head": 12 }"#,
    },
    CatalogueEntry {
        repository: "openai-community/gpt2-medium",
        language: "en",
        licence: "mit",
        megabytes: 1_521,
        shape: r#"{ "model_type": "gpt2", "vocab_size": 50257, "n_positions": 1024, "n_embd": 1024, "n_layer": 24,
                    "n_head": 16 }"#,
    },
    CatalogueEntry {
        repository: "EleutherAI/gpt-neo-125m",
        language: "en",
        licence: "mit",
        megabytes: 528,
        shape: r#"{ "model_type": "gpt_neo", "vocab_size": 50257, "max_position_embeddings": 2048, "hidden_size": 768,
                    "num_layers": 12, "num_heads": 12, "attention_types": [[["global", "local"], 6]] }"#,
    },
    CatalogueEntry {
        repository: "HuggingFaceTB/SmolLM2-135M",
        language: "en",
        licence: "apache-2.0",
        megabytes: 271,
        shape: r#"{ "model_type": "llama", "vocab_size": 49152, "max_position_embeddings": 8192, "hidden_size": 576,
                    "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9,
                    "num_key_value_heads": 3, "rope_theta": 100000, "tie_word_embeddings": true }"#,
    },
    CatalogueEntry {
        repository: "DeepESP/gpt2-spanish",
        language: "es",
        licence: "mit",
        megabytes: 512,
        shape: r#"{ "model_type": "gpt2", "vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 12,
                    "n_head": 12 }"#,
    },
];

/// All of them.
pub fn catalogue() -> &'static [CatalogueEntry] {
    &CATALOGUE
}

/// The entry of a repository, by its whole name or by the name without its owner; letter case does not matter, as on the
/// hub.
pub fn entry(name: &str) -> Option<&'static CatalogueEntry> {
    let same = |entry: &&CatalogueEntry| {
        entry.repository.eq_ignore_ascii_case(name) || short(entry.repository).eq_ignore_ascii_case(name)
    };
    CATALOGUE.iter().find(same)
}

impl CatalogueEntry {
    /// One sentence on what it is, in the language of the interface.
    pub fn about(&self) -> String {
        t!(format!("models.about.{}", short(self.repository).to_lowercase().replace('.', "_"))).into_owned()
    }

    /// Bytes to download, about.
    pub fn bytes(&self) -> u64 {
        self.megabytes * 1_000_000
    }

    /// What it weighs, by its shape.
    pub fn weight(&self) -> Option<Weight> {
        let tree = serde_json::from_str(self.shape).ok()?;
        let config = foreign::config::parse(&tree, Path::new(self.repository)).ok()?;
        Some(Weight::of_files(&config, self.bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::remote::is_repository;

    #[test]
    fn every_entry_has_what_the_window_shows() {
        // As `transformers` counts them.
        let known = [124_439_808, 354_823_168, 125_198_592, 134_515_008, 124_439_808];
        for (entry, parameters) in catalogue().iter().zip(known) {
            let weight = entry.weight().unwrap();
            assert_eq!(weight.parameters, parameters, "{}", entry.repository);
            // 32 or 16 bits a value, and in older files a mask a layer.
            assert!((2 * parameters..5 * parameters).contains(&entry.bytes()), "{}", entry.repository);
            assert!(is_repository(entry.repository) && !entry.licence.is_empty());
            assert!(!entry.about().contains("models.about"), "{}", entry.about());
        }
    }

    #[test]
    fn short_names_find_them_too() {
        assert_eq!(entry("gpt2").unwrap().repository, "openai-community/gpt2");
        assert_eq!(entry("EleutherAI/gpt-neo-125M").unwrap().repository, "EleutherAI/gpt-neo-125m");
        assert_eq!(entry("DeepESP/gpt2"), None);
    }
}
