//! What can be wrong with a code cell, each as one sentence for a person. Problems are kept as values and put into words
//! where they are shown, so that a change of language changes them too.

use std::time::Duration;

use rust_i18n::t;

/// Why a cell cannot be read, or stopped.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Problem {
    /// The source is longer than a cell may be: bytes, most bytes.
    #[error("{}", t!("cells.problem.source_too_long", bytes = .0 / 1024, most = .1 / 1024))]
    SourceTooLong(usize, usize),
    /// The text ends inside something.
    #[error("{}", t!("cells.problem.unexpected_end"))]
    UnexpectedEnd,
    /// A sign is missing.
    #[error("{}", t!("cells.problem.missing_sign", sign = .0))]
    MissingSign(String),
    /// A sign or word that has no meaning here.
    #[error("{}", t!("cells.problem.unreadable", text = .0))]
    Unreadable(String),
    /// A word that the language keeps for itself.
    #[error("{}", t!("cells.problem.reserved", word = .0))]
    Reserved(String),
    /// A value is expected here.
    #[error("{}", t!("cells.problem.expression_expected"))]
    ExpressionExpected,
    /// Something that cannot be changed is assigned to.
    #[error("{}", t!("cells.problem.constant", name = .0))]
    Constant(String),
    /// Brackets in brackets in brackets.
    #[error("{}", t!("cells.problem.too_nested"))]
    TooNested,
    /// Something else that the parser does not take; its own words, in English.
    #[error("{}", t!("cells.problem.syntax", detail = .0))]
    Syntax(String),
    /// The task asks for a function that is not there: how it should be written.
    #[error("{}", t!("cells.problem.missing_function", signature = .0))]
    MissingFunction(String),
    /// A variable that nobody has made.
    #[error("{}", t!("cells.problem.unknown_name", name = .0))]
    UnknownName(String),
    /// A function that does not exist.
    #[error("{}", t!("cells.problem.unknown_function", name = .0))]
    UnknownFunction(String),
    /// A function that exists, but not for these values: its name, and what it was given.
    #[error("{}", t!("cells.problem.wrong_arguments", name = .0, given = kinds(.1)))]
    WrongArguments(String, Vec<Kind>),
    /// `x.something`
    #[error("{}", t!("cells.problem.unknown_property", name = .0))]
    UnknownProperty(String),
    /// Another kind of value is needed: what for, and what was given.
    #[error("{}", t!("cells.problem.wrong_kind", operation = .0, given = .1.name()))]
    WrongKind(String, Kind),
    /// `if` and `while` need true or false.
    #[error("{}", t!("cells.problem.not_a_condition", given = .0.name()))]
    NotACondition(Kind),
    /// Two shapes that do not broadcast: operation, left, right.
    #[error("{}", t!("cells.problem.shapes", operation = .0, left = shape(.1), right = shape(.2)))]
    Shapes(String, Vec<usize>, Vec<usize>),
    /// Two shapes that cannot be multiplied.
    #[error("{}", matmul_sentence(.0, .1))]
    MatmulShapes(Vec<usize>, Vec<usize>),
    /// A result whose shape does not fit into the model: function, what it has, what it should have.
    #[error("{}", t!("cells.problem.result_shape", function = .0, given = shape(.1), expected = shape(.2)))]
    ResultShape(String, Vec<usize>, Vec<usize>),
    /// A reshape that would lose or invent values: from, to.
    #[error("{}", t!("cells.problem.reshape", from = shape(.0), count = .0.iter().product::<usize>(), to = whole(.1)))]
    Reshape(Vec<usize>, Vec<i64>),
    /// An order of axes that is none: shape, order.
    #[error("{}", t!("cells.problem.permute", shape = shape(.0), order = whole(.1)))]
    Permute(Vec<usize>, Vec<i64>),
    /// A size that is negative or no whole number.
    #[error("{}", t!("cells.problem.size", value = .0))]
    Size(String),
    /// An axis that the shape does not have: operation, axis, shape.
    #[error("{}", t!("cells.problem.axis", operation = .0, axis = .1, shape = shape(.2)))]
    Axis(String, i64, Vec<usize>),
    /// An index beyond the end: index, length.
    #[error("{}", t!("cells.problem.index", index = .0, length = .1))]
    Index(i64, usize),
    /// Rows of different length in a list that should become a tensor.
    #[error("{}", t!("cells.problem.ragged"))]
    Ragged,
    /// An operation on no values at all.
    #[error("{}", t!("cells.problem.empty", operation = .0))]
    Empty(String),
    /// A number divided by zero.
    #[error("{}", t!("cells.problem.division_by_zero"))]
    DivisionByZero,
    /// Whole numbers beyond 64 bits, and such.
    #[error("{}", t!("cells.problem.arithmetic", detail = .0))]
    Arithmetic(String),
    /// The clock has run out.
    #[error("{}", t!("cells.problem.out_of_time", seconds = format!("{:.1}", .0.as_secs_f64())))]
    OutOfTime(Duration),
    /// Too many steps.
    #[error("{}", t!("cells.problem.too_many_steps"))]
    TooManySteps,
    /// Functions that call functions without end.
    #[error("{}", t!("cells.problem.too_deep"))]
    TooDeep,
    /// Tensors larger than there is room for: what would be alive, and the limit, in bytes.
    #[error("{}", t!("cells.problem.out_of_memory", bytes = megabytes(*.bytes), limit = .limit >> 20))]
    OutOfMemory {
        /// Bytes wanted in all; `u64::MAX` if more than can be counted.
        bytes: u64,
        /// Bytes allowed.
        limit: usize,
    },
    /// A text, list or map that has grown too large.
    #[error("{}", t!("cells.problem.too_large"))]
    TooLarge,
    /// Too many variables or functions.
    #[error("{}", t!("cells.problem.too_many_names"))]
    TooManyNames,
    /// The learner's own `throw`.
    #[error("{}", t!("cells.problem.thrown", text = .0))]
    Thrown(String),
    /// The person stopped it.
    #[error("{}", t!("cells.problem.stopped"))]
    Stopped,
    /// Something failed inside; the log has the detail.
    #[error("{}", t!("engine.panicked"))]
    Inside,
}

