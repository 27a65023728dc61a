//! How a tensor is written: brackets as in the language, columns aligned, what is too much left out in the middle.

use std::fmt;

use super::super::problem::shape;
use super::super::report::significant;
use super::Tensor;

/// So many axes are written out; of a tensor with more, only its shape.
const MOST_AXES: usize = 5;

/// So many entries of an axis are written; of more, the first and the last half.
const MOST: usize = 8;

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.shape().len() > MOST_AXES {
            return write!(f, "tensor {}", shape(self.shape()));
        }
        let texts: Vec<(usize, String)> =
            shown(self.shape()).into_iter().map(|place| (place, significant(self.values()[place]))).collect();
        let width = texts.iter().map(|(_, text)| text.chars().count()).max().unwrap_or(0);
        let text_of = |place: usize| {
            let found = texts.binary_search_by_key(&place, |(place, _)| *place);
            found.map_or("", |i| texts[i].1.as_str())
        };
        write_part(f, self.shape(), 0, 0, &|place| format!("{:>width$}", text_of(place)))
    }
}

/// The places that are written, in order.
fn shown(shape: &[usize]) -> Vec<usize> {
    let Some((&size, rest)) = shape.split_first() else { return vec![0] };
    let inner: usize = rest.iter().product();
    let of_rest = shown(rest);
    let kept = entries(size).flatten();
    kept.flat_map(|entry| of_rest.iter().map(move |place| entry * inner + place)).collect()
}

/// Which entries of an axis are written; `None` where some are left out.
fn entries(size: usize) -> impl Iterator<Item = Option<usize>> {
    let cut = size > MOST;
    let head = if cut { MOST / 2 } else { size };
    let tail = if cut { size - MOST / 2 } else { size };
    (0..head).map(Some).chain(cut.then_some(None)).chain((tail..size).map(Some))
}

fn write_part(
    f: &mut fmt::Formatter<'_>,
    shape: &[usize],
    start: usize,
    depth: usize,
    text: &dyn Fn(usize) -> String,
) -> fmt::Result {
    let Some((&size, rest)) = shape.split_first() else { return f.write_str(text(start).trim_start()) };
    let inner: usize = rest.iter().product();
    f.write_str("[")?;
    for (i, entry) in entries(size).enumerate() {
        match (i, rest.is_empty()) {
            (0, _) => {}
            (_, true) => f.write_str(", ")?,
            (_, false) => {
                f.write_str(",\n")?;
                f.write_str(&" ".repeat(depth + 1))?;
            }
        }
        match entry {
            None => f.write_str("…")?,
            Some(entry) if rest.is_empty() => f.write_str(&text(start + entry))?,
            Some(entry) => write_part(f, rest, start + entry * inner, depth + 1, text)?,
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
