//! Exercises, and how an answer to one is checked.
//!
//! An answer and a verdict know nothing of a language: options, items and mistakes are named by their place in the list.

use serde::{Deserialize, Serialize};

use super::expression::Condition;
use super::lesson::{Text, Words};
use crate::nn::Rng;

/// An exercise of a section.
#[derive(Clone, Debug, PartialEq)]
pub struct Exercise {
    /// Unique within its section, the same in both languages.
    pub id: String,
    /// What is asked.
    pub prompt: Text,
    /// Help, opened one by one.
    pub hints: Vec<Text>,
    /// Shown after a try, if a person wants it; empty where there is none.
    pub solution: Text,
    /// What is to be done.
    pub kind: Kind,
}

/// What is to be done in an exercise.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Say what will happen, then see it. There is nothing to win.
    Predict {
        /// What could happen.
        options: Vec<Words>,
        /// What does happen, from 0.
        answer: usize,
        /// Why.
        reveal: Text,
    },
    /// Choose one.
    Choose {
        /// What there is to choose.
        options: Vec<Words>,
        /// The right one, from 0.
        answer: usize,
        /// Why each of them is right or wrong.
        feedback: Vec<Text>,
    },
    /// Type one or more numbers.
    Number {
        /// The fields.
        fields: Vec<NumberField>,
        /// Usual mistakes.
        mistakes: Vec<Mistake>,
    },
    /// Bring steps into their order.
    Order {
        /// The steps in the right order.
        items: Vec<Words>,
    },
    /// Set the section's figures so that something holds of what they read.
    Set {
        /// What must hold.
        condition: Condition,
    },
    /// Write code that a checker runs; see `cells`.
    Code {
        /// The name of the task.
        task: String,
        /// What stands there at first.
        starter: String,
    },
}

/// A number to type.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberField {
    /// What it is.
    pub label: Words,
    /// What it has to be.
    pub wanted: Wanted,
    /// How far it may be off.
    pub tolerance: f64,
    /// What stands behind it.
    pub unit: String,
}

/// What a number has to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// This.
    Value(f64),
    /// What a figure of the section reads at this moment, by its name.
    Reading(String),
}

/// A number that people often come to, and why it is not the one.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// The number.
    pub value: f64,
    /// Why people come to it, and what it is instead.
    pub says: Text,
}

/// What a person has answered so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// An option, from 0.
    Option(usize),
    /// What is typed in each field.
    Numbers(Vec<String>),
    /// The items by their right places, in the person's order.
    Order(Vec<usize>),
    /// Code.
    Code(String),
}

/// What comes of a check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the exercise is solved.
    pub right: bool,
    /// What there is to say.
    pub says: Says,
}

/// What there is to say about an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// Nothing has been chosen or typed yet.
    Nothing,
    /// What belongs to this option.
    Option(usize),
    /// What belongs to this usual mistake.
    Mistake(usize),
    /// Which fields are right.
    Fields(Vec<bool>),
    /// The first field that holds no number.
    NoNumber(usize),
    /// How many items stand where they belong.
    Order(usize),
    /// Whether the condition holds.
    Condition(bool),
    /// The figure does not read this yet.
    NoReading(String),
}

impl Exercise {
    /// The name of its kind, as in a lesson and in the texts of the interface.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Predict { .. } => "predict",
            Kind::Choose { .. } => "choose",
            Kind::Number { .. } => "number",
            Kind::Order { .. } => "order",
            Kind::Set { .. } => "set",
            Kind::Code { .. } => "code",
        }
    }

    /// Checks an answer against the truth and the figures' `readings`. `None` where a checker of its own does that (code).
    pub fn check(&self, answer: Option<&Answer>, readings: &dyn Fn(&str) -> Option<f64>) -> Option<Verdict> {
        let verdict = |right, says| Some(Verdict { right, says });
        match (&self.kind, answer) {
            (Kind::Code { .. }, _) => None,
            // To have said something is all that a prediction asks for.
            (Kind::Predict { options, .. }, Some(Answer::Option(i))) if *i < options.len() => {
                verdict(true, Says::Option(*i))
            }
            (Kind::Choose { options, answer, .. }, Some(Answer::Option(i))) if *i < options.len() => {
                verdict(i == answer, Says::Option(*i))
            }
            (Kind::Number { fields, mistakes }, Some(Answer::Numbers(typed))) => {
                Some(check_numbers(fields, mistakes, typed, readings))
            }
            (Kind::Order { items }, answer) => {
                let shuffled = self.shuffled();
                let order = match answer {
                    Some(Answer::Order(order)) if is_permutation(order, items.len()) => order,
                    _ => &shuffled,
                };
                let in_place = order.iter().enumerate().filter(|(place, item)| place == *item).count();
                verdict(in_place == items.len(), Says::Order(in_place))
            }
            (Kind::Set { condition }, _) => match condition.holds(readings) {
                Ok(holds) => verdict(holds, Says::Condition(holds)),
                Err(name) => verdict(false, Says::NoReading(name)),
            },
            _ => verdict(false, Says::Nothing),
        }
    }

    /// The order in which the items of an ordering are shown at first: always the same for an exercise, never the right one.
    pub fn shuffled(&self) -> Vec<usize> {
        let Kind::Order { items } = &self.kind else { return Vec::new() };
        let mut order: Vec<usize> = (0..items.len()).collect();
        let seed = self.id.bytes().fold(7u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let mut rng = Rng::new(seed);
        rng.shuffle(&mut order);
        if order.is_sorted() {
            order.rotate_left(1);
        }
        order
    }
}

