//! The real window with the real engine, driven through its accessibility tree as a person would. Each test file uses a
//! part of this.
#![allow(dead_code)]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use telar::app::{Options, TelarApp};
use telar::data::Home;
use telar::panels::PanelId;

/// An open window, and the folder that it keeps its files in.
pub struct Window {
    pub harness: Harness<'static, TelarApp>,
    home: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

/// A window switches the language of the whole process, so they are opened one after the other.
static ALONE: Mutex<()> = Mutex::new(());

/// Nothing is timed here; this only ends a test that would wait for ever.
const PATIENCE: Duration = Duration::from_secs(240);

impl Window {
    pub fn open() -> Self {
        Self::open_in(tempfile::tempdir().unwrap())
    }

    /// A window of somebody who was here before.
    pub fn open_in(folder: tempfile::TempDir) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut options = Options::open(Home::at(folder.path()), "en");
        options.device = Some("cpu".into());
        options.settings.motion = false;
        let builder = Harness::builder().with_size([1280.0, 800.0]).with_max_steps(64);
        let harness = builder.build_eframe(move |context| TelarApp::new(&context.egui_ctx, options).unwrap());
        let mut window = Self { harness, home: folder, _alone: alone };
        window.wait("the shipped model", |window| window.harness.state().ready());
        window
    }

    /// Closes the window; what it keeps stays in its folder.
    pub fn close(self) -> tempfile::TempDir {
        let Self { harness, home, _alone } = self;
        drop(harness);
        home
    }

    /// Lets the window live until something holds.
    pub fn wait(&mut self, what: &str, holds: impl Fn(&mut Self) -> bool) {
        let begun = Instant::now();
        loop {
            self.harness.step();
            if holds(self) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}:\n{:?}", self.harness.root());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn frames(&mut self, count: usize) {
        for _ in 0..count {
            self.harness.step();
        }
    }

    pub fn press(&mut self, label: &str) {
        self.harness.get_by_role_and_label(Role::Button, label).click();
        self.frames(3);
    }

    /// Alt and the number of a page show it.
    pub fn go(&mut self, page: PanelId) {
        use egui::Key::{Num1, Num2, Num3, Num4, Num5, Num6, Num7, Num8, Num9};
        let place = self.harness.state().pages().iter().position(|&other| other == page).unwrap();
        let key = [Num1, Num2, Num3, Num4, Num5, Num6, Num7, Num8, Num9][place];
        self.harness.key_press_modifiers(egui::Modifiers::ALT, key);
        self.frames(3);
        assert_eq!(self.harness.state().page(), page);
    }

    /// Presses a page's button whose name is also that of a page in the navigation.
    pub fn press_on_page(&mut self, label: &str) {
        let buttons = self.harness.query_all_by_role_and_label(Role::Button, label);
        let button = buttons.into_iter().find(|node| node.accesskit_node().toggled().is_none());
        button.expect("a button on the page").click();
        self.frames(3);
    }

    /// The labels of all nodes that hold this text.
    pub fn labels(&self, part: &str) -> Vec<String> {
        let nodes = self.harness.query_all_by_label_contains(part);
        nodes.filter_map(|node| node.accesskit_node().label()).collect()
    }
}
