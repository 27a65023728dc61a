//! Formulas, set by RaTeX.
//!
//! Parsing and layout take a fraction of a millisecond and happen where the formula is first needed, because the text flows
//! around its size. Drawing it into pixels happens on a thread of its own. The picture is a mask of coverage, made for the
//! exact size in pixels and painted in the colour of the text: sharp at any scale and right in every theme.
//!
//! Where a marked symbol stands is asked of RaTeX too: the mark becomes a ground behind the symbol, in a colour that is its
//! number, and that ground is taken out again before anything is drawn.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};
use egui::{Color32, ColorImage, Context, Rect, TextureHandle, TextureOptions, Vec2, pos2, vec2};
use ratex_layout::LayoutOptions;
use ratex_render::RenderOptions;
use ratex_types::{Color, DisplayItem, DisplayList, MathStyle};

use crate::course::tex::MARK;

/// Size of a formula's letters beside letters of 1: so the small ones of both are equally high.
const BESIDE: f32 = 1.16;
/// Pictures of so many sizes are kept of a formula (one a scale of the window).
const SIZES: usize = 3;

/// All formulas that were ever needed.
#[derive(Default)]
pub struct Formulas {
    /// In the style of a line of text, and on a line of its own.
    set: [HashMap<String, Entry>; 2],
    thread: Option<Setter>,
    /// Pictures on their way.
    pending: usize,
}

struct Entry {
    /// `None` for a formula that cannot be understood.
    list: Option<Arc<DisplayList>>,
    symbols: Arc<[Symbol]>,
    pictures: Vec<Picture>,
}

/// A marked symbol of a formula.
#[derive(Clone, Debug, PartialEq)]
struct Symbol {
    name: String,
    /// Its place from the formula's on the base line, in ems.
    place: Rect,
}

struct Picture {
    /// Pixels an em, in 64ths.
    size: u32,
    texture: Option<TextureHandle>,
}

/// A formula in a size, in points.
#[derive(Clone)]
pub struct Formula {
    /// How wide it is.
    pub width: f32,
    /// How far it reaches above the base line.
    pub above: f32,
    /// How far it reaches below the base line.
    pub below: f32,
    /// The picture, once it is there.
    pub picture: Option<FormulaPicture>,
    symbols: Arc<[Symbol]>,
    /// Size of its letters.
    em: f32,
}

impl Formula {
    /// The symbols that light up together with a part of the figure: their names, and their places from the formula's own
    /// on the base line, in points.
    pub fn symbols(&self) -> impl Iterator<Item = (&str, Rect)> {
        self.symbols.iter().map(|symbol| (symbol.name.as_str(), symbol.place * self.em))
    }
}

/// The picture of a formula.
#[derive(Clone)]
pub struct FormulaPicture {
    /// Coverage, to be painted in the colour of the text.
    pub texture: TextureHandle,
    /// Where it begins, from the formula's place on the base line, in points.
    pub offset: Vec2,
    /// Its size in points.
    pub size: Vec2,
}

struct Wish {
    display: usize,
    source: String,
    size: u32,
    list: Arc<DisplayList>,
    ctx: Context,
}

struct Drawn {
    display: usize,
    source: String,
    size: u32,
    image: Option<ColorImage>,
}

struct Setter {
    wishes: Sender<Wish>,
    drawn: Receiver<Drawn>,
}

impl Formulas {
    /// Whether pictures are on their way.
    pub fn pending(&self) -> bool {
        self.pending > 0
    }

    /// Takes in the pictures that are there by now. To be called once a frame.
    pub fn refresh(&mut self, ctx: &Context) {
        let Some(setter) = &self.thread else { return };
        let arrived: Vec<Drawn> = setter.drawn.try_iter().collect();
        for Drawn { display, source, size, image } in arrived {
            self.pending = self.pending.saturating_sub(1);
            let Some(entry) = self.set.get_mut(display).and_then(|set| set.get_mut(&source)) else { continue };
            match image {
                Some(image) => {
                    let texture = ctx.load_texture("formula", image, TextureOptions::LINEAR);
                    if let Some(picture) = entry.pictures.iter_mut().find(|picture| picture.size == size) {
                        picture.texture = Some(texture);
                    }
                }
                None => entry.list = None,
            }
        }
    }

