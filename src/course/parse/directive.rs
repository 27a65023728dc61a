//! Figures and exercises in a lesson.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::markdown::Kinds;
use super::{Place, text, words};
use crate::course::error::{LessonError, Reason};
use crate::course::exercise::{Exercise, Kind, Mistake, NumberField, Wanted};
use crate::course::expression::Condition;
use crate::course::lesson::{Block, FigurePlace, Text, Words};

/// A number's tolerance where the lesson names none: exact, but for the digits that nobody types.
const EXACT: f64 = 1e-6;

/// What every exercise has; the rest is its kind's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    id: String,
    prompt: String,
    #[serde(default)]
    hints: Vec<String>,
    #[serde(default)]
    solution: String,
}

/// The fields of [`Common`].
const COMMON: [&str; 4] = ["id", "prompt", "hints", "solution"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Predict {
    options: Vec<String>,
    answer: usize,
    reveal: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choose {
    options: Vec<String>,
    answer: usize,
    feedback: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Number {
    fields: Vec<Field>,
    #[serde(default)]
    mistakes: Vec<Named>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    label: String,
    answer: Option<f64>,
    reading: Option<String>,
    #[serde(default = "exact")]
    tolerance: f64,
    #[serde(default)]
    unit: String,
}

fn exact() -> f64 {
    EXACT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    value: f64,
    says: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    items: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    condition: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    task: String,
    starter: String,
}

/// Understands a figure's directive.
pub(super) fn figure(place: Place<'_>, body: &str) -> Result<FigurePlace, LessonError> {
    let table: toml::Table = toml::from_str(body).map_err(|error| place.toml(body, &error))?;
    let mut name = String::new();
    let mut caption = Words::new();
    let mut parameters = BTreeMap::new();
    for (key, value) in table {
        match (key.as_str(), value) {
            ("name", toml::Value::String(text)) => name = text,
            ("caption", toml::Value::String(text)) => caption = words(place, &text)?,
            (_, toml::Value::String(text)) => _ = parameters.insert(key, text),
            (_, toml::Value::Integer(number)) => _ = parameters.insert(key, number.to_string()),
            (_, toml::Value::Float(number)) => _ = parameters.insert(key, number.to_string()),
            (_, toml::Value::Boolean(flag)) => _ = parameters.insert(key, flag.to_string()),
            _ => return Err(place.error(Reason::Condition { reason: format!("`{key}`") })),
        }
    }
    if name.is_empty() {
        return Err(place.error(Reason::Toml("missing field `name`".to_owned())));
    }
    Ok(FigurePlace { name, parameters, caption })
}

/// Understands an exercise's directive; `None` for a kind that there is not.
pub(super) fn exercise(place: Place<'_>, kind: &str, body: &str) -> Result<Option<Exercise>, LessonError> {
    let with = Body { place, body };
    let exercise = match kind {
        "predict" => with.exercise(&COMMON[..2], Body::predict)?,
        "choose" => with.exercise(&COMMON, Body::choose)?,
        "number" => with.exercise(&COMMON, Body::number)?,
        "order" => with.exercise(&COMMON, Body::order)?,
        "set" => with.exercise(&COMMON, Body::set)?,
        "code" => with.code()?,
        _ => return Ok(None),
    };
    Ok(Some(exercise))
}

struct Body<'a> {
    place: Place<'a>,
    body: &'a str,
}

impl Body<'_> {
    /// The fields that every exercise has, of which this kind has these, and its own.
    fn read<T: DeserializeOwned>(&self, common: &[&str]) -> Result<(Common, T), LessonError> {
        let refused = |error: toml::de::Error| self.place.toml(self.body, &error);
        let table = DeTable::parse(self.body).map_err(refused)?;
        let span = table.span();
        let mut own = table.into_inner();
        let mut shared = DeTable::new();
        for name in common {
            if let Some((key, value)) = own.remove_entry(*name) {
                shared.insert(key, value);
            }
        }
        // The kind's own first: a field that no exercise knows is among them.
        let own = T::deserialize(Deserializer::from(Spanned::new(span.clone(), own))).map_err(refused)?;
        let shared = Common::deserialize(Deserializer::from(Spanned::new(span, shared))).map_err(refused)?;
        Ok((shared, own))
    }

    fn exercise<T: DeserializeOwned>(
        &self,
        common: &[&str],
        kind: impl FnOnce(&Self, T) -> Result<Kind, LessonError>,
    ) -> Result<Exercise, LessonError> {
        let (common, own) = self.read(common)?;
        let kind = kind(self, own)?;
        let solution = self.text(&common.solution)?;
        self.with(common, solution, kind)
    }

    fn with(&self, common: Common, solution: Text, kind: Kind) -> Result<Exercise, LessonError> {
        let (prompt, hints) = (self.text(&common.prompt)?, self.texts(&common.hints)?);
        Ok(Exercise { id: common.id, prompt, hints, solution, kind })
    }

    fn text(&self, source: &str) -> Result<Text, LessonError> {
        text(self.place, source.trim(), Kinds::Code)
    }

    fn texts(&self, sources: &[String]) -> Result<Vec<Text>, LessonError> {
        sources.iter().map(|source| self.text(source)).collect()
    }

    fn words(&self, sources: &[String]) -> Result<Vec<Words>, LessonError> {
        sources.iter().map(|source| words(self.place, source.trim())).collect()
    }

    /// The option of a number that counts from 1.
    fn option(&self, answer: usize, options: &[Words]) -> Result<usize, LessonError> {
        let fits = (1..=options.len()).contains(&answer) && options.len() >= 2;
        answer.checked_sub(1).filter(|_| fits).ok_or_else(|| self.place.error(Reason::Options))
    }

    fn predict(&self, raw: Predict) -> Result<Kind, LessonError> {
        let options = self.words(&raw.options)?;
        Ok(Kind::Predict { answer: self.option(raw.answer, &options)?, options, reveal: self.text(&raw.reveal)? })
    }

    fn choose(&self, raw: Choose) -> Result<Kind, LessonError> {
        let options = self.words(&raw.options)?;
        if raw.feedback.len() != options.len() {
            return Err(self.place.error(Reason::Options));
        }
        let answer = self.option(raw.answer, &options)?;
        Ok(Kind::Choose { options, answer, feedback: self.texts(&raw.feedback)? })
    }

    fn number(&self, raw: Number) -> Result<Kind, LessonError> {
        let fields = raw.fields.into_iter().map(|field| self.field(field)).collect::<Result<Vec<_>, _>>()?;
        if fields.is_empty() {
            return Err(self.place.error(Reason::Options));
        }
        let mistakes =
            raw.mistakes.iter().map(|named| Ok(Mistake { value: named.value, says: self.text(&named.says)? }));
        Ok(Kind::Number { fields, mistakes: mistakes.collect::<Result<_, LessonError>>()? })
    }

    fn field(&self, field: Field) -> Result<NumberField, LessonError> {
        let refused = |reason: &str| self.place.error(Reason::Condition { reason: reason.to_owned() });
        let wanted = match (field.answer, field.reading) {
            (Some(value), None) => Wanted::Value(value),
            (None, Some(name)) => Wanted::Reading(name),
            _ => return Err(refused("answer / reading")),
        };
        if field.tolerance.is_nan() || field.tolerance < 0.0 {
            return Err(refused("tolerance"));
        }
        let label = words(self.place, field.label.trim())?;
        Ok(NumberField { label, wanted, tolerance: field.tolerance, unit: field.unit })
    }

    fn order(&self, raw: Order) -> Result<Kind, LessonError> {
        let items = self.words(&raw.items)?;
        if items.len() < 2 {
            return Err(self.place.error(Reason::Options));
        }
        Ok(Kind::Order { items })
    }

    fn set(&self, raw: Set) -> Result<Kind, LessonError> {
        let refused = |reason| self.place.error(Reason::Condition { reason });
        Ok(Kind::Set { condition: Condition::parse(&raw.condition).map_err(refused)? })
    }

    fn code(&self) -> Result<Exercise, LessonError> {
        let (common, raw): (_, Code) = self.read(&COMMON)?;
        let kind = Kind::Code { task: raw.task, starter: raw.starter.trim_end().to_owned() };
        // It is code and no text: its stars and underscores mean themselves.
        let solution = Some(common.solution.trim_end()).filter(|code| !code.trim().is_empty());
        let solution = solution.map(|code| Block::Code(code.to_owned())).into_iter().collect();
        self.with(common, solution, kind)
    }
}
