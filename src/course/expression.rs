//! Conditions over what figures read, such as `abs(entropy - 3.0) <= 0.1 && heads == 4`.
//!
//! A condition is parsed once and knows then that it asks a question (and not for a number); evaluating it cannot fail but
//! for a reading that is not there. There is no assignment, no loop and no call of anything but `abs`, `min` and `max`.

use std::collections::BTreeSet;

/// Something that holds or does not.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    source: String,
    root: Test,
}

/// A question.
#[derive(Clone, Debug, PartialEq)]
enum Test {
    Compare(Compare, Number, Number),
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    Not(Box<Test>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Compare {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    Unequal,
}

/// A number.
#[derive(Clone, Debug, PartialEq)]
enum Number {
    Value(f64),
    Reading(String),
    Negative(Box<Number>),
    Sum(Box<Number>, Box<Number>),
    Difference(Box<Number>, Box<Number>),
    Product(Box<Number>, Box<Number>),
    Quotient(Box<Number>, Box<Number>),
    Absolute(Box<Number>),
    Least(Vec<Number>),
    Greatest(Vec<Number>),
}

/// Either; only a question may stand at the root.
enum Either {
    Test(Test),
    Number(Number),
}

/// How deep an expression may be nested.
const DEPTH: usize = 64;
/// Numbers that differ by less than this share are equal: readings are computed, not typed.
const EQUAL: f64 = 1e-9;

impl Condition {
    /// Understands a condition.
    ///
    /// # Errors
    /// What is wrong with it, for whoever writes the lesson.
    pub fn parse(source: &str) -> Result<Self, String> {
        let tokens = tokens(source)?;
        let mut parser = Parser { tokens: &tokens, at: 0 };
        let root = parser.any(0)?;
        if let Some(rest) = parser.peek() {
            return Err(format!("`{rest}` comes unexpected"));
        }
        match root {
            Either::Test(root) => Ok(Self { source: source.to_owned(), root }),
            Either::Number(_) => Err("a number is no condition".to_owned()),
        }
    }

    /// As it is written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The readings that it looks at.
    pub fn names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        names_of_test(&self.root, &mut names);
        names
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// The name of a reading that is not there.
    pub fn holds(&self, readings: &dyn Fn(&str) -> Option<f64>) -> Result<bool, String> {
        test(&self.root, readings)
    }
}

fn test(node: &Test, readings: &dyn Fn(&str) -> Option<f64>) -> Result<bool, String> {
    Ok(match node {
        Test::And(a, b) => test(a, readings)? & test(b, readings)?,
        Test::Or(a, b) => test(a, readings)? | test(b, readings)?,
        Test::Not(a) => !test(a, readings)?,
        Test::Compare(how, a, b) => {
            let (a, b) = (number(a, readings)?, number(b, readings)?);
            let equal = (a - b).abs() <= EQUAL * a.abs().max(b.abs()).max(1.0);
            match how {
                Compare::Less => a < b && !equal,
                Compare::LessOrEqual => a <= b || equal,
                Compare::Greater => a > b && !equal,
                Compare::GreaterOrEqual => a >= b || equal,
                Compare::Equal => equal,
                Compare::Unequal => !equal && !a.is_nan() && !b.is_nan(),
            }
        }
    })
}

fn number(node: &Number, readings: &dyn Fn(&str) -> Option<f64>) -> Result<f64, String> {
    let of = |node: &Number| number(node, readings);
    let fold = |nodes: &[Number], by: fn(f64, f64) -> f64| {
        let mut values = nodes.iter().map(of);
        let first = values.next().unwrap_or(Ok(f64::NAN))?;
        values.try_fold(first, |a, b| Ok::<_, String>(by(a, b?)))
    };
    Ok(match node {
        Number::Value(value) => *value,
        Number::Reading(name) => readings(name).filter(|value| !value.is_nan()).ok_or_else(|| name.clone())?,
        Number::Negative(a) => -of(a)?,
        Number::Sum(a, b) => of(a)? + of(b)?,
        Number::Difference(a, b) => of(a)? - of(b)?,
        Number::Product(a, b) => of(a)? * of(b)?,
        Number::Quotient(a, b) => of(a)? / of(b)?,
        Number::Absolute(a) => of(a)?.abs(),
        Number::Least(nodes) => fold(nodes, f64::min)?,
        Number::Greatest(nodes) => fold(nodes, f64::max)?,
    })
}

fn names_of_test<'a>(node: &'a Test, names: &mut BTreeSet<&'a str>) {
    match node {
        Test::And(a, b) | Test::Or(a, b) => {
            names_of_test(a, names);
            names_of_test(b, names);
        }
        Test::Not(a) => names_of_test(a, names),
        Test::Compare(_, a, b) => {
            names_of_number(a, names);
            names_of_number(b, names);
        }
    }
}

fn names_of_number<'a>(node: &'a Number, names: &mut BTreeSet<&'a str>) {
    match node {
        Number::Value(_) => {}
        Number::Reading(name) => {
            names.insert(name);
        }
        Number::Negative(a) | Number::Absolute(a) => names_of_number(a, names),
        Number::Sum(a, b) | Number::Difference(a, b) | Number::Product(a, b) | Number::Quotient(a, b) => {
            names_of_number(a, names);
            names_of_number(b, names);
        }
        Number::Least(nodes) | Number::Greatest(nodes) => nodes.iter().for_each(|node| names_of_number(node, names)),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Value(f64),
    Name(String),
    Sign(&'static str),
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(value) => write!(f, "{value}"),
            Self::Name(name) => f.write_str(name),
            Self::Sign(sign) => f.write_str(sign),
        }
    }
}