    /// A formula beside letters of a `size` in points; `None` if it cannot be understood, which the log says once.
    pub fn get(&mut self, ctx: &Context, source: &str, display: bool, size: f32) -> Option<Formula> {
        let kind = usize::from(display);
        if !self.set[kind].contains_key(source) {
            let list = understand(source, display);
            if let Err(reason) = &list {
                tracing::warn!("a formula cannot be set: {source}: {reason}");
            }
            let (list, symbols) = list.map_or((None, Vec::new()), |(list, symbols)| (Some(Arc::new(list)), symbols));
            let entry = Entry { list, symbols: symbols.into(), pictures: Vec::new() };
            self.set[kind].insert(source.to_owned(), entry);
        }
        let pixels_per_point = ctx.pixels_per_point();
        let em = size * BESIDE;
        let wanted = (em * pixels_per_point * 64.0).round() as u32;
        let entry = self.set[kind].get_mut(source)?;
        let list = entry.list.clone()?;
        let texture = match entry.pictures.iter().find(|picture| picture.size == wanted) {
            Some(picture) => picture.texture.clone(),
            None => {
                if entry.pictures.len() >= SIZES {
                    entry.pictures.remove(0);
                }
                entry.pictures.push(Picture { size: wanted, texture: None });
                let wish = Wish {
                    display: kind,
                    source: source.to_owned(),
                    size: wanted,
                    list: list.clone(),
                    ctx: ctx.clone(),
                };
                if self.thread.get_or_insert_with(start).wishes.send(wish).is_ok() {
                    self.pending += 1;
                }
                None
            }
        };
        let pixel_em = wanted as f32 / 64.0;
        let (rise, margin) = base(&list, pixel_em);
        let picture = texture.map(|texture| FormulaPicture {
            offset: Vec2::new(-margin, -rise) / pixels_per_point,
            size: texture.size_vec2() / pixels_per_point,
            texture,
        });
        let (width, above, below) = (list.width as f32 * em, list.height as f32 * em, list.depth as f32 * em);
        Some(Formula { width, above, below, picture, symbols: entry.symbols.clone(), em })
    }

    /// Whether a formula can be set.
    pub fn understands(source: &str, display: bool) -> Result<(), String> {
        understand(source, display).map(|_| ())
    }
}

/// What is to be drawn, and the places of the marked symbols.
fn understand(source: &str, display: bool) -> Result<(DisplayList, Vec<Symbol>), String> {
    let (source, names) = with_grounds(source);
    let style = if display { MathStyle::Display } else { MathStyle::Text };
    let options = LayoutOptions { style, color: Color::BLACK, ..LayoutOptions::default() };
    // A lesson may be half written, and its formula anything.
    let set = catch_unwind(AssertUnwindSafe(|| {
        let nodes = ratex_parser::parse(&source).map_err(|error| error.to_string())?;
        let boxes = ratex_layout::layout(&nodes, &options);
        ratex_layout::validate_layout(&boxes).map_err(|error| error.to_string())?;
        let mut list = ratex_layout::to_display_list(&boxes);
        let symbols = take_grounds(&mut list, &names);
        Ok((list, symbols))
    }));
    set.unwrap_or_else(|_| Err("RaTeX has failed".to_owned()))
}

/// The formula with a ground of its number's colour behind every marked symbol, and the symbols' names.
fn with_grounds(source: &str) -> (String, Vec<String>) {
    let mut parts = source.split(MARK);
    let mut out = parts.next().unwrap_or_default().to_owned();
    let mut names = Vec::new();
    for part in parts {
        // As many as a colour has steps; whatever follows is drawn and not marked.
        match part.split_once('}').filter(|_| names.len() < 255) {
            Some((name, rest)) => {
                names.push(name.to_owned());
                out.push_str(&format!(r"\htmlStyle{{background:[RGB]{},0,0}}{rest}", names.len()));
            }
            None => out.extend([MARK, part]),
        }
    }
    (out, names)
}

/// Takes the grounds of marked symbols out of what is to be drawn.
fn take_grounds(list: &mut DisplayList, names: &[String]) -> Vec<Symbol> {
    let base = list.height as f32;
    let mut symbols = Vec::new();
    list.items.retain(|item| {
        let DisplayItem::Rect { x, y, width, height, color } = item else { return true };
        let number = (color.r * 255.0).round() as usize;
        let known = number.checked_sub(1).and_then(|at| names.get(at)).filter(|_| color.g == 0.0 && color.b == 0.0);
        let Some(name) = known else { return true };
        let corner = pos2(*x as f32, *y as f32 - base);
        let place = Rect::from_min_size(corner, vec2(*width as f32, *height as f32));
        symbols.push(Symbol { name: name.clone(), place });
        false
    });
    symbols
}

