use super::*;
use crate::course::exercise::{Kind, Wanted};
use crate::course::lesson::{Block, Inline, Link, plain, plain_text};

const FRONT: &str = "---\nid = \"2.4\"\nlevel = \"intermediate\"\ntitle = \"T\"\nquestion = \"Q?\"\nminutes = 8\n---\n";

fn parse(body: &str) -> Result<Section, LessonError> {
    section("2.04-dot-product.md", &format!("{FRONT}{body}"))
}

fn blocks(body: &str) -> Vec<Block> {
    parse(body).unwrap().blocks
}

#[test]
fn the_front_matter_says_what_the_section_is() {
    let section = parse("Text.").unwrap();
    assert_eq!((section.id, section.level), (SectionId::new(2, 4), Level::Intermediate));
    assert_eq!((section.title.as_str(), section.question.as_str(), section.minutes), ("T", "Q?", 8));
    let windows = section_of_windows();
    assert_eq!(windows.blocks, section.blocks);
}

fn section_of_windows() -> Section {
    section("2.04-dot-product.md", &format!("\u{FEFF}{FRONT}Text.").replace('\n', "\r\n")).unwrap()
}

#[test]
fn a_paragraph_has_words_formulas_and_links() {
    let [Block::Paragraph(words)] = &blocks("A **bold *both*** `x[0]` and\n$q_1 \\cdot k$: see [it](section:2.6).")[..]
    else {
        panic!("one paragraph")
    };
    assert_eq!(plain(words), "A bold both x[0] and q₁ · k: see it.");
    assert!(words.contains(&Inline::Text { text: "both".into(), bold: true, italic: true }));
    assert!(words.contains(&Inline::Formula("q_1 \\cdot k".into())), "no underscore is taken for slanted text");
    let link = words.iter().find_map(|inline| match inline {
        Inline::Link(link, _) => Some(link.clone()),
        _ => None,
    });
    assert_eq!(link, Some(Link::Section(SectionId::new(2, 6))));
}

#[test]
fn a_display_formula_stands_alone_also_in_the_middle_of_a_paragraph() {
    let found = blocks("Before\n$$ a_{ij} = \\frac{e^{s}}{2} \\\\ b & c $$\nafter [$q$](symbol:q).");
    let [Block::Paragraph(_), Block::Formula(source), Block::Paragraph(after)] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(source, "a_{ij} = \\frac{e^{s}}{2} \\\\ b & c");
    let symbol = Inline::Link(Link::Symbol("q".into()), vec![Inline::Formula("q".into())]);
    assert!(after.contains(&symbol), "{after:?}");
}

#[test]
fn lists_tables_headings_quotes_and_code() {
    let found = blocks(
        "## H\n\n1. one\n2. two\n   - deep\n\n| a | b |\n|---|---|\n| $x$ | 2 |\n\n> said\n\n```text\nx = 1\n```\n",
    );
    let [
        Block::Heading(2, _),
        Block::List(Some(1), items),
        Block::Table(head, rows),
        Block::Quote(_),
        Block::Code(code),
    ] = &found[..]
    else {
        panic!("{found:?}")
    };
    assert_eq!((items.len(), head.len(), rows.len(), code.as_str()), (2, 2, 1, "x = 1"));
    assert!(matches!(&items[1][..], [Block::Paragraph(_), Block::List(None, _)]), "{items:?}");
    assert!(plain_text(&found).contains("x · 2"));
}

