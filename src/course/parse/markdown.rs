//! Markdown as lessons use it.

use std::iter::Peekable;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, OffsetIter, Options, Parser, Tag};

use super::{Place, directive};
use crate::course::error::{LessonError, Reason};
use crate::course::lesson::{Block, Inline, Link, Text, Words};

/// Which fenced blocks a text may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::course) enum Kinds {
    /// A section's: figures and exercises too.
    All,
    /// That of an exercise or a term: only code to read.
    Code,
}

/// Understands a text.
///
/// # Errors
/// The first thing that cannot be understood, with its line.
pub(in crate::course) fn text(place: Place<'_>, source: &str, kinds: Kinds) -> Result<Text, LessonError> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_MATH;
    let events = Parser::new_ext(source, options).into_offset_iter().peekable();
    let mut reader = Reader { events, place, source, kinds };
    let mut blocks = Vec::new();
    while reader.events.peek().is_some() {
        reader.block(&mut blocks)?;
    }
    Ok(blocks)
}

/// Understands the words of one paragraph.
///
/// # Errors
/// If there are more paragraphs than one, or what [`text`] refuses.
pub(in crate::course) fn words(place: Place<'_>, source: &str) -> Result<Words, LessonError> {
    let mut blocks = text(place, source, Kinds::Code)?;
    match (blocks.pop(), blocks.is_empty()) {
        (Some(Block::Paragraph(words)), true) => Ok(words),
        (None, _) => Ok(Vec::new()),
        _ => Err(place.error(Reason::Words)),
    }
}

struct Reader<'a> {
    events: Peekable<OffsetIter<'a>>,
    place: Place<'a>,
    source: &'a str,
    kinds: Kinds,
}

/// A piece of a paragraph before display formulas are taken out of it.
enum Piece {
    Inline(Inline),
    Display(String),
}

#[derive(Clone, Copy, Default)]
struct Style {
    bold: bool,
    italic: bool,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<(Event<'a>, Range<usize>)> {
        self.events.next()
    }

    fn refuse<T>(&self, range: &Range<usize>, reason: Reason) -> Result<T, LessonError> {
        Err(self.place.at(self.source, range.start).error(reason))
    }

    /// Takes the next block, or the blocks that it comes apart into.
    fn block(&mut self, blocks: &mut Text) -> Result<(), LessonError> {
        let Some((event, range)) = self.events.peek().cloned() else { return Ok(()) };
        let tag = match event {
            Event::Start(tag) if !is_inline(&tag) => tag,
            Event::Rule | Event::Html(_) | Event::FootnoteReference(_) | Event::TaskListMarker(_) => {
                return self.refuse(&range, Reason::Markdown);
            }
            Event::End(_) => {
                // Only where Markdown closes what it never opened.
                self.next();
                return Ok(());
            }
            // The words of a list without empty lines are not wrapped into paragraphs.
            _ => return self.paragraph(blocks),
        };
        self.next();
        match tag {
            Tag::Paragraph => {
                self.paragraph(blocks)?;
                self.next();
            }
            Tag::Heading { level, .. } => {
                let words = self.inlines(Style::default())?;
                self.next();
                blocks.push(Block::Heading(if level <= HeadingLevel::H2 { 2 } else { 3 }, inline_only(words)));
            }
            Tag::BlockQuote(_) => {
                let quoted = self.blocks_to_end()?;
                blocks.push(Block::Quote(quoted));
            }
            Tag::List(first) => {
                let items = self.items()?;
                blocks.push(Block::List(first, items));
            }
            Tag::CodeBlock(kind) => self.fenced(&kind, &range, blocks)?,
            Tag::Table(_) => {
                let mut rows = self.rows()?;
                let head = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
                blocks.push(Block::Table(head, rows));
            }
            _ => return self.refuse(&range, Reason::Markdown),
        }
        Ok(())
    }

    /// Blocks up to the end of what they stand in, which is taken too.
    fn blocks_to_end(&mut self) -> Result<Text, LessonError> {
        let mut blocks = Vec::new();
        while let Some((event, _)) = self.events.peek() {
            if matches!(event, Event::End(_)) {
                self.next();
                break;
            }
            self.block(&mut blocks)?;
        }
        Ok(blocks)
    }

    fn items(&mut self) -> Result<Vec<Text>, LessonError> {
        let mut items = Vec::new();
        while let Some((event, _)) = self.next() {
            match event {
                Event::Start(Tag::Item) => items.push(self.blocks_to_end()?),
                _ => break,
            }
        }
        Ok(items)
    }

    fn rows(&mut self) -> Result<Vec<Vec<Words>>, LessonError> {
        let mut rows = Vec::new();
        while let Some((event, _)) = self.next() {
            if !matches!(event, Event::Start(Tag::TableHead | Tag::TableRow)) {
                break;
            }
            let mut row = Vec::new();
            while let Some((Event::Start(Tag::TableCell), _)) = self.next() {
                row.push(inline_only(self.inlines(Style::default())?));
                self.next();
            }
            rows.push(row);
        }
        Ok(rows)
    }

