//! Both languages say the same things, and the code says nothing that they lack.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Keys with their texts, as in `app.page.home`.
type Texts = BTreeMap<String, String>;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The texts of a locale file. Our files are maps of maps of quoted strings, two spaces a level, and nothing else of YAML.
fn texts(path: &Path) -> Texts {
    let content = fs::read_to_string(path).unwrap();
    let mut above: Vec<String> = Vec::new();
    let mut found = Texts::new();
    for (number, line) in content.lines().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let place = format!("{}:{}", path.display(), number + 1);
        let depth = (line.len() - line.trim_start().len()) / 2;
        let (key, value) = line.trim().split_once(':').unwrap_or_else(|| panic!("{place}: no key"));
        assert!(depth <= above.len(), "{place}: indented too far");
        above.truncate(depth);
        above.push(key.to_owned());
        let value = value.trim();
        if !value.is_empty() {
            let text = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let text = text.unwrap_or_else(|| panic!("{place}: not in double quotes"));
            assert!(found.insert(above.join("."), text.to_owned()).is_none(), "{place}: twice");
        }
    }
    found
}

/// Every pair of files by its name, in Spanish and in English.
fn pairs() -> BTreeMap<String, (Texts, Texts)> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(root().join("locales")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let mut parts = file.split('.');
        let name = parts.next().unwrap().to_owned();
        let rest: Vec<_> = parts.collect();
        assert!(rest == ["es", "yml"] || rest == ["en", "yml"], "{file} is no NAME.es.yml or NAME.en.yml");
        names.insert(name);
    }
    let read = |name: &str, language: &str| {
        let path = root().join("locales").join(format!("{name}.{language}.yml"));
        assert!(path.is_file(), "{} is missing", path.display());
        texts(&path)
    };
    names.into_iter().map(|name| (name.clone(), (read(&name, "es"), read(&name, "en")))).collect()
}

/// The names in `%{name}`.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split("%{").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

#[test]
fn both_languages_have_the_same_keys_and_placeholders() {
    for (name, (es, en)) in pairs() {
        let keys = |texts: &Texts| texts.keys().cloned().collect::<BTreeSet<_>>();
        let only = |a: &Texts, b: &Texts| keys(a).difference(&keys(b)).cloned().collect::<Vec<_>>();
        assert_eq!(only(&es, &en), [""; 0], "keys of {name} that English lacks");
        assert_eq!(only(&en, &es), [""; 0], "keys of {name} that Spanish lacks");
        for (key, spanish) in &es {
            assert!(!spanish.trim().is_empty() && !en[key].trim().is_empty(), "{key} is empty");
            assert_eq!(placeholders(spanish), placeholders(&en[key]), "placeholders of {key}");
        }
        for key in es.keys() {
            assert_eq!(key.split('.').next(), Some(name.as_str()), "{key} stands in the files of {name}");
        }
    }
}

#[test]
fn quotes_are_those_of_the_language() {
    for (_, (es, en)) in pairs() {
        for (key, text) in es {
            assert!(!text.contains(['“', '”', '‘']), "{key}: Spanish quotes are « »: {text}");
        }
        for (key, text) in en {
            assert!(!text.contains(['«', '»']), "{key}: English quotes are “ ”: {text}");
        }
    }
}

/// All of the source, without tests of other things than texts.
fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, into: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                into.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join("src"), &mut found);
    found
}

/// What the code asks for: whole keys, and the beginnings of keys that are put together at run time.
fn asked() -> (BTreeMap<String, PathBuf>, BTreeSet<String>) {
    let (mut keys, mut beginnings) = (BTreeMap::new(), BTreeSet::new());
    for (path, text) in sources() {
        for (at, _) in text.match_indices("t!(") {
            let rest = &text[at + "t!(".len()..];
            // `format!(` ends like this as well.
            if text[..at].ends_with(|before: char| before.is_alphanumeric()) {
                continue;
            }
            if let Some(key) = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) {
                keys.insert(key.to_owned(), path.clone());
            }
        }
        // Keys that are handed on as texts (`by_unit("home.title", …)`) or built (`format!("data.title.{name}")`).
        for quoted in text.split('"') {
            if let Some((beginning, _)) = quoted.split_once('{')
                && beginning.contains('.')
            {
                beginnings.insert(beginning.to_owned());
            } else if quoted.contains('.') && quoted.chars().all(|c| c.is_ascii_lowercase() || "._".contains(c)) {
                beginnings.insert(quoted.to_owned());
            }
        }
    }
    (keys, beginnings)
}

#[test]
fn every_text_that_the_code_asks_for_exists() {
    let known: BTreeSet<String> = pairs().into_values().flat_map(|(es, _)| es.into_keys()).collect();
    let (keys, _) = asked();
    assert!(keys.len() > 50, "the search found only {} keys", keys.len());
    let missing: Vec<_> = keys.iter().filter(|(key, _)| !key.contains('{') && !known.contains(*key)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn no_text_is_left_that_nobody_asks_for() {
    let (keys, beginnings) = asked();
    let mut unused = Vec::new();
    for (es, _) in pairs().into_values() {
        for key in es.into_keys() {
            let built = beginnings.iter().any(|beginning| key.starts_with(beginning.as_str()));
            // Help texts are looked up by the names of commands and arguments.
            if !keys.contains_key(&key) && !built && !key.starts_with("cli.help.") {
                unused.push(key);
            }
        }
    }
    assert_eq!(unused, [""; 0]);
}

#[test]
fn english_apostrophes_are_typographic() {
    for (name, (_, english)) in pairs() {
        for (key, text) in english {
            assert!(!text.contains('\''), "{name}: {key}: {text}");
        }
    }
}
