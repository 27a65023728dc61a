//! The functions that lessons use, by the names of PyTorch and NumPy where those agree. An axis may count from the end.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine};

use super::super::meter::Meter;
use super::super::problem::Problem;
use super::super::tensor::{self, Fold, Tensor};
use super::values::{self, Given, give, number, raise, sizes, whole, wholes};

/// Names of all functions that a cell may call, for colouring and for telling an unknown name from wrong arguments.
pub const NAMES: [&str; 45] = [
    "tensor",
    "zeros",
    "ones",
    "full",
    "eye",
    "arange",
    "matmul",
    "transpose",
    "permute",
    "reshape",
    "flatten",
    "concat",
    "stack",
    "slice",
    "take",
    "one_hot",
    "where",
    "tril",
    "triu",
    "softmax",
    "log_softmax",
    "exp",
    "log",
    "sqrt",
    "abs",
    "tanh",
    "sigmoid",
    "sin",
    "cos",
    "pow",
    "relu",
    "gelu",
    "sum",
    "mean",
    "var",
    "max",
    "min",
    "argmax",
    "shape",
    "len",
    "print",
    "range",
    "push",
    "floor",
    "round",
];

/// Puts them into an engine.
pub(super) fn register(engine: &mut Engine, meter: &Arc<Meter>) {
    register_making(engine, meter);
    register_each_value(engine, meter);
    register_products(engine, meter);
    register_folds(engine, meter);
    register_shapes(engine, meter);
    register_choices(engine, meter);
}

/// Registers a function of one tensor.
fn of_one(
    engine: &mut Engine,
    meter: &Arc<Meter>,
    name: &'static str,
    f: impl Fn(&Tensor, &Arc<Meter>) -> Result<Tensor, Problem> + Send + Sync + 'static,
) {
    let m = meter.clone();
    engine.register_fn(name, move |x: Dynamic| -> Given {
        values::tensor(&x, name, &m).and_then(|x| f(&x, &m)).map(give).map_err(raise)
    });
}

/// Registers a function of a tensor and something else.
fn of_two(
    engine: &mut Engine,
    meter: &Arc<Meter>,
    name: &'static str,
    f: impl Fn(&Tensor, &Dynamic, &Arc<Meter>) -> Result<Tensor, Problem> + Send + Sync + 'static,
) {
    let m = meter.clone();
    engine.register_fn(name, move |x: Dynamic, y: Dynamic| -> Given {
        values::tensor(&x, name, &m).and_then(|x| f(&x, &y, &m)).map(give).map_err(raise)
    });
}

fn register_making(engine: &mut Engine, meter: &Arc<Meter>) {
    // A tensor stays one, even with one number: `tensor(3)` is the number 3.
    of_one(engine, meter, "tensor", |x, _| Ok(x.clone()));
    for (name, value) in [("zeros", 0.0), ("ones", 1.0)] {
        let filled = move |sizes: &[usize], meter: &Arc<Meter>| {
            Tensor::fill_with(sizes, meter, |places| {
                places.fill(value);
                Ok(())
            })
        };
        let m = meter.clone();
        engine.register_fn(name, move |shape: Dynamic| -> Given {
            sizes(&shape).and_then(|shape| filled(&shape, &m)).map(give).map_err(raise)
        });
        let m = meter.clone();
        engine.register_fn(name, move |rows: Dynamic, columns: Dynamic| -> Given {
            let shape = sizes(&rows).and_then(|rows| Ok([rows, sizes(&columns)?].concat()));
            shape.and_then(|shape| filled(&shape, &m)).map(give).map_err(raise)
        });
    }
    let m = meter.clone();
    engine.register_fn("full", move |shape: Dynamic, value: Dynamic| -> Given {
        let filled = sizes(&shape).and_then(|shape| {
            let value = number(&value).ok_or_else(|| Problem::WrongKind("full".into(), values::kind(&value)))?;
            Tensor::fill_with(&shape, &m, |places| {
                places.fill(value);
                Ok(())
            })
        });
        filled.map(give).map_err(raise)
    });
    let m = meter.clone();
    engine.register_fn("eye", move |n: Dynamic| -> Given {
        let made = sizes(&n).and_then(|n| {
            let n = n.first().copied().unwrap_or_default();
            Tensor::fill_with(&[n, n], &m, |places| {
                places.iter_mut().step_by(n + 1).for_each(|place| *place = 1.0);
                Ok(())
            })
        });
        made.map(give).map_err(raise)
    });
    let m = meter.clone();
    engine.register_fn("arange", move |end: Dynamic| arange(&Dynamic::from_int(0), &end, &m).map(give).map_err(raise));
    let m = meter.clone();
    engine.register_fn("arange", move |begin: Dynamic, end: Dynamic| arange(&begin, &end, &m).map(give).map_err(raise));
}