    /// A fenced block: a directive, or code to read.
    fn fenced(&mut self, kind: &CodeBlockKind<'_>, range: &Range<usize>, blocks: &mut Text) -> Result<(), LessonError> {
        let mut body = String::new();
        let mut begins = None;
        while let Some((event, at)) = self.next() {
            match event {
                Event::Text(text) => {
                    begins.get_or_insert(at.start);
                    body.push_str(&text);
                }
                _ => break,
            }
        }
        let info = match kind {
            CodeBlockKind::Fenced(info) => info.trim(),
            CodeBlockKind::Indented => "",
        };
        let place = self.place.at(self.source, begins.unwrap_or(range.start));
        match info {
            "" | "text" | "rhai" => blocks.push(Block::Code(body.trim_end().to_owned())),
            "figure" if self.kinds == Kinds::All => blocks.push(Block::Figure(directive::figure(place, &body)?)),
            kind if self.kinds == Kinds::All => match directive::exercise(place, kind, &body)? {
                Some(exercise) => blocks.push(Block::Exercise(Box::new(exercise))),
                None => return self.refuse(range, Reason::Kind { kind: kind.to_owned() }),
            },
            kind => return self.refuse(range, Reason::Kind { kind: kind.to_owned() }),
        }
        Ok(())
    }

    /// Words up to the next block or end; display formulas become blocks of their own.
    fn paragraph(&mut self, blocks: &mut Text) -> Result<(), LessonError> {
        let mut words = Words::new();
        for piece in self.inlines(Style::default())? {
            match piece {
                Piece::Inline(inline) => words.push(inline),
                Piece::Display(source) => {
                    push_paragraph(blocks, std::mem::take(&mut words));
                    blocks.push(Block::Formula(source));
                }
            }
        }
        push_paragraph(blocks, words);
        Ok(())
    }

    /// Pieces up to the next block or end, which stays.
    fn inlines(&mut self, style: Style) -> Result<Vec<Piece>, LessonError> {
        let mut pieces = Vec::new();
        while let Some((event, range)) = self.events.peek().cloned() {
            match event {
                Event::End(_) => break,
                Event::Start(ref tag) if !is_inline(tag) => break,
                Event::Rule | Event::Html(_) => break,
                _ => {}
            }
            self.next();
            match event {
                Event::Text(text) => push_text(&mut pieces, &text, style),
                Event::SoftBreak => push_text(&mut pieces, " ", style),
                Event::HardBreak => pieces.push(Piece::Inline(Inline::Break)),
                Event::Code(code) => pieces.push(Piece::Inline(Inline::Code(code.into_string()))),
                Event::InlineMath(source) => pieces.push(Piece::Inline(Inline::Formula(source.trim().to_owned()))),
                Event::DisplayMath(source) => pieces.push(Piece::Display(source.trim().to_owned())),
                Event::Start(tag) => self.nested(&tag, &range, style, &mut pieces)?,
                _ => return self.refuse(&range, Reason::Markdown),
            }
        }
        Ok(pieces)
    }

    /// What stands within bold, slanted or leading words.
    fn nested(
        &mut self,
        tag: &Tag<'a>,
        range: &Range<usize>,
        style: Style,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), LessonError> {
        let inner_style = match tag {
            Tag::Strong => Style { bold: true, ..style },
            Tag::Emphasis => Style { italic: true, ..style },
            _ => style,
        };
        let inner = self.inlines(inner_style)?;
        self.next();
        match tag {
            Tag::Strong | Tag::Emphasis => pieces.extend(inner),
            Tag::Link { dest_url, .. } => {
                let link = link(dest_url)
                    .map_or_else(|| self.refuse(range, Reason::Link { link: dest_url.to_string() }), Ok)?;
                pieces.push(Piece::Inline(Inline::Link(link, inline_only(inner))));
            }
            _ => return self.refuse(range, Reason::Markdown),
        }
        Ok(())
    }
}

fn is_inline(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::Strong | Tag::Emphasis | Tag::Link { .. } | Tag::Image { .. } | Tag::Strikethrough)
}

/// Where a link leads; `None` for nowhere.
fn link(address: &str) -> Option<Link> {
    if address.starts_with("https://") {
        return Some(Link::Web(address.to_owned()));
    }
    let (kind, name) = address.split_once(':')?;
    if name.is_empty() {
        return None;
    }
    match kind {
        "section" => name.parse().ok().map(Link::Section),
        "term" => Some(Link::Term(name.to_owned())),
        "panel" => Some(Link::Panel(name.to_owned())),
        "symbol" => Some(Link::Symbol(name.to_owned())),
        _ => None,
    }
}

fn push_text(pieces: &mut Vec<Piece>, new: &str, style: Style) {
    if let Some(Piece::Inline(Inline::Text { text, bold, italic })) = pieces.last_mut()
        && (*bold, *italic) == (style.bold, style.italic)
    {
        text.push_str(new);
        return;
    }
    pieces.push(Piece::Inline(Inline::Text { text: new.to_owned(), bold: style.bold, italic: style.italic }));
}

/// Where there is no room for a display formula it is an ordinary one.
fn inline_only(pieces: Vec<Piece>) -> Words {
    let inline = |piece| match piece {
        Piece::Inline(inline) => inline,
        Piece::Display(source) => Inline::Formula(source),
    };
    pieces.into_iter().map(inline).collect()
}

fn push_paragraph(blocks: &mut Text, mut words: Words) {
    if let Some(Inline::Text { text, .. }) = words.first_mut() {
        *text = text.trim_start().to_owned();
    }
    if let Some(Inline::Text { text, .. }) = words.last_mut() {
        *text = text.trim_end().to_owned();
    }
    words.retain(|inline| !matches!(inline, Inline::Text { text, .. } if text.is_empty()));
    if !words.is_empty() {
        blocks.push(Block::Paragraph(words));
    }
}
