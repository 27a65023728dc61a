//! Named sets of defaults, each for one purpose, and how single settings are changed by name.

use super::error::TrainError;
use super::{DataOrder, OptimizerKind, Preset, TokenizerKind, TrainSettings};
use crate::nn::{Activation, DecoderConfig, Head, Init, NormKind, NormPlace, Positions, RotaryScaling};

impl Preset {
    /// All of them, the quickest to learn from first.
    pub const ALL: [Self; 4] = [Self::Char, Self::Nano, Self::MiniLlama, Self::Tutorial];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tutorial => "tutorial",
            Self::Char => "char",
            Self::Nano => "nano",
            Self::MiniLlama => "mini-llama",
        }
    }

    /// The preset of a name.
    ///
    /// # Errors
    /// If there is none; the error lists the names.
    pub fn named(name: &str) -> Result<Self, TrainError> {
        Self::ALL.into_iter().find(|preset| preset.name() == name).ok_or_else(|| TrainError::UnknownPreset {
            name: name.to_owned(),
            known: Self::ALL.map(Self::name).join(", "),
        })
    }

    /// Its settings.
    pub fn settings(self) -> TrainSettings {
        match self {
            Self::Tutorial => tutorial(),
            Self::Char => char(),
            Self::Nano => nano(),
            Self::MiniLlama => mini_llama(),
        }
    }
}

/// The tutorial's model and training, to the letter (`Foundations of LLMs`): one post-norm block, biases everywhere, a
/// separate output layer, everything trained on, constant learning rate, no clipping. Its GELU is JAX's default, the
/// tanh form.
fn tutorial() -> TrainSettings {
    TrainSettings {
        model: DecoderConfig {
            n_layers: 1,
            n_heads: 4,
            n_kv_heads: 4,
            d_ff: 256,
            positions: Positions::Sinusoidal,
            norm_place: NormPlace::Post,
            norm_eps: 1e-6,
            final_norm: false,
            head: Head::Separate,
            head_bias: true,
            init: Init::Tutorial,
            ..gpt2(64, 128)
        },
        tokenizer: TokenizerKind::Words,
        data_order: DataOrder::ShuffleBuffer,
        batch_size: 32,
        context: 64,
        steps: 3_500,
        optimizer: OptimizerKind::Adam,
        lr: 2e-3,
        warmup: 0,
        lr_final: 1.0,
        beta1: 0.9,
        beta2: 0.99,
        eps: 1e-8,
        weight_decay: 0.0,
        clip: 0.0,
        held_out: 0.0,
        log_every: 32,
        eval_every: 0,
        sample_every: 320,
        checkpoint_every: 500,
        seed: 1,
    }
}

/// Character level, small enough that two CPU cores write word-like text within two minutes (after nanoGPT's
/// `train_shakespeare_char` for a laptop).
fn char() -> TrainSettings {
    TrainSettings {
        model: DecoderConfig { n_layers: 4, n_heads: 4, n_kv_heads: 4, d_ff: 512, ..gpt2(64, 128) },
        tokenizer: TokenizerKind::Characters,
        batch_size: 12,
        context: 64,
        steps: 5_000,
        lr: 1e-3,
        log_every: 10,
        eval_every: 250,
        sample_every: 250,
        checkpoint_every: 500,
        ..by_windows(gpt2(64, 128))
    }
}

/// GPT-2's architecture on a byte-level BPE of the corpus' own.
fn nano() -> TrainSettings {
    TrainSettings {
        model: DecoderConfig { n_layers: 6, n_heads: 8, n_kv_heads: 8, d_ff: 1_024, dropout: 0.1, ..gpt2(128, 256) },
        tokenizer: TokenizerKind::Bpe(512),
        batch_size: 16,
        context: 128,
        steps: 2_000,
        lr: 1e-3,
        ..by_windows(gpt2(128, 256))
    }
}

