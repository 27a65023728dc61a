//! In which language does the program speak?

use std::ffi::OsString;

/// The language in use when nothing else is known.
const FALLBACK: &str = "es";

/// The language of this process: `--lang`, else the settings, else the system's.
///
/// Looks at the raw arguments, because the language must be known before they are parsed: help and messages about wrong
/// usage are in it too.
pub fn for_arguments(raw: &[OsString]) -> String {
    let flag = flag_of(raw);
    choose(flag.as_deref(), from_settings().as_deref(), sys_locale::get_locale().as_deref()).to_owned()
}

/// `es` or `en`: the flag, else the settings, else the system's language: Spanish where the system speaks Spanish or
/// nothing is known of it, English otherwise.
pub fn choose(flag: Option<&str>, settings: Option<&str>, system: Option<&str>) -> &'static str {
    for wish in [flag, settings] {
        match wish {
            Some("es") => return "es",
            Some("en") => return "en",
            _ => {}
        }
    }
    match system.map(|tag| tag.split(['-', '_', '.', '@']).next().unwrap_or_default().to_ascii_lowercase()) {
        None => FALLBACK,
        // The locale that a system has when nobody has set one.
        Some(tag) if tag.is_empty() || tag == "c" || tag == "posix" => FALLBACK,
        Some(tag) if tag == "es" => "es",
        Some(_) => "en",
    }
}

/// The value of `--lang` among raw arguments, last one first, as `--lang es` or `--lang=es`.
fn flag_of(raw: &[OsString]) -> Option<String> {
    let words: Vec<_> = raw.iter().skip(1).map(|word| word.to_string_lossy()).collect();
    words.iter().enumerate().rev().find_map(|(i, word)| match word.strip_prefix("--lang") {
        Some("") => words.get(i + 1).map(|value| value.to_string()),
        Some(rest) => rest.strip_prefix('=').map(str::to_owned),
        None => None,
    })
}

/// The language that this process speaks now.
pub fn current() -> &'static str {
    if &*rust_i18n::locale() == "en" { "en" } else { "es" }
}

/// The `language` of the settings file, where it can be read.
fn from_settings() -> Option<String> {
    crate::app::settings::language_of(&crate::data::Home::locate().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_wins_over_settings_and_these_over_the_system() {
        for (flag, settings, system, expected) in [
            (Some("en"), Some("es"), Some("es-ES"), "en"),
            (None, Some("es"), Some("en-GB"), "es"),
            (None, Some("klingon"), Some("en-GB"), "en"),
            (None, None, Some("es_MX.UTF-8"), "es"),
            (None, None, Some("est-EE"), "en"),
            (None, None, Some("de-DE"), "en"),
            (None, None, Some("C"), "es"),
            (None, None, Some("C.UTF-8"), "es"),
            (None, None, Some(""), "es"),
            (None, None, None, "es"),
        ] {
            assert_eq!(choose(flag, settings, system), expected, "{flag:?} {settings:?} {system:?}");
        }
    }

    #[test]
    fn the_flag_is_found_in_both_spellings() {
        let raw = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        assert_eq!(flag_of(&raw(&["telar", "devices", "--lang", "en"])).as_deref(), Some("en"));
        assert_eq!(flag_of(&raw(&["telar", "--lang=es", "devices"])).as_deref(), Some("es"));
        assert_eq!(flag_of(&raw(&["telar", "--lang"])), None);
        assert_eq!(flag_of(&raw(&["--lang", "devices"])), None);
    }
}
