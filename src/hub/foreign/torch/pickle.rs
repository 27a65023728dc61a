//! What does `data.pkl` say of the tensors? It is read as a description and never executed.

use super::super::formats::Format;
use super::super::store::MOST_TENSORS;
use super::machine::{Id, Machine, Node};

/// Why a pickle is refused.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum PickleError {
    /// It imports something that describes no tensor: `posix.system`.
    #[error("{0}")]
    Forbidden(String),
    /// An instruction that describes no data.
    #[error("pickle 0x{0:02X}")]
    Instruction(u8),
    /// It is cut off.
    #[error("pickle …")]
    Short,
    /// Values that do not belong together.
    #[error("{0}")]
    Wrong(&'static str),
    /// A tensor outside of its storage.
    #[error("{0}")]
    Outside(String),
}

impl PickleError {
    pub fn forbidden(module: &str, name: &str) -> Self {
        let name: String = format!("{module}.{name}").chars().filter(|c| !c.is_control()).take(80).collect();
        Self::Forbidden(name)
    }
}

/// A tensor as the pickle describes it. It lies inside its storage.
#[derive(Debug, PartialEq)]
pub(super) struct Described {
    /// The storage's name in the archive.
    pub key: String,
    /// How its values are stored.
    pub format: Format,
    /// The first value in the storage.
    pub first: u64,
    /// Values from the first to the one after the last.
    pub span: u64,
    /// Values of the whole storage.
    pub of: u64,
    pub shape: Vec<usize>,
    /// Where it does not lie row by row.
    pub strides: Option<Vec<usize>>,
}

/// The most axes of a tensor.
const MOST_AXES: usize = 8;

/// The tensors of a pickled dictionary with their names; what else is in it is passed over.
///
/// # Errors
/// If it asks for anything to be executed, is no dictionary, or a tensor lies outside its storage.
pub(super) fn tensors(bytes: &[u8]) -> Result<Vec<(String, Described)>, PickleError> {
    let (machine, result) = Machine::run(bytes)?;
    let Node::Dict(entries) = machine.node(result) else { return Err(PickleError::Wrong("dict")) };
    if entries.len() > MOST_TENSORS {
        return Err(PickleError::Wrong("dict"));
    }
    let mut tensors = Vec::new();
    for &(key, value) in entries {
        if let (Node::Text(name), Node::Tensor { storage, offset, shape, strides }) =
            (machine.node(key), machine.node(value))
        {
            let name = machine.text(name).to_owned();
            let tensor = describe(&machine, *storage, *offset, *shape, *strides);
            let tensor = tensor.ok_or_else(|| PickleError::Outside(name.clone()))?;
            tensors.push((name, tensor));
        }
    }
    Ok(tensors)
}

fn describe(machine: &Machine, storage: Id, offset: i64, shape: Id, strides: Id) -> Option<Described> {
    let Node::Storage { format, key, length } = machine.node(storage) else { return None };
    let of = u64::try_from(*length).ok()?;
    let first = u64::try_from(offset).ok()?;
    let (shape, strides) = (sizes(machine, shape)?, sizes(machine, strides)?);
    if shape.len() != strides.len() {
        return None;
    }
    let empty = shape.contains(&0);
    let reach = |last: u64, (&size, &stride): (&usize, &usize)| {
        last.checked_add((size as u64).saturating_sub(1).checked_mul(stride as u64)?)
    };
    let last = shape.iter().zip(&strides).try_fold(0u64, reach)?;
    let span = if empty { 0 } else { last.checked_add(1)? };
    if first.checked_add(span).is_none_or(|end| end > of) {
        return None;
    }
    let strides = (!lies_row_by_row(&shape, &strides)).then_some(strides);
    Some(Described { key: machine.text(key).to_owned(), format: format.clone(), first, span, of, shape, strides })
}

