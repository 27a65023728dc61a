//! Many dimensions become two: by the plane that keeps most of the variance (PCA), or by keeping neighbours together
//! (t-SNE, UMAP). All are functions of numbers and a seed, and tell how far they are.

mod neighbours;
mod pca;
mod tsne;
mod umap;

use std::ops::ControlFlow;

pub use neighbours::{nearest, trustworthiness};
pub use pca::{Pca, pca};
pub use tsne::tsne;
pub use umap::umap;

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

/// Projects points by a method; nothing where the listener ended it. The same seed gives the same plane.
pub fn project(points: Points<'_>, method: Method, seed: u64, listen: Listen<'_>) -> Option<Plane> {
    match method {
        Method::Pca => Some(pca(points).plane(points)),
        Method::Tsne => tsne(points, seed, listen),
        Method::Umap => umap(points, seed, listen),
    }
}
