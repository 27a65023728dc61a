//! How a model is asked to continue a text, and what of it is remembered.

use std::hash::{BuildHasher, RandomState};

use crate::generate::{GenerateRequest, SamplingOptions};

/// Seeds that are drawn lie below this, so that they can be read out and typed.
const SEEDS: u64 = 1_000_000;
/// Most new tokens that can be asked for.
pub const MOST_TOKENS: usize = 2_000;

/// All that the sliders and fields say.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How a token is chosen.
    pub sampling: SamplingOptions,
    /// At most this many new tokens.
    pub max_new_tokens: usize,
    /// The seed of the next generation.
    pub seed: u64,
    /// Whether a new seed is drawn for every generation.
    pub random_seed: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { sampling: SamplingOptions::default(), max_new_tokens: 200, seed: 1, random_seed: false }
    }
}

/// Options that belong together, by what they are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// The tutorial's own defaults.
    Tutorial,
    /// The likeliest, nearly always.
    Precise,
    /// Likely, with some surprise.
    Balanced,
    /// Surprising, as long as it is not impossible.
    Wild,
}

impl Preset {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Precise, Self::Balanced, Self::Wild, Self::Tutorial];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tutorial => "tutorial",
            Self::Precise => "precise",
            Self::Balanced => "balanced",
            Self::Wild => "wild",
        }
    }

    /// What it chooses.
    pub fn options(self) -> SamplingOptions {
        let plain = SamplingOptions { temperature: 1.0, top_k: 0, top_p: 1.0, min_p: 0.0, repetition_penalty: 1.0 };
        match self {
            Self::Tutorial => SamplingOptions::default(),
            Self::Precise => SamplingOptions { temperature: 0.3, top_p: 0.8, ..plain },
            Self::Balanced => SamplingOptions { temperature: 0.8, top_p: 0.95, ..plain },
            // A floor in proportion to the likeliest keeps noise out even where it is hot.
            Self::Wild => SamplingOptions { temperature: 1.3, min_p: 0.02, ..plain },
        }
    }

    /// The preset whose options these are.
    pub fn of(options: &SamplingOptions) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.options() == *options)
    }
}

impl Settings {
    /// A request to continue a text. The seed is that of the settings.
    pub fn request(&self, prompt: String) -> GenerateRequest {
        GenerateRequest {
            prompt,
            sampling: self.sampling,
            seed: self.seed,
            max_new_tokens: self.max_new_tokens,
            ..GenerateRequest::default()
        }
    }

    /// Draws a new seed.
    pub fn draw_seed(&mut self) {
        // Every `RandomState` is seeded anew by the system.
        self.seed = RandomState::new().hash_one(self.seed) % SEEDS;
    }

    /// The same with everything brought back into its range, whatever a file said.
    pub fn in_range(mut self) -> Self {
        let clean = |value: f32, low: f32, high: f32, default: f32| {
            if value.is_finite() { value.clamp(low, high) } else { default }
        };
        let sampling = &mut self.sampling;
        sampling.temperature = clean(sampling.temperature, 0.0, 2.0, 0.6);
        sampling.top_p = clean(sampling.top_p, 0.0, 1.0, 0.9);
        sampling.min_p = clean(sampling.min_p, 0.0, 1.0, 0.0);
        sampling.repetition_penalty = clean(sampling.repetition_penalty, 1.0, 2.0, 1.0);
        self.max_new_tokens = self.max_new_tokens.clamp(1, MOST_TOKENS);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_is_recognized_by_its_options() {
        for preset in Preset::ALL {
            assert_eq!(Preset::of(&preset.options()), Some(preset));
        }
        let own = SamplingOptions { temperature: 0.77, ..SamplingOptions::default() };
        assert_eq!(Preset::of(&own), None);
    }

    #[test]
    fn what_a_file_says_is_brought_into_range() {
        let text = "max_new_tokens = 0\nseed = 7\n[sampling]\ntemperature = nan\ntop_p = 7.0\n";
        let settings: Settings = toml::from_str(text).expect("it is TOML");
        let settings = settings.in_range();
        assert_eq!(settings.sampling.temperature, 0.6);
        assert_eq!(settings.sampling.top_p, 1.0);
        assert_eq!((settings.max_new_tokens, settings.seed), (1, 7));
    }

    #[test]
    fn drawn_seeds_differ_and_can_be_read_out() {
        let mut settings = Settings::default();
        let seeds: Vec<u64> = (0..8)
            .map(|_| {
                settings.draw_seed();
                settings.seed
            })
            .collect();
        assert!(seeds.iter().all(|&seed| seed < SEEDS));
        assert!(seeds.windows(2).any(|pair| pair[0] != pair[1]));
    }
}