/// Whether these are the numbers below `count`, each once.
pub fn is_permutation(order: &[usize], count: usize) -> bool {
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    sorted.into_iter().eq(0..count)
}

fn check_numbers(
    fields: &[NumberField],
    mistakes: &[Mistake],
    typed: &[String],
    readings: &dyn Fn(&str) -> Option<f64>,
) -> Verdict {
    let wrong = |says| Verdict { right: false, says };
    if typed.iter().all(|text| text.trim().is_empty()) {
        return wrong(Says::Nothing);
    }
    let mut right = Vec::with_capacity(fields.len());
    let mut mistake = None;
    for (i, field) in fields.iter().enumerate() {
        // Where the unit is a percent already, typing it once more changes nothing.
        let text =
            typed.get(i).map_or("", |text| if field.unit == "%" { text.trim_end_matches(['%', ' ']) } else { text });
        let Some(value) = number_of(text) else { return wrong(Says::NoNumber(i)) };
        let wanted = match &field.wanted {
            Wanted::Value(value) => *value,
            Wanted::Reading(name) => match readings(name) {
                Some(value) => value,
                None => return wrong(Says::NoReading(name.clone())),
            },
        };
        let good = near(value, wanted, field.tolerance);
        if !good && mistake.is_none() {
            mistake = mistakes.iter().position(|mistake| near(value, mistake.value, field.tolerance));
        }
        right.push(good);
    }
    if right.iter().all(|good| *good) {
        return Verdict { right: true, says: Says::Fields(right) };
    }
    wrong(mistake.map_or(Says::Fields(right), Says::Mistake))
}

/// Whether a number is another one within a tolerance. What rounding in binary adds is forgiven.
fn near(value: f64, wanted: f64, tolerance: f64) -> bool {
    (value - wanted).abs() <= tolerance + 1e-9 * wanted.abs().max(1e-3)
}

