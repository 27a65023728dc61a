//! The app shows itself: every page and every section of the course does its main interaction, and when it stands still a
//! picture of it is taken; of a longer one, a picture of every screen.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use egui::{ColorImage, Context, ScreenshotCallback, Ui, ViewportCommand};
use rust_i18n::t;
use serde::Serialize;

use super::frames::FrameClock;
use super::scratch::TemporaryFolder;
use super::settings::WindowSize;
use super::{Options, TelarApp};
use crate::course::SectionId;
use crate::data::{Home, write_atomic};
use crate::panels::{PanelId, ThemeChoice};

/// So many frames are measured of every page at least, and of every further screen of it.
const LEAST_FRAMES: [usize; 2] = [40, 20];
/// A page that has not everything that it shows after this long will never have it.
const PATIENCE: Duration = Duration::from_secs(240);
/// Pictures of a section at most, so that a text that never ends cannot keep the tour for ever.
const MOST_SCREENS: usize = 20;
/// After a page has settled, what moves comes to rest within this; where it was only scrolled on, within the second.
const REST: [Duration; 2] = [Duration::from_millis(700), Duration::from_millis(250)];

/// What to visit.
pub struct Plan {
    /// Where the pictures go; the folder exists.
    pub out: PathBuf,
    /// `es`, `en`.
    pub languages: Vec<&'static str>,
    /// Which themes.
    pub themes: Vec<ThemeChoice>,
    /// Size of the window in points.
    pub size: (u32, u32),
    /// The device as on the command line.
    pub device: String,
    /// Only these pages and sections, by their names; all of them where nothing is named.
    pub only: Vec<String>,
}

/// A picture that was taken.
#[derive(Debug, Serialize)]
pub struct Picture {
    /// The page, or the number of the section.
    pub chapter: String,
    /// Language, theme and, where a page shows several, which scene or screen of it.
    pub section: String,
    /// The file.
    pub path: PathBuf,
    /// CPU time of the page's frames, 95th percentile, in milliseconds.
    pub frame_ms_p95: f64,
}

type Tell = Box<dyn FnMut(&Picture) -> anyhow::Result<()>>;

/// One scene of a page in one language and theme.
#[derive(Clone, Copy)]
struct Stop {
    language: &'static str,
    theme: ThemeChoice,
    place: Place,
    /// What the page does; without a name its main interaction.
    scene: &'static str,
    /// How many screens of it have been seen.
    turned: usize,
}

/// What there is to visit.
#[derive(Clone, Copy)]
enum Place {
    Page(PanelId),
    Section(SectionId),
}

impl Place {
    /// Its name in pictures and on the command line.
    fn name(self) -> String {
        match self {
            Self::Page(page) => page.name().to_owned(),
            Self::Section(id) => id.to_string(),
        }
    }
}

/// Where the tour is with its present stop.
enum State {
    /// Goes there in the next frame.
    Arrive,
    /// Language, theme and model are on their way.
    Dress { since: Instant },
    /// The page does its main interaction.
    Wait { since: Instant, settled: Option<Instant> },
    /// The picture is on its way.
    Shoot,
}

/// What the tour comes to, for whoever started the window.
type Outcome = Arc<Mutex<Option<anyhow::Error>>>;

struct Tour {
    app: TelarApp,
    out: PathBuf,
    size: (u32, u32),
    stops: VecDeque<Stop>,
    state: State,
    /// This stop's frames.
    frames: FrameClock,
    picture: Arc<Mutex<Option<Arc<ColorImage>>>>,
    tell: Tell,
    outcome: Outcome,
}

