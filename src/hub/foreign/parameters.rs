//! The weights of a model in another program's files, one parameter after the other.

use rayon::prelude::*;

use super::super::error::HubError;
use super::super::reading::Reading;
use super::names::{Names, columns, their_shape};
use super::store::Store;
use crate::nn::{Layout, ParameterSpec};

/// A tensor of theirs and where it goes in a parameter of ours.
pub(super) struct Piece {
    pub name: String,
    /// Its first column.
    pub first: usize,
    pub width: usize,
}

/// Every parameter of a layout, and from which tensors it comes.
pub(in super::super) struct Parameters {
    store: Store,
    names: Names,
    plan: Vec<Planned>,
}

struct Planned {
    parameter: ParameterSpec,
    /// Whether the tensors lie turned.
    turned: bool,
    pieces: Vec<Piece>,
}

impl Parameters {
    /// Finds the tensors of all parameters. Nothing is read yet; `reading` hears how much there will be.
    ///
    /// # Errors
    /// If one is missing or of another shape, or the files are too small for what they claim.
    pub(super) fn new(names: Names, store: Store, layout: &Layout, reading: &Reading) -> Result<Self, HubError> {
        let plan = layout.parameters.iter().map(|parameter| {
            let (turned, pieces) = names.pieces(&store, parameter)?;
            Ok(Planned { parameter: parameter.clone(), turned, pieces })
        });
        let plan: Vec<Planned> = plan.collect::<Result<_, HubError>>()?;
        if !store.can_hold(layout.len()) {
            return Err(store.too_small(layout.len()));
        }
        let parameters = Self { store, names, plan };
        let pieces = parameters.plan.iter().flat_map(|planned| &planned.pieces);
        reading.expect(pieces.map(|piece| parameters.bytes(piece)).sum());
        Ok(parameters)
    }

    /// The values of the parameter at this place of the layout.
    ///
    /// # Errors
    /// If a tensor is in a format that is not read, or holds something that is no number; or if the reading was stopped.
    pub fn values(&self, index: usize, reading: &Reading) -> Result<Vec<f32>, HubError> {
        let Some(Planned { parameter, turned, pieces }) = self.plan.get(index) else { return Ok(Vec::new()) };
        let columns = columns(parameter);
        let read = |piece: &Piece| -> Result<Vec<f32>, HubError> {
            let values = self.store.values(&piece.name, &their_shape(parameter, *turned, piece.width))?;
            reading.step(self.bytes(piece))?;
            Ok(self.names.in_order(&piece.name, values, piece.width))
        };
        // What lies as it is wanted is not copied once more: an embedding may be a third of a model.
        if let ([piece], false) = (&pieces[..], *turned) {
            return read(piece);
        }
        let rows = parameter.range.len() / columns.max(1);
        let mut to = vec![0.0; parameter.range.len()];
        for piece in pieces {
            copy(&read(piece)?, *turned, piece, &mut to, rows, columns);
        }
        Ok(to)
    }

    /// Bytes of a tensor in its file.
    fn bytes(&self, piece: &Piece) -> u64 {
        self.store.find(&piece.name).map_or(0, |(_, tensor)| tensor.length as u64)
    }
}

/// Rows that are worked on together: their columns come from the same lines of the cache.
const BAND: usize = 16;

/// Puts a tensor's values into their columns of a matrix `[rows, columns]`.
fn copy(values: &[f32], turned: bool, piece: &Piece, to: &mut [f32], rows: usize, columns: usize) {
    let Piece { first, width, .. } = *piece;
    to.par_chunks_mut(BAND * columns).enumerate().for_each(|(band, to)| {
        let top = band * BAND;
        if turned {
            for (column, from) in values.chunks_exact(rows).enumerate() {
                let lines = to.chunks_exact_mut(columns).zip(from.get(top..).unwrap_or_default());
                lines.for_each(|(line, &value)| line[first + column] = value);
            }
        } else {
            let lines = to.chunks_exact_mut(columns).zip(values.chunks_exact(width).skip(top));
            lines.for_each(|(line, from)| line[first..first + width].copy_from_slice(from));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_tensor_fills_its_columns() {
        // Two of three columns of a matrix with three rows.
        let mut to = [0.0; 9];
        let piece = Piece { name: String::new(), first: 1, width: 2 };
        copy(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], true, &piece, &mut to, 3, 3);
        assert_eq!(to, [0.0, 1.0, 4.0, 0.0, 2.0, 5.0, 0.0, 3.0, 6.0]);
        copy(&[7.0, 8.0, 9.0], false, &Piece { name: String::new(), first: 0, width: 1 }, &mut to, 3, 3);
        assert_eq!(to, [7.0, 1.0, 4.0, 8.0, 2.0, 5.0, 9.0, 3.0, 6.0]);
    }
}