/// A number as people type it: with a decimal point or comma, a true minus, spaces between groups of digits, a fraction
/// (`3/8`), a percent sign.
pub fn number_of(typed: &str) -> Option<f64> {
    let clean: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{202F}' | '\u{A0}'))
        .map(|c| match c {
            ',' => '.',
            '−' => '-',
            other => other,
        })
        .collect();
    let (clean, share) = match clean.strip_suffix('%') {
        Some(rest) => (rest, 0.01),
        None => (clean.as_str(), 1.0),
    };
    let value = match clean.split_once('/') {
        Some((above, below)) => above.parse::<f64>().ok()? / below.parse::<f64>().ok()?,
        None => clean.parse().ok()?,
    };
    Some(value * share).filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::lesson::Inline;

    fn words(text: &str) -> Words {
        vec![Inline::Text { text: text.to_owned(), bold: false, italic: false }]
    }

    fn exercise(kind: Kind) -> Exercise {
        Exercise { id: "one".into(), prompt: Vec::new(), hints: Vec::new(), solution: Vec::new(), kind }
    }

    fn nothing(_: &str) -> Option<f64> {
        None
    }

    #[test]
    fn an_option_is_right_or_wrong_and_a_prediction_always_counts() {
        let options = vec![words("a"), words("b")];
        let choose = exercise(Kind::Choose { options: options.clone(), answer: 1, feedback: vec![vec![], vec![]] });
        let check = |exercise: &Exercise, i| exercise.check(Some(&Answer::Option(i)), &nothing).unwrap();
        assert_eq!(check(&choose, 0), Verdict { right: false, says: Says::Option(0) });
        assert_eq!(check(&choose, 1), Verdict { right: true, says: Says::Option(1) });
        assert_eq!(check(&choose, 2).says, Says::Nothing, "an option that there is not");
        assert_eq!(choose.check(None, &nothing).unwrap().says, Says::Nothing);
        let predict = exercise(Kind::Predict { options, answer: 1, reveal: vec![] });
        assert!(check(&predict, 0).right);
        assert!(!predict.check(None, &nothing).unwrap().right);
    }

    #[test]
    fn numbers_are_compared_within_their_tolerance_and_mistakes_are_named() {
        let field = |answer, tolerance| NumberField {
            label: words("σ"),
            wanted: Wanted::Value(answer),
            tolerance,
            unit: String::new(),
        };
        let mistakes = vec![Mistake { value: 256.0, says: vec![] }];
        let exercise = exercise(Kind::Number { fields: vec![field(16.0, 0.05), field(0.3, 0.0)], mistakes });
        let check = |typed: [&str; 2]| {
            let typed = Answer::Numbers(typed.map(str::to_owned).to_vec());
            exercise.check(Some(&typed), &nothing).unwrap()
        };
        assert!(check(["16,04", "3/10"]).right);
        assert!(check([" 15.95 ", "30 %"]).right);
        assert_eq!(check(["16.06", "0.3"]).says, Says::Fields(vec![false, true]));
        assert_eq!(check(["256", "0.3"]).says, Says::Mistake(0));
        assert_eq!(check(["16", "much"]).says, Says::NoNumber(1));
        assert_eq!(check(["", ""]).says, Says::Nothing);
        assert_eq!(check(["16", ""]).says, Says::NoNumber(1));
    }

    #[test]
    fn a_number_can_be_what_a_figure_reads() {
        let fields = vec![NumberField {
            label: words("H"),
            wanted: Wanted::Reading("entropy".into()),
            tolerance: 0.1,
            unit: "bits".into(),
        }];
        let exercise = exercise(Kind::Number { fields, mistakes: vec![] });
        let typed = Answer::Numbers(vec!["2.5".into()]);
        let reads = |value| move |name: &str| (name == "entropy").then_some(value);
        assert!(exercise.check(Some(&typed), &reads(2.45)).unwrap().right);
        assert!(!exercise.check(Some(&typed), &reads(2.7)).unwrap().right);
        let says = exercise.check(Some(&typed), &nothing).unwrap().says;
        assert_eq!(says, Says::NoReading("entropy".into()));
    }

    #[test]
    fn steps_are_shuffled_and_never_in_their_order_at_first() {
        for id in ["a", "b", "steps", "order", "x1", "x2", "x3"] {
            for count in 2..7 {
                let items = (0..count).map(|i| words(&i.to_string())).collect();
                let exercise = Exercise { id: id.into(), ..exercise(Kind::Order { items }) };
                let shuffled = exercise.shuffled();
                assert!(is_permutation(&shuffled, count) && !shuffled.is_sorted(), "{shuffled:?}");
                assert_eq!(shuffled, exercise.shuffled());
                assert!(!exercise.check(None, &nothing).unwrap().right, "untouched");
                let right = Answer::Order((0..count).collect());
                assert!(exercise.check(Some(&right), &nothing).unwrap().right);
                let broken = Answer::Order(vec![0; count]);
                assert!(!exercise.check(Some(&broken), &nothing).unwrap().right, "no order at all");
            }
        }
    }

    #[test]
    fn a_figure_is_set_right_or_not_or_says_nothing_yet() {
        let condition = Condition::parse("abs(entropy - 3.0) <= 0.1").unwrap();
        let exercise = exercise(Kind::Set { condition });
        let check = |value: Option<f64>| exercise.check(None, &move |_: &str| value).unwrap();
        assert_eq!(check(Some(3.05)), Verdict { right: true, says: Says::Condition(true) });
        assert_eq!(check(Some(2.0)), Verdict { right: false, says: Says::Condition(false) });
        assert_eq!(check(None).says, Says::NoReading("entropy".into()));
    }

    #[test]
    fn numbers_are_read_as_people_type_them() {
        assert_eq!(number_of("1 234,5"), Some(1234.5));
        assert_eq!(number_of("−2"), Some(-2.0));
        assert_eq!(number_of("12,5 %"), Some(0.125));
        assert_eq!(number_of("1/4"), Some(0.25));
        for wrong in ["", "x", "1/0", "1/", "inf", "nan", "1 a"] {
            assert_eq!(number_of(wrong), None, "{wrong}");
        }
    }
}