/// Longer signs first, so that `<=` is not read as `<`.
const SIGNS: [&str; 17] = ["<=", ">=", "==", "!=", "&&", "||", "<", ">", "!", "+", "-", "*", "/", "(", ")", ",", "−"];

fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let mut rest = source.trim_start();
    let mut found = Vec::new();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() || first == '.' {
            let length = number_length(rest);
            let text = rest.get(..length).unwrap_or_default();
            found.push(Token::Value(text.parse().map_err(|_| format!("`{text}` is no number"))?));
            length
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            found.push(Token::Name(rest.get(..length).unwrap_or_default().to_owned()));
            length
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            found.push(Token::Sign(if sign == "−" { "-" } else { sign }));
            sign.len()
        } else {
            return Err(format!("`{first}` is unknown"));
        };
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(found)
}

/// How long the number is that a text begins with.
fn number_length(text: &str) -> usize {
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let exponent_sign = matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
        if !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E') || exponent_sign) {
            return at;
        }
        before = c;
    }
    text.len()
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
}

type Parsed = Result<Either, String>;

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// Takes one of these signs if it comes next.
    fn take(&mut self, signs: &[&'static str]) -> Option<&'static str> {
        let Some(Token::Sign(sign)) = self.tokens.get(self.at) else { return None };
        let sign = *sign;
        signs.contains(&sign).then(|| {
            self.at += 1;
            sign
        })
    }

    fn any(&mut self, depth: usize) -> Parsed {
        if depth > DEPTH {
            return Err("nested too deeply".to_owned());
        }
        let mut left = self.all(depth)?;
        while self.take(&["||"]).is_some() {
            let right = self.all(depth)?;
            left = Either::Test(Test::Or(Box::new(as_test(left)?), Box::new(as_test(right)?)));
        }
        Ok(left)
    }

    fn all(&mut self, depth: usize) -> Parsed {
        let mut left = self.comparison(depth)?;
        while self.take(&["&&"]).is_some() {
            let right = self.comparison(depth)?;
            left = Either::Test(Test::And(Box::new(as_test(left)?), Box::new(as_test(right)?)));
        }
        Ok(left)
    }

    fn comparison(&mut self, depth: usize) -> Parsed {
        let left = self.sum(depth)?;
        let Some(sign) = self.take(&["<=", ">=", "==", "!=", "<", ">"]) else { return Ok(left) };
        let right = self.sum(depth)?;
        let how = match sign {
            "<" => Compare::Less,
            "<=" => Compare::LessOrEqual,
            ">" => Compare::Greater,
            ">=" => Compare::GreaterOrEqual,
            "==" => Compare::Equal,
            _ => Compare::Unequal,
        };
        Ok(Either::Test(Test::Compare(how, as_number(left)?, as_number(right)?)))
    }

    fn sum(&mut self, depth: usize) -> Parsed {
        let mut left = self.product(depth)?;
        while let Some(sign) = self.take(&["+", "-"]) {
            let (a, b) = (Box::new(as_number(left)?), Box::new(as_number(self.product(depth)?)?));
            left = Either::Number(if sign == "+" { Number::Sum(a, b) } else { Number::Difference(a, b) });
        }
        Ok(left)
    }

    fn product(&mut self, depth: usize) -> Parsed {
        let mut left = self.unary(depth)?;
        while let Some(sign) = self.take(&["*", "/"]) {
            let (a, b) = (Box::new(as_number(left)?), Box::new(as_number(self.unary(depth)?)?));
            left = Either::Number(if sign == "*" { Number::Product(a, b) } else { Number::Quotient(a, b) });
        }
        Ok(left)
    }

    fn unary(&mut self, depth: usize) -> Parsed {
        if depth > DEPTH {
            return Err("nested too deeply".to_owned());
        }
        match self.take(&["-", "!"]) {
            Some("-") => Ok(Either::Number(Number::Negative(Box::new(as_number(self.unary(depth + 1)?)?)))),
            Some(_) => Ok(Either::Test(Test::Not(Box::new(as_test(self.unary(depth + 1)?)?)))),
            None => self.atom(depth),
        }
    }

    fn atom(&mut self, depth: usize) -> Parsed {
        let token = self.peek().cloned().ok_or("something is missing at the end")?;
        self.at += 1;
        match token {
            Token::Value(value) => Ok(Either::Number(Number::Value(value))),
            Token::Sign("(") => {
                let inner = self.any(depth + 1)?;
                self.take(&[")"]).map(|_| inner).ok_or_else(|| "`)` is missing".to_owned())
            }
            Token::Sign(sign) => Err(format!("`{sign}` comes unexpected")),
            Token::Name(name) => {
                if self.take(&["("]).is_none() {
                    return Ok(Either::Number(Number::Reading(name)));
                }
                let mut given = Vec::new();
                while given.is_empty() || self.take(&[","]).is_some() {
                    given.push(as_number(self.sum(depth + 1)?)?);
                }
                self.take(&[")"]).ok_or("`)` is missing")?;
                call(&name, given)
            }
        }
    }
}

fn call(name: &str, mut given: Vec<Number>) -> Parsed {
    let number = match (name, given.len()) {
        ("abs", 1) => given.pop().map(|only| Number::Absolute(Box::new(only))),
        ("min", 2..) => Some(Number::Least(given)),
        ("max", 2..) => Some(Number::Greatest(given)),
        _ => None,
    };
    number.map(Either::Number).ok_or_else(|| format!("there is no `{name}` of so many numbers"))
}

fn as_number(either: Either) -> Result<Number, String> {
    match either {
        Either::Number(number) => Ok(number),
        Either::Test(_) => Err("a condition stands where a number should".to_owned()),
    }
}

fn as_test(either: Either) -> Result<Test, String> {
    match either {
        Either::Test(test) => Ok(test),
        Either::Number(_) => Err("a number stands where a condition should".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(source: &str) -> bool {
        let readings = |name: &str| match name {
            "a" => Some(2.0),
            "b" => Some(-3.5),
            "third" => Some(1.0 / 3.0),
            "broken" => Some(f64::NAN),
            _ => None,
        };
        Condition::parse(source).unwrap().holds(&readings).unwrap()
    }

    #[test]
    fn arithmetic_and_logic_have_their_usual_order() {
        for yes in [
            "a == 2",
            "1 + 2 * 3 == 7",
            "(1 + 2) * 3 == 9",
            "8 / 2 / 2 == 2",
            "5 - 3 - 1 == 1",
            "-a < -1 && a > 1",
            "a < 1 || a > 1 && b < 0",
            "!(a < 1)",
            "abs(b) == 3.5",
            "min(a, b, 7) == b && max(a, b) == a",
            "third * 3 == 1",
            "1e-3 < 0.01",
            "2.5e+1 == 25",
            "a >= 2.0 && a <= 2",
            "0.1 + 0.2 <= 0.3",
        ] {
            assert!(holds(yes), "{yes}");
        }
        for no in ["a != 2", "a < 1 || b > 0", "(a < 1 || a > 1) && b > 0", "!(a == 2)", "a > 2", "1 / 0 < 5"] {
            assert!(!holds(no), "{no}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for wrong in [
            "",
            "a",
            "a + 1",
            "a <",
            "a < 1 <",
            "(a < 1",
            "a < 1)",
            "1 < 2 < 3",
            "abs(a, b) < 1",
            "min(a) < 1",
            "exp(a) < 1",
            "a && b",
            "!a < 1",
            "a = 1",
            "a < 1;",
            "1.2.3 < 4",
            "a < 'x'",
            "(a < 1) + 1 < 2",
            "abs( < 1",
            "é < 1",
        ] {
            assert!(Condition::parse(wrong).is_err(), "{wrong}");
        }
        let deep = format!("{}1{} < 2", "(".repeat(100_000), ")".repeat(100_000));
        assert!(Condition::parse(&deep).is_err());
        assert!(Condition::parse(&format!("{}1 < 2", "-".repeat(100_000))).is_err());
    }

    #[test]
    fn it_names_what_it_reads_and_what_is_missing() {
        let condition = Condition::parse("abs(w1 - w2) < 0.1 && entropy > min(1, w1)").unwrap();
        assert_eq!(condition.names().into_iter().collect::<Vec<_>>(), ["entropy", "w1", "w2"]);
        let only = |name: &str| (name == "w1").then_some(0.5);
        assert_eq!(condition.holds(&only), Err("w2".to_owned()));
        let condition = Condition::parse("broken > 0").unwrap();
        assert_eq!(condition.holds(&|_| Some(f64::NAN)), Err("broken".to_owned()));
    }
}
