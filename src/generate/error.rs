//! What can go wrong while a text is continued, each as one sentence that says what to do.

use rust_i18n::t;

use crate::text::TextError;

/// Why a text could not be continued.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The prompt could not be turned into tokens.
    #[error(transparent)]
    Text(#[from] TextError),
    /// There is no text to continue, and the vocabulary has nothing to begin one with.
    #[error("{}", t!("generate.empty_prompt"))]
    EmptyPrompt,
    /// A logit is no finite number: the weights are damaged, or the training has diverged.
    #[error("{}", t!("generate.not_finite"))]
    NotFinite,
}
