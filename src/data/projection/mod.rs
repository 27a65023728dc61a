//! Many dimensions become two: by the plane that keeps most of the variance (PCA), or by keeping neighbours together
//! (t-SNE, UMAP). All are functions of numbers and a seed, and tell how far they are.

mod neighbours;
mod pca;
mod tsne;
mod umap;

use std::ops::ControlFlow;

pub use neighbours::{nearest, trustworthiness};
pub use pca::{Pca, pca};
use tsne::tsne;
use umap::umap;

/// Points in few dimensions, row-major.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    /// Numbers of a point.
    pub width: usize,
    /// `[count, width]`.
    pub values: &'a [f32],
}

impl<'a> Points<'a> {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    /// One of them; empty where there is none.
    pub fn row(&self, at: usize) -> &'a [f32] {
        self.values.get(at * self.width..(at + 1) * self.width).unwrap_or_default()
    }
}

/// Which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Method {
    /// The plane that keeps most of the variance.
    #[default]
    Pca,
    /// t-distributed stochastic neighbour embedding (van der Maaten & Hinton 2008).
    Tsne,
    /// Uniform manifold approximation and projection (McInnes, Healy & Melville 2018).
    Umap,
}

/// Points in the plane, `[count, 2]`, while they move.
pub type Plane = Vec<[f32; 2]>;

/// Hears how far the work is (0 to 1) and where the points are now; may end it.
pub type Listen<'a> = &'a mut dyn FnMut(f32, &Plane) -> ControlFlow<()>;

/// How a layout moves: in so many rounds, of which the listener hears now and then.
#[derive(Clone, Copy, Debug)]
struct Rounds {
    /// Rounds in all.
    count: usize,
    /// The listener hears every so many rounds.
    every: usize,
}

impl Rounds {
    /// How far a round is, 0 to 1.
    fn share(self, round: usize) -> f32 {
        round as f32 / self.count as f32
    }

    /// Makes one round after the other, each handed its number and what moves; nothing where the listener ended it.
    fn run<S>(
        self,
        mut state: S,
        listen: Listen<'_>,
        mut step: impl FnMut(&mut S, usize),
        plane: impl Fn(&S) -> Plane,
    ) -> Option<Plane> {
        for round in 0..self.count {
            step(&mut state, round);
            if round % self.every == 0 && listen(self.share(round), &plane(&state)).is_break() {
                return None;
            }
        }
        Some(plane(&state))
    }
}

/// Fewer points than these have no neighbourhoods.
const FEWEST: usize = 3;

/// Projects points by a method; nothing where the listener ended it. The same seed gives the same plane.
pub fn project(points: Points<'_>, method: Method, seed: u64, listen: Listen<'_>) -> Option<Plane> {
    match method {
        Method::Pca => Some(pca(points).plane(points)),
        _ if points.count() < FEWEST => Some(vec![[0.0; 2]; points.count()]),
        Method::Tsne => tsne(points, seed, listen),
        Method::Umap => umap(points, seed, listen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listener_hears_of_every_few_rounds_and_can_end_them() {
        let rounds = Rounds { count: 25, every: 10 };
        let mut heard = Vec::new();
        let mut listen = |share: f32, plane: &Plane| {
            heard.push((share, plane[0][0]));
            ControlFlow::Continue(())
        };
        let count = |made: &mut usize, _| *made += 1;
        let plane = |made: &usize| vec![[*made as f32, 0.0]];
        assert_eq!(rounds.run(0, &mut listen, count, plane), Some(vec![[25.0, 0.0]]));
        assert_eq!(heard, [(0.0, 1.0), (0.4, 11.0), (0.8, 21.0)]);
        assert_eq!(rounds.run(0, &mut |_, _| ControlFlow::Break(()), count, plane), None);
    }

    #[test]
    fn two_points_have_no_neighbourhoods() {
        let points = Points { width: 3, values: &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0] };
        for method in [Method::Tsne, Method::Umap] {
            assert_eq!(project(points, method, 1, &mut |_, _| ControlFlow::Continue(())), Some(vec![[0.0; 2]; 2]));
        }
    }
}
