//! Figures and exercises in a lesson.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::markdown::Kinds;
use super::{Place, text, words};
use crate::course::error::{LessonError, Reason};
use crate::course::exercise::{Exercise, Kind, Mistake, NumberField, Wanted};
use crate::course::expression::Condition;
use crate::course::lesson::{Block, FigurePlace, Text, Words};

/// A number's tolerance where the lesson names none: exact, but for the digits that nobody types.
const EXACT: f64 = 1e-6;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Predict {
    id: String,
    prompt: String,
    options: Vec<String>,
    answer: usize,
    reveal: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choose {
    id: String,
    prompt: String,
    options: Vec<String>,
    answer: usize,
    feedback: Vec<String>,
    #[serde(default)]
    hints: Vec<String>,
    #[serde(default)]
    solution: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Number {
    id: String,
    prompt: String,
    fields: Vec<Field>,
    #[serde(default)]
    mistakes: Vec<Named>,
    #[serde(default)]
    hints: Vec<String>,
    #[serde(default)]
    solution: String,
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
    id: String,
    prompt: String,
    items: Vec<String>,
    #[serde(default)]
    hints: Vec<String>,
    #[serde(default)]
    solution: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    id: String,
    prompt: String,
    condition: String,
    #[serde(default)]
    hints: Vec<String>,
    #[serde(default)]
    solution: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    id: String,
    task: String,
    prompt: String,
    starter: String,
    #[serde(default)]
    hints: Vec<String>,
    #[serde(default)]
    solution: String,
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
        "predict" => with.predict()?,
        "choose" => with.choose()?,
        "number" => with.number()?,
        "order" => with.order()?,
        "set" => with.set()?,
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
    fn read<T: DeserializeOwned>(&self) -> Result<T, LessonError> {
        toml::from_str(self.body).map_err(|error| self.place.toml(self.body, &error))
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

    fn predict(&self) -> Result<Exercise, LessonError> {
        let raw: Predict = self.read()?;
        let options = self.words(&raw.options)?;
        let kind =
            Kind::Predict { answer: self.option(raw.answer, &options)?, options, reveal: self.text(&raw.reveal)? };
        self.exercise(raw.id, &raw.prompt, &[], "", kind)
    }

    fn choose(&self) -> Result<Exercise, LessonError> {
        let raw: Choose = self.read()?;
        let options = self.words(&raw.options)?;
        if raw.feedback.len() != options.len() {
            return Err(self.place.error(Reason::Options));
        }
        let answer = self.option(raw.answer, &options)?;
        let kind = Kind::Choose { options, answer, feedback: self.texts(&raw.feedback)? };
        self.exercise(raw.id, &raw.prompt, &raw.hints, &raw.solution, kind)
    }

    fn number(&self) -> Result<Exercise, LessonError> {
        let raw: Number = self.read()?;
        let mut fields = Vec::with_capacity(raw.fields.len());
        for field in raw.fields {
            let wanted = match (field.answer, field.reading) {
                (Some(value), None) => Wanted::Value(value),
                (None, Some(name)) => Wanted::Reading(name),
                _ => return Err(self.place.error(Reason::Condition { reason: "answer / reading".to_owned() })),
            };
            if field.tolerance.is_nan() || field.tolerance < 0.0 {
                return Err(self.place.error(Reason::Condition { reason: "tolerance".to_owned() }));
            }
            let label = words(self.place, field.label.trim())?;
            fields.push(NumberField { label, wanted, tolerance: field.tolerance, unit: field.unit });
        }
        if fields.is_empty() {
            return Err(self.place.error(Reason::Options));
        }
        let mistakes =
            raw.mistakes.iter().map(|named| Ok(Mistake { value: named.value, says: self.text(&named.says)? }));
        let kind = Kind::Number { fields, mistakes: mistakes.collect::<Result<_, LessonError>>()? };
        self.exercise(raw.id, &raw.prompt, &raw.hints, &raw.solution, kind)
    }

    fn order(&self) -> Result<Exercise, LessonError> {
        let raw: Order = self.read()?;
        let items = self.words(&raw.items)?;
        if items.len() < 2 {
            return Err(self.place.error(Reason::Options));
        }
        self.exercise(raw.id, &raw.prompt, &raw.hints, &raw.solution, Kind::Order { items })
    }

    fn set(&self) -> Result<Exercise, LessonError> {
        let raw: Set = self.read()?;
        let condition =
            Condition::parse(&raw.condition).map_err(|reason| self.place.error(Reason::Condition { reason }))?;
        self.exercise(raw.id, &raw.prompt, &raw.hints, &raw.solution, Kind::Set { condition })
    }

    fn code(&self) -> Result<Exercise, LessonError> {
        let raw: Code = self.read()?;
        let kind = Kind::Code { task: raw.task, starter: raw.starter.trim_end().to_owned() };
        let mut exercise = self.exercise(raw.id, &raw.prompt, &raw.hints, "", kind)?;
        if !raw.solution.trim().is_empty() {
            // It is code and no text: its stars and underscores mean themselves.
            exercise.solution.push(Block::Code(raw.solution.trim_end().to_owned()));
        }
        Ok(exercise)
    }

    fn exercise(
        &self,
        id: String,
        prompt: &str,
        hints: &[String],
        solution: &str,
        kind: Kind,
    ) -> Result<Exercise, LessonError> {
        Ok(Exercise { id, prompt: self.text(prompt)?, hints: self.texts(hints)?, solution: self.text(solution)?, kind })
    }
}
