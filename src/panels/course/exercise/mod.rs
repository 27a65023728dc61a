//! Exercises on the page: each one a card with its question, what there is to do, and what comes of it.

mod numbers;
mod options;
mod order;

use egui::accesskit::{Live, Role};
use egui::{Color32, Label, RichText, Ui};
use egui_material_icons::icons;
use rust_i18n::t;

use super::Shared;
use super::cell::{CellNews, CodeCell};
use crate::course::lesson::plain;
use crate::course::{Answer, Attempt, Exercise, Kind, Says, SectionId, Text, Verdict};
use crate::widgets::controls::{card, icon, quiet_button};
use crate::widgets::lesson::{Reader, text_ui};
use crate::widgets::number;
use crate::widgets::theme::{Theme, size, space, strong, text};

type Readings<'a> = dyn Fn(&str) -> Option<f64> + 'a;

/// Draws an exercise of any kind but code, and writes into the attempt what the person does.
pub(super) fn exercise_ui(
    ui: &mut Ui,
    exercise: &Exercise,
    attempt: &mut Attempt,
    reader: &mut Reader<'_>,
    readings: &Readings<'_>,
) {
    framed(ui, exercise, attempt.solved, |ui| {
        text_ui(ui, &exercise.prompt, reader);
        let mut check = false;
        match &exercise.kind {
            Kind::Predict { options, answer, .. } => {
                options::options_ui(ui, &exercise.id, options, Some(*answer), attempt, reader);
            }
            Kind::Choose { options, .. } => options::options_ui(ui, &exercise.id, options, None, attempt, reader),
            Kind::Number { fields, .. } => check = numbers::fields_ui(ui, fields, attempt, reader),
            Kind::Order { items } => order::items_ui(ui, exercise, items, attempt, reader),
            Kind::Set { condition } => readings_ui(ui, condition.names(), readings),
            Kind::Code { .. } => {}
        }
        ui.horizontal_wrapped(|ui| {
            check |= check_button(ui, exercise, attempt);
            hint_button(ui, exercise, attempt);
            solution_button(ui, exercise, attempt);
        });
        if check && let Some(verdict) = exercise.check(attempt.answer.as_ref(), readings) {
            // Nothing was answered: that is no try.
            let tries = attempt.tries;
            let empty = matches!(verdict.says, Says::Nothing | Says::NoReading(_));
            attempt.judged(verdict);
            if empty {
                attempt.tries = tries;
            }
        }
        verdict_ui(ui, exercise, attempt, reader, readings);
        help_ui(ui, exercise, attempt, reader);
    });
}

/// Draws an exercise of code, whose cell checks it.
pub(super) fn code_ui(
    ui: &mut Ui,
    exercise: &Exercise,
    cell: &mut CodeCell,
    id: SectionId,
    reader: &mut Reader<'_>,
    shared: &mut Shared,
) -> CellNews {
    let solved = shared.learning.progress.section(id).solved(&exercise.id);
    framed(ui, exercise, solved, |ui| {
        text_ui(ui, &exercise.prompt, reader);
        let news = cell.ui(ui, shared);
        let attempt = shared.learning.progress.attempt(id, &exercise.id);
        ui.horizontal_wrapped(|ui| {
            hint_button(ui, exercise, attempt);
            solution_button(ui, exercise, attempt);
        });
        help_ui(ui, exercise, attempt, reader);
        news
    })
}

/// The card around an exercise, with the sign and name of its kind.
fn framed<R>(ui: &mut Ui, exercise: &Exercise, solved: bool, add: impl FnOnce(&mut Ui) -> R) -> R {
    let theme = Theme::here(ui);
    let kind = exercise.kind_name();
    let glyph = match exercise.kind {
        Kind::Predict { .. } => icons::ICON_PSYCHOLOGY,
        Kind::Choose { .. } => icons::ICON_RULE,
        Kind::Number { .. } => icons::ICON_TAG,
        Kind::Order { .. } => icons::ICON_FORMAT_LIST_NUMBERED,
        Kind::Set { .. } => icons::ICON_TUNE,
        Kind::Code { .. } => icons::ICON_CODE,
    };
    ui.add_space(space::XS);
    let drawn = ui.push_id(("exercise", &exercise.id), |ui| {
        card(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = space::M;
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                ui.add(Label::new(icon(glyph.codepoint, size::TITLE).color(theme.accent)).selectable(false))
                    .accessible_name("");
                let name = t!(format!("course_page.kind.{kind}"));
                let title = ui.add(Label::new(RichText::new(name).font(strong(size::BODY)).color(theme.accent)));
                ui.ctx().accesskit_node_builder(title.id, |node| node.set_role(Role::Heading));
                if solved && !matches!(exercise.kind, Kind::Predict { .. }) {
                    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), solved_ui);
                }
            });
            add(ui)
        })
        .inner
    });
    ui.add_space(space::XS);
    drawn.inner
}