/// Pixels from the picture's top to the base line, a whole number so that the letters stand on the screen's grid, and the
/// margin around everything.
fn base(list: &DisplayList, pixel_em: f32) -> (f32, f32) {
    let height = list.height as f32 * pixel_em;
    let rise = height.ceil() + 1.0;
    (rise, rise - height)
}

fn start() -> Setter {
    let (wishes, wished) = unbounded::<Wish>();
    let (sender, drawn) = unbounded();
    let work = move || {
        while let Ok(Wish { display, source, size, list, ctx }) = wished.recv() {
            let image = catch_unwind(AssertUnwindSafe(|| rasterize(&list, size as f32 / 64.0)));
            let image = image.unwrap_or_else(|_| Err("RaTeX has failed".to_owned()));
            if let Err(reason) = &image {
                tracing::warn!("a formula cannot be drawn: {source}: {reason}");
            }
            if sender.send(Drawn { display, source, size, image: image.ok() }).is_err() {
                return;
            }
            ctx.request_repaint();
        }
    };
    if let Err(error) = thread::Builder::new().name("formulas".to_owned()).spawn(work) {
        tracing::warn!("no thread for formulas: {error}");
    }
    Setter { wishes, drawn }
}

/// A mask of coverage: white, as opaque as the formula covers the pixel.
fn rasterize(list: &DisplayList, pixel_em: f32) -> Result<ColorImage, String> {
    let (_, margin) = base(list, pixel_em);
    let options = RenderOptions {
        font_size: pixel_em,
        padding: margin,
        background_color: Color::new(0.0, 0.0, 0.0, 0.0),
        font_dir: String::new(),
        device_pixel_ratio: 1.0,
    };
    let png = ratex_render::render_to_png(list, &options)?;
    let picture = image::load_from_memory(&png).map_err(|error| error.to_string())?.into_rgba8();
    let size = [picture.width() as usize, picture.height() as usize];
    let pixels = picture.pixels().map(|pixel| Color32::from_white_alpha(pixel.0[3])).collect();
    Ok(ColorImage::new(size, pixels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_formulas_of_the_course_can_be_set_and_broken_ones_cannot() {
        for good in [
            r"q \cdot k",
            r"a_{ij} = \frac{e^{s_{ij}}}{\sum_k e^{s_{ik}}}",
            r"\operatorname{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right) V",
            r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix} \in \mathbb{R}^{2 \times 2}",
            r"\text{una máscara} \approx -\infty",
        ] {
            assert_eq!(Formulas::understands(good, true), Ok(()), "{good}");
            assert_eq!(Formulas::understands(good, false), Ok(()), "{good}");
        }
        for broken in [r"\frac{1", r"\nosuchcommand x", "x^", "}{"] {
            assert!(Formulas::understands(broken, true).is_err(), "{broken}");
        }
    }

    #[test]
    fn marked_symbols_have_places_and_change_nothing_about_the_formula() {
        for display in [false, true] {
            let (plain, none) = understand(r"a = \frac{q \cdot k_j}{\sqrt{d}} + q", display).unwrap();
            let source = r"a = \frac{\htmlClass{q}{q} \cdot \htmlClass{k}{k_j}}{\sqrt{d}} + \htmlClass{q}{q}";
            let (list, symbols) = understand(source, display).unwrap();
            assert_eq!((list.items, list.width, none.len()), (plain.items, plain.width, 0));
            let names: Vec<&str> = symbols.iter().map(|symbol| symbol.name.as_str()).collect();
            assert_eq!(names, ["q", "k", "q"]);
            let [above, key, last] = [0, 1, 2].map(|at| symbols[at].place);
            assert!(above.right() <= key.left() && key.right() < last.left(), "{symbols:?}");
            assert!(above.bottom() < last.top() + last.height() && key.width() > above.width(), "{symbols:?}");
            assert!(last.top() < 0.0 && last.bottom() > 0.0, "a q reaches above and below the base line");
        }
    }

    #[test]
    fn a_picture_has_ink_and_stands_on_the_grid() {
        for pixel_em in [18.56, 27.84, 37.12] {
            let (list, _) = understand("x", false).unwrap();
            let image = rasterize(&list, pixel_em).unwrap();
            let (rise, margin) = base(&list, pixel_em);
            assert!(rise.fract() == 0.0 && margin >= 1.0);
            // An x stands on the base line: its last row of ink is the one above it.
            let inked = |row: usize| (0..image.width()).any(|column| image[(column, row)].a() > 100);
            let last = (0..image.height()).rev().find(|row| inked(*row)).unwrap();
            assert!((last as f32 + 1.0 - rise).abs() <= 1.0, "{pixel_em}: {last} {rise}");
        }
    }
}
