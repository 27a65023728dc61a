//! `+ - * / % **`, comparisons and `! & |` between tensors and numbers, and division as a learner expects it.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use rhai::{Dynamic, Engine};

use super::super::meter::Meter;
use super::super::problem::Problem;
use super::super::tensor::{self, Tensor};
use super::values::{self, Given, give, raise};

type Function = fn(f64, f64) -> f64;

fn truth(is: bool) -> f64 {
    f64::from(u8::from(is))
}

/// Comparisons give 1 for true and 0 for false.
const BINARY: [(&str, Function); 14] = [
    ("+", |a, b| a + b),
    ("-", |a, b| a - b),
    ("*", |a, b| a * b),
    ("/", |a, b| a / b),
    ("%", |a, b| a % b),
    ("**", f64::powf),
    ("==", |a, b| truth(a == b)),
    ("!=", |a, b| truth(a != b)),
    ("<", |a, b| truth(a < b)),
    ("<=", |a, b| truth(a <= b)),
    (">", |a, b| truth(a > b)),
    (">=", |a, b| truth(a >= b)),
    ("&", |a, b| truth(a != 0.0 && b != 0.0)),
    ("|", |a, b| truth(a != 0.0 || b != 0.0)),
];

/// Puts them into an engine.
pub(super) fn register(engine: &mut Engine, meter: &Arc<Meter>) {
    engine.register_type_with_name::<Tensor>("tensor");
    for (name, f) in BINARY {
        let both = move |a: &Dynamic, b: &Dynamic, meter: &Arc<Meter>| -> Given {
            let pair = values::tensor(a, name, meter).and_then(|a| Ok((a, values::tensor(b, name, meter)?)));
            let result = pair.and_then(|(a, b)| tensor::binary(name, &a, &b, meter, f));
            result.map(give).map_err(raise)
        };
        let m = meter.clone();
        engine.register_fn(name, move |a: Tensor, b: Dynamic| both(&Dynamic::from(a), &b, &m));
        let m = meter.clone();
        engine.register_fn(name, move |a: Dynamic, b: Tensor| both(&a, &Dynamic::from(b), &m));
    }
    let m = meter.clone();
    engine.register_fn("-", move |x: Tensor| tensor::unary(&x, &m, |x| -x).map(give).map_err(raise));
    engine.register_fn("+", |x: Tensor| x);
    let m = meter.clone();
    engine.register_fn("!", move |x: Tensor| tensor::unary(&x, &m, |x| truth(x == 0.0)).map(give).map_err(raise));
    register_division(engine);
    register_indexing(engine, meter);
}

/// Numbers divide without losing what is behind the point, and never by zero. Whole numbers that divide stay whole, so that
/// a quotient can be a size.
fn register_division(engine: &mut Engine) {
    fn divide(a: f64, b: f64) -> Given {
        if b == 0.0 { Err(raise(Problem::DivisionByZero)) } else { Ok(Dynamic::from_float(a / b)) }
    }
    engine.register_fn("/", |a: i64, b: i64| match a.checked_rem(b) {
        Some(0) => Ok(Dynamic::from_int(a / b)),
        _ => divide(a as f64, b as f64),
    });
    engine.register_fn("/", |a: f64, b: f64| divide(a, b));
    engine.register_fn("/", |a: f64, b: i64| divide(a, b as f64));
    engine.register_fn("/", |a: i64, b: f64| divide(a as f64, b));
    engine.register_fn("%", |a: i64, b: i64| -> Given {
        a.checked_rem(b).map(Dynamic::from_int).ok_or_else(|| raise(Problem::DivisionByZero))
    });
    // A negative power of a whole number is a fraction.
    engine.register_fn("**", |a: i64, b: i64| -> Given {
        let whole = u32::try_from(b).ok().and_then(|b| a.checked_pow(b));
        Ok(whole.map_or_else(|| Dynamic::from_float((a as f64).powf(b as f64)), Dynamic::from_int))
    });
}

/// `x[i]`, `x[a..b]`, and `x[i] = value`.
fn register_indexing(engine: &mut Engine, meter: &Arc<Meter>) {
    fn part(x: &Tensor, range: tensor::Range, meter: &Arc<Meter>) -> Given {
        tensor::slice(x, 0, range, meter).map(give).map_err(raise)
    }
    let m = meter.clone();
    engine.register_indexer_get(move |x: &mut Tensor, index: i64| -> Given {
        let id = Tensor::scalar(index as f64, &m).map_err(raise)?;
        tensor::take(x, &id, &m).map(give).map_err(raise)
    });
    let m = meter.clone();
    engine.register_indexer_get(move |x: &mut Tensor, range: Range<i64>| part(x, (range.start, Some(range.end)), &m));
    let m = meter.clone();
    engine.register_indexer_get(move |x: &mut Tensor, range: RangeInclusive<i64>| {
        part(x, (*range.start(), Some(range.end().saturating_add(1))), &m)
    });
    let m = meter.clone();
    engine.register_indexer_set(move |x: &mut Tensor, index: i64, value: Dynamic| -> Given<()> {
        let value = values::tensor(&value, "=", &m).map_err(raise)?;
        tensor::put(x, index, &value).map_err(raise)
    });
}
