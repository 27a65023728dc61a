//! Between the language's values and tensors. Numbers, truths and lists of numbers are taken wherever a tensor is; a
//! tensor of shape `[]` comes back as a plain number.

use std::sync::Arc;

use rhai::{Array, Dynamic, EvalAltResult, Position};

use super::super::meter::Meter;
use super::super::problem::{Kind, Problem};
use super::super::tensor::Tensor;
use super::{Output, Value};

/// What a native function gives back.
pub(super) type Given<T = Dynamic> = Result<T, Box<EvalAltResult>>;

/// A problem as an error of the language. Those that end the run cannot be caught by `try`.
pub(super) fn raise(problem: Problem) -> Box<EvalAltResult> {
    let ends = matches!(problem, Problem::OutOfTime(_) | Problem::Stopped);
    let value = Dynamic::from(problem);
    Box::new(if ends {
        EvalAltResult::ErrorTerminated(value, Position::NONE)
    } else {
        EvalAltResult::ErrorRuntime(value, Position::NONE)
    })
}

/// What kind of value it is.
pub(super) fn kind(value: &Dynamic) -> Kind {
    if value.is::<Tensor>() { Kind::Tensor } else { kind_by_name(value.type_name()) }
}

/// The same by the name that rhai gives a type.
pub(super) fn kind_by_name(name: &str) -> Kind {
    match name {
        "tensor" => Kind::Tensor,
        "i64" => Kind::Whole,
        "f64" => Kind::Number,
        "bool" => Kind::Truth,
        "string" | "char" | "&str" | "&str | ImmutableString | String" => Kind::Text,
        "array" => Kind::List,
        "map" => Kind::Map,
        "Fn" => Kind::Function,
        "()" => Kind::Nothing,
        // Where rhai does not use the name that the type was registered by.
        name if name.ends_with("::Tensor") => Kind::Tensor,
        _ => Kind::Other,
    }
}

/// A value as a tensor, for an operation whose name a refusal tells.
pub(super) fn tensor(value: &Dynamic, operation: &str, meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    if let Some(number) = number(value) {
        return Tensor::scalar(number, meter);
    }
    if let Some(tensor) = value.read_lock::<Tensor>() {
        return Ok(tensor.clone());
    }
    if let Some(list) = value.read_lock::<Array>() {
        let mut shape = Vec::new();
        let mut values = Vec::new();
        flatten(&list, 0, &mut shape, &mut values, operation, meter)?;
        return Tensor::new(&shape, &values, meter);
    }
    Err(Problem::WrongKind(operation.to_owned(), kind(value)))
}

/// The number that a value is, a truth being 0 or 1.
pub(super) fn number(value: &Dynamic) -> Option<f64> {
    let whole = value.as_int().map(|whole| whole as f64).ok();
    whole.or_else(|| value.as_float().ok()).or_else(|| value.as_bool().ok().map(|truth| f64::from(u8::from(truth))))
}

/// Appends the numbers of a list in lists; the first list of each depth says how long all of that depth are.
fn flatten(
    list: &[Dynamic],
    depth: usize,
    shape: &mut Vec<usize>,
    values: &mut Vec<f64>,
    operation: &str,
    meter: &Arc<Meter>,
) -> Result<(), Problem> {
    match shape.get(depth) {
        None => shape.push(list.len()),
        Some(&length) if length == list.len() => {}
        Some(_) => return Err(Problem::Ragged),
    }
    for entry in list {
        let leaf = number(entry).map(|number| (vec![], vec![number])).or_else(|| {
            // Rows may be tensors already.
            entry.read_lock::<Tensor>().map(|tensor| (tensor.shape().to_vec(), tensor.values().to_vec()))
        });
        match leaf {
            Some((inner, numbers)) => {
                meter.work(numbers.len())?;
                let first = shape.len() == depth + 1 && values.is_empty();
                if first {
                    shape.extend_from_slice(&inner);
                } else if shape.get(depth + 1..) != Some(&inner) {
                    return Err(Problem::Ragged);
                }
                // What is gathered here is not metered yet: refuse it as early as a tensor of that size would be.
                let limit = meter.limits().tensor_bytes;
                let bytes = (values.len() + numbers.len()).saturating_mul(size_of::<f64>());
                if bytes > limit {
                    return Err(Problem::OutOfMemory { bytes: bytes as u64, limit });
                }
                values.extend(numbers);
            }
            None => match entry.read_lock::<Array>() {
                // A list after a number at the same depth.
                Some(_) if shape.len() == depth + 1 && !values.is_empty() => return Err(Problem::Ragged),
                Some(inner) => flatten(&inner, depth + 1, shape, values, operation, meter)?,
                None => return Err(Problem::WrongKind(operation.to_owned(), kind(entry))),
            },
        }
    }
    Ok(())
}

/// A tensor as a value of the language.
pub(super) fn give(tensor: Tensor) -> Dynamic {
    tensor.as_scalar().map_or_else(|| Dynamic::from(tensor), Dynamic::from_float)
}

/// A whole number, for sizes and axes; 4.0 counts as 4.
pub(super) fn whole(value: &Dynamic) -> Result<i64, Problem> {
    if let Ok(whole) = value.as_int() {
        return Ok(whole);
    }
    match value.as_float() {
        Ok(number) if number.fract() == 0.0 && number.abs() < 9e15 => Ok(number as i64),
        Ok(number) => Err(Problem::Size(format!("{number}"))),
        Err(_) => Err(Problem::Size(kind(value).name())),
    }
}

/// Whole numbers: a list of them, or a tensor.
pub(super) fn wholes(value: &Dynamic) -> Result<Vec<i64>, Problem> {
    if let Some(list) = value.read_lock::<Array>() {
        return list.iter().map(whole).collect();
    }
    if let Some(tensor) = value.read_lock::<Tensor>() {
        return tensor.values().iter().map(|&number| whole(&Dynamic::from_float(number))).collect();
    }
    Ok(vec![whole(value)?])
}

/// Sizes: whole numbers from 0 on.
pub(super) fn sizes(value: &Dynamic) -> Result<Vec<usize>, Problem> {
    let refuse = |size: i64| Problem::Size(size.to_string());
    wholes(value)?.into_iter().map(|size| usize::try_from(size).map_err(|_| refuse(size))).collect()
}

pub(super) fn into_language(value: &Value) -> Dynamic {
    match value {
        Value::Tensor(tensor) => give(tensor.clone()),
        Value::Whole(whole) => Dynamic::from_int(*whole),
    }
}

/// What a function gave, as a tensor if it is one for all purposes.
pub(super) fn output(value: Dynamic, meter: &Arc<Meter>) -> Result<Output, Problem> {
    match tensor(&value, "return", meter) {
        Ok(tensor) => Ok(Output::Tensor(tensor)),
        Err(Problem::WrongKind(..)) => Ok(Output::Other(kind(&value))),
        Err(problem) => Err(problem),
    }
}
