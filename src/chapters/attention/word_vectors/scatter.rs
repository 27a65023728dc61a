//! Words in the plane: the person's own by name, the most frequent others as points. Near in the picture is not near in
//! space: a click shows a word's true neighbours.

use std::sync::Arc;

use egui::{Align2, Color32, Mesh, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use crate::chapters::parts::{self, Asked, read};
use crate::data::projection::Method;
use crate::engine::lesson::{Projection, VectorSource};
use crate::engine::{Command, Event, JobId, LessonRequest, LessonResult};
use crate::panels::Shared;
use crate::widgets::controls;
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{self, RADIUS, Theme, size, space};

/// Whose vectors, own words, how many others, method, seed.
type Key = (VectorSource, Vec<String>, usize, Method, u64);

/// True neighbours that are shown of a word.
const NEIGHBOURS: usize = 8;

/// The page.
pub struct Scatter {
    method: Method,
    seed: u64,
    count: usize,
    asked: Asked<Key>,
    found: Option<Arc<Projection>>,
    /// The word that was clicked, and its neighbours in space.
    chosen: Option<(usize, Vec<usize>)>,
    neighbours: Asked<(VectorSource, String)>,
    source: Option<VectorSource>,
}

impl Default for Scatter {
    fn default() -> Self {
        Self {
            method: Method::Pca,
            seed: 1,
            count: 1000,
            asked: Asked::default(),
            found: None,
            chosen: None,
            neighbours: Asked::default(),
            source: None,
        }
    }
}

impl Scatter {
    /// Asks for the projection as it is wished.
    pub fn logic(&mut self, shared: &Shared, source: &VectorSource, own: &[String]) {
        self.source = Some(source.clone());
        let key = (source.clone(), own.to_vec(), self.count, self.method, self.seed);
        self.asked.ask(shared, key, |(source, own, count, method, seed)| LessonRequest::Project {
            source: source.clone(),
            own: own.clone(),
            count: *count,
            method: *method,
            seed: *seed,
        });
        if let (Some((at, _)), Some(found)) = (&self.chosen, &self.found)
            && let Some(word) = found.words.get(*at)
        {
            let key = (source.clone(), word.clone());
            self.neighbours.ask(shared, key, |(source, word)| LessonRequest::Near(source.clone(), word.clone(), 200));
        }
    }

    /// Takes an event.
    pub fn on_event(&mut self, event: &Event) {
        let more = |result: &LessonResult| matches!(result, LessonResult::Projection(found) if found.share < 1.0);
        if let Some(LessonResult::Projection(found)) = self.asked.answer(event, more) {
            if self.found.as_ref().is_none_or(|old| old.words != found.words) {
                self.chosen = None;
            }
            self.found = Some(found.clone());
        }
        let answer = self.neighbours.answer(event, |_| false);
        if let (Some(LessonResult::Near(near)), Some((_, shown)), Some(found)) = (answer, &mut self.chosen, &self.found)
        {
            // Of the true neighbours those that are in the picture.
            let place = |(word, _): &(String, f32)| found.words.iter().position(|known| known == word);
            *shown = near.iter().filter_map(place).take(NEIGHBOURS).collect();
        }
    }

    /// Whether it shows itself what went wrong with a job.
    pub fn shows_failure_of(&self, job: JobId) -> bool {
        self.asked.waits_for(job) || self.neighbours.waits_for(job)
    }

    /// The share of the variance that the plane keeps, where it is PCA's.
    pub fn kept_variance(&self) -> Option<f64> {
        self.found.as_ref()?.kept_variance
    }

    /// Whether the whole projection is there.
    pub fn settled(&self) -> bool {
        self.asked.settled()
    }

    /// Controls and picture.
    pub fn ui(&mut self, ui: &mut Ui, shared: &Shared) {
        self.controls_ui(ui, shared);
        let Some(found) = self.found.clone() else {
            controls::note(ui, t!("chapters_attention.computing"));
            return;
        };
        let height = (ui.available_height() - 90.0).clamp(240.0, 720.0);
        self.picture_ui(ui, vec2(ui.available_width(), height), &found);
        match found.kept_variance {
            Some(kept) => parts::readings(ui, &[read(t!("chapters_attention.words.kept"), percent(kept as f32))]),
            None => drop(controls::note(ui, t!("chapters_attention.words.not_kept"))),
        }
        controls::note(ui, t!("chapters_attention.words.scatter_note"));
    }

    fn controls_ui(&mut self, ui: &mut Ui, shared: &Shared) {
        let methods =
            [(Method::Pca, "PCA".to_owned()), (Method::Tsne, "t-SNE".to_owned()), (Method::Umap, "UMAP".to_owned())];
        let counts =
            [300, 1000, 2000].map(|count| (count, t!("chapters_attention.words.count", count = count).into_owned()));
        ui.horizontal_wrapped(|ui| {
            controls::segmented(ui, &t!("chapters_attention.words.method"), &mut self.method, &methods);
            controls::chooser(ui, &t!("chapters_attention.words.how_many"), 110.0, &mut self.count, &counts);
            ui.add_enabled_ui(self.method != Method::Pca, |ui| {
                ui.label(t!("chapters_attention.words.seed"));
                let field = egui::DragValue::new(&mut self.seed).range(0..=9999u64).speed(0.1);
                ui.add(field).accessible_name(t!("chapters_attention.words.seed"));
            });
        });
        if let (Some(job), Some(found)) = (self.asked.job(), &self.found) {
            ui.horizontal(|ui| {
                let name = t!("chapters_attention.words.cancel");
                if controls::icon_button(ui, icons::ICON_CLOSE.codepoint, name).clicked() {
                    shared.engine.send(Command::Cancel(job));
                }
                let share = if found.share < 1.0 { Some(found.share) } else { None };
                controls::progress_line(ui, share, t!("chapters_attention.words.moving"));
            });
        }
        for problem in self.asked.problem().into_iter().chain(self.neighbours.problem()) {
            parts::problem(ui, problem);
        }
    }

    fn picture_ui(&mut self, ui: &mut Ui, room: Vec2, found: &Projection) {
        let (rect, response) = ui.allocate_exact_size(room, Sense::click());
        let spoken = t!("chapters_attention.words.scatter", count = found.words.len());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &*spoken));
        let theme = Theme::here(ui);
        let painter = ui.painter_at(rect);
        painter.rect(rect, RADIUS, theme.card, Stroke::new(1.0, theme.line), StrokeKind::Inside);
        let fit = Fit::of(&found.plane, rect.shrink(space::XL));
        let places: Vec<Pos2> = found.plane.iter().map(|at| fit.place(*at)).collect();
        let hovered = response.hover_pos().and_then(|at| nearest(&places, at));
        if response.clicked() {
            self.chosen = hovered.map(|at| (at, Vec::new()));
            self.neighbours.forget();
        }
        if found.kept_variance.is_some() {
            let axis = |at: Pos2, align: Align2, title: &str| {
                painter.text(at, align, title, theme::text(size::SMALL), theme.ink_soft);
            };
            axis(rect.right_bottom() - vec2(space::S, space::XS), Align2::RIGHT_BOTTOM, "PC1 →");
            axis(rect.left_top() + vec2(space::S, space::XS), Align2::LEFT_TOP, "PC2 ↑");
        }
        let mut mesh = Mesh::default();
        for place in places.iter().skip(found.own) {
            dot(&mut mesh, *place, 1.8, theme.ink_soft.gamma_multiply(0.55));
        }
        painter.add(mesh);
        if let Some((at, near)) = &self.chosen {
            for other in near {
                if let (Some(from), Some(to)) = (places.get(*at), places.get(*other)) {
                    painter.line_segment([*from, *to], Stroke::new(1.0, theme.accent.gamma_multiply(0.7)));
                    name(&painter, theme, *to, &found.words[*other], theme.accent, false);
                }
            }
        }
        for (i, place) in places.iter().enumerate().take(found.own) {
            painter.circle_filled(*place, 4.5, theme.series[i % theme.series.len()]);
            name(&painter, theme, *place, &found.words[i], theme.ink, true);
        }
        for at in hovered.into_iter().chain(self.chosen.as_ref().map(|chosen| chosen.0)) {
            if let (Some(place), Some(word)) = (places.get(at), found.words.get(at)) {
                painter.circle(*place, 5.0, theme.card, Stroke::new(2.0, theme.accent));
                name(&painter, theme, *place, word, theme.accent, true);
            }
        }
    }

    /// The person's own words and where they are.
    pub fn describe(&self) -> String {
        let Some(found) = &self.found else { return t!("chapters_attention.computing").into_owned() };
        let own: Vec<String> = found
            .words
            .iter()
            .zip(&found.plane)
            .take(found.own)
            .map(|(word, [x, y])| format!("{word} ({x:.1}, {y:.1})").replace('-', "−"))
            .collect();
        format!("{} {}", t!("chapters_attention.words.scatter", count = found.words.len()), own.join("; "))
    }
}

