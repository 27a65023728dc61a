//! The lessons themselves: both languages teach the same, and whatever a lesson names is there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use egui::epaint::ClippedShape;
use egui_kittest::Harness;
use telar::chapters::{self, Figure, Stage};
use telar::course::cells::{self, Limits};
use telar::course::exercise::Wanted;
use telar::course::{Block, Course, Exercise, FigurePlace, Inline, Kind, Link, Section, SectionId, tex};
use telar::data::Home;
use telar::engine::EngineHandle;
use telar::panels::{PanelId, Preferences, Shared, course::cell};
use telar::widgets::lesson::Formulas;
use telar::widgets::theme;

fn shipped() -> Course {
    Course::from_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/lessons"))
}

fn fixtures() -> Course {
    Course::from_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lessons"))
}

/// Both languages of every section.
fn pairs(course: &Course) -> Vec<(&Section, &Section)> {
    let of = |language: &str| -> BTreeMap<SectionId, &Section> {
        course.language(language).sections.iter().map(|section| (section.id, section)).collect()
    };
    let (spanish, english) = (of("es"), of("en"));
    assert_eq!(spanish.keys().collect::<Vec<_>>(), english.keys().collect::<Vec<_>>(), "the same sections");
    spanish.into_iter().map(|(id, section)| (section, english[&id])).collect()
}

/// What an exercise asks for, without any words.
fn essence(exercise: &Exercise) -> String {
    let kind = match &exercise.kind {
        Kind::Predict { options, answer, .. } | Kind::Choose { options, answer, .. } => {
            format!("{answer} of {}", options.len())
        }
        Kind::Number { fields, mistakes } => {
            let fields: Vec<_> = fields.iter().map(|field| (&field.wanted, field.tolerance)).collect();
            let mistakes: Vec<_> = mistakes.iter().map(|mistake| mistake.value).collect();
            format!("{fields:?} {mistakes:?}")
        }
        Kind::Order { items } => items.len().to_string(),
        Kind::Set { condition } => condition.source().to_owned(),
        Kind::Code { task, .. } => task.clone(),
    };
    let (hints, solution) = (exercise.hints.len(), exercise.solution.is_empty());
    format!("{} {} {kind}, {hints} hints, no solution: {solution}", exercise.kind_name(), exercise.id)
}

#[test]
fn every_lesson_is_understood() {
    for course in [shipped(), fixtures()] {
        assert!(
            course.problems.is_empty(),
            "{:#?}",
            course.problems.iter().map(ToString::to_string).collect::<Vec<_>>()
        );
        assert!(!course.ids().is_empty());
    }
}

#[test]
fn both_languages_have_the_same_sections_figures_exercises_and_terms() {
    for course in [shipped(), fixtures()] {
        for (spanish, english) in pairs(&course) {
            let id = spanish.id;
            assert_eq!((spanish.level, spanish.minutes), (english.level, english.minutes), "{id}");
            assert_eq!(spanish.file, english.file, "{id}");
            let figures = |section: &Section| section.figures().map(|place| place.name.clone()).collect::<Vec<_>>();
            assert_eq!(figures(spanish), figures(english), "{id}");
            let parameters = |section: &Section| -> Vec<BTreeSet<String>> {
                section.figures().map(|place| place.parameters.keys().cloned().collect()).collect()
            };
            assert_eq!(parameters(spanish), parameters(english), "{id}");
            let exercises = |section: &Section| section.exercises().map(essence).collect::<Vec<_>>();
            assert_eq!(exercises(spanish), exercises(english), "{id}");
            assert_eq!(symbols(&spanish.blocks), symbols(&english.blocks), "{id}");
        }
        let terms = |language: &str| course.language(language).glossary.terms.keys().cloned().collect::<Vec<_>>();
        assert_eq!(terms("es"), terms("en"));
    }
}