fn solved_ui(ui: &mut Ui) {
    let theme = Theme::here(ui);
    ui.spacing_mut().item_spacing.x = space::XS;
    let words = RichText::new(t!("course_page.solved")).font(text(size::SMALL)).color(theme.good);
    ui.add(Label::new(words).selectable(false));
    let sign = icon(icons::ICON_CHECK_CIRCLE.codepoint, size::READ).color(theme.good);
    ui.add(Label::new(sign).selectable(false)).accessible_name("");
}

/// What the figures read of the names in a condition, so that one sees what one is setting.
fn readings_ui<'n>(ui: &mut Ui, names: impl IntoIterator<Item = &'n str>, readings: &Readings<'_>) {
    let theme = Theme::here(ui);
    let shown = readings_text(names, readings);
    let words = RichText::new(shown).font(text(size::BODY)).color(theme.ink_soft);
    ui.add(Label::new(words).wrap());
}

/// `entropy = 2.31 · heads = 4`.
fn readings_text<'n>(names: impl IntoIterator<Item = &'n str>, readings: &Readings<'_>) -> String {
    let one = |name: &str| {
        let value = readings(name).map_or("—".to_owned(), shown);
        format!("{}\u{A0}=\u{A0}{value}", reading_name(name))
    };
    names.into_iter().map(one).collect::<Vec<_>>().join("  ·  ")
}

/// What a reading is called in the language of the interface; its bare name where it has none there.
fn reading_name(name: &str) -> String {
    let words = t!(format!("course_page.reading.{name}"));
    // Of a text that does not exist one gets the key.
    if words.contains("course_page.reading.") { name.to_owned() } else { words.into_owned() }
}

/// A reading with as many digits as one compares.
fn shown(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e12 {
        number::grouped(value as i64)
    } else if value.abs() >= 1e-3 && value.abs() < 1e6 {
        format!("{value:.3}")
    } else {
        format!("{value:.2e}")
    }
}

/// The button that checks or reveals. Returns whether it was pressed.
fn check_button(ui: &mut Ui, exercise: &Exercise, attempt: &Attempt) -> bool {
    if let Kind::Predict { .. } = exercise.kind {
        if attempt.verdict.is_some() {
            return false;
        }
        let ready = matches!(attempt.answer, Some(Answer::Option(_)));
        return ui
            .add_enabled_ui(ready, |ui| {
                quiet_button(ui, icons::ICON_VISIBILITY.codepoint, t!("course_page.reveal")).clicked()
            })
            .inner;
    }
    quiet_button(ui, icons::ICON_CHECK.codepoint, t!("course_page.check")).clicked()
}

fn hint_button(ui: &mut Ui, exercise: &Exercise, attempt: &mut Attempt) {
    let count = exercise.hints.len();
    if attempt.hints < count {
        let name = t!("course_page.hint", number = attempt.hints + 1, count = count);
        if quiet_button(ui, icons::ICON_LIGHTBULB.codepoint, name).clicked() {
            attempt.hints += 1;
        }
    }
}

/// The solution can be asked for after a try.
fn solution_button(ui: &mut Ui, exercise: &Exercise, attempt: &mut Attempt) {
    if exercise.solution.is_empty() || (attempt.tries == 0 && !attempt.solved) {
        return;
    }
    let name = if attempt.solution { t!("course_page.solution_hide") } else { t!("course_page.solution_show") };
    if quiet_button(ui, icons::ICON_KEY.codepoint, name).clicked() {
        attempt.solution = !attempt.solution;
    }
}

/// What the last check said.
fn verdict_ui(ui: &mut Ui, exercise: &Exercise, attempt: &Attempt, reader: &mut Reader<'_>, readings: &Readings<'_>) {
    let Some(verdict) = &attempt.verdict else { return };
    let theme = Theme::here(ui);
    let (sentence, more) = words_of(exercise, verdict, readings);
    let (glyph, color) = match (&exercise.kind, verdict.right) {
        (Kind::Predict { .. }, _) => (icons::ICON_VISIBILITY.codepoint, theme.accent),
        (_, true) => (icons::ICON_CHECK_CIRCLE.codepoint, theme.good),
        (_, false) => (icons::ICON_INFO.codepoint, theme.warn),
    };
    sentence_ui(ui, glyph, color, &sentence);
    if let Some(more) = more {
        text_ui(ui, more, reader);
    }
}

/// A sentence that a screen reader says by itself.
fn sentence_ui(ui: &mut Ui, glyph: &str, color: Color32, sentence: &str) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.add(Label::new(icon(glyph, size::TITLE).color(color)).selectable(false)).accessible_name("");
        let words = RichText::new(sentence).font(strong(size::BODY)).color(color).line_height(Some(size::TITLE));
        let label = ui.add(Label::new(words).wrap());
        ui.ctx().accesskit_node_builder(label.id, |node| {
            node.set_role(Role::Status);
            node.set_live(Live::Polite);
            node.set_label(sentence);
        });
    });
}