/// From the plane to the screen: everything is in sight, and as wide as it is high.
struct Fit {
    center: [f32; 2],
    scale: f32,
    rect: Rect,
}

impl Fit {
    fn of(plane: &[[f32; 2]], rect: Rect) -> Self {
        let range = |axis: usize| {
            let values = plane.iter().map(|at| at[axis]);
            values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
        };
        let ((left, right), (low, high)) = (range(0), range(1));
        let (width, height) = ((right - left).max(1e-9), (high - low).max(1e-9));
        let scale = (rect.width() / width).min(rect.height() / height);
        let scale = if scale.is_finite() { scale } else { 1.0 };
        Self { center: [(left + right) / 2.0, (low + high) / 2.0], scale, rect }
    }

    fn place(&self, at: [f32; 2]) -> Pos2 {
        self.rect.center() + vec2(at[0] - self.center[0], self.center[1] - at[1]) * self.scale
    }
}

/// The point under the pointer.
fn nearest(places: &[Pos2], at: Pos2) -> Option<usize> {
    let near = places.iter().enumerate().map(|(i, place)| (i, place.distance_sq(at)));
    near.min_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, distance)| *distance < 196.0).map(|(i, _)| i)
}

/// A point as two triangles: thousands of them are one draw call.
fn dot(mesh: &mut Mesh, at: Pos2, half: f32, color: Color32) {
    mesh.add_colored_rect(Rect::from_center_size(at, Vec2::splat(2.0 * half)), color);
}

fn name(painter: &egui::Painter, theme: &Theme, at: Pos2, word: &str, color: Color32, bold: bool) {
    let font = if bold { theme::strong(size::BODY) } else { theme::text(size::SMALL) };
    let galley = painter.layout_no_wrap(word.to_owned(), font, color);
    let room = Rect::from_min_size(at + vec2(7.0, -galley.size().y - 2.0), galley.size());
    let clip = painter.clip_rect();
    let room = if room.right() > clip.right() { room.translate(vec2(-14.0 - galley.size().x, 0.0)) } else { room };
    let room = if room.top() < clip.top() { room.translate(vec2(0.0, galley.size().y + 8.0)) } else { room };
    painter.rect_filled(room.expand2(vec2(2.0, 0.0)), 3.0, theme.card.gamma_multiply(0.8));
    painter.galley(pos2(room.left(), room.top()), galley, color);
}
