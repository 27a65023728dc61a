//! Vectors in a plane: arrows from the origin. Whoever takes one by its tip moves it.
//!
//! The part of the plane in view is given and never changes by itself, so that an arrow stays under the pointer.

use egui::{
    Align2, Color32, EventFilter, Key, Modifiers, Painter, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, vec2,
};

use super::indexed::{indexed, indexed_in};
use super::scale::linear_ticks;
use super::theme::{self, Theme, size, space};

/// One vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrow {
    /// What it is called, beside its tip and in words.
    pub name: String,
    /// Where it points to.
    pub tip: [f32; 2],
    /// Its colour.
    pub color: Color32,
    /// Whether it can be taken by its tip.
    pub movable: bool,
    /// Whether it is drawn as a result: broken, without a handle.
    pub dashed: bool,
    /// Whether it stands out.
    pub lit: bool,
}

impl Arrow {
    /// A vector that can be taken by its tip.
    pub fn movable(name: impl Into<String>, tip: [f32; 2], color: Color32) -> Self {
        Self { name: name.into(), tip, color, movable: true, dashed: false, lit: false }
    }

    /// A vector that follows from others.
    pub fn result(name: impl Into<String>, tip: [f32; 2], color: Color32) -> Self {
        Self { movable: false, dashed: true, ..Self::movable(name, tip, color) }
    }

    /// The same, standing out or not.
    pub fn lit(mut self, lit: bool) -> Self {
        self.lit = lit;
        self
    }
}

/// What is drawn.
pub struct Plane<'a> {
    /// What the plane shows, in quiet type above it.
    pub title: &'a str,
    /// Both axes reach from minus this to this.
    pub range: f32,
    /// The vectors; later ones are drawn over earlier ones.
    pub arrows: &'a [Arrow],
}

/// What the person did in this frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Touched {
    /// The vector that was moved, by its place in the list, and where it points now.
    pub moved: Option<(usize, [f32; 2])>,
    /// The vector whose tip is under the pointer, held or has the keyboard.
    pub hovered: Option<usize>,
}

/// Radius of a handle, in points.
const HANDLE: f32 = 6.0;
/// Side of the square in which a handle can be taken.
const REACH: f32 = 30.0;
/// How far the keyboard moves a vector.
const STEP: f32 = 0.1;
/// How far around the tip a label is turned from straight ahead, in eighths of a turn, in the order of trying.
const TURNS: [f32; 8] = [0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 4.0];
/// How far from the tip a label stands, in the order of trying.
const GAPS: [f32; 5] = [HANDLE + 5.0, HANDLE + 19.0, HANDLE + 33.0, HANDLE + 47.0, HANDLE + 61.0];

/// Draws a square of this side under its title. A tip is dragged, or moved by the arrow keys once it has the keyboard.
pub fn show(ui: &mut Ui, side: f32, plane: &Plane<'_>) -> Touched {
    let side = side.max(80.0);
    let ink = Theme::here(ui).ink_soft;
    let title = ui.painter().layout_job(indexed_in(plane.title, &theme::text(size::SMALL), ink, side));
    let band = if title.is_empty() { 0.0 } else { title.size().y + space::XS };
    let (whole, outer) = ui.allocate_exact_size(vec2(side, side + band), Sense::hover());
    // The title has its own room, so that no axis, arrow or label runs through it.
    let rect = Rect::from_min_size(whole.min + vec2(0.0, band), Vec2::splat(side));
    outer.widget_info(|| WidgetInfo::labeled(Role::Image, true, spoken(plane)));
    let frame = Frame { rect, range: plane.range };
    let mut touched = Touched::default();
    let mut held = vec![false; plane.arrows.len()];
    for (i, arrow) in plane.arrows.iter().enumerate().filter(|(_, arrow)| arrow.movable) {
        let at = Rect::from_center_size(frame.at(arrow.tip), Vec2::splat(REACH));
        let response = ui.interact(at, outer.id.with(("tip", i)), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, told(arrow)));
        if response.clicked() || response.drag_started() {
            response.request_focus();
        }
        let lit = response.hovered() || response.dragged() || response.has_focus();
        held[i] = lit;
        if lit {
            touched.hovered = Some(i);
            ui.ctx().set_cursor_icon(egui::CursorIcon::Grab);
        }
        let by_keys = if response.has_focus() { keys(ui, response.id) } else { Vec2::ZERO };
        if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.dragged()) {
            touched.moved = Some((i, frame.value(pointer)));
        } else if by_keys != Vec2::ZERO {
            touched.moved = Some((i, frame.inside([arrow.tip[0] + by_keys.x, arrow.tip[1] + by_keys.y])));
        }
    }
    if ui.is_rect_visible(whole) {
        ui.painter().galley(whole.min, title, ink);
        paint(ui, &frame, plane, &held);
    }
    touched
}

