//! Formulas as text: what a screen reader says of one, what is copied of one, and which of its symbols are marked.
//!
//! A formula of a lesson is TeX. `\htmlClass{q}{…}` in it, as KaTeX writes it, marks a symbol: what stands in the second
//! braces lights up together with the part of the figure that is called `q`.

use std::iter::Peekable;
use std::str::Chars;

/// How the mark of a symbol begins.
pub const MARK: &str = r"\htmlClass{";

/// The names of all marked symbols, in the order of the text.
pub fn symbols(source: &str) -> impl Iterator<Item = &str> {
    source.split(MARK).skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name))
}

/// A formula without the marks of its symbols: TeX that can be used anywhere.
pub fn unmarked(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some((before, after)) = rest.split_once(MARK) {
        push(&mut out, before);
        let Some((body, tail)) = marked(after) else {
            out.push_str(MARK);
            rest = after;
            continue;
        };
        let body = unmarked(body);
        // What is raised or lowered after the mark belongs to all that is marked.
        if tail.starts_with(['^', '_', '\'']) && body.chars().count() > 1 {
            out.push_str(&format!("{{{body}}}"));
        } else {
            push(&mut out, &body);
        }
        rest = tail;
    }
    push(&mut out, rest);
    out
}

/// What is marked, and what follows; the name and its mark have been read up to within the first braces.
fn marked(after: &str) -> Option<(&str, &str)> {
    let (_, rest) = after.split_once('}')?;
    let rest = rest.trim_start().strip_prefix('{')?;
    let end = closing(rest)?;
    Some((rest.get(..end)?, rest.get(end + 1..)?))
}

/// Where the brace is closed whose inside this is.
fn closing(inside: &str) -> Option<usize> {
    let (mut depth, mut escaped) = (0usize, false);
    for (at, letter) in inside.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Adds a piece, apart from the name of a command that would otherwise run on into it.
fn push(out: &mut String, piece: &str) {
    let letter = |c: char| c.is_ascii_alphabetic();
    let command = out.rsplit_once('\\').is_some_and(|(_, name)| !name.is_empty() && name.chars().all(letter));
    if command && piece.starts_with(letter) {
        out.push(' ');
    }
    out.push_str(piece);
}

/// A formula as one reads it: `q \cdot k` is `q · k`, `\frac{a}{b}` is `a/b`. What cannot be understood stays as it is.
pub fn readable(source: &str) -> String {
    let mut reader = Reader { letters: source.chars().peekable() };
    reader.all(false).map_or_else(|| source.to_owned(), |text| tidy(&text))
}

/// Signs that are written as commands, and names that are read as they are.
const SIGNS: &[(&str, &str)] = &[
    ("cdot", "·"),
    ("times", "×"),
    ("div", "÷"),
    ("pm", "±"),
    ("le", "≤"),
    ("leq", "≤"),
    ("ge", "≥"),
    ("geq", "≥"),
    ("ne", "≠"),
    ("neq", "≠"),
    ("approx", "≈"),
    ("ll", "≪"),
    ("gg", "≫"),
    ("in", "∈"),
    ("infty", "∞"),
    ("sum", "∑"),
    ("prod", "∏"),
    ("partial", "∂"),
    ("to", "→"),
    ("rightarrow", "→"),
    ("mapsto", "→"),
    ("leftarrow", "←"),
    ("Rightarrow", "⇒"),
    ("Leftarrow", "⇐"),
    ("top", "T"),
    ("prime", "′"),
    ("mid", "|"),
    ("lVert", "‖"),
    ("rVert", "‖"),
    ("lvert", "|"),
    ("rvert", "|"),
    ("dots", "…"),
    ("ldots", "…"),
    ("cdots", "…"),
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("epsilon", "ε"),
    ("varepsilon", "ε"),
    ("eta", "η"),
    ("theta", "θ"),
    ("lambda", "λ"),
    ("mu", "μ"),
    ("pi", "π"),
    ("sigma", "σ"),
    ("tau", "τ"),
    ("phi", "φ"),
    ("omega", "ω"),
    ("Delta", "Δ"),
    ("Sigma", "Σ"),
    ("Omega", "Ω"),
    // Only how large or where something is drawn, which nobody reads.
    ("displaystyle", ""),
    ("textstyle", ""),
    ("limits", ""),
    ("nolimits", ""),
    ("big", ""),
    ("Big", ""),
    ("bigl", ""),
    ("bigr", ""),
    ("left", ""),
    ("right", ""),
    ("middle", ""),
    ("quad", " "),
    ("qquad", " "),
];

/// Commands around letters, of which only the letters are read.
const FACES: &[&str] = &[
    "operatorname",
    "text",
    "textbf",
    "textit",
    "mathrm",
    "mathbf",
    "mathit",
    "mathsf",
    "mathtt",
    "mathcal",
    "mathbb",
    "boldsymbol",
    "mathord",
];

struct Reader<'a> {
    letters: Peekable<Chars<'a>>,
}