#[test]
fn figures_take_parameters_and_exercises_are_what_they_say() {
    let body = "```figure\nname = \"dot_product\"\nlength = 3\nword = \"x\"\ncaption = \"Three $v$.\"\n```\n\
        ```predict\nid = \"p\"\nprompt = \"?\"\noptions = [\"a\", \"b\"]\nanswer = 2\nreveal = '''\nBecause $\\sigma$.\n'''\n```\n\
        ```number\nid = \"n\"\nprompt = \"?\"\nfields = [{ label = \"$\\\\sigma$\", answer = 16, tolerance = 0.05 }, \
        { label = \"H\", reading = \"entropy\" }]\nmistakes = [{ value = 256.0, says = \"That is the variance.\" }]\n```\n\
        ```set\nid = \"s\"\nprompt = \"?\"\ncondition = \"abs(entropy - 3.0) <= 0.1\"\nhints = [\"h\"]\nsolution = \"x\"\n```\n\
        ```order\nid = \"o\"\nprompt = \"?\"\nitems = [\"1\", \"2\", \"3\"]\n```\n\
        ```choose\nid = \"c\"\nprompt = \"?\"\noptions = [\"a\", \"b\"]\nanswer = 1\nfeedback = [\"x\", \"y\"]\n```\n\
        ```code\nid = \"k\"\ntask = \"t\"\nprompt = '''p'''\nstarter = '''\nfn f(x) {\n}\n'''\n```\n";
    let section = parse(body).unwrap();
    let place = section.figures().next().unwrap();
    assert_eq!((place.name.as_str(), place.parameters["length"].as_str()), ("dot_product", "3"));
    assert_eq!((place.parameters["word"].as_str(), plain(&place.caption).as_str()), ("x", "Three v."));
    let kinds: Vec<_> = section.exercises().map(|exercise| exercise.kind_name()).collect();
    assert_eq!(kinds, ["predict", "number", "set", "order", "choose", "code"]);
    for exercise in section.exercises() {
        match &exercise.kind {
            Kind::Predict { answer, reveal, .. } => assert!(*answer == 1 && plain_text(reveal).contains('σ')),
            Kind::Number { fields, mistakes } => {
                assert_eq!((fields.len(), mistakes.len()), (2, 1));
                assert_eq!(fields[0].wanted, Wanted::Value(16.0));
                assert_eq!(fields[1].wanted, Wanted::Reading("entropy".into()));
            }
            Kind::Code { starter, .. } => assert_eq!(starter, "fn f(x) {\n}"),
            _ => {}
        }
    }
}

#[test]
fn every_error_names_its_line() {
    let refused = |body: &str| parse(body).unwrap_err();
    // The front matter has 7 lines.
    let error = refused("One.\n\n```choose\nid = \"a\"\nwrong = 1\n```\n");
    assert_eq!(error.line, 12, "{error}");
    assert!(error.to_string().contains("2.04-dot-product.md") && error.to_string().contains("wrong"), "{error}");
    let error = refused("One.\n\n```guess\nid = \"a\"\n```\n");
    assert_eq!((error.line, &error.reason), (10, &Reason::Kind { kind: "guess".into() }));
    let error = refused("One\n[x](section:2.04)");
    assert_eq!((error.line, matches!(error.reason, Reason::Link { .. })), (9, true), "{error}");
    assert!(matches!(refused("<b>x</b>").reason, Reason::Markdown));
    assert!(matches!(refused("![x](picture.png)").reason, Reason::Markdown));

    let choose = |rest: &str| format!("```choose\nid = \"c\"\nprompt = \"?\"\noptions = [\"a\", \"b\"]\n{rest}\n```\n");
    let bad = [
        choose("answer = 3\nfeedback = [\"x\", \"y\"]"),
        choose("answer = 0\nfeedback = [\"x\", \"y\"]"),
        choose("answer = 1\nfeedback = [\"x\"]"),
        "```order\nid = \"o\"\nprompt = \"?\"\nitems = [\"1\"]\n```".to_owned(),
    ];
    for body in bad {
        assert_eq!(refused(&body).reason, Reason::Options, "{body}");
    }
    let set = "```set\nid = \"s\"\nprompt = \"?\"\ncondition = \"entropy\"\n```";
    assert!(matches!(refused(set).reason, Reason::Condition { .. }));
    let number = "```number\nid = \"n\"\nprompt = \"?\"\nfields = [{ label = \"x\" }]\n```";
    assert!(matches!(refused(number).reason, Reason::Condition { .. }));
    let good = choose("answer = 1\nfeedback = [\"x\", \"y\"]");
    assert!(matches!(refused(&format!("{good}\n{good}")).reason, Reason::Twice { .. }));
    let option = "```choose\nid = \"c\"\nprompt = \"?\"\noptions = [\"- a\\n- b\", \"b\"]\nanswer = 1\nfeedback = [\"x\", \"y\"]\n```";
    assert!(matches!(refused(option).reason, Reason::Words));
}

#[test]
fn a_front_matter_that_is_none_is_refused() {
    for (text, line) in [
        ("Text.", 1),
        ("---\nid = \"2.4\"\n", 1),
        ("---\nid = \"2.4\"\nlevel = \"hard\"\ntitle = \"T\"\nquestion = \"Q\"\nminutes = 1\n---\nx", 3),
        ("---\nid = \"2.4\"\nlevel = \"beginner\"\ntitle = \"T\"\nquestion = \"Q\"\nminutes = 1\nextra = 1\n---\nx", 7),
    ] {
        let error = section("2.04-x.md", text).unwrap_err();
        assert_eq!(error.line, line, "{error}");
    }
    let error = section("2.05-x.md", &format!("{FRONT}Text.")).unwrap_err();
    assert_eq!(error.reason, Reason::Name { id: "2.4".into() });
}