/// How far the arrow keys move the vector that has the keyboard.
fn keys(ui: &Ui, id: egui::Id) -> Vec2 {
    let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    let count = |key| ui.input_mut(|i| i.count_and_consume_key(Modifiers::NONE, key)) as f32;
    let right = count(Key::ArrowRight) - count(Key::ArrowLeft);
    let up = count(Key::ArrowUp) - count(Key::ArrowDown);
    vec2(right, up) * STEP
}

/// A vector in words, such as `q (1.20, −0.50)`.
pub fn told(arrow: &Arrow) -> String {
    format!("{} ({}, {})", arrow.name, number(arrow.tip[0]), number(arrow.tip[1]))
}

/// Two digits after the point, and a real minus sign.
pub fn number(value: f32) -> String {
    let text = format!("{:.2}", value.abs());
    if value < 0.0 && text != "0.00" { format!("−{text}") } else { text }
}

fn spoken(plane: &Plane<'_>) -> String {
    let arrows: Vec<String> = plane.arrows.iter().map(told).collect();
    format!("{}: {}", plane.title, arrows.join("; "))
}

/// From values to places and back.
struct Frame {
    rect: Rect,
    range: f32,
}

impl Frame {
    fn at(&self, value: [f32; 2]) -> Pos2 {
        let half = self.rect.width() / 2.0;
        self.rect.center() + vec2(value[0], -value[1]) / self.range * half
    }

    /// In steps of a hundredth.
    fn value(&self, at: Pos2) -> [f32; 2] {
        let half = self.rect.width() / 2.0;
        let off = (at - self.rect.center()) / half * self.range;
        self.inside([off.x, -off.y])
    }

    fn inside(&self, value: [f32; 2]) -> [f32; 2] {
        let most = self.range * 0.96;
        value.map(|x| (x.clamp(-most, most) * 100.0).round() / 100.0)
    }
}

/// From the back to the front, so that nothing covers a handle or a name: axes, all arrows, handles, names.
fn paint(ui: &Ui, frame: &Frame, plane: &Plane<'_>, held: &[bool]) {
    let theme = Theme::here(ui);
    let painter = ui.painter_at(frame.rect.expand(1.0));
    let numbers = axes(&painter, theme, frame);
    for (arrow, held) in plane.arrows.iter().zip(held) {
        shaft(&painter, frame, arrow, *held);
    }
    for (arrow, held) in plane.arrows.iter().zip(held).filter(|(arrow, _)| arrow.movable) {
        let tip = frame.at(arrow.tip);
        if *held {
            painter.circle_filled(tip, HANDLE + 6.0, arrow.color.gamma_multiply(0.25));
        }
        painter.circle(tip, HANDLE, theme.card, Stroke::new(2.5, arrow.color));
    }
    labels(&painter, theme, frame, plane.arrows, numbers);
}

