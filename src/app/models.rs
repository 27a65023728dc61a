//! Which model is *the* model, and how another one takes its place.
//!
//! The model in use stays until its successor is loaded: a folder that cannot be opened takes nothing away.

use egui::{Button, Label, RichText, ScrollArea, Ui, Vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use crate::engine::{Command, JobId, ModelRef};
use crate::hub::BUILTIN;
use crate::panels::{Intent, PanelId, Shared, model_label};
use crate::train::RunSummary;
use crate::widgets::controls::{hairline, icon, quiet_button};
use crate::widgets::number;
use crate::widgets::theme::{Theme, mono, size, space, strong, text};

/// A model that is being loaded to become *the* model.
#[derive(Debug, Default)]
pub struct ModelSwitch {
    loading: Option<(JobId, ModelRef)>,
}

impl ModelSwitch {
    /// Begins to load a model.
    pub fn begin(&mut self, shared: &mut Shared, model: ModelRef) {
        shared.loading = None;
        let job = shared.engine.next_job();
        shared.engine.send(Command::LoadModel(job, model.clone()));
        self.loading = Some((job, model));
    }

    /// What is being loaded.
    pub fn loading(&self) -> Option<&ModelRef> {
        self.loading.as_ref().map(|(_, model)| model)
    }

    /// What this job loads, where it is the loading.
    pub fn loaded_by(&self, job: JobId) -> Option<&ModelRef> {
        self.loading.as_ref().filter(|(mine, _)| *mine == job).map(|(_, model)| model)
    }

    /// Whether this job was the loading; it is over then.
    pub fn ended(&mut self, job: JobId) -> Option<ModelRef> {
        self.loading.take_if(|(mine, _)| *mine == job).map(|(_, model)| model)
    }
}

/// The model's name, which opens a list of all there are. Returns whether a folder is to be chosen.
pub fn model_menu_ui(ui: &mut Ui, shared: &mut Shared, switch: &ModelSwitch) -> bool {
    let theme = Theme::here(ui);
    let name = match (switch.loading(), &shared.model) {
        (Some(model), _) => t!("app.model.loading", name = model_label(model)).into_owned(),
        (None, Some(info)) => match info.model {
            // Only a model of one's own has steps that mean something to a person.
            ModelRef::Run(_) | ModelRef::Live => with_step(&model_label(&info.model), info.step),
            ModelRef::Builtin(_) | ModelRef::Folder(_) | ModelRef::Hub(_) => model_label(&info.model),
        },
        (None, None) => t!("app.model.none").into_owned(),
    };
    ui.spacing_mut().button_padding.x = space::S;
    let button = ui.add(
        Button::new((
            icon(icons::ICON_DEPLOYED_CODE.codepoint, size::READ + 2.0).color(theme.accent),
            RichText::new(&name).font(strong(size::BODY)).color(theme.ink),
            icon(icons::ICON_KEYBOARD_ARROW_UP.codepoint, size::READ).color(theme.ink_soft),
        ))
        .gap(6.0)
        .frame_when_inactive(false),
    );
    let button = button.accessible_name(t!("app.model.button", name = name)).on_hover_text(t!("app.model.hint"));
    let mut pick_folder = false;
    egui::Popup::menu(&button)
        .align(egui::RectAlign::TOP_START)
        .accessible_name(t!("app.model.choose"))
        .gap(6.0)
        .show(|ui| pick_folder = list_ui(ui, shared));
    pick_folder
}

fn with_step(name: &str, step: Option<u64>) -> String {
    match step {
        Some(step) => t!("app.model.at_step", name = name, step = number::grouped(step as i64)).into_owned(),
        None => name.to_owned(),
    }
}

/// Everything that can be chosen; the choice becomes an intent.
fn list_ui(ui: &mut Ui, shared: &mut Shared) -> bool {
    ui.set_width(340.0);
    ui.spacing_mut().item_spacing.y = 2.0;
    let mut chosen = None;
    if let Some(snapshot) = shared.training.as_ref().and_then(|now| now.snapshot) {
        title(ui, &t!("app.model.in_training"));
        let note = t!("app.model.step", step = number::grouped(snapshot as i64));
        choice(ui, shared, &mut chosen, ModelRef::Live, &note);
    }
    title(ui, &t!("app.model.shipped"));
    for name in BUILTIN {
        choice(ui, shared, &mut chosen, ModelRef::Builtin(name.to_owned()), "");
    }
    let library = shared.library.clone();
    if let Some(library) = library.filter(|library| !library.downloaded.is_empty()) {
        title(ui, &t!("app.model.downloaded"));
        for (manifest, weight) in &library.downloaded {
            let note = weight.map_or(String::new(), |weight| number::parameters(weight.parameters));
            choice(ui, shared, &mut chosen, ModelRef::Hub(manifest.model()), &note);
        }
    }
    if !shared.runs.is_empty() {
        title(ui, &t!("app.model.runs"));
        ScrollArea::vertical().max_height(240.0).show(ui, |ui| {
            for run in &shared.runs {
                choice(ui, shared, &mut chosen, ModelRef::Run(run.id.clone()), &run_note(run));
            }
        });
    }
    ui.add_space(space::XS);
    hairline(ui);
    ui.add_space(space::XS);
    let pick = ui.horizontal(|ui| {
        let pick = quiet_button(ui, icons::ICON_FOLDER_OPEN.codepoint, t!("app.model.folder")).clicked();
        if quiet_button(ui, icons::ICON_DOWNLOAD.codepoint, t!("app.model.more")).clicked() {
            shared.ask(Intent::Open(PanelId::Models));
            ui.close();
        }
        pick
    });
    let pick = pick.inner;
    if let Some(model) = chosen {
        shared.ask(Intent::UseModel(model));
    }
    pick
}

fn title(ui: &mut Ui, words: &str) {
    let ink = Theme::here(ui).ink_soft;
    ui.add_space(space::XS);
    ui.add(Label::new(RichText::new(words).font(text(size::SMALL)).color(ink)).selectable(false));
}

fn choice(ui: &mut Ui, shared: &Shared, chosen: &mut Option<ModelRef>, model: ModelRef, note: &str) {
    let theme = Theme::here(ui);
    let name = model_label(&model);
    let mine = shared.model_ref == model;
    let font = if mine { strong(size::BODY) } else { text(size::BODY) };
    let line = Button::new((
        RichText::new(&name).font(font).color(theme.ink),
        egui::Atom::grow(),
        RichText::new(note).font(mono(size::SMALL)).color(theme.ink_soft),
    ));
    let line = line.selected(mine).frame_when_inactive(mine).truncate().min_size(Vec2::new(ui.available_width(), 30.0));
    if ui.add(line).accessible_name(name).clicked() {
        *chosen = Some(model);
    }
}

/// How good a run is: its held-out loss where there is one, and its step.
fn run_note(run: &RunSummary) -> String {
    let step = number::grouped(run.step as i64);
    match run.val_loss.or(run.loss) {
        Some(loss) => t!("app.model.run_note", step = step, loss = format!("{loss:.2}")).into_owned(),
        None => t!("app.model.step", step = step).into_owned(),
    }
}
