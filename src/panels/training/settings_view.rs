//! Draws the rest of the settings, for the curious, in a list that folds.

use egui::{Align, CollapsingHeader, Layout, RichText, Ui};
use rust_i18n::t;

use super::form::Form;
use super::parts::number_row;
use crate::nn::{Activation, Head, NormKind, NormPlace, Positions};
use crate::train::{DataOrder, OptimizerKind, TokenizerKind, TrainSettings};
use crate::widgets::controls::{chooser, labelled};
use crate::widgets::theme::{self, size, space};

/// Width of the column of names.
const NAMES: f32 = 140.0;
/// Width of a list that opens.
const CHOICES: f32 = 124.0;
/// Pieces of a BPE that is chosen here.
const PIECES: usize = 512;

/// The foldable list, and the button that brings the preset's own values back.
pub(super) fn fold(ui: &mut Ui, open: &mut bool, form: &mut Form) {
    let title = RichText::new(t!("training.more")).font(theme::text(size::BODY));
    let header =
        CollapsingHeader::new(title).id_salt("training settings").open(Some(*open)).show_unindented(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::XS;
            text_settings(ui, form.settings_mut());
            model_settings(ui, form.settings_mut());
            optimizer_settings(ui, form.settings_mut());
            rhythm_settings(ui, form.settings_mut());
        });
    if header.header_response.clicked() {
        *open = !*open;
    }
    if form.changed() {
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            if ui.link(t!("training.reset", preset = form.preset.name())).clicked() {
                form.reset();
            }
        });
    }
}

fn text_settings(ui: &mut Ui, settings: &mut TrainSettings) {
    let pieces = if let TokenizerKind::Bpe(pieces) = settings.tokenizer { pieces } else { PIECES };
    let kinds = [
        (TokenizerKind::Characters, t!("training.set.characters")),
        (TokenizerKind::Words, t!("training.set.words")),
        (TokenizerKind::Bpe(pieces), t!("training.set.bpe")),
    ];
    choice(ui, "tokenizer", &mut settings.tokenizer, kinds);
    if let TokenizerKind::Bpe(pieces) = &mut settings.tokenizer {
        number(ui, "pieces", pieces, 256..=65_536);
    }
    let orders = [
        (DataOrder::RandomWindows, t!("training.set.random_windows")),
        (DataOrder::ShuffleBuffer, t!("training.set.shuffle_buffer")),
    ];
    choice(ui, "data_order", &mut settings.data_order, orders);
    number(ui, "held_out", &mut settings.held_out, 0.0..=0.9);
}

fn model_settings(ui: &mut Ui, settings: &mut TrainSettings) {
    let model = &mut settings.model;
    number(ui, "d_model", &mut model.d_model, 1..=4_096);
    number(ui, "n_layers", &mut model.n_layers, 1..=64);
    let own = model.n_kv_heads == model.n_heads;
    if number(ui, "n_heads", &mut model.n_heads, 1..=64) && own {
        model.n_kv_heads = model.n_heads;
    }
    number(ui, "n_kv_heads", &mut model.n_kv_heads, 1..=64);
    number(ui, "d_ff", &mut model.d_ff, 1..=16_384);
    let positions = [
        (Positions::None, t!("training.set.none")),
        (Positions::Sinusoidal, t!("training.set.sinusoidal")),
        (Positions::Learned, t!("training.set.learned")),
        (Positions::Rotary, t!("training.set.rotary")),
    ];
    choice(ui, "positions", &mut model.positions, positions);
    choice(
        ui,
        "norm",
        &mut model.norm,
        [(NormKind::LayerNorm, "LayerNorm".into()), (NormKind::RmsNorm, "RMSNorm".into())],
    );
    let places = [(NormPlace::Pre, t!("training.set.pre")), (NormPlace::Post, t!("training.set.post"))];
    choice(ui, "norm_place", &mut model.norm_place, places);
    let activations = [
        (Activation::Relu, "ReLU".into()),
        (Activation::Gelu, "GELU".into()),
        (Activation::GeluTanh, "GELU (tanh)".into()),
        (Activation::SwiGlu, "SwiGLU".into()),
    ];
    choice(ui, "activation", &mut model.activation, activations);
    choice(
        ui,
        "head",
        &mut model.head,
        [(Head::Tied, t!("training.set.tied")), (Head::Separate, t!("training.set.separate"))],
    );
    number(ui, "dropout", &mut model.dropout, 0.0..=0.95);
}

fn optimizer_settings(ui: &mut Ui, settings: &mut TrainSettings) {
    let kinds = [(OptimizerKind::Adam, "Adam".into()), (OptimizerKind::AdamW, "AdamW".into())];
    choice(ui, "optimizer", &mut settings.optimizer, kinds);
    number(ui, "warmup", &mut settings.warmup, 0..=1_000_000);
    number(ui, "lr_final", &mut settings.lr_final, 0.0..=1.0);
    number(ui, "beta1", &mut settings.beta1, 0.0..=0.999_999);
    number(ui, "beta2", &mut settings.beta2, 0.0..=0.999_999);
    number(ui, "eps", &mut settings.eps, 0.0..=1.0);
    number(ui, "weight_decay", &mut settings.weight_decay, 0.0..=10.0);
    number(ui, "clip", &mut settings.clip, 0.0..=1_000.0);
}

fn rhythm_settings(ui: &mut Ui, settings: &mut TrainSettings) {
    number(ui, "log_every", &mut settings.log_every, 1..=1_000_000);
    number(ui, "eval_every", &mut settings.eval_every, 0..=1_000_000);
    number(ui, "sample_every", &mut settings.sample_every, 0..=1_000_000);
    number(ui, "checkpoint_every", &mut settings.checkpoint_every, 0..=1_000_000);
}

/// A row for a number, named after its field; the field's name is shown on hover, as the command line takes it.
fn number<N: egui::emath::Numeric>(
    ui: &mut Ui,
    field: &str,
    value: &mut N,
    range: std::ops::RangeInclusive<N>,
) -> bool {
    number_row(ui, &t!(format!("training.set.{field}")), field, value, range)
}

/// A row for one of several choices.
fn choice<T: PartialEq + Clone, const N: usize>(
    ui: &mut Ui,
    field: &str,
    value: &mut T,
    options: [(T, std::borrow::Cow<'_, str>); N],
) {
    let name = t!(format!("training.set.{field}"));
    let options = options.map(|(option, label)| (option, label.into_owned()));
    labelled(ui, name.clone(), NAMES, |ui| chooser(ui, &name, CHOICES, value, &options));
}