/// What a verdict says in a sentence, and what the lesson adds to it.
fn words_of<'e>(exercise: &'e Exercise, verdict: &Verdict, readings: &Readings<'_>) -> (String, Option<&'e Text>) {
    let right_or_wrong = || if verdict.right { t!("course_page.says.right") } else { t!("course_page.says.wrong") };
    let none = |sentence: std::borrow::Cow<'_, str>| (sentence.into_owned(), None);
    match (&verdict.says, &exercise.kind) {
        (Says::Option(i), Kind::Predict { options, answer, reveal }) => {
            let words = |i: usize| options.get(i).map(|words| plain(words)).unwrap_or_default();
            let sentence = if i == answer {
                t!("course_page.says.predicted", mine = words(*i))
            } else {
                t!("course_page.says.predicted_other", mine = words(*i), truth = words(*answer))
            };
            (sentence.into_owned(), Some(reveal))
        }
        (Says::Option(i), Kind::Choose { feedback, .. }) => (right_or_wrong().into_owned(), feedback.get(*i)),
        (Says::Mistake(i), Kind::Number { mistakes, .. }) => {
            (right_or_wrong().into_owned(), mistakes.get(*i).map(|mistake| &mistake.says))
        }
        (Says::Fields(good), Kind::Number { fields, .. }) if !verdict.right && fields.len() > 1 => {
            let wrong = fields.iter().zip(good).filter(|(_, good)| !**good);
            let names: Vec<_> = wrong.map(|(field, _)| plain(&field.label)).collect();
            none(t!("course_page.says.fields", names = names.join(", ")))
        }
        (Says::NoNumber(i), Kind::Number { fields, .. }) => {
            let name = fields.get(*i).map(|field| plain(&field.label)).unwrap_or_default();
            none(t!("course_page.says.no_number", name = name))
        }
        (Says::Order(in_place), Kind::Order { items }) if !verdict.right => {
            none(t!("course_page.says.order", right = in_place, count = items.len()))
        }
        (Says::Condition(_), Kind::Set { condition }) if !verdict.right => {
            none(t!("course_page.says.condition", readings = readings_text(condition.names(), readings)))
        }
        (Says::NoReading(name), _) => none(t!("course_page.says.no_reading", name = reading_name(name))),
        (Says::Nothing, _) => none(t!("course_page.says.nothing")),
        _ => none(right_or_wrong()),
    }
}

/// Open hints and the solution.
fn help_ui(ui: &mut Ui, exercise: &Exercise, attempt: &Attempt, reader: &mut Reader<'_>) {
    for (i, hint) in exercise.hints.iter().take(attempt.hints).enumerate() {
        let title = t!("course_page.hint_title", number = i + 1);
        titled_ui(ui, icons::ICON_LIGHTBULB.codepoint, &title, hint, reader);
    }
    if attempt.solution && !exercise.solution.is_empty() {
        let title = t!("course_page.solution");
        titled_ui(ui, icons::ICON_KEY.codepoint, &title, &exercise.solution, reader);
    }
}

fn titled_ui(ui: &mut Ui, glyph: &str, title: &str, words: &Text, reader: &mut Reader<'_>) {
    let theme = Theme::here(ui);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            ui.add(Label::new(icon(glyph, size::READ).color(theme.ink_soft)).selectable(false)).accessible_name("");
            ui.add(Label::new(RichText::new(title).font(strong(size::SMALL)).color(theme.ink_soft)));
        });
        text_ui(ui, words, reader);
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::course::Course;
    use crate::course::exercise::Wanted;

    #[test]
    fn every_reading_that_a_lesson_asks_for_has_a_name_in_both_languages() {
        let course = Course::from_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/lessons"));
        let mut asked: BTreeSet<&str> = BTreeSet::new();
        for language in ["es", "en"] {
            for exercise in course.language(language).sections.iter().flat_map(|section| section.exercises()) {
                match &exercise.kind {
                    Kind::Set { condition } => asked.extend(condition.names()),
                    Kind::Number { fields, .. } => {
                        asked.extend(fields.iter().filter_map(|field| match &field.wanted {
                            Wanted::Reading(name) => Some(name.as_str()),
                            Wanted::Value(_) => None,
                        }));
                    }
                    _ => {}
                }
            }
        }
        assert!(asked.contains("kept_first"), "{asked:?}");
        for language in ["es", "en"] {
            for name in &asked {
                let words = t!(format!("course_page.reading.{name}"), locale = language);
                assert!(!words.contains("reading."), "{name} has no name in {language}: {words}");
            }
        }
    }

    #[test]
    fn a_reading_without_a_name_is_called_as_in_the_lesson() {
        assert_eq!(reading_name("no_such_reading"), "no_such_reading");
    }
}
