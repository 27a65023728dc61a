//! What computes here? A matrix product on one core, on all cores and on every other device that was found, measured live.
//! To try: small and large matrices.

use egui::{Label, RichText, Ui, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use crate::chapters::on_demand::OnDemand;
use crate::chapters::parts;
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::engine::lesson::Speed;
use crate::engine::{Event, JobId, LessonRequest, LessonResult};
use crate::panels::Shared;
use crate::widgets::controls;
use crate::widgets::number::rate;
use crate::widgets::theme::{self, Theme, size, space};

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "devices",
    make: |parameters| Box::new(Devices::new(parameters)),
    parameters: &["n"],
    readings: &["gflops", "one_core", "ratio", "n"],
};

/// Sizes to choose from.
const SIZES: [usize; 4] = [64, 256, 1024, 2048];

struct Devices {
    n: usize,
    measuring: OnDemand<usize>,
    /// The size of what is shown.
    measured: usize,
    found: Vec<Speed>,
}

impl Devices {
    fn new(parameters: &Parameters) -> Self {
        let n = parts::number_of(parameters, "n", 64..=2048, 256);
        let n = SIZES.into_iter().find(|size| *size == n).unwrap_or(256);
        Self { n, measuring: OnDemand::default(), measured: n, found: Vec::new() }
    }

    fn best(&self) -> f64 {
        self.found.iter().map(|speed| speed.gflops).fold(0.0, f64::max)
    }

    fn one_core(&self) -> Option<f64> {
        self.found.iter().find(|speed| speed.cores == Some(1)).map(|speed| speed.gflops)
    }

    fn controls_ui(&mut self, ui: &mut Ui, shared: &Shared) {
        let options: Vec<(usize, String)> = SIZES.map(|size| (size, format!("{size} × {size}"))).to_vec();
        controls::labelled(ui, t!("chapters_welcome.devices.size"), 70.0, |ui| {
            controls::segmented(ui, &t!("chapters_welcome.devices.size"), &mut self.n, &options);
        });
        let begin = t!("chapters_welcome.devices.measure");
        let stop = t!("chapters_welcome.devices.stop");
        self.measuring.button_ui(ui, shared, (icons::ICON_SPEED.codepoint, &begin), &stop, self.n);
    }

    fn bars_ui(&self, ui: &mut Ui, shared: &Shared) {
        let theme = Theme::here(ui);
        let most = self.best().max(f64::MIN_POSITIVE);
        for (i, speed) in self.found.iter().enumerate() {
            let name = name(speed, shared);
            let value = format!("{} GFLOP/s", rate(speed.gflops));
            ui.add(Label::new(RichText::new(&name).font(theme::text(size::BODY)).color(theme.ink)).truncate());
            ui.horizontal(|ui| {
                let width = (ui.available_width() - 130.0).max(60.0);
                let color = if speed.done { theme.series[i % theme.series.len()] } else { theme.ink_soft };
                parts::bar(ui, vec2(width, 26.0), (speed.gflops / most) as f32, color, &format!("{name}: {value}"));
                ui.label(RichText::new(value).font(theme::strong(size::BODY)).color(theme.ink));
            });
        }
    }
}

/// A device by its name, with the cores that were in use.
fn name(speed: &Speed, shared: &Shared) -> String {
    match speed.cores {
        Some(1) => t!("chapters_welcome.devices.one_core").into_owned(),
        Some(cores) => t!("chapters_welcome.devices.cores", count = cores).into_owned(),
        None => {
            let known = shared.devices.iter().flat_map(|found| &found.devices).find(|info| info.id == speed.device);
            known.map_or_else(|| speed.device.clone(), crate::panels::device_label)
        }
    }
}

impl Figure for Devices {
    fn on_event(&mut self, event: &Event, _: &mut Shared) {
        let more = |result: &LessonResult| matches!(result, LessonResult::Speed(Some(_)));
        if let Some(LessonResult::Speed(Some(speed))) = self.measuring.answer(event, more) {
            let same = |known: &&mut Speed| known.device == speed.device && known.cores == speed.cores;
            match self.found.iter_mut().find(same) {
                Some(known) => *known = speed.clone(),
                None => self.found.push(speed.clone()),
            }
        }
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        self.measuring.waits_for(job)
    }

    fn logic(&mut self, _: &egui::Context, shared: &mut Shared) {
        if let Some(n) = self.measuring.begin(shared, |n| LessonRequest::Speed(*n)) {
            self.measured = *n;
            self.found.clear();
        }
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared, stage: &mut Stage) {
        parts::body(ui, "devices", |ui| {
            self.controls_ui(ui, shared);
            ui.add_space(space::S);
            if let Some(problem) = self.measuring.problem() {
                parts::problem(ui, problem);
            }
            if self.found.is_empty() {
                controls::note(ui, t!("chapters_welcome.devices.start"));
            } else {
                controls::note(ui, t!("chapters_welcome.devices.of", n = self.measured));
                self.bars_ui(ui, shared);
            }
            for note in shared.devices.iter().flat_map(|found| &found.notes) {
                controls::note(ui, note);
            }
            controls::note(ui, t!("chapters_welcome.devices.note"));
        });
        stage.readings.insert("n", self.measured as f64);
        if self.best() > 0.0 {
            stage.readings.insert("gflops", self.best());
        }
        if let Some(one) = self.one_core() {
            stage.readings.insert("one_core", one);
            stage.readings.insert("ratio", self.best() / one);
        }
    }

    fn describe(&self) -> String {
        let one = |speed: &Speed| {
            let cores = speed.cores.map_or_else(String::new, |cores| format!(" × {cores}"));
            format!("{}{cores}: {} GFLOP/s", speed.device, rate(speed.gflops))
        };
        let all: Vec<String> = self.found.iter().map(one).collect();
        if all.is_empty() { t!("chapters_welcome.devices.start").into_owned() } else { all.join("; ") }
    }

    fn demonstrate(&mut self, _: &mut Shared) {
        self.measuring.want(self.n);
    }

    fn settled(&self) -> bool {
        self.measuring.settled()
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::chapters::testing::{asked, page, reading, tell};

    #[test]
    fn measurements_arrive_one_after_the_other() {
        let mut page = page("devices", &[]);
        assert!(asked(&page).is_empty(), "nothing is measured unasked");
        page.get_by_label("1024 × 1024").click();
        page.run();
        page.get_by_label("Measure").click();
        page.run();
        let (job, request) = asked(&page).pop().expect("it asks");
        assert!(matches!(request, LessonRequest::Speed(1024)));
        let speed =
            |cores, gflops| Speed { device: "cpu".to_owned(), cores: Some(cores), products: 3, gflops, done: true };
        for (cores, gflops) in [(1, 5.0), (1, 10.0), (2, 18.0)] {
            let state = page.state_mut();
            let result = LessonResult::Speed(Some(speed(cores, gflops)));
            state.figure.on_event(&Event::Lesson(job, result), &mut state.shared);
            page.step();
        }
        tell(&mut page, job, LessonResult::Speed(None));
        assert_eq!((reading(&page, "one_core"), reading(&page, "gflops"), reading(&page, "ratio")), (10.0, 18.0, 1.8));
        assert!(page.query_by_label("One core: 10.0 GFLOP/s").is_some());
    }
}
