//! The app's own controls: what a person touches looks and behaves the same on every page.
//!
//! Every one of them has a name in the accessibility tree: a screen reader says it and a test finds it. Nothing in here
//! names a colour or a size; those are the [`theme`](super::theme)'s.

mod buttons;
mod choice;
mod layout;
mod slider;

pub use buttons::{icon, icon_button, icon_toggle, primary_button, quiet_button};
pub use choice::{chooser, radio_list, segmented, switch};
pub use layout::{
    card, empty_state, follow_focus, hairline, just_appeared, labelled, note, note_of_symbols, page_title,
    progress_line, section_title, text_area, text_field, text_field_hinted,
};
pub use slider::{ValueSlider, value_slider};

#[cfg(test)]
mod tests;
