//! Which parts of a picture are alike? A picture cut into patches, features of each made of its own pixels, and the dot
//! product of every pair.

use std::path::PathBuf;
use std::sync::Arc;

use image::imageops::FilterType;
use image::{ImageReader, RgbImage};

use super::super::error::EngineError;
use super::LessonResult;

/// The picture that ships; `assets/images/make.py` says where it comes from.
const SHIPPED: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/images/cat.jpg"));

/// A picture is made smaller until neither side is longer, in pixels.
const LONGEST: u32 = 384;
/// Pictures with more pixels are not opened.
const MOST_PIXELS: u64 = 80_000_000;
/// Directions of edges that are told apart.
const DIRECTIONS: usize = 8;
/// Numbers of a patch: mean and spread of red, green and blue, strength of its edges, and their directions.
pub const FEATURES: usize = 7 + DIRECTIONS;

/// Where a picture comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum PictureSource {
    /// The one that ships.
    Shipped,
    /// A person's file.
    File(PathBuf),
}

/// A picture in patches.
#[derive(Clone, Debug, PartialEq)]
pub struct Patches {
    /// Width and height in pixels; whole numbers of patches.
    pub size: [usize; 2],
    /// `[height, width, 3]`.
    pub pixels: Vec<u8>,
    /// Side of a patch in pixels.
    pub patch: usize,
    /// Patches beside each other, and below each other.
    pub columns: usize,
    /// See `columns`.
    pub rows: usize,
    /// `[patches, patches]`: cosine of the features, −1 to 1.
    pub likeness: Vec<f32>,
}

/// Opens a picture, cuts it, compares.
pub(super) fn patches(source: &PictureSource, patch: usize) -> Result<LessonResult, EngineError> {
    let picture = open(source)?;
    Ok(LessonResult::Patches(Arc::new(compare(&picture, patch))))
}

fn open(source: &PictureSource) -> Result<RgbImage, EngineError> {
    let unreadable = |reason: String| EngineError::NoPicture(reason);
    let bytes: Vec<u8> = match source {
        PictureSource::Shipped => SHIPPED.to_vec(),
        PictureSource::File(path) => std::fs::read(path).map_err(|error| unreadable(error.to_string()))?,
    };
    let reader = || ImageReader::new(std::io::Cursor::new(&bytes)).with_guessed_format();
    let size = reader().map_err(|error| unreadable(error.to_string()))?.into_dimensions();
    let (width, height) = size.map_err(|error| unreadable(error.to_string()))?;
    if u64::from(width) * u64::from(height) > MOST_PIXELS || width == 0 || height == 0 {
        return Err(unreadable(format!("{width} × {height}")));
    }
    let whole = reader().map_err(|error| unreadable(error.to_string()))?.decode();
    let whole = whole.map_err(|error| unreadable(error.to_string()))?;
    let factor = f64::from(LONGEST) / f64::from(width.max(height));
    if factor >= 1.0 {
        return Ok(whole.into_rgb8());
    }
    let side = |pixels: u32| ((f64::from(pixels) * factor).round() as u32).max(1);
    Ok(whole.resize_exact(side(width), side(height), FilterType::Triangle).into_rgb8())
}

/// Cuts a picture and compares its patches; what does not fill a patch at the right and below is left out.
fn compare(picture: &RgbImage, patch: usize) -> Patches {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let patch = patch.clamp(4, width.min(height).max(4));
    let (columns, rows) = ((width / patch).max(1), (height / patch).max(1));
    let size = [(columns * patch).min(width), (rows * patch).min(height)];
    let mut pixels = Vec::with_capacity(size[0] * size[1] * 3);
    for y in 0..size[1] {
        for x in 0..size[0] {
            pixels.extend(picture.get_pixel(x as u32, y as u32).0);
        }
    }
    let mut features = Vec::with_capacity(rows * columns * FEATURES);
    for row in 0..rows {
        for column in 0..columns {
            features.extend(features_of(&pixels, size, [column * patch, row * patch], patch));
        }
    }
    standardize(&mut features);
    let likeness = cosines(&features);
    Patches { size, pixels, patch, columns, rows, likeness }
}

