//! How likely does a model find a text? Every token's probability after those before it, its rank, and what the model would
//! rather have read.

use serde::Serialize;

use super::sampling::Judged;

/// One token of a text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TokenScore {
    /// Its id.
    pub id: u32,
    /// Its text by itself, as in [`crate::text::Tokenizer::pieces`].
    pub piece: String,
    /// First byte in the text and one past the last.
    pub span: (usize, usize),
    /// What the model says; nothing for the first token, which nothing stands before.
    pub judged: Option<Judged>,
}

/// A text as a model reads it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TextScore {
    /// Its tokens.
    pub tokens: Vec<TokenScore>,
    /// How many tokens were judged: all but the first.
    pub judged: usize,
    /// Mean of −ln p over the judged tokens, in nats: the model's loss on this text. None where nothing was judged.
    pub loss: Option<f64>,
    /// e^loss: among how many equally likely tokens the model would have had to choose on average.
    pub perplexity: Option<f64>,
}
