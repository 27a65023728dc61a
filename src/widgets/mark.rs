//! Telar's mark: three threads woven over and under four.

use egui::{Color32, Painter, Rect, Stroke, pos2};

const WARP: usize = 4;
const WEFT: usize = 3;
/// Width of a thread, as a share of the mark's side.
const THREAD: f32 = 0.1;
/// Free room beside a thread that passes above, on each side, as a share of the side.
const GAP: f32 = 0.05;

/// One stretch of a thread, in shares of the mark's side: along its axis from and to, across it where.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    upright: bool,
    at: f32,
    from: f32,
    to: f32,
}

fn across(index: usize, count: usize) -> f32 {
    (index as f32 + 0.5) / count as f32 * 0.84 + 0.08
}

/// The stretches of every thread; one that passes below another is broken there.
fn stretches() -> Vec<Stretch> {
    let mut all = Vec::new();
    let mut thread = |upright: bool, index: usize, count: usize, others: usize| {
        let at = across(index, count);
        let mut from = 0.0;
        for other in 0..others {
            // Warp threads are above where the sum is even, weft threads where it is odd.
            let above = (index + other).is_multiple_of(2) == upright;
            if !above {
                let crossing = across(other, others);
                let half = THREAD / 2.0 + GAP;
                all.push(Stretch { upright, at, from, to: crossing - half });
                from = crossing + half;
            }
        }
        all.push(Stretch { upright, at, from, to: 1.0 });
    };
    (0..WARP).for_each(|index| thread(true, index, WARP, WEFT));
    (0..WEFT).for_each(|index| thread(false, index, WEFT, WARP));
    all
}

/// Draws the mark into a square, warp threads in one colour and weft threads in another.
pub fn draw(painter: &Painter, square: Rect, warp: Color32, weft: Color32) {
    let side = square.width().min(square.height());
    let at = |x: f32, y: f32| pos2(square.left() + x * side, square.top() + y * side);
    for Stretch { upright, at: across, from, to } in stretches() {
        let ends = if upright { [at(across, from), at(across, to)] } else { [at(from, across), at(to, across)] };
        painter.line_segment(ends, Stroke::new(side * THREAD, if upright { warp } else { weft }));
    }
}

/// The mark as pixels, `side × side`, RGBA: the window's icon.
pub fn pixels(side: usize, ground: Color32, warp: Color32, weft: Color32) -> Vec<u8> {
    const FINER: usize = 4;
    let parts = stretches();
    let color_at = |x: f32, y: f32| -> Color32 {
        // The mark stands on a rounded square, with a margin of a sixth.
        let (x, y) = ((x - 0.17) / 0.66, (y - 0.17) / 0.66);
        let found = parts.iter().find(|part| {
            let (along, across) = if part.upright { (y, x) } else { (x, y) };
            along >= part.from && along <= part.to && (across - part.at).abs() <= THREAD / 2.0
        });
        found.map_or(ground, |part| if part.upright { warp } else { weft })
    };
    let inside = |x: f32, y: f32| {
        let radius = 0.2;
        let (dx, dy) = ((x - x.clamp(radius, 1.0 - radius)), (y - y.clamp(radius, 1.0 - radius)));
        dx * dx + dy * dy <= radius * radius
    };
    let mut out = Vec::with_capacity(side * side * 4);
    for row in 0..side {
        for column in 0..side {
            let mut sum = [0u32; 4];
            for sub in 0..FINER * FINER {
                let x = (column as f32 + ((sub % FINER) as f32 + 0.5) / FINER as f32) / side as f32;
                let y = (row as f32 + ((sub / FINER) as f32 + 0.5) / FINER as f32) / side as f32;
                if inside(x, y) {
                    let [r, g, b, _] = color_at(x, y).to_array();
                    for (total, value) in sum.iter_mut().zip([r, g, b, 255]) {
                        *total += u32::from(value);
                    }
                }
            }
            let covered = (sum[3] / 255).max(1);
            let alpha = sum[3] / (FINER * FINER) as u32;
            out.extend([sum[0] / covered, sum[1] / covered, sum[2] / covered, alpha].map(|value| value as u8));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_every_crossing_exactly_one_thread_passes_above() {
        let parts = stretches();
        for warp in 0..WARP {
            for weft in 0..WEFT {
                let (x, y) = (across(warp, WARP), across(weft, WEFT));
                let covers = |part: &&Stretch| {
                    let (along, aside) = if part.upright { (y, x) } else { (x, y) };
                    (part.at - aside).abs() < 1e-6 && part.from < along && along < part.to
                };
                assert_eq!(parts.iter().filter(covers).count(), 1, "crossing {warp} × {weft}");
            }
        }
    }

    #[test]
    fn the_icon_has_clear_corners_and_threads_in_both_colours() {
        let (warp, weft) = (Color32::from_rgb(200, 0, 0), Color32::from_rgb(0, 0, 200));
        let pixels = pixels(64, Color32::WHITE, warp, weft);
        assert_eq!(pixels.len(), 64 * 64 * 4);
        assert_eq!(pixels[3], 0, "outside of the rounded square");
        for color in [warp, weft] {
            assert!(pixels.chunks_exact(4).any(|pixel| pixel == color.to_array()), "{color:?}");
        }
    }
}