/// Whole numbers from `begin` up to but without `end`.
fn arange(begin: &Dynamic, end: &Dynamic, meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    let (begin, end) = (whole(begin)?, whole(end)?);
    let count = usize::try_from(end.saturating_sub(begin)).unwrap_or(0);
    Tensor::fill_with(&[count], meter, |places| {
        places.iter_mut().zip(begin..end).for_each(|(place, value)| *place = value as f64);
        Ok(())
    })
}

/// A function of one number.
type EachValue = fn(f64) -> f64;

fn register_each_value(engine: &mut Engine, meter: &Arc<Meter>) {
    let functions: [(&str, EachValue); 12] = [
        ("exp", f64::exp),
        ("log", f64::ln),
        ("sqrt", f64::sqrt),
        ("abs", f64::abs),
        ("tanh", f64::tanh),
        ("sin", f64::sin),
        ("cos", f64::cos),
        ("sigmoid", |x| 1.0 / (1.0 + (-x).exp())),
        ("relu", |x| x.max(0.0)),
        ("gelu", |x| 0.5 * x * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2))),
        ("floor", f64::floor),
        ("round", f64::round),
    ];
    for (name, f) in functions {
        of_one(engine, meter, name, move |x, meter| tensor::unary(x, meter, f));
        // For plain numbers too, or rhai's own would come first, whose `log` has the base 10.
        engine.register_fn(name, f);
        if name != "abs" {
            engine.register_fn(name, move |x: i64| f(x as f64));
        }
    }
    of_two(engine, meter, "pow", |x, y, meter| {
        tensor::binary("pow", x, &values::tensor(y, "pow", meter)?, meter, f64::powf)
    });
}

/// The error function to 1e-15 or so: its series near 0 and its continued fraction far from it (Abramowitz & Stegun 7.1.6
/// and 7.1.14).
fn erf(x: f64) -> f64 {
    let size = x.abs();
    let value = if size < 2.5 {
        let (mut term, mut sum, mut n) = (size, size, 0.0);
        while term > 1e-17 * sum {
            n += 1.0;
            term *= 2.0 * size * size / (2.0 * n + 1.0);
            sum += term;
        }
        2.0 / std::f64::consts::PI.sqrt() * (-size * size).exp() * sum
    } else {
        let fraction = (1..=60).rev().fold(size, |below, k| size + f64::from(k) / 2.0 / below);
        1.0 - (-size * size).exp() / (std::f64::consts::PI.sqrt() * fraction)
    };
    if x.is_nan() { x } else { value.copysign(x) }
}

fn register_products(engine: &mut Engine, meter: &Arc<Meter>) {
    of_two(engine, meter, "matmul", |a, b, meter| tensor::matmul(a, &values::tensor(b, "matmul", meter)?, meter));
    of_one(engine, meter, "transpose", tensor::transpose);
    let m = meter.clone();
    engine.register_fn("transpose", move |x: Dynamic, first: Dynamic, second: Dynamic| -> Given {
        let swapped = values::tensor(&x, "transpose", &m)
            .and_then(|x| tensor::swap_axes(&x, whole(&first)?, whole(&second)?, &m));
        swapped.map(give).map_err(raise)
    });
    of_two(engine, meter, "permute", |x, order, meter| tensor::permute(x, &wholes(order)?, meter));
}

fn register_folds(engine: &mut Engine, meter: &Arc<Meter>) {
    // Written `var` by a person: see `lexer`.
    let folds =
        [("sum", Fold::Sum), ("mean", Fold::Mean), ("var_", Fold::Variance), ("max", Fold::Max), ("min", Fold::Min)];
    for (name, fold) in folds {
        of_one(engine, meter, name, move |x, meter| tensor::reduce(fold, x, None, false, meter));
        of_two(engine, meter, name, move |x, y, meter| match (fold, x.as_scalar(), number(y)) {
            // `max(2, 3)`
            (Fold::Max, Some(x), Some(y)) => Tensor::scalar(x.max(y), meter),
            (Fold::Min, Some(x), Some(y)) => Tensor::scalar(x.min(y), meter),
            _ => tensor::reduce(fold, x, Some(whole(y)?), false, meter),
        });
        let m = meter.clone();
        engine.register_fn(name, move |x: Dynamic, axis: Dynamic, keep: bool| -> Given {
            let folded =
                values::tensor(&x, name, &m).and_then(|x| tensor::reduce(fold, &x, Some(whole(&axis)?), keep, &m));
            folded.map(give).map_err(raise)
        });
    }
    of_two(engine, meter, "argmax", |x, axis, meter| tensor::argmax(x, whole(axis)?, meter));
    of_one(engine, meter, "argmax", |x, meter| tensor::argmax(x, -1, meter));
    of_one(engine, meter, "softmax", |x, meter| tensor::softmax(x, -1, meter));
    of_two(engine, meter, "softmax", |x, axis, meter| tensor::softmax(x, whole(axis)?, meter));
    of_one(engine, meter, "log_softmax", |x, meter| tensor::log_softmax(x, -1, meter));
    of_two(engine, meter, "log_softmax", |x, axis, meter| tensor::log_softmax(x, whole(axis)?, meter));
}