impl Reader<'_> {
    /// Everything up to the end, or to the end of a group; `None` where a brace has no partner.
    fn all(&mut self, in_group: bool) -> Option<String> {
        let mut out = String::new();
        loop {
            match self.letters.next() {
                None if in_group => return None,
                None => return Some(out),
                Some('}') if in_group => return Some(out),
                Some('}') => return None,
                Some(letter) => out.push_str(&self.piece(letter)?),
            }
        }
    }

    fn piece(&mut self, letter: char) -> Option<String> {
        Some(match letter {
            '{' => self.all(true)?,
            '\\' => self.command()?,
            '_' => script('_', &self.argument()?),
            '^' => script('^', &self.argument()?),
            '-' => "−".to_owned(),
            '\'' => "′".to_owned(),
            '&' | '~' => " ".to_owned(),
            other => other.to_string(),
        })
    }

    /// What a command or a script takes: a group, a command, or one letter.
    fn argument(&mut self) -> Option<String> {
        self.spaced_argument().map(|text| tidy(&text))
    }

    /// The same with the spaces at its ends, which count in words.
    fn spaced_argument(&mut self) -> Option<String> {
        while self.letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        match self.letters.next()? {
            '}' | '_' | '^' | '&' => None,
            letter => self.piece(letter),
        }
    }

    fn command(&mut self) -> Option<String> {
        let mut name = String::new();
        while let Some(letter) = self.letters.next_if(char::is_ascii_alphabetic) {
            name.push(letter);
        }
        if name.is_empty() {
            return Some(match self.letters.next()? {
                '\\' => "; ".to_owned(),
                '!' => String::new(),
                ',' => "\u{202F}".to_owned(),
                ':' | ';' | ' ' => " ".to_owned(),
                '|' => "‖".to_owned(),
                sign => sign.to_string(),
            });
        }
        if let Some((_, sign)) = SIGNS.iter().find(|(known, _)| *known == name) {
            // A full stop stands for a bracket that is not there.
            if matches!(name.as_str(), "left" | "right") {
                self.letters.next_if_eq(&'.');
            }
            return Some((*sign).to_owned());
        }
        if FACES.contains(&name.as_str()) {
            self.letters.next_if_eq(&'*');
            return self.spaced_argument();
        }
        Some(match name.as_str() {
            "frac" | "tfrac" | "dfrac" => {
                let above = self.argument()?;
                format!("{}/{}", wrapped(above), wrapped(self.argument()?))
            }
            "sqrt" => format!("√{}", wrapped(self.argument()?)),
            "htmlClass" => {
                self.argument()?;
                self.argument()?
            }
            "begin" => {
                self.argument()?;
                "[".to_owned()
            }
            "end" => {
                self.argument()?;
                "]".to_owned()
            }
            // `log`, `max` and whatever else is a word. A group after it is not to run into it.
            _ if self.letters.peek() == Some(&'{') => format!("{name} "),
            _ => name,
        })
    }
}