fn sizes(machine: &Machine, tuple: Id) -> Option<Vec<usize>> {
    let Node::Tuple(items) = machine.node(tuple) else { return None };
    let size = |&id: &Id| match machine.node(id) {
        Node::Int(size) => usize::try_from(*size).ok(),
        _ => None,
    };
    (items.len() <= MOST_AXES).then(|| items.iter().map(size).collect())?
}

/// Whether every row follows the one before. Along an axis of one the stride says nothing.
fn lies_row_by_row(shape: &[usize], strides: &[usize]) -> bool {
    let mut next = 1usize;
    shape.iter().zip(strides).rev().all(|(&size, &stride)| {
        let follows = size == 1 || stride == next;
        next = next.saturating_mul(size);
        follows
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"w": tensor}` with a storage of `length` floats; written as `torch.save` does, without the memo.
    fn pickle(length: u8, offset: u8, shape: &[u8], strides: &[u8]) -> Vec<u8> {
        let tuple =
            |items: &[u8]| [b"(", &items.iter().flat_map(|&i| [b'K', i]).collect::<Vec<_>>()[..], b"t"].concat();
        [
            b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n",
            &b"X\x01\0\0\x000X\x03\0\0\0cpuK"[..],
            &[length][..],
            b"tQK",
            &[offset],
            &tuple(shape),
            &tuple(strides),
            b"\x89ccollections\nOrderedDict\n)RtRs.",
        ]
        .concat()
    }

    #[test]
    fn a_tensor_is_described() {
        let found = tensors(&pickle(12, 2, &[2, 3], &[3, 1])).unwrap();
        let expected = Described {
            key: "0".into(),
            format: Format::F32,
            first: 2,
            span: 6,
            of: 12,
            shape: vec![2, 3],
            strides: None,
        };
        assert_eq!(found, [("w".to_owned(), expected)]);
        let turned = tensors(&pickle(12, 0, &[2, 3], &[1, 4])).unwrap();
        assert_eq!((turned[0].1.span, turned[0].1.strides.clone()), (10, Some(vec![1, 4])));
    }

    #[test]
    fn a_tensor_outside_its_storage_is_refused() {
        let outside = Err(PickleError::Outside("w".into()));
        assert_eq!(tensors(&pickle(12, 7, &[2, 3], &[3, 1])), outside);
        assert_eq!(tensors(&pickle(12, 0, &[2, 3], &[10, 1])), outside);
        assert_eq!(tensors(&pickle(12, 0, &[2, 3], &[3])), outside);
        assert!(tensors(&pickle(12, 12, &[0, 3], &[3, 1])).is_ok());
    }

    #[test]
    fn nothing_is_executed() {
        let forbidden = |bytes: &[u8], name: &str| {
            assert_eq!(tensors(bytes), Err(PickleError::Forbidden(name.into())));
        };
        forbidden(b"cposix\nsystem\n(X\x02\0\0\0lstR.", "posix.system");
        forbidden(b"(X\x02\0\0\0lsios\nsystem\n.", "os.system");
        forbidden(b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.", "builtins.eval");
        forbidden(b"ctorch\nload\n.", "torch.load");
        assert_eq!(tensors(b"}\x81."), Err(PickleError::Instruction(0x81)));
    }

    #[test]
    fn what_shares_or_contains_itself_costs_nothing() {
        // A tuple of two of the tuple before, forty times: 2⁴⁰ leaves, were it nested in memory.
        let doubled = [b"K\x01".to_vec(), b"2\x86".repeat(40), b".".to_vec()].concat();
        assert_eq!(tensors(&doubled), Err(PickleError::Wrong("dict")));
        // A list in itself, and a depth of a million.
        assert!(tensors(b"]q\0h\0a.").is_err());
        assert!(tensors(&[b"N".to_vec(), b"\x85".repeat(1_000_000), b".".to_vec()].concat()).is_err());
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        let whole = pickle(12, 2, &[2, 3], &[3, 1]);
        for length in 0..whole.len() {
            assert!(tensors(&whole[..length]).is_err());
        }
    }
}
