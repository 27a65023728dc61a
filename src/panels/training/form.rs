//! What to train: a preset and its settings, each preset remembering what was changed in it.

use crate::data::CorpusRef;
use crate::engine::CorpusInfo;
use crate::nn::{DecoderConfig, Layout};
use crate::train::{Preset, TokenizerKind, TrainError, TrainSettings, TrainSpec};

/// The form beside the plot.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub preset: Preset,
    /// Settings by preset, in the order of [`Preset::ALL`].
    settings: [TrainSettings; Preset::ALL.len()],
}

impl Default for Form {
    fn default() -> Self {
        Self { preset: Preset::Char, settings: Preset::ALL.map(Preset::settings) }
    }
}

impl Form {
    /// The settings of the chosen preset.
    pub fn settings(&self) -> &TrainSettings {
        &self.settings[place(self.preset)]
    }

    /// The same, to be changed.
    pub fn settings_mut(&mut self) -> &mut TrainSettings {
        &mut self.settings[place(self.preset)]
    }

    /// Whether anything differs from the preset.
    pub fn changed(&self) -> bool {
        *self.settings() != self.preset.settings()
    }

    /// Brings the preset's own values back.
    pub fn reset(&mut self) {
        *self.settings_mut() = self.preset.settings();
    }

    /// Takes over what another page or a run asked for.
    pub fn take(&mut self, spec: &TrainSpec) {
        self.preset = spec.preset;
        *self.settings_mut() = spec.settings.clone();
        // A run's model knows its vocabulary; a new text may have another one.
        self.settings_mut().model.vocabulary = 0;
    }

    /// What would be trained.
    ///
    /// # Errors
    /// The first setting that makes no sense, as a sentence.
    pub fn spec(&self, corpus: CorpusRef) -> Result<TrainSpec, TrainError> {
        let settings = self.settings().clone();
        settings.validate()?;
        Ok(TrainSpec { preset: self.preset, corpus, settings, out: None })
    }

    /// Number of trained values of the model on this text, where its settings make sense.
    pub fn parameters(&self, info: &CorpusInfo) -> Option<usize> {
        let settings = self.settings();
        settings.validate().ok()?;
        let vocabulary = self.vocabulary(info);
        Some(Layout::new(&DecoderConfig { vocabulary, ..settings.model.clone() }).len())
    }

    /// Number of different tokens that this text will have: its characters or words, or the pieces asked for.
    pub fn vocabulary(&self, info: &CorpusInfo) -> usize {
        match self.settings().tokenizer {
            TokenizerKind::Characters => info.distinct_characters,
            TokenizerKind::Words => info.distinct_words,
            TokenizerKind::Bpe(pieces) => pieces,
        }
    }

    /// The preset and whatever was changed in any of them.
    pub fn remember(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("preset".to_owned(), self.preset.name().into());
        for (preset, settings) in Preset::ALL.into_iter().zip(&self.settings) {
            if *settings != preset.settings()
                && let Ok(value) = toml::Value::try_from(settings)
            {
                table.insert(preset.name().to_owned(), value);
            }
        }
        table
    }

    /// Takes back what [`Self::remember`] gave.
    pub fn recall(&mut self, table: &toml::Table) {
        let named = |name: &str| Preset::ALL.into_iter().find(|preset| preset.name() == name);
        if let Some(preset) = table.get("preset").and_then(toml::Value::as_str).and_then(named) {
            self.preset = preset;
        }
        for (preset, settings) in Preset::ALL.into_iter().zip(&mut self.settings) {
            if let Some(remembered) = table.get(preset.name()).and_then(|value| value.clone().try_into().ok()) {
                *settings = remembered;
            }
        }
    }
}

fn place(preset: Preset) -> usize {
    Preset::ALL.iter().position(|other| *other == preset).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_preset_keeps_its_own_changes_over_a_restart() {
        let mut form = Form::default();
        form.settings_mut().lr = 0.25;
        form.preset = Preset::Tutorial;
        assert!(!form.changed());
        form.settings_mut().steps = 320;
        let mut again = Form::default();
        again.recall(&form.remember());
        assert_eq!((again.preset, again.settings().steps), (Preset::Tutorial, 320));
        again.preset = Preset::Char;
        assert_eq!(again.settings().lr, 0.25);
        again.reset();
        assert_eq!(*again.settings(), Preset::Char.settings());
    }

    #[test]
    fn what_does_not_fit_is_ignored() {
        let mut form = Form::default();
        let table = toml::toml! {
            preset = "enormous"
            char = { lr = "fast" }
        };
        form.recall(&table);
        assert_eq!(form.preset, Preset::Char);
        assert!(!form.changed());
    }

    #[test]
    fn nonsense_is_told_before_anything_starts() {
        let mut form = Form::default();
        form.settings_mut().batch_size = 0;
        assert!(form.spec(CorpusRef::Named("telar-es".into())).is_err());
    }

    #[test]
    fn the_tutorials_size_is_known_from_its_text() {
        let form = Form { preset: Preset::Tutorial, ..Form::default() };
        let info = CorpusInfo {
            corpus: CorpusRef::Named("shakespeare".into()),
            bytes: 1_115_394,
            characters: 1_115_394,
            distinct_characters: 65,
            words: 202_651,
            distinct_words: 25_670,
            excerpt: String::new(),
        };
        assert_eq!(form.parameters(&info), Some(6_729_670));
    }
}