/// What is lowered or raised: by small digits where there are such, else behind its sign.
fn script(sign: char, text: &str) -> String {
    let small: Option<String> = text.chars().map(|letter| small(sign, letter)).collect();
    match small {
        Some(small) => small,
        None if text.chars().all(char::is_alphanumeric) || text.chars().count() == 1 => format!("{sign}{text}"),
        None => format!("{sign}({text})"),
    }
}

fn small(sign: char, letter: char) -> Option<char> {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digit = letter.to_digit(10);
    match (sign, letter) {
        ('_', 'i') => Some('ᵢ'),
        ('_', 'j') => Some('ⱼ'),
        ('_', 'k') => Some('ₖ'),
        ('_', '+') => Some('₊'),
        ('_', '−') => Some('₋'),
        ('^', '+') => Some('⁺'),
        ('^', '−') => Some('⁻'),
        ('^', '′') => Some('′'),
        ('_', _) => digit.and_then(|digit| char::from_u32(0x2080 + digit)),
        _ => digit.and_then(|digit| RAISED.get(digit as usize).copied()),
    }
}

/// In brackets, unless it is one word or number.
fn wrapped(text: String) -> String {
    if text.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '∞' | '√')) {
        text
    } else {
        format!("({text})")
    }
}

/// One space between words, none around.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split([' ', '\n', '\t']).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_read_as_one_says_them() {
        for (source, text) in [
            (r"q \cdot k", "q · k"),
            (r"a_{ij} = \frac{e^{s_{ij}}}{\sum_k e^{s_{ik}}}", "aᵢⱼ = (e^sᵢⱼ)/(∑ₖ e^sᵢₖ)"),
            (r"\operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{d_k}}\right) V", "softmax((Q K^T)/√dₖ) V"),
            (r"\log_2 3 = 1.58", "log₂ 3 = 1.58"),
            (r"4 \cdot (128^2 + 128) = 4 \cdot 16\,512", "4 · (128² + 128) = 4 · 16\u{202F}512"),
            (r"W_Q \approx -\infty", "W_Q ≈ −∞"),
            (r"e^{-x}, \tfrac12", "e^(−x), 1/2"),
            (r"\htmlClass{q}{q}\,W_{42}", "q\u{202F}W₄₂"),
            (r"s_{ij} \leftarrow -\infty \ \text{ si } j > i", "sᵢⱼ ← −∞ si j > i"),
            (r"x\text{ if }y", "x if y"),
            (r"\lVert x \rVert = 5\%", "‖ x ‖ = 5%"),
            (r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}", "[ 1 0 ; 0 1 ]"),
            (r"\unknown{x}", "unknown x"),
        ] {
            assert_eq!(readable(source), text, "{source}");
        }
    }

    #[test]
    fn what_is_broken_stays_as_it_is() {
        for broken in [r"\frac{1", "}{", "x^", r"\sqrt", "a_}", "{"] {
            assert_eq!(readable(broken), broken);
        }
    }

    #[test]
    fn marks_are_named_and_taken_away() {
        let source = r"\htmlClass{c}{c} = \sum_j \htmlClass{a}{a_j}\,\htmlClass{k}{k_{j}}";
        assert_eq!(symbols(source).collect::<Vec<_>>(), ["c", "a", "k"]);
        assert_eq!(unmarked(source), r"c = \sum_j a_j\,k_{j}");
        assert_eq!(unmarked(r"q \cdot\htmlClass{k}{k}"), r"q \cdot k", "a command and a letter stay apart");
        assert_eq!(unmarked(r"\htmlClass{s}{\sigma}x"), r"\sigma x");
        assert_eq!(unmarked(r"\htmlClass{w}{W_Q}^\top"), r"{W_Q}^\top");
        assert_eq!(unmarked(r"\htmlClass{a}{x\htmlClass{b}{y}}"), "xy");
        assert_eq!(unmarked(r"\htmlClass{a}{x"), r"\htmlClass{a}{x", "a broken mark stays");
        assert_eq!(unmarked(r"\frac{1}{2}"), r"\frac{1}{2}");
    }
}
