//! Projections of real word vectors, compared with scikit-learn's and umap-learn's on the same words
//! (`fixtures/projection/make.py`).

use std::ops::ControlFlow;

use serde_json::Value;
use telar::data::projection::{Method, Plane, Points, pca, project, trustworthiness};
use telar::data::vectors::shipped;

fn reference() -> Value {
    serde_json::from_str(include_str!("fixtures/projection/reference.json")).unwrap()
}

fn values(reference: &Value) -> Vec<f32> {
    let count = reference["words"].as_u64().unwrap() as usize;
    (0..count).flat_map(|place| shipped("en").vector(place)).copied().collect()
}

fn go(_: f32, _: &Plane) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn pca_is_that_of_scikit_learn_up_to_its_sign() {
    let reference = reference();
    let values = values(&reference);
    let points = Points { width: 50, values: &values };
    let found = pca(points);
    let plane = found.plane(points);
    for axis in 0..2 {
        let share = reference["pca_share"][axis].as_f64().unwrap();
        assert!((found.share[axis] - share).abs() < 1e-6, "{} instead of {share}", found.share[axis]);
        let first = |row: usize| reference["pca_first"][row][axis].as_f64().unwrap();
        let sign = (first(0) * f64::from(plane[0][axis])).signum();
        for (row, place) in plane.iter().enumerate().take(20) {
            let (mine, theirs) = (sign * f64::from(place[axis]), first(row));
            assert!((mine - theirs).abs() < 2e-4, "word {row}, axis {axis}: {mine} instead of {theirs}");
        }
    }
}

#[test]
fn neighbourhoods_are_kept_as_well_as_by_the_reference_programs() {
    let reference = reference();
    let values = values(&reference);
    let points = Points { width: 50, values: &values };
    let k = reference["neighbours"].as_u64().unwrap() as usize;
    for (name, method) in [("pca", Method::Pca), ("tsne", Method::Tsne), ("umap", Method::Umap)] {
        let plane = project(points, method, 1, &mut go).unwrap();
        let mine = trustworthiness(points, &plane, k);
        let theirs = reference["trustworthiness"][name].as_f64().unwrap();
        println!("{name}: {mine:.4}, reference {theirs:.4}");
        assert!(mine > theirs - 0.02, "{name}: {mine:.4} instead of {theirs:.4}");
    }
}