/// Ground, grid and axes; returns where the numbers of the axes stand.
fn axes(painter: &Painter, theme: &Theme, frame: &Frame) -> Vec<Rect> {
    painter.rect(frame.rect, theme::RADIUS, theme.card, Stroke::new(1.0, theme.line), StrokeKind::Inside);
    let fine = Stroke::new(1.0, theme.line.gamma_multiply(0.5));
    let mut numbers = Vec::new();
    for tick in linear_ticks(f64::from(-frame.range), f64::from(frame.range), 5) {
        let tick = tick as f32;
        let stroke = if tick == 0.0 { Stroke::new(1.0, theme.ink_soft.gamma_multiply(0.7)) } else { fine };
        let at = frame.at([tick, tick]);
        painter.vline(painter.round_to_pixel_center(at.x), frame.rect.y_range().shrink(1.0), stroke);
        painter.hline(frame.rect.x_range().shrink(1.0), painter.round_to_pixel_center(at.y), stroke);
        if tick != 0.0 && at.x < frame.rect.right() - 12.0 && at.x > frame.rect.left() + 12.0 {
            let zero = frame.at([tick, 0.0]) + vec2(0.0, 3.0);
            let words = number(tick).trim_end_matches('0').trim_end_matches('.').to_owned();
            let font = theme::text(size::SMALL - 2.0);
            numbers.push(painter.text(zero, Align2::CENTER_TOP, &words, font.clone(), theme.ink_soft));
            let zero = frame.at([0.0, tick]) - vec2(4.0, 0.0);
            numbers.push(painter.text(zero, Align2::RIGHT_CENTER, words, font, theme.ink_soft));
        }
    }
    numbers
}

/// An arrow without its handle and its name.
fn shaft(painter: &Painter, frame: &Frame, arrow: &Arrow, held: bool) {
    let (from, to) = (frame.at([0.0, 0.0]), frame.at(arrow.tip));
    let width = if arrow.lit || held { 3.5 } else { 2.0 };
    let stroke = Stroke::new(width, arrow.color);
    let along = to - from;
    let length = along.length();
    if length <= 1.0 {
        return;
    }
    let end = to - along / length * if arrow.movable { HANDLE } else { 7.0f32.min(length) };
    if arrow.dashed {
        painter.extend(egui::Shape::dashed_line(&[from, end], stroke, 6.0, 4.0));
    } else {
        painter.line_segment([from, end], stroke);
    }
    if !arrow.movable {
        head(painter, to, along / length, arrow.color);
    }
}

fn head(painter: &Painter, tip: Pos2, along: Vec2, color: Color32) {
    let (back, aside) = (tip - along * 10.0, vec2(-along.y, along.x) * 4.5);
    painter.add(egui::Shape::convex_polygon(vec![tip, back + aside, back - aside], color, Stroke::NONE));
}

/// The names, each beside its tip, off each other and off the handles as far as there is room.
fn labels(painter: &Painter, theme: &Theme, frame: &Frame, arrows: &[Arrow], numbers: Vec<Rect>) {
    let mut busy = Busy::new(frame, arrows, numbers);
    let mut placed = Vec::new();
    for arrow in arrows {
        let galley = painter.layout_job(indexed(&arrow.name, &theme::strong(size::BODY), arrow.color));
        let at = busy.place(frame, arrow.tip, galley.size());
        placed.push((at, galley, arrow.color));
    }
    // All grounds come before all names, so that none of them dims a name.
    for (at, ..) in &placed {
        if busy.arrows.iter().any(|line| crossed(*at, *line) > 0.0) {
            painter.rect_filled(at.expand2(vec2(2.0, 0.0)), 3.0, theme.card.gamma_multiply(0.7));
        }
    }
    for (at, galley, color) in placed {
        painter.galley(at.min, galley, color);
    }
}

/// What labels keep off.
struct Busy {
    /// Where labels may stand.
    room: Rect,
    /// Handles, heads of arrows, numbers of the axes, and labels that have their place.
    rects: Vec<Rect>,
    /// The labels among them: two that touch would be read as one.
    names: Vec<Rect>,
    arrows: Vec<[Pos2; 2]>,
    axes: [[Pos2; 2]; 2],
}

impl Busy {
    fn new(frame: &Frame, arrows: &[Arrow], numbers: Vec<Rect>) -> Self {
        let (rect, origin) = (frame.rect, frame.at([0.0, 0.0]));
        let mut rects = numbers;
        rects.extend(arrows.iter().map(|arrow| {
            let side = if arrow.movable { 2.0 * HANDLE + 2.0 } else { HANDLE };
            Rect::from_center_size(frame.at(arrow.tip), Vec2::splat(side))
        }));
        Self {
            room: rect.shrink(3.0),
            rects,
            names: Vec::new(),
            arrows: arrows.iter().map(|arrow| [origin, frame.at(arrow.tip)]).collect(),
            axes: [[rect.left_center(), rect.right_center()], [rect.center_top(), rect.center_bottom()]],
        }
    }