/// Opens the window, makes the tour and closes the window. Nobody's files are touched: the home is a temporary folder.
///
/// # Errors
/// Where no window can be opened, a picture cannot be written, or a page never has everything that it shows.
pub fn run(plan: Plan, tell: Tell) -> anyhow::Result<()> {
    let folder = TemporaryFolder::create()?;
    if let Err(error) = crate::engine::log::start(&Home::at(&folder.0).logs()) {
        eprintln!("{error}");
    }
    let outcome = Outcome::default();
    let size = WindowSize { width: plan.size.0 as f32, height: plan.size.1 as f32, maximized: false };
    let mut options = Options::open(Home::at(&folder.0), plan.languages.first().copied().unwrap_or("es"));
    options.settings.theme = plan.themes.first().copied().unwrap_or_default();
    options.settings.window = size;
    options.device = Some(plan.device.clone());
    let result = outcome.clone();
    super::open(super::viewport(&size), move |context| {
        let app = TelarApp::new(&context.egui_ctx, options)?;
        Ok(Box::new(Tour::new(app, plan, tell, result)))
    })?;
    match outcome.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

impl Tour {
    fn new(app: TelarApp, plan: Plan, tell: Tell, outcome: Outcome) -> Self {
        let mut stops = VecDeque::new();
        for &language in &plan.languages {
            for &theme in &plan.themes {
                let places = places(&app).into_iter();
                for place in places.filter(|place| plan.only.is_empty() || plan.only.contains(&place.name())) {
                    let scenes = match place {
                        Place::Page(page) => app.scenes(page),
                        Place::Section(id) => app.section_scenes(id),
                    };
                    stops.extend(scenes.iter().map(|&scene| Stop { language, theme, place, scene, turned: 0 }));
                }
            }
        }
        Self {
            app,
            out: plan.out,
            size: plan.size,
            stops,
            state: State::Arrive,
            frames: FrameClock::default(),
            picture: Arc::default(),
            tell,
            outcome,
        }
    }

    /// What this frame of the tour is for.
    fn advance(&mut self, ctx: &Context) -> anyhow::Result<()> {
        let Some(stop) = self.stops.front().copied() else {
            ctx.send_viewport_cmd(ViewportCommand::Close);
            return Ok(());
        };
        ctx.request_repaint();
        let further = usize::from(stop.turned > 0);
        match &mut self.state {
            State::Arrive => {
                self.app.prepare(stop.language, stop.theme);
                self.state = State::Dress { since: Instant::now() };
            }
            State::Dress { since } => {
                if self.app.ready() {
                    match stop.place {
                        Place::Page(page) => self.app.visit(page, stop.scene),
                        Place::Section(id) => self.app.visit_section(id, stop.scene),
                    }
                    self.frames.clear();
                    self.state = State::Wait { since: Instant::now(), settled: None };
                } else if since.elapsed() > PATIENCE {
                    return Err(never(stop.place));
                }
            }
            State::Wait { since, settled } => {
                if !self.app.settled() {
                    *settled = None;
                    if since.elapsed() > PATIENCE {
                        return Err(never(stop.place));
                    }
                } else if settled.get_or_insert_with(Instant::now).elapsed() > REST[further]
                    && self.frames.len() >= LEAST_FRAMES[further]
                {
                    self.state = State::Shoot;
                    let picture = self.picture.clone();
                    ctx.send_viewport_cmd(ViewportCommand::Screenshot(ScreenshotCallback::new(move |image| {
                        *picture.lock().unwrap_or_else(PoisonError::into_inner) = Some(image);
                    })));
                }
            }
            State::Shoot => {
                let taken = self.picture.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(image) = taken {
                    self.keep(stop, &image)?;
                    self.frames.clear();
                    if stop.turned < MOST_SCREENS && self.app.turn_page() {
                        if let Some(stop) = self.stops.front_mut() {
                            stop.turned += 1;
                        }
                        self.state = State::Wait { since: Instant::now(), settled: None };
                    } else {
                        self.stops.pop_front();
                        self.state = State::Arrive;
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes the picture and says so.
    fn keep(&mut self, stop: Stop, image: &ColorImage) -> anyhow::Result<()> {
        let theme = if stop.theme == ThemeChoice::Dark { "dark" } else { "light" };
        let (width, height) = self.size;
        let place = stop.place.name();
        let scene = if stop.scene.is_empty() { String::new() } else { format!("-{}", stop.scene) };
        let screen = if stop.turned > 0 { format!("-{}", stop.turned + 1) } else { String::new() };
        let name = format!("{place}{scene}-{}-{theme}-{width}x{height}{screen}.png", stop.language);
        let path = self.out.join(name);
        write_png(&path, image)?;
        let picture = Picture {
            chapter: place,
            section: format!("{}-{theme}{scene}{screen}", stop.language),
            path,
            frame_ms_p95: self.frames.p95() * 1e3,
        };
        (self.tell)(&picture)
    }
}

impl eframe::App for Tour {
    fn logic(&mut self, ctx: &Context, frame: &mut eframe::Frame) {
        self.frames.frame_begins(matches!(self.state, State::Wait { .. }));
        self.app.logic(ctx, frame);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        self.app.ui(ui, frame);
        let ctx = ui.ctx().clone();
        if let Err(error) = self.advance(&ctx) {
            *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            self.stops.clear();
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        self.app.clear_color(visuals)
    }

    /// Nobody takes part in the tour: where the pointer happens to be must not be seen in the pictures.
    fn raw_input_hook(&mut self, _ctx: &Context, input: &mut egui::RawInput) {
        input.events.retain(|event| matches!(event, egui::Event::WindowFocused(_)));
    }
}

/// Every page, with every section in the place of the course.
fn places(app: &TelarApp) -> Vec<Place> {
    let sections = app.shared().learning.course.ids().iter().copied().map(Place::Section);
    let pages = app.pages().into_iter().filter(|page| *page != PanelId::Course).map(Place::Page);
    pages.chain(sections).collect()
}

fn never(place: Place) -> anyhow::Error {
    anyhow!(t!("tour.never_settled", page = place.name()).into_owned())
}

fn write_png(path: &Path, picture: &ColorImage) -> anyhow::Result<()> {
    let [width, height] = picture.size;
    let bytes: Vec<u8> = picture.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
    let unwritable =
        |reason: String| anyhow!(t!("tour.unwritable", path = path.display(), reason = reason).into_owned());
    let image = image::RgbImage::from_raw(width as u32, height as u32, bytes)
        .ok_or_else(|| unwritable(format!("{width} × {height}")))?;
    let mut png = std::io::Cursor::new(Vec::new());
    image.write_to(&mut png, image::ImageFormat::Png).map_err(|error| unwritable(error.to_string()))?;
    write_atomic(path, png.get_ref()).map_err(|error| unwritable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_comes_back_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picture.png");
        let picture = ColorImage::filled([3, 2], egui::Color32::from_rgb(1, 2, 3));
        write_png(&path, &picture).unwrap();
        let read = image::load_from_memory(&std::fs::read(&path).unwrap()).unwrap().to_rgb8();
        assert_eq!((read.dimensions(), read.get_pixel(2, 1).0), ((3, 2), [1, 2, 3]));
        assert!(write_png(&folder.path().join("picture.png/inside.png"), &picture).is_err());
    }
}