/// Llama's architecture in small: RMS norm, rotary positions, SwiGLU, grouped key/value heads, no biases. The models that
/// ship are of this preset, trained on a whole book.
fn mini_llama() -> TrainSettings {
    let model = DecoderConfig {
        n_layers: 5,
        n_heads: 6,
        n_kv_heads: 2,
        d_ff: 512,
        positions: Positions::Rotary,
        norm: NormKind::RmsNorm,
        activation: Activation::SwiGlu,
        qkv_bias: false,
        attn_out_bias: false,
        ff_bias: false,
        dropout: 0.1,
        ..gpt2(256, 192)
    };
    TrainSettings {
        tokenizer: TokenizerKind::Bpe(1_024),
        batch_size: 8,
        context: 256,
        steps: 500,
        lr: 3e-3,
        lr_final: 0.03,
        eval_every: 100,
        sample_every: 100,
        checkpoint_every: 100,
        ..by_windows(model)
    }
}

/// GPT-2's choices; sizes of the blocks are left to the caller.
fn gpt2(context: usize, d_model: usize) -> DecoderConfig {
    DecoderConfig {
        vocabulary: 0,
        context,
        d_model,
        n_layers: 4,
        n_heads: 4,
        n_kv_heads: 4,
        d_ff: 4 * d_model,
        positions: Positions::Learned,
        rotary_base: 10_000.0,
        rotary_scaling: RotaryScaling::None,
        norm: NormKind::LayerNorm,
        norm_place: NormPlace::Pre,
        norm_eps: 1e-5,
        final_norm: true,
        activation: Activation::GeluTanh,
        causal: true,
        windows: Vec::new(),
        scale_scores: true,
        qkv_bias: true,
        attn_out_bias: true,
        ff_bias: true,
        head: Head::Tied,
        head_bias: false,
        residual: true,
        dropout: 0.0,
        init: Init::Gpt2,
    }
}

/// AdamW with warm-up and cosine over windows drawn at random, the last tenth of the text held out.
fn by_windows(model: DecoderConfig) -> TrainSettings {
    TrainSettings {
        model,
        tokenizer: TokenizerKind::Characters,
        data_order: DataOrder::RandomWindows,
        batch_size: 16,
        context: 128,
        steps: 2_000,
        optimizer: OptimizerKind::AdamW,
        lr: 1e-3,
        warmup: 100,
        lr_final: 0.1,
        beta1: 0.9,
        beta2: 0.99,
        eps: 1e-8,
        weight_decay: 0.1,
        clip: 1.0,
        held_out: 0.1,
        log_every: 10,
        eval_every: 200,
        sample_every: 200,
        checkpoint_every: 200,
        seed: 1,
    }
}