    /// The best place of a label of this size around a tip, which is busy from then on.
    fn place(&mut self, frame: &Frame, tip: [f32; 2], size: Vec2) -> Rect {
        let (origin, tip) = (frame.at([0.0, 0.0]), frame.at(tip));
        let along = if tip.distance(origin) > 1.0 { tip - origin } else { vec2(1.0, -1.0) };
        // An arrow that leaves the plane has its name where it leaves.
        let tip = origin + along * share(frame.rect, [origin, origin + along])[1];
        let mut best = (f32::INFINITY, self.inside(tip, size));
        for gap in GAPS {
            for turn in TURNS {
                let way = Vec2::angled(along.angle() + turn * std::f32::consts::FRAC_PI_4);
                // The label touches, from outside, a square around the tip, whatever its own shape.
                let beside = way / way.x.abs().max(way.y.abs()) * size / 2.0;
                let at = self.inside(tip + way * gap + beside, size);
                let cost = self.cost(at) + self.strange(at, tip) + gap - GAPS[0];
                if cost < best.0 {
                    best = (cost, at);
                }
            }
        }
        self.rects.push(best.1);
        self.names.push(best.1);
        best.1
    }

    /// How wrong it would be to stand here: a label that is nearer to another tip than to its own is read as that one's.
    fn strange(&self, at: Rect, tip: Pos2) -> f32 {
        const WRONG: f32 = 300.0;
        let own = at.distance_to_pos(tip);
        let others = self.arrows.iter().map(|[_, other]| *other).filter(|other| other.distance(tip) > 1.0);
        others.filter(|other| at.distance_to_pos(*other) + 3.0 < own).count() as f32 * WRONG
    }

    /// A label of this size, as near to this centre as the room allows.
    fn inside(&self, center: Pos2, size: Vec2) -> Rect {
        let most = (self.room.max - size).max(self.room.min);
        Rect::from_min_size((center - size / 2.0).clamp(self.room.min, most), size)
    }

    /// How bad a place is. To cover a handle or a name is far worse than to cross a line, or to stand farther out.
    fn cost(&self, at: Rect) -> f32 {
        let covered: f32 = self.rects.iter().map(|rect| at.intersect(*rect).area()).sum();
        let lines: f32 = self.arrows.iter().chain(&self.axes).map(|line| crossed(at, *line)).sum();
        let beside = at.expand2(vec2(6.0, 1.0));
        let near: f32 = self.names.iter().map(|name| beside.intersect(*name).area()).sum();
        covered * 100.0 + near * 0.5 + lines
    }
}

/// How much of a line runs through a rectangle, in points.
fn crossed(rect: Rect, line: [Pos2; 2]) -> f32 {
    let [enters, leaves] = share(rect, line);
    (leaves - enters).max(0.0) * line[0].distance(line[1])
}

