//! How a model is asked to continue a text, and what of it is remembered.

use serde::{Deserialize, Serialize};

use crate::generate::beam::{BeamRequest, MOST_BEAMS};
use crate::generate::{GenerateRequest, Preset, SamplingOptions, WhenFull, any_seed};
use crate::nn::Rng;

/// Most new tokens that can be asked for.
pub const MOST_TOKENS: usize = 2_000;
/// So many presets of one's own are kept.
pub const MOST_PRESETS: usize = 24;
/// A preset's name has at most so many characters.
pub const LONGEST_NAME: usize = 32;

/// How the next token comes to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Always the likeliest.
    Greedy,
    /// Drawn by its probability.
    #[default]
    Sampling,
    /// Several beginnings are followed, and the likeliest whole text wins.
    Beams,
}

impl Strategy {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Greedy, Self::Sampling, Self::Beams];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Greedy => "greedy",
            Self::Sampling => "sampling",
            Self::Beams => "beams",
        }
    }
}

/// All that says how a text is written, apart from the seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manner {
    /// How the next token comes to be.
    pub strategy: Strategy,
    /// How a token is chosen.
    pub sampling: SamplingOptions,
    /// At most this many new tokens.
    pub max_new_tokens: usize,
    /// No end before this many new tokens.
    pub min_new_tokens: usize,
    /// No end before prompt and answer have so many tokens together.
    pub min_length: usize,
    /// Texts that end it, one a line; `\n`, `\t` and `\\` stand for a line's end, a tab and a backslash.
    pub stop: String,
    /// How many beginnings a beam search follows.
    pub beams: usize,
    /// Above 0 a beam search favours long texts.
    pub length_penalty: f32,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            sampling: SamplingOptions::default(),
            max_new_tokens: 200,
            min_new_tokens: 0,
            min_length: 0,
            stop: String::new(),
            beams: 4,
            length_penalty: 1.0,
        }
    }
}

/// A manner that a person has given a name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnPreset {
    /// The name.
    pub name: String,
    /// The manner.
    pub manner: Manner,
}

/// All that the sliders and fields say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How a text is written.
    pub manner: Manner,
    /// The seed of the next generation.
    pub seed: u64,
    /// Whether a new seed is drawn for every generation.
    pub random_seed: bool,
    /// Manners with names.
    pub own: Vec<OwnPreset>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { manner: Manner::default(), seed: 1, random_seed: false, own: Vec::new() }
    }
}

/// What can be chosen with one click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// One that Telar offers.
    Shipped(Preset),
    /// One of the person's own, by its name.
    Own(String),
}

impl Manner {
    /// The options that are applied to a row of logits: those of greedy decoding are as cold as it gets.
    pub fn options(&self) -> SamplingOptions {
        match self.strategy {
            Strategy::Greedy => SamplingOptions { temperature: 0.0, ..self.sampling },
            Strategy::Sampling | Strategy::Beams => self.sampling,
        }
    }

    /// A request to continue a text with a seed.
    pub fn request(&self, prompt: String, seed: u64) -> GenerateRequest {
        GenerateRequest {
            prompt,
            sampling: self.options(),
            seed,
            max_new_tokens: self.max_new_tokens,
            min_new_tokens: self.min_new_tokens,
            min_length: self.min_length,
            stop: stops(&self.stop),
            when_full: WhenFull::Stop,
        }
    }

    /// A request to search for the likeliest continuation of a text.
    pub fn beam_request(&self, prompt: String) -> BeamRequest {
        BeamRequest {
            prompt,
            beams: self.beams,
            length_penalty: self.length_penalty,
            max_new_tokens: self.max_new_tokens,
            min_new_tokens: self.min_new_tokens,
            min_length: self.min_length,
            repetition_penalty: self.sampling.repetition_penalty,
            stop: stops(&self.stop),
            ..BeamRequest::default()
        }
    }

    /// The same with everything brought back into its range, whatever a file said.
    fn in_range(mut self) -> Self {
        let clean = |value: f32, low: f32, high: f32, default: f32| {
            if value.is_finite() { value.clamp(low, high) } else { default }
        };
        let sampling = &mut self.sampling;
        sampling.temperature = clean(sampling.temperature, 0.0, 2.0, 0.6);
        sampling.top_p = clean(sampling.top_p, 0.0, 1.0, 0.9);
        sampling.min_p = clean(sampling.min_p, 0.0, 1.0, 0.0);
        sampling.repetition_penalty = clean(sampling.repetition_penalty, 1.0, 2.0, 1.0);
        self.length_penalty = clean(self.length_penalty, -2.0, 4.0, 1.0);
        self.max_new_tokens = self.max_new_tokens.clamp(1, MOST_TOKENS);
        self.min_new_tokens = self.min_new_tokens.min(self.max_new_tokens);
        self.min_length = self.min_length.min(MOST_TOKENS);
        self.beams = self.beams.clamp(1, MOST_BEAMS);
        self
    }
}