/// The features of the patch whose upper left corner is `[x, y]`.
fn features_of(pixels: &[u8], size: [usize; 2], [left, top]: [usize; 2], patch: usize) -> [f32; FEATURES] {
    let at = |x: usize, y: usize| -> [f32; 3] {
        let place = (y.min(size[1] - 1) * size[0] + x.min(size[0] - 1)) * 3;
        [0, 1, 2].map(|c| pixels.get(place + c).map_or(0.0, |&value| f32::from(value) / 255.0))
    };
    let grey = |x: usize, y: usize| at(x, y).iter().sum::<f32>() / 3.0;
    let mut out = [0.0f32; FEATURES];
    let n = (patch * patch) as f32;
    let mut squares = [0.0f32; 3];
    for y in top..top + patch {
        for x in left..left + patch {
            let color = at(x, y);
            for c in 0..3 {
                out[c] += color[c] / n;
                squares[c] += color[c] * color[c] / n;
            }
            let (dx, dy) =
                (grey(x + 1, y) - grey(x.saturating_sub(1), y), grey(x, y + 1) - grey(x, y.saturating_sub(1)));
            let strength = dx.hypot(dy);
            out[6] += strength / n;
            // An edge and its reverse are the same direction.
            let turn = dy.atan2(dx).rem_euclid(std::f32::consts::PI) / std::f32::consts::PI;
            out[7 + ((turn * DIRECTIONS as f32) as usize).min(DIRECTIONS - 1)] += strength / n;
        }
    }
    for c in 0..3 {
        out[3 + c] = (squares[c] - out[c] * out[c]).max(0.0).sqrt();
    }
    out
}

/// Brings every feature to mean 0 and deviation 1 over all patches, so that none drowns the others.
fn standardize(features: &mut [f32]) {
    let n = (features.len() / FEATURES).max(1) as f32;
    for k in 0..FEATURES {
        let mean = features.iter().skip(k).step_by(FEATURES).sum::<f32>() / n;
        let variance = features.iter().skip(k).step_by(FEATURES).map(|x| (x - mean).powi(2)).sum::<f32>() / n;
        let deviation = variance.sqrt().max(1e-6);
        features.iter_mut().skip(k).step_by(FEATURES).for_each(|x| *x = (*x - mean) / deviation);
    }
}

/// The cosine of every pair of rows.
fn cosines(features: &[f32]) -> Vec<f32> {
    let unit: Vec<Vec<f32>> = features
        .chunks_exact(FEATURES)
        .map(|row| {
            let length = row.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-6);
            row.iter().map(|x| x / length).collect()
        })
        .collect();
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    unit.iter().flat_map(|a| unit.iter().map(move |b| dot(a, b))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(result: Result<LessonResult, EngineError>) -> Arc<Patches> {
        let Ok(LessonResult::Patches(patches)) = result else { panic!() };
        patches
    }

    #[test]
    fn the_shipped_picture_is_cut_into_whole_patches() {
        let found = of(patches(&PictureSource::Shipped, 16));
        assert_eq!((found.columns, found.rows, found.size), (24, 16, [384, 256]));
        assert_eq!(found.pixels.len(), 384 * 256 * 3);
        let n = 24 * 16;
        assert_eq!(found.likeness.len(), n * n);
        assert!((0..n).all(|i| (found.likeness[i * n + i] - 1.0).abs() < 1e-4));
        assert!((found.likeness[5] - found.likeness[5 * n]).abs() < 1e-6, "symmetric");
    }

    #[test]
    fn alike_is_what_has_the_same_color_and_edges() {
        // Left half red, right half blue, the lowest row of patches striped.
        let picture = RgbImage::from_fn(32, 32, |x, y| {
            let color = if x < 16 { [200, 20, 20] } else { [20, 20, 200] };
            image::Rgb(if y >= 24 && x % 4 < 2 { [255, 255, 255] } else { color })
        });
        let found = compare(&picture, 8);
        let like = |a: usize, b: usize| found.likeness[a * 16 + b];
        assert!(like(0, 4) > 0.9, "red and red");
        assert!(like(0, 3) < like(0, 4) - 0.3, "red and blue");
        assert!(like(0, 12) < like(12, 13), "plain and striped, striped and striped");
    }

    #[test]
    fn what_is_no_picture_is_refused_with_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text.png");
        std::fs::write(&path, "no picture").unwrap();
        assert!(matches!(patches(&PictureSource::File(path), 16), Err(EngineError::NoPicture(_))));
        assert!(matches!(patches(&PictureSource::File("nowhere.png".into()), 16), Err(EngineError::NoPicture(_))));
    }
}