/// Where a line enters a rectangle and where it leaves it, as shares of its length; out of order if it misses it.
fn share(rect: Rect, [from, to]: [Pos2; 2]) -> [f32; 2] {
    let along = to - from;
    let (mut enters, mut leaves) = (0.0f32, 1.0f32);
    for axis in 0..2 {
        let (low, high) = (rect.min[axis] - from[axis], rect.max[axis] - from[axis]);
        if along[axis].abs() > 1e-3 {
            let (low, high) = (low / along[axis], high / along[axis]);
            enters = enters.max(low.min(high));
            leaves = leaves.min(low.max(high));
        } else if low > 0.0 || high < 0.0 {
            return [1.0, 0.0];
        }
    }
    [enters, leaves]
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;

    fn harness() -> Harness<'static, [f32; 2]> {
        let draw = |ui: &mut Ui, tip: &mut [f32; 2]| {
            let arrows = [
                Arrow::movable("q", *tip, Color32::BLUE),
                Arrow::result("c", [tip[0] / 2.0, tip[1] / 2.0], Color32::RED),
            ];
            let touched = show(ui, 300.0, &Plane { title: "plane", range: 2.0, arrows: &arrows });
            if let Some((0, to)) = touched.moved {
                *tip = to;
            }
        };
        let builder = Harness::builder().with_size(vec2(320.0, 320.0)).with_context_setup(theme::install);
        builder.build_ui_state(draw, [1.0, 1.0])
    }

    #[test]
    fn a_tip_is_dragged_and_stays_inside() {
        let mut harness = harness();
        harness.run();
        let tip = harness.get_by_label("q (1.00, 1.00)").rect().center();
        // 300 points are 4 units.
        harness.drag_at(tip);
        harness.run();
        harness.hover_at(tip + vec2(-75.0, 150.0));
        harness.run();
        harness.drop_at(tip + vec2(-75.0, 150.0));
        harness.run();
        assert_eq!(*harness.state(), [0.0, -1.0]);
        assert!(harness.query_by_label_contains("c (0.00, −0.50)").is_some(), "what follows from it follows");
        let tip = harness.get_by_label("q (0.00, −1.00)").rect().center();
        harness.drag_at(tip);
        harness.run();
        harness.drop_at(tip + vec2(900.0, 0.0));
        harness.run();
        assert!(harness.state()[0] <= 2.0);
    }

    #[test]
    fn the_keyboard_moves_a_tip() {
        let mut harness = harness();
        harness.run();
        harness.get_by_label("q (1.00, 1.00)").focus();
        harness.run();
        harness.key_press(Key::ArrowRight);
        harness.key_press(Key::ArrowDown);
        harness.run();
        assert_eq!(*harness.state(), [1.1, 0.9]);
    }

    #[test]
    fn labels_of_almost_equal_tips_stand_apart_and_inside() {
        let frame = Frame { rect: Rect::from_min_size(Pos2::ZERO, Vec2::splat(300.0)), range: 2.0 };
        // In the middle of a quarter, in a corner, at the origin, on an axis near the edge, and outside.
        for [x, y] in [[1.0, 1.0], [1.9, -1.9], [0.0, 0.0], [-1.9, 0.0], [0.5, 6.0]] {
            let tips = [[x, y], [x + 0.02, y], [x, y - 0.02], [x - 0.03, y + 0.03]];
            let arrows: Vec<Arrow> = tips.map(|tip| Arrow::result("name", tip, Color32::RED)).into();
            let mut busy = Busy::new(&frame, &arrows, Vec::new());
            let placed = tips.map(|tip| busy.place(&frame, tip, vec2(40.0, 18.0)));
            for (i, at) in placed.iter().enumerate() {
                assert!(frame.rect.contains_rect(*at), "{at:?} at {x}, {y}");
                let free = placed[..i].iter().all(|other| at.intersect(*other).area() < 0.1);
                assert!(free, "{placed:?} at {x}, {y}");
            }
        }
    }

    #[test]
    fn labels_side_by_side_leave_a_gap() {
        let frame = Frame { rect: Rect::from_min_size(Pos2::ZERO, Vec2::splat(300.0)), range: 2.0 };
        // Straight ahead of the second tip there is just room before the first name.
        let tips = [[1.4, -0.6], [0.88, -0.6]];
        let arrows: Vec<Arrow> = tips.map(|tip| Arrow::result("name", tip, Color32::RED)).into();
        let mut busy = Busy::new(&frame, &arrows, Vec::new());
        let [first, second] = tips.map(|tip| busy.place(&frame, tip, vec2(44.0, 18.0)));
        assert!(first.expand2(vec2(5.0, 0.0)).intersect(second).area() < 0.1, "{first:?} {second:?}");
    }

    #[test]
    fn a_lone_label_stands_ahead_of_its_tip_and_off_the_axes() {
        let frame = Frame { rect: Rect::from_min_size(Pos2::ZERO, Vec2::splat(300.0)), range: 2.0 };
        for tip in [[1.0, 1.0], [0.0, 1.0]] {
            let arrows = [Arrow::movable("name", tip, Color32::RED)];
            let mut busy = Busy::new(&frame, &arrows, Vec::new());
            let at = busy.place(&frame, tip, vec2(40.0, 18.0));
            assert!(at.bottom() < frame.at(tip).y - HANDLE, "{at:?}");
            assert!(at.left() > 150.0 || at.right() < 150.0, "{at:?}");
        }
    }

    #[test]
    fn numbers_have_a_real_minus_and_zero_has_none() {
        assert_eq!(number(-0.5), "−0.50");
        assert_eq!(number(-0.001), "0.00");
    }
}
