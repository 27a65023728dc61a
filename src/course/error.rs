//! What can be wrong with a lesson.

use rust_i18n::t;

/// A lesson that cannot be understood: where, and why.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", t!("course.error.lesson", file = file, line = line, reason = reason.to_string()))]
pub struct LessonError {
    /// The file, from the folder of the language.
    pub file: String,
    /// The line in it, from 1.
    pub line: usize,
    /// What is wrong there.
    pub reason: Reason,
}

/// What is wrong with a lesson.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Reason {
    /// The file cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// The first lines are no front matter between `---` lines.
    #[error("{}", t!("course.error.front"))]
    NoFrontMatter,
    /// What should be TOML is none, or has fields that are missing, unknown or of a wrong kind.
    #[error("{0}")]
    Toml(String),
    /// The file's name does not begin with the section's number.
    #[error("{}", t!("course.error.name", id = id))]
    Name {
        /// The number.
        id: String,
    },
    /// A fenced block of a kind that there is not.
    #[error("{}", t!("course.error.kind", kind = kind))]
    Kind {
        /// What stands after the fence.
        kind: String,
    },
    /// A link that leads nowhere.
    #[error("{}", t!("course.error.link", link = link))]
    Link {
        /// As it is written.
        link: String,
    },
    /// Two exercises of the same name, or two terms.
    #[error("{}", t!("course.error.twice", id = id))]
    Twice {
        /// The name.
        id: String,
    },
    /// A number of an answer that is none of the options, or lists that do not belong together.
    #[error("{}", t!("course.error.options"))]
    Options,
    /// A text in a place where there is only room for words, such as an option.
    #[error("{}", t!("course.error.words"))]
    Words,
    /// A condition or a field that cannot be checked.
    #[error("{}", t!("course.error.condition", reason = reason))]
    Condition {
        /// Why not.
        reason: String,
    },
    /// Something that Markdown knows and lessons do not, such as HTML.
    #[error("{}", t!("course.error.markdown"))]
    Markdown,
}