impl TrainSettings {
    /// Changes one setting by the name of its field; fields of the model may be written with or without `model.` in
    /// front. A tokenizer is `words`, `characters` or `bpe:PIECES`. A model that gives every query head a key/value head
    /// of its own goes on doing so when `n_heads` changes.
    ///
    /// # Errors
    /// If there is no such field, or the value does not fit it.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), TrainError> {
        let unknown = || TrainError::UnknownSetting(key.to_owned());
        let misfit = || TrainError::SettingValue { key: key.to_owned(), value: value.to_owned() };
        let own_kv_heads = self.model.n_kv_heads == self.model.n_heads;
        let mut tree = serde_json::to_value(&*self).map_err(|_| misfit())?;
        let name = key.strip_prefix("model.").unwrap_or(key);
        let top = if name == key { tree.get(name).filter(|old| !old.is_object() || name == "tokenizer") } else { None };
        let pointer = if top.is_some() { format!("/{name}") } else { format!("/model/{name}") };
        let place = tree.pointer_mut(&pointer).ok_or_else(unknown)?;
        *place = parse(value);
        if name == "n_heads"
            && own_kv_heads
            && let Some(kv_heads) = tree.pointer_mut("/model/n_kv_heads")
        {
            *kv_heads = parse(value);
        }
        *self = serde_json::from_value(tree).map_err(|_| misfit())?;
        Ok(())
    }

    /// Checks everything that can be checked before the text is read.
    ///
    /// # Errors
    /// The first setting that makes no sense, as a sentence.
    pub fn validate(&self) -> Result<(), TrainError> {
        for (name, value) in [("batch_size", self.batch_size), ("context", self.context)] {
            if value == 0 {
                return Err(TrainError::Zero(name));
            }
        }
        for (name, value) in [("steps", self.steps), ("log_every", self.log_every)] {
            if value == 0 {
                return Err(TrainError::Zero(name));
            }
        }
        if self.context > self.model.context {
            return Err(TrainError::ContextTooLong { context: self.context, most: self.model.context });
        }
        let numbers = [
            ("lr", self.lr, 0.0, f64::INFINITY),
            ("lr_final", self.lr_final, 0.0, 1.0),
            ("beta1", self.beta1, 0.0, 0.999_999),
            ("beta2", self.beta2, 0.0, 0.999_999),
            ("eps", self.eps, 0.0, 1.0),
            ("weight_decay", self.weight_decay, 0.0, f64::INFINITY),
            ("clip", self.clip, 0.0, f64::INFINITY),
            ("held_out", self.held_out, 0.0, 0.9),
        ];
        for (name, value, least, most) in numbers {
            if !(least..=most).contains(&value) || !value.is_finite() {
                return Err(TrainError::OutOfRange { name, value, least, most });
            }
        }
        // The vocabulary is known only once the text has been read.
        DecoderConfig { vocabulary: self.model.vocabulary.max(1), ..self.model.clone() }.validate()?;
        Ok(())
    }
}

/// A value as JSON if it is some, else as a text; `bpe:512` as the tokenizer that it names.
fn parse(value: &str) -> serde_json::Value {
    match value.strip_prefix("bpe:").and_then(|pieces| pieces.parse::<usize>().ok()) {
        Some(pieces) => serde_json::json!({ "bpe": pieces }),
        None => serde_json::from_str(value).unwrap_or_else(|_| serde_json::Value::String(value.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_valid_and_found_by_its_name() {
        for preset in Preset::ALL {
            preset.settings().validate().unwrap();
            assert_eq!(Preset::named(preset.name()).unwrap(), preset);
        }
        assert!(Preset::named("gigantic").is_err());
    }

    #[test]
    fn settings_are_changed_by_their_names() {
        let mut settings = Preset::Char.settings();
        for (key, value) in [
            ("lr", "0.01"),
            ("n_heads", "8"),
            ("model.d_model", "64"),
            ("tokenizer", "bpe:300"),
            ("positions", "rotary"),
            ("steps", "7"),
        ] {
            settings.set(key, value).unwrap();
        }
        assert_eq!((settings.lr, settings.steps), (0.01, 7));
        assert_eq!((settings.model.n_heads, settings.model.n_kv_heads, settings.model.d_model), (8, 8, 64));
        assert_eq!((settings.tokenizer, settings.model.positions), (TokenizerKind::Bpe(300), Positions::Rotary));
        settings.set("tokenizer", "words").unwrap();
        assert_eq!(settings.tokenizer, TokenizerKind::Words);
        let before = settings.clone();
        for (key, value) in
            [("learning_rate", "1"), ("lr", "fast"), ("model", "{}"), ("n_heads", "-1"), ("positions", "up")]
        {
            assert!(settings.set(key, value).is_err(), "{key}={value}");
        }
        assert_eq!(settings, before);
    }

    #[test]
    fn nonsense_is_refused() {
        for (key, value) in [
            ("batch_size", "0"),
            ("context", "1000"),
            ("lr", "-1"),
            ("held_out", "0.95"),
            ("n_heads", "3"),
            ("dropout", "1.0"),
        ] {
            let mut settings = Preset::Char.settings();
            settings.set(key, value).unwrap();
            assert!(settings.validate().is_err(), "{key}={value}");
        }
    }
}