fn register_shapes(engine: &mut Engine, meter: &Arc<Meter>) {
    let list = |shape: &[usize]| -> Array { shape.iter().map(|&size| Dynamic::from_int(size as i64)).collect() };
    let m = meter.clone();
    engine.register_fn("shape", move |x: Dynamic| -> Given<Array> {
        values::tensor(&x, "shape", &m).map(|x| list(x.shape())).map_err(raise)
    });
    engine.register_get("shape", move |x: &mut Tensor| list(x.shape()));
    engine.register_fn("len", |x: &mut Tensor| x.shape().first().map_or(1, |&size| size as i64));
    engine.register_fn("to_string", |x: &mut Tensor| x.to_string());
    engine.register_fn("print", |x: &mut Tensor| x.to_string());
    of_two(engine, meter, "reshape", |x, shape, _| tensor::reshape(x, &wholes(shape)?));
    of_one(engine, meter, "flatten", |x, _| tensor::reshape(x, &[-1]));
    let m = meter.clone();
    engine.register_fn("slice", move |x: Dynamic, axis: Dynamic, begin: Dynamic, end: Dynamic| -> Given {
        let part = values::tensor(&x, "slice", &m)
            .and_then(|x| tensor::slice(&x, whole(&axis)?, (whole(&begin)?, Some(whole(&end)?)), &m));
        part.map(give).map_err(raise)
    });
    type Join = fn(&[Tensor], i64, &Arc<Meter>) -> Result<Tensor, Problem>;
    let joins: [(&'static str, Join); 2] = [("concat", tensor::concat), ("stack", tensor::stack)];
    for (name, join) in joins {
        let put = move |parts: &Array, axis: i64, meter: &Arc<Meter>| -> Given {
            let parts: Result<Vec<Tensor>, Problem> =
                parts.iter().map(|part| values::tensor(part, name, meter)).collect();
            parts.and_then(|parts| join(&parts, axis, meter)).map(give).map_err(raise)
        };
        let m = meter.clone();
        engine.register_fn(name, move |parts: Array| put(&parts, 0, &m));
        let m = meter.clone();
        engine.register_fn(name, move |parts: Array, axis: Dynamic| put(&parts, whole(&axis).map_err(raise)?, &m));
    }
}

fn register_choices(engine: &mut Engine, meter: &Arc<Meter>) {
    let m = meter.clone();
    engine.register_fn("where", move |condition: Dynamic, a: Dynamic, b: Dynamic| -> Given {
        let of = |value: &Dynamic| values::tensor(value, "where", &m);
        let chosen = of(&condition).and_then(|condition| tensor::choose(&condition, &of(&a)?, &of(&b)?, &m));
        chosen.map(give).map_err(raise)
    });
    of_two(engine, meter, "take", |x, ids, meter| tensor::take(x, &values::tensor(ids, "take", meter)?, meter));
    of_two(engine, meter, "one_hot", |ids, count, meter| {
        let count = sizes(count)?.first().copied().unwrap_or_default();
        tensor::one_hot(ids, count, meter)
    });
    of_one(engine, meter, "tril", |x, meter| tensor::triangle(x, true, meter));
    of_one(engine, meter, "triu", |x, meter| tensor::triangle(x, false, meter));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_function_to_many_digits() {
        // From scipy.special.erf 1.16.
        for (x, expected) in [
            (0.0, 0.0),
            (0.1, 0.112_462_916_018_284_89),
            (1.0, 0.842_700_792_949_714_9),
            (2.4, 0.999_311_486_103_354_9),
            (2.6, 0.999_763_965_583_470_7),
            (-3.5, -0.999_999_256_901_627_7),
        ] {
            assert!((erf(x) - expected).abs() < 1e-14, "{x}: {} {expected}", erf(x));
        }
    }
}