/// A kind of value of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A tensor.
    Tensor,
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// True or false.
    Truth,
    /// A text.
    Text,
    /// A list.
    List,
    /// A map `#{…}`.
    Map,
    /// A function as a value.
    Function,
    /// Nothing: a function that ends with `;` gives this.
    Nothing,
    /// Something else, such as a range.
    Other,
}

impl Kind {
    /// Its name for a person, with its article.
    pub fn name(self) -> String {
        let key = match self {
            Self::Tensor => "tensor",
            Self::Whole => "whole",
            Self::Number => "number",
            Self::Truth => "truth",
            Self::Text => "text",
            Self::List => "list",
            Self::Map => "map",
            Self::Function => "function",
            Self::Nothing => "nothing",
            Self::Other => "other",
        };
        t!(format!("cells.kind.{key}")).into_owned()
    }
}

/// A problem and where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct CellError {
    /// Line from 1, where it is known.
    pub line: Option<usize>,
    /// What.
    pub problem: Problem,
}

impl std::fmt::Display for CellError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => f.write_str(&t!("cells.problem.at_line", line = line, sentence = self.problem)),
            None => self.problem.fmt(f),
        }
    }
}

impl std::error::Error for CellError {}

/// `[2, 3]`; a plain number is `[]`.
pub fn shape(shape: &[usize]) -> String {
    format!("{shape:?}")
}

fn whole(values: &[i64]) -> String {
    format!("{values:?}")
}

fn kinds(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}

/// Says that a transposition would help, where it would.
fn matmul_sentence(left: &[usize], right: &[usize]) -> String {
    let (left_text, right_text) = (shape(left), shape(right));
    let inner = left.last();
    let would_fit = right.len() >= 2 && left.len() >= 2 && inner == right.last();
    let key = if would_fit { "cells.problem.matmul_transposed" } else { "cells.problem.matmul" };
    t!(key, left = left_text, right = right_text).into_owned()
}

fn megabytes(bytes: u64) -> String {
    match bytes >> 20 {
        0..1024 => format!("{}\u{202f}MB", bytes >> 20),
        megabytes if megabytes < 1 << 30 => format!("{}\u{202f}GB", megabytes >> 10),
        _ => format!(">\u{202f}{}\u{202f}GB", 1 << 20),
    }
}