/// The stop texts in a field: one a line, with the usual signs for what cannot be typed into it.
pub fn stops(typed: &str) -> Vec<String> {
    let read =
        |line: &str| line.replace("\\\\", "\u{0}").replace("\\n", "\n").replace("\\t", "\t").replace('\u{0}', "\\");
    typed.lines().filter(|line| !line.is_empty()).map(read).collect()
}

impl Settings {
    /// Draws a new seed.
    pub fn draw_seed(&mut self) {
        self.seed = any_seed();
    }

    /// The number that the generator of the seed draws first: it picks the next token.
    pub fn first_number(&self) -> f64 {
        Rng::new(self.seed).uniform_f64()
    }

    /// The preset whose choices these are.
    pub fn named(&self) -> Option<Named> {
        let own = self.own.iter().find(|own| own.manner == self.manner);
        let shipped = || Preset::of(&self.manner.sampling).filter(|_| self.manner.strategy == Strategy::Sampling);
        own.map(|own| Named::Own(own.name.clone())).or_else(|| shipped().map(Named::Shipped))
    }

    /// Chooses a preset.
    pub fn choose(&mut self, named: &Named) {
        match named {
            Named::Shipped(preset) => {
                let mut request = self.manner.request(String::new(), self.seed);
                preset.apply(&mut request);
                self.manner.strategy = Strategy::Sampling;
                self.manner.sampling = request.sampling;
                self.manner.max_new_tokens = request.max_new_tokens;
                self.manner.min_length = request.min_length;
            }
            Named::Own(name) => {
                if let Some(own) = self.own.iter().find(|own| own.name == *name) {
                    self.manner = own.manner.clone();
                }
            }
        }
    }

    /// Gives the present manner a name; one that is there already gets the new content. Returns whether it was kept.
    pub fn save_as(&mut self, name: &str) -> bool {
        let name: String = name.trim().chars().take(LONGEST_NAME).collect();
        if name.is_empty() {
            return false;
        }
        let manner = self.manner.clone();
        if let Some(own) = self.own.iter_mut().find(|own| own.name == name) {
            own.manner = manner;
            return true;
        }
        let room = self.own.len() < MOST_PRESETS;
        if room {
            self.own.push(OwnPreset { name, manner });
        }
        room
    }

    /// Takes a name away.
    pub fn forget(&mut self, name: &str) {
        self.own.retain(|own| own.name != name);
    }

    /// The same with everything brought back into its range, whatever a file said.
    pub fn in_range(mut self) -> Self {
        self.manner = self.manner.in_range();
        self.own.retain(|own| !own.name.trim().is_empty());
        self.own.truncate(MOST_PRESETS);
        for own in &mut self.own {
            own.manner = std::mem::take(&mut own.manner).in_range();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_says_is_brought_into_range() {
        let text = "seed = 7\n[manner]\nmax_new_tokens = 0\nbeams = 0\nlength_penalty = inf\n\
                    [manner.sampling]\ntemperature = nan\ntop_p = 7.0\n\
                    [[own]]\nname = \"mine\"\n[own.manner]\nmax_new_tokens = 999999\n[[own]]\nname = \" \"\n";
        let settings: Settings = toml::from_str(text).expect("it is TOML");
        let settings = settings.in_range();
        let manner = &settings.manner;
        assert_eq!((manner.sampling.temperature, manner.sampling.top_p), (0.6, 1.0));
        assert_eq!((manner.max_new_tokens, manner.beams, manner.length_penalty), (1, 1, 1.0));
        assert_eq!((settings.seed, settings.own.len(), settings.own[0].manner.max_new_tokens), (7, 1, MOST_TOKENS));
    }

    #[test]
    fn a_preset_of_ones_own_is_saved_chosen_recognized_and_forgotten() {
        let mut settings = Settings::default();
        settings.manner.sampling.temperature = 1.1;
        settings.manner.stop = ".".to_owned();
        assert!(!settings.save_as("  "), "a name is needed");
        assert!(settings.save_as(" mine "));
        settings.choose(&Named::Shipped(Preset::Wild));
        assert_eq!(settings.named(), Some(Named::Shipped(Preset::Wild)));
        settings.choose(&Named::Own("mine".to_owned()));
        assert_eq!(settings.named(), Some(Named::Own("mine".to_owned())));
        assert_eq!((settings.manner.sampling.temperature, settings.manner.stop.as_str()), (1.1, "."));
        settings.forget("mine");
        assert_eq!(settings.named(), None);
    }

    #[test]
    fn greedy_asks_for_the_likeliest_whatever_the_temperature_says() {
        let greedy = Manner { strategy: Strategy::Greedy, ..Manner::default() };
        assert_eq!(greedy.request("a".to_owned(), 3).sampling.temperature, 0.0);
        assert!(greedy.sampling.temperature > 0.0, "the slider stands where it stood");
    }

    #[test]
    fn stop_texts_are_typed_one_a_line() {
        assert_eq!(stops("END\n\n\\n\\n\n a\\tb\\\\n"), ["END", "\n\n", " a\tb\\n"]);
        assert!(stops("").is_empty());
    }
}
