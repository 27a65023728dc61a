//! Ways of choosing that belong together, by what they are good for.

use rust_i18n::t;
use serde::{Deserialize, Serialize};

use super::request::{GenerateRequest, SamplingOptions};

/// A named way of choosing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// What a preset chooses beside the way of sampling.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PresetValues {
    /// How tokens are chosen.
    pub sampling: SamplingOptions,
    /// Most new tokens, where the preset says something about it.
    pub max_new_tokens: Option<usize>,
    /// Least length of prompt and answer together, in tokens; 0 is off.
    pub min_length: usize,
}

impl Preset {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Tutorial, Self::Precise, Self::Balanced, Self::Wild];

    /// Its stable name: `tutorial`, `precise`, `balanced`, `wild`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tutorial => "tutorial",
            Self::Precise => "precise",
            Self::Balanced => "balanced",
            Self::Wild => "wild",
        }
    }

    /// The preset of this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// Its name in the person's language.
    pub fn label(self) -> String {
        match self {
            Self::Tutorial => t!("generate.preset.tutorial"),
            Self::Precise => t!("generate.preset.precise"),
            Self::Balanced => t!("generate.preset.balanced"),
            Self::Wild => t!("generate.preset.wild"),
        }
        .into_owned()
    }

    /// What it is good for, in the person's language: one sentence.
    pub fn hint(self) -> String {
        match self {
            Self::Tutorial => t!("generate.preset_hint.tutorial"),
            Self::Precise => t!("generate.preset_hint.precise"),
            Self::Balanced => t!("generate.preset_hint.balanced"),
            Self::Wild => t!("generate.preset_hint.wild"),
        }
        .into_owned()
    }

    /// What it chooses.
    pub fn values(self) -> PresetValues {
        let plain = SamplingOptions::PLAIN;
        let of = |sampling| PresetValues { sampling, max_new_tokens: None, min_length: 0 };
        match self {
            Self::Tutorial => {
                PresetValues { max_new_tokens: Some(64), min_length: 30, ..of(SamplingOptions::default()) }
            }
            Self::Precise => of(SamplingOptions { temperature: 0.3, top_p: 0.8, ..plain }),
            Self::Balanced => of(SamplingOptions { temperature: 0.8, top_p: 0.95, ..plain }),
            // A floor in proportion to the likeliest keeps noise out even where it is hot.
            Self::Wild => of(SamplingOptions { temperature: 1.3, min_p: 0.02, ..plain }),
        }
    }

    /// The preset that samples like this.
    pub fn of(sampling: &SamplingOptions) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.values().sampling == *sampling)
    }

    /// Changes what the preset speaks of and leaves everything else.
    pub fn apply(self, request: &mut GenerateRequest) {
        let PresetValues { sampling, max_new_tokens, min_length } = self.values();
        request.sampling = sampling;
        request.min_length = min_length;
        request.max_new_tokens = max_new_tokens.unwrap_or(request.max_new_tokens);
    }

    /// The tutorial's first example: «What is love?», temperature 0.5, seed 2, and otherwise its defaults.
    pub fn tutorial_example() -> GenerateRequest {
        let mut request = GenerateRequest { prompt: "What is love?".to_owned(), seed: 2, ..GenerateRequest::default() };
        Self::Tutorial.apply(&mut request);
        request.sampling.temperature = 0.5;
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_is_found_by_its_name_and_by_what_it_chooses() {
        for preset in Preset::ALL {
            assert_eq!(Preset::parse(preset.name()), Some(preset));
            assert_eq!(Preset::of(&preset.values().sampling), Some(preset));
            assert!(!preset.label().is_empty() && preset.hint().ends_with('.'), "{}", preset.name());
        }
        assert_eq!(Preset::parse("Tutorial"), None);
        assert_eq!(Preset::of(&SamplingOptions { temperature: 0.77, ..SamplingOptions::default() }), None);
    }

    #[test]
    fn the_tutorials_are_those_of_the_tutorial() {
        let example = Preset::tutorial_example();
        let SamplingOptions { temperature, top_p, top_k, .. } = example.sampling;
        assert_eq!((temperature, top_p, top_k, example.seed), (0.5, 0.9, 0, 2));
        assert_eq!((example.max_new_tokens, example.min_length), (64, 30));
        assert_eq!(Preset::Tutorial.values().sampling.temperature, 0.6);
        let mut other = GenerateRequest { max_new_tokens: 9, min_length: 30, ..example };
        Preset::Wild.apply(&mut other);
        assert_eq!((other.max_new_tokens, other.min_length, other.sampling.min_p), (9, 0, 0.02));
    }
}
