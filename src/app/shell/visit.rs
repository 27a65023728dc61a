//! The window as the tour and tests drive it: what it shows, where it is to go, and whether everything is there.

use super::TelarApp;
use crate::app::messages::Messages;
use crate::course::SectionId;
use crate::hub::builtin_for;
use crate::panels::{Intent, PanelId, Shared, ThemeChoice, course};

impl TelarApp {
    /// What all pages share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The page that is shown.
    pub fn page(&self) -> PanelId {
        self.page
    }

    /// All pages, in the order of the navigation.
    pub fn pages(&self) -> Vec<PanelId> {
        self.panels.iter().map(|panel| panel.id()).collect()
    }

    /// Brings the window into a language, with its shipped model, and a theme.
    pub fn prepare(&mut self, language: &'static str, theme: ThemeChoice) {
        self.shared.preferences.language = language;
        self.shared.preferences.theme = theme;
        let model = builtin_for(language);
        if self.shared.model_ref != model {
            self.shared.ask(Intent::UseModel(model));
        }
    }

    /// Asks for what a page could ask for; carried out after the next frame.
    pub fn ask(&mut self, intent: Intent) {
        self.shared.ask(intent);
    }

    /// What a page can be shown doing, by name; see [`Panel::scenes`](crate::panels::Panel::scenes).
    pub fn scenes(&self, page: PanelId) -> &'static [&'static str] {
        self.panels.iter().find(|panel| panel.id() == page).map_or(&[], |panel| panel.scenes())
    }

    /// Shows a page and lets it do its main interaction, or another of its scenes.
    pub fn visit(&mut self, page: PanelId, scene: &str) {
        self.page = page;
        self.messages = Messages::default();
        if let Some(panel) = self.panels.iter_mut().find(|panel| panel.id() == page) {
            panel.demonstrate_scene(scene, &mut self.shared);
        }
    }

    /// What a section of the course can be shown doing, by name.
    pub fn section_scenes(&self, id: SectionId) -> &'static [&'static str] {
        self.shared.learning.course.section(self.shared.language, id).map_or(&[""], course::scenes_of)
    }

    /// Shows a section of the course and lets its figures do their main interaction, or its code cell one of its scenes.
    pub fn visit_section(&mut self, id: SectionId, scene: &str) {
        self.shared.learning.progress.last = Some(id);
        self.visit(PanelId::Course, scene);
    }

    /// Scrolls the page on; `false` where everything of it has been in sight.
    pub fn turn_page(&mut self) -> bool {
        self.panels.iter_mut().find(|panel| panel.id() == self.page).is_some_and(|panel| panel.turn_page())
    }

    /// Whether the model and the devices are known and everything asked for is carried out.
    pub fn ready(&self) -> bool {
        self.shared.preferences == self.applied
            && self.shared.intents.is_empty()
            && self.shared.devices.is_some()
            && self.shared.model.is_some()
            && self.pump.switch.loading().is_none()
    }

    /// Whether the page has everything that it shows.
    pub fn settled(&self) -> bool {
        let page = self.panels.iter().find(|panel| panel.id() == self.page);
        self.ready() && page.is_none_or(|panel| panel.settled())
    }
}