#[test]
fn figures_parameters_readings_and_tasks_exist() {
    let course = shipped();
    let registry: BTreeMap<&str, _> = chapters::registry().iter().map(|entry| (entry.name, entry)).collect();
    for language in ["es", "en"] {
        for section in &course.language(language).sections {
            let id = section.id;
            let mut readings = BTreeSet::new();
            for place in section.figures() {
                let entry = registry.get(place.name.as_str());
                let entry = entry.unwrap_or_else(|| panic!("{id}: there is no figure {}", place.name));
                for parameter in place.parameters.keys() {
                    assert!(
                        entry.parameters.contains(&parameter.as_str()),
                        "{id}: {} knows no {parameter}",
                        place.name
                    );
                }
                readings.extend(entry.readings.iter().copied());
            }
            for exercise in section.exercises() {
                let wanted: Vec<&str> = match &exercise.kind {
                    Kind::Set { condition } => condition.names().into_iter().collect(),
                    Kind::Number { fields, .. } => fields
                        .iter()
                        .filter_map(|field| match &field.wanted {
                            Wanted::Reading(name) => Some(name.as_str()),
                            Wanted::Value(_) => None,
                        })
                        .collect(),
                    Kind::Code { task, .. } => {
                        assert!(cell::known(task), "{id}: there is no task {task}");
                        Vec::new()
                    }
                    _ => Vec::new(),
                };
                for name in wanted {
                    assert!(readings.contains(name), "{id} {}: no figure of the section reads {name}", exercise.id);
                }
            }
        }
    }
}

#[test]
fn every_solution_of_code_solves_its_task_and_no_starter_does() {
    let course = shipped();
    let mut tasks = BTreeSet::new();
    for language in ["es", "en"] {
        for section in &course.language(language).sections {
            for exercise in section.exercises() {
                let Kind::Code { task, starter } = &exercise.kind else { continue };
                let [Block::Code(solution)] = &exercise.solution[..] else {
                    panic!("{language} {}: no solution", section.id)
                };
                let task = cells::tasks::find(task).unwrap();
                tasks.insert(task.name);
                let run = |source: &str| cells::check(task, source, &Limits::default(), Arc::new(|| true)).verdict;
                let verdict = run(solution);
                assert!(verdict.is_right(), "{language} {} {}: {verdict:?}", section.id, exercise.id);
                assert!(!run(starter).is_right(), "{language} {} {}: the starter", section.id, exercise.id);
            }
        }
    }
    let all: BTreeSet<_> = cells::tasks::all().iter().map(|task| task.name).collect();
    assert_eq!(tasks, all, "every task has its exercise");
}

/// Calls `take` for every paragraph of a text and of what is in it.
fn each_words(text: &[Block], take: &mut dyn FnMut(&[Inline])) {
    for block in text {
        match block {
            Block::Paragraph(words) | Block::Heading(_, words) => take(words),
            Block::List(_, items) => items.iter().for_each(|item| each_words(item, take)),
            Block::Table(head, rows) => rows.iter().chain([head]).flatten().for_each(|cell| take(cell)),
            Block::Formula(_) | Block::Code(_) => {}
            Block::Quote(inner) => each_words(inner, take),
            Block::Figure(place) => take(&place.caption),
            Block::Exercise(exercise) => each_words_of(exercise, take),
        }
    }
}

fn each_words_of(exercise: &Exercise, take: &mut dyn FnMut(&[Inline])) {
    each_words(&exercise.prompt, take);
    each_words(&exercise.solution, take);
    exercise.hints.iter().for_each(|hint| each_words(hint, take));
    match &exercise.kind {
        Kind::Predict { options, reveal, .. } => {
            options.iter().for_each(|option| take(option));
            each_words(reveal, take);
        }
        Kind::Choose { options, feedback, .. } => {
            options.iter().for_each(|option| take(option));
            feedback.iter().for_each(|one| each_words(one, take));
        }
        Kind::Number { fields, mistakes } => {
            fields.iter().for_each(|field| take(&field.label));
            mistakes.iter().for_each(|mistake| each_words(&mistake.says, take));
        }
        Kind::Order { items } => items.iter().for_each(|item| take(item)),
        Kind::Set { .. } | Kind::Code { .. } => {}
    }
}

/// Calls `take` for every formula of a text; `true` for one on a line of its own.
fn each_formula(text: &[Block], take: &mut dyn FnMut(&str, bool)) {
    fn inline(words: &[Inline], take: &mut dyn FnMut(&str, bool)) {
        for one in words {
            match one {
                Inline::Formula(source) => take(source, false),
                Inline::Link(_, words) => inline(words, take),
                _ => {}
            }
        }
    }
    fn display(text: &[Block], take: &mut dyn FnMut(&str, bool)) {
        for block in text {
            match block {
                Block::Formula(source) => take(source, true),
                Block::List(_, items) => items.iter().for_each(|item| display(item, take)),
                Block::Quote(inner) => display(inner, take),
                Block::Exercise(exercise) => {
                    let more: &[Block] = match &exercise.kind {
                        Kind::Predict { reveal, .. } => reveal,
                        _ => &[],
                    };
                    for text in [&exercise.prompt[..], &exercise.solution, more] {
                        display(text, take);
                    }
                }
                _ => {}
            }
        }
    }
    each_words(text, &mut |words| inline(words, take));
    display(text, take);
}

