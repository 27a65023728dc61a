//! How a tensor is written: brackets as in the language, columns aligned, what is too much left out in the middle.

use std::fmt;

use super::super::problem::shape;
use super::super::report::significant;
use super::Tensor;

/// So many axes are written out; of a tensor with more, only its shape.
const MOST_AXES: usize = 5;

/// So many entries of an axis are written; of more, the first and the last half. The more axes, the fewer, so that one sees
/// all of it at once.
fn most(axes: usize) -> usize {
    match axes {
        0..=2 => 8,
        3 => 6,
        _ => 4,
    }
}

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.shape().len() > MOST_AXES {
            return write!(f, "tensor {}", shape(self.shape()));
        }
        let most = most(self.shape().len());
        let texts: Vec<(usize, String)> =
            shown(self.shape(), most).into_iter().map(|place| (place, significant(self.values()[place]))).collect();
        let width = texts.iter().map(|(_, text)| text.chars().count()).max().unwrap_or(0);
        let text_of = |place: usize| {
            let found = texts.binary_search_by_key(&place, |(place, _)| *place);
            found.map_or("", |i| texts[i].1.as_str())
        };
        write_part(f, self.shape(), most, (0, 0), &|place| format!("{:>width$}", text_of(place)))
    }
}

/// The places that are written, in order.
fn shown(shape: &[usize], most: usize) -> Vec<usize> {
    let Some((&size, rest)) = shape.split_first() else { return vec![0] };
    let inner: usize = rest.iter().product();
    let of_rest = shown(rest, most);
    let kept = entries(size, most).flatten();
    kept.flat_map(|entry| of_rest.iter().map(move |place| entry * inner + place)).collect()
}

/// Which entries of an axis are written; `None` where some are left out.
fn entries(size: usize, most: usize) -> impl Iterator<Item = Option<usize>> {
    let cut = size > most;
    let head = if cut { most / 2 } else { size };
    let tail = if cut { size - most / 2 } else { size };
    (0..head).map(Some).chain(cut.then_some(None)).chain((tail..size).map(Some))
}

/// Writes the part that begins at a place, within so many brackets.
fn write_part(
    f: &mut fmt::Formatter<'_>,
    shape: &[usize],
    most: usize,
    (start, depth): (usize, usize),
    text: &dyn Fn(usize) -> String,
) -> fmt::Result {
    let Some((&size, rest)) = shape.split_first() else { return f.write_str(text(start).trim_start()) };
    let inner: usize = rest.iter().product();
    f.write_str("[")?;
    for (i, entry) in entries(size, most).enumerate() {
        match (i, rest.is_empty()) {
            (0, _) => {}
            (_, true) => f.write_str(", ")?,
            (_, false) => {
                // Matrices stand apart from each other by an empty line, stacks of them by two.
                f.write_str(",")?;
                f.write_str(&"\n".repeat(rest.len()))?;
                f.write_str(&" ".repeat(depth + 1))?;
            }
        }
        match entry {
            None => f.write_str("…")?,
            Some(entry) if rest.is_empty() => f.write_str(&text(start + entry))?,
            Some(entry) => write_part(f, rest, most, (start + entry * inner, depth + 1), text)?,
        }
    }
    f.write_str("]")
}

#[cfg(test)]
mod tests {
    use super::super::super::meter::Meter;
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let meter = Meter::unlimited();
        let x = Tensor::new(&[2, 2], &[0.5, -1.25, 10.0, 3.0], &meter).unwrap();
        assert_eq!(x.to_string(), "[[  0.5, -1.25],\n [   10,     3]]");
        assert_eq!(Tensor::scalar(2.0, &meter).unwrap().to_string(), "2");
        assert_eq!(Tensor::zeros(&[0], &meter).unwrap().to_string(), "[]");
    }

    #[test]
    fn matrices_in_a_stack_stand_apart() {
        let meter = Meter::unlimited();
        let x = Tensor::new(&[2, 2, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, f64::NAN], &meter).unwrap();
        let expected = "[[[  1,   2],\n  [  3,   4]],\n\n [[  5,   6],\n  [  7, NaN]]]";
        assert_eq!(x.to_string(), expected);
        // All of a tensor of four axes: what is left out is left out of every axis.
        let deep = Tensor::zeros(&[2, 2, 100, 100], &meter).unwrap().to_string();
        assert!(deep.lines().count() < 30 && deep.contains('…'), "{deep}");
    }

    #[test]
    fn a_large_tensor_is_short() {
        let x = Tensor::zeros(&[1_000, 1_000], &Meter::unlimited()).unwrap();
        let text = x.to_string();
        assert!(text.len() < 400 && text.contains('…'), "{text}");
        assert_eq!(text.lines().count(), 9);
        // Many axes: at most eight entries of each would still be too much.
        let deep = Tensor::zeros(&[2; 16], &Meter::unlimited()).unwrap();
        assert!(deep.to_string().len() < 100);
    }
}
