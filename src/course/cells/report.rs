//! How a code cell did, as plain values; sentences are made of them where they are shown.

use rust_i18n::t;

use super::problem::{CellError, Kind, shape};

/// How one run of a cell did.
#[derive(Clone, Debug, PartialEq)]
pub struct CellReport {
    /// What `print` wrote, line by line.
    pub printed: String,
    /// Whether `print` wrote more than is kept.
    pub printed_cut: bool,
    /// How it ended.
    pub verdict: Verdict,
    /// Seconds from the beginning to the verdict.
    pub seconds: f64,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It cannot be read, or stopped on the way.
    Failed {
        /// Where and why.
        error: CellError,
        /// On which input, if it came so far.
        input: Option<Input>,
    },
    /// It ran, and gives something else than what is asked.
    Wrong(Wrong),
    /// It gives what is asked on the example and on so many hidden inputs.
    Right {
        /// Hidden inputs.
        hidden: usize,
        /// What it gave for the example.
        example: Vec<Shown>,
    },
}

impl Verdict {
    /// Whether the task is solved.
    pub fn is_right(&self) -> bool {
        matches!(self, Self::Right { .. })
    }

    /// The line to mark in the source.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Failed { error, .. } => error.line,
            _ => None,
        }
    }
}

/// A result of the example in front of what it should be, as text.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The call, as in `attention(q, k)`.
    pub call: String,
    /// Each argument's name and what it was.
    pub arguments: Vec<(String, String)>,
    /// What the learner's function gave.
    pub given: String,
    /// Its shape, if it is a tensor.
    pub given_shape: Option<Vec<usize>>,
    /// What it should have given.
    pub expected: String,
    /// The shape of that.
    pub expected_shape: Vec<usize>,
}

/// The first output that is wrong, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrong {
    /// The function, as in `attention`.
    pub function: &'static str,
    /// Where it shows.
    pub input: Input,
    /// What is wrong.
    pub fault: Fault,
    /// The usual mistake that gives exactly this, by its key in the locales.
    pub mistake: Option<&'static str>,
    /// The example's outputs, where they could be computed.
    pub example: Vec<Shown>,
}

/// Which input an output belongs to.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The visible example.
    Example,
    /// A hidden one: each argument's name, and its shape or value.
    Hidden(Vec<(String, String)>),
}

/// What is wrong with an output.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// No tensor at all.
    Kind(Kind),
    /// Another shape.
    Shape {
        /// What it has.
        given: Vec<usize>,
        /// What it should have.
        expected: Vec<usize>,
    },
    /// Not a number, or infinite.
    NotFinite {
        /// Where first.
        index: Vec<usize>,
        /// What stands there.
        value: f64,
    },
    /// Other values.
    Values {
        /// Where the difference is largest.
        index: Vec<usize>,
        /// What stands there.
        given: f64,
        /// What should stand there.
        expected: f64,
        /// How many values are off.
        off: usize,
        /// Of how many.
        of: usize,
    },
}

impl Wrong {
    /// What is wrong, in one or two sentences; the mistake not included.
    pub fn sentence(&self) -> String {
        let place = match &self.input {
            Input::Example => t!("cells.wrong_output.on_example", function = self.function).into_owned(),
            Input::Hidden(arguments) => {
                let arguments: Vec<String> = arguments.iter().map(|(name, what)| format!("{name} {what}")).collect();
                t!("cells.wrong_output.on_hidden", function = self.function, arguments = arguments.join(", "))
                    .into_owned()
            }
        };
        format!("{place} {}", self.fault)
    }

    /// The sentence that names the usual mistake, if it is one.
    pub fn mistake_sentence(&self) -> Option<String> {
        self.mistake.map(|key| t!(format!("cells.mistake.{key}")).into_owned())
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sentence = match self {
            Self::Kind(Kind::Nothing) => t!("cells.wrong_output.nothing"),
            Self::Kind(kind) => t!("cells.wrong_output.kind", given = kind.name()),
            Self::Shape { given, expected } => {
                t!("cells.wrong_output.shape", given = shape(given), expected = shape(expected))
            }
            Self::NotFinite { index, value } => {
                t!("cells.wrong_output.not_finite", index = shape(index), value = value)
            }
            Self::Values { index, given, expected, off, of } => t!(
                "cells.wrong_output.values",
                index = shape(index),
                given = significant(*given),
                expected = significant(*expected),
                difference = significant((given - expected).abs()),
                off = off,
                of = of
            ),
        };
        f.write_str(&sentence)
    }
}

/// Six digits that count, in the shorter of the two usual ways to write them.
pub(super) fn significant(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    if !(1e-4..1e7).contains(&size) {
        return format!("{value:.3e}");
    }
    let digits = (5 - size.log10().floor() as i64).clamp(0, 9) as usize;
    let text = format!("{value:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_count() {
        assert_eq!(significant(0.956_767_8), "0.956768");
        assert_eq!(significant(-1.5), "-1.5");
        assert_eq!(significant(0.000_012_345_6), "1.235e-5");
        assert_eq!(significant(123_456.7), "123457");
        assert_eq!(significant(0.0), "0");
    }
}
