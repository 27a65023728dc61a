//! From logits to text: the sampling pipeline, stop conditions, beam search, the score of a text, and the K/V cache's use.
//!
//! Every step means what it means in `transformers` (5.24), in the same order; tests compare sets, probabilities, sequences
//! and scores with it.
//!
//! | step | in `transformers` | here |
//! |---|---|---|
//! | repetition penalty (Keskar et al. 2019) | `RepetitionPenaltyLogitsProcessor` | [`sampling::Step::RepetitionPenalty`] |
//! | least length | `MinLengthLogitsProcessor` | [`GenerateRequest::min_length`], [`sampling::Step::LeastLength`] |
//! | least number of new tokens | `MinNewTokensLengthLogitsProcessor` | [`GenerateRequest::min_new_tokens`], the same step |
//! | ÷ temperature | `TemperatureLogitsWarper` | [`sampling::Step::Temperature`] |
//! | top-k (Fan et al. 2018) | `TopKLogitsWarper` | [`sampling::Step::TopK`] |
//! | top-p (Holtzman et al. 2020) | `TopPLogitsWarper` | [`sampling::Step::TopP`] |
//! | min-p (Nguyen et al. 2024) | `MinPLogitsWarper` | [`sampling::Step::MinP`] |
//! | softmax and draw | `softmax`, `torch.multinomial` in `GenerationMixin._sample` | [`sampling::draw`] |
//! | greedy | `argmax` in `GenerationMixin._sample`, `do_sample=False` | [`SamplingOptions::GREEDY`] |
//! | most new tokens | `MaxLengthCriteria` | [`StopReason::MaxTokens`] |
//! | end of text | `EosTokenCriteria` | [`StopReason::EndOfText`] |
//! | stop texts | `StopStringCriteria` | [`stop::StopWatch`], [`StopReason::StopText`] |
//! | beam search | `GenerationMixin._beam_search` | [`beam::search`] |
//! | K/V cache of the beams | `Cache.reorder_cache` | [`crate::nn::Beams`] |
//! | length penalty, early stopping | `length_penalty`, `early_stopping` | [`beam::BeamRequest`] |
//! | log-probabilities of what was written | `compute_transition_scores` | [`GeneratedToken::logprob`] |
//! | score of a text | `log_softmax` of `model(ids).logits`, gathered at the next ids | [`score::score`] |
//!
//! Three things differ on purpose. The numbers that are drawn are our own, so a seed gives another text here than there. The
//! least length holds back stop texts too, not only the end token. And a stop text is never part of the text that is shown,
//! where `transformers` leaves it in.

pub mod beam;
mod error;
mod pen;
mod preset;
mod request;
mod run;
pub mod sampling;
pub mod score;
pub mod stop;
#[cfg(test)]
mod tests;
mod token;
mod window;

pub use beam::{BeamNode, BeamRequest, BeamSearch, BeamSequence, BeamStep, EarlyStopping, Fate};
pub use error::GenerateError;
pub use preset::{Preset, PresetValues};
pub use request::{GenerateRequest, SamplingOptions, WhenFull, any_seed};
pub use run::{Generation, Listener, Silent, generate};
pub use score::{TextScore, TokenScore};
pub use token::{ALTERNATIVES, Alternative, GeneratedToken, StopReason};
pub use window::{next_logits, prompt_ids};