/// Every text of a language with where it stands.
fn texts<'a>(course: &'a Course, language: &str) -> Vec<(String, &'a [Block])> {
    let of = course.language(language);
    let sections = of.sections.iter().map(|section| (format!("{language} {}", section.id), &section.blocks[..]));
    let terms = of.glossary.terms.iter().map(|(name, term)| (format!("{language} {name}"), &term.text[..]));
    sections.chain(terms).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let check = |course: &Course, place: &str, language: &str, link: &Link| match link {
        Link::Section(id) => assert!(course.ids().contains(id), "{place}: there is no section {id}"),
        Link::Term(term) => {
            let glossary = &course.language(language).glossary;
            assert!(glossary.terms.contains_key(term), "{place}: there is no term {term}");
        }
        Link::Panel(name) => assert!(PanelId::named(name).is_some(), "{place}: there is no page {name}"),
        Link::Symbol(_) | Link::Web(_) => {}
    };
    for course in [shipped(), fixtures()] {
        for language in ["es", "en"] {
            for (place, text) in texts(&course, language) {
                each_words(text, &mut |words| {
                    for inline in words {
                        if let Inline::Link(link, _) = inline {
                            check(&course, &place, language, link);
                        }
                    }
                });
            }
        }
    }
}

#[test]
fn every_formula_can_be_set() {
    let mut wrong = Vec::new();
    for course in [shipped(), fixtures()] {
        for language in ["es", "en"] {
            for (place, text) in texts(&course, language) {
                each_formula(text, &mut |source, display| {
                    if let Err(reason) = Formulas::understands(source, display) {
                        wrong.push(format!("{place}: {source}: {reason}"));
                    }
                });
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The names of all symbols of a text that light up, in its links and in its formulas.
fn symbols(text: &[Block]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    each_words(text, &mut |words| {
        found.extend(words.iter().filter_map(|inline| match inline {
            Inline::Link(Link::Symbol(name), _) => Some(name.clone()),
            _ => None,
        }));
    });
    each_formula(text, &mut |source, _| found.extend(tex::symbols(source).map(str::to_owned)));
    found
}

/// What a figure paints while the text points at a symbol, or at none.
fn painted(place: &FigurePlace, symbol: Option<&str>) -> Vec<ClippedShape> {
    let entry = chapters::registry().iter().find(|entry| entry.name == place.name).unwrap();
    let (engine, _commands) = EngineHandle::pair();
    let preferences = Preferences { language: "en", motion: false, ..Preferences::default() };
    let shared = Shared::new(engine, Home::at("nowhere"), preferences);
    let symbol = symbol.map(str::to_owned);
    let draw = move |ui: &mut egui::Ui, (figure, shared): &mut (Box<dyn Figure>, Shared)| {
        let mut stage = Stage { symbol: symbol.clone(), ..Stage::default() };
        figure.logic(&ui.ctx().clone(), shared);
        figure.ui(ui, shared, &mut stage);
    };
    let builder = Harness::builder().with_size([700.0, 900.0]).with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(draw, ((entry.make)(&place.parameters), shared));
    harness.run_steps(4);
    harness.output().shapes.clone()
}

#[test]
fn every_symbol_lights_up_a_part_of_a_figure_of_its_section() {
    let course = shipped();
    let mut sections = BTreeSet::new();
    for section in &course.language("en").sections {
        for symbol in symbols(&section.blocks) {
            let mut figures = section.figures();
            let lights = figures.any(|place| painted(place, Some(&symbol)) != painted(place, None));
            assert!(lights, "{}: no figure has a part {symbol}", section.id);
            sections.insert(section.id);
        }
        for place in section.figures() {
            assert_eq!(painted(place, None), painted(place, Some("nothing of this name")), "{}", section.id);
        }
    }
    let wanted = [(1, 2), (2, 1), (2, 2), (2, 4), (2, 6), (2, 7), (2, 8), (2, 10)].map(|(a, b)| SectionId::new(a, b));
    assert!(wanted.iter().all(|id| sections.contains(id)), "{sections:?}");
}
