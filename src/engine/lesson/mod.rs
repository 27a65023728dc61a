//! What is computed for the pages of the course: one variant and one file a kind of work.
//!
//! This file only names the kinds and passes them on. Code cells have a thread of their own, so that one never waits for
//! a figure's projection, nor a figure for a cell.

mod altered;
pub mod cell;
mod guesses;
mod losses;
mod outlook;
mod pair;
mod patches;
mod speed;
mod spread;
mod words;

use std::mem::{Discriminant, discriminant};
use std::rc::Rc;
use std::sync::Arc;

use super::error::EngineError;
use super::event::{AttentionCapture, Event};
use super::inference::attention::{capture, ids};
use super::inference::cache::{Cache, Model};
use super::job::Job;
use super::shared::Common;
use super::worker::Worker;
use crate::course::cells::CellReport;
use crate::data::CorpusRef;
use crate::data::projection::Method;
use crate::data::vectors::WordVectors;
use crate::generate::prompt_ids;
use crate::hub::ModelRef;
use crate::train::recall::{Recall, RecallOptions, recall};
use crate::train::skip_gram::{Progress, SkipGramOptions};

pub use altered::{Ablated, Masked};
pub use guesses::WordGuess;
pub use losses::TextLoss;
pub use outlook::NextToken;
pub use pair::HeadVectors;
pub use patches::{Patches, PictureSource};
pub use speed::Speed;
pub use spread::{SPREAD_KEYS, Softened, Spread};
pub use words::{Near, Projection, VectorSource};

/// What a page of the course asks for.
#[derive(Clone, Debug)]
pub enum LessonRequest {
    /// Run a code cell and compare it with its task ([`LessonResult::Cell`]).
    RunCell {
        /// Name of the task, as in a lesson's `task = "…"`.
        task: String,
        /// What the learner wrote.
        source: String,
    },
    /// Put the learner's function in the place of that part of a model ([`LessonResult::CellInModel`]).
    RunCellInModel {
        /// Name of the task.
        task: String,
        /// What the learner wrote.
        source: String,
        /// Which model.
        model: ModelRef,
        /// The text that it reads.
        text: String,
    },
    /// The logits after each of some texts ([`LessonResult::NextTokens`]).
    NextTokens(Vec<(ModelRef, String)>),
    /// What each token of some texts costs a model ([`LessonResult::TokenLosses`]).
    TokenLosses(Vec<(ModelRef, String)>),
    /// What a model guesses for every word of a text but the first few ([`LessonResult::WordGuess`], one a word).
    WordGuesses {
        /// Which model.
        model: ModelRef,
        /// Words, apart by single spaces.
        text: String,
        /// So many words are given.
        given: usize,
    },
    /// How far scores of random vectors spread ([`LessonResult::Spread`]).
    Spread {
        /// Width of the vectors.
        d: usize,
        /// Seed of the vectors.
        seed: u64,
    },
    /// A model with another mask ([`LessonResult::Masked`]).
    Masked {
        /// Which model.
        model: ModelRef,
        /// The text, of which the first tokens are taken.
        text: String,
        /// So many tokens.
        tokens: usize,
        /// Row i may look at column j, row-major, `tokens × tokens`.
        allowed: Vec<bool>,
        /// Whether weights are multiplied by 0 after the softmax instead of scores filled before it.
        after_softmax: bool,
    },
    /// A model without one of its heads ([`LessonResult::Ablated`]).
    Ablated {
        /// Which model.
        model: ModelRef,
        /// The text.
        text: String,
        /// Layer and head, from 0.
        head: (usize, usize),
    },
    /// The attention of every layer and head on a text ([`LessonResult::Attention`]).
    Attention(ModelRef, String),
    /// Queries and keys of one head on a text ([`LessonResult::HeadVectors`]).
    HeadVectors {
        /// Which model.
        model: ModelRef,
        /// The text.
        text: String,
        /// Layer and head, from 0.
        head: (usize, usize),
    },
    /// The words nearest to a word ([`LessonResult::Near`]).
    Near(VectorSource, String, usize),
    /// What is to the third word as the second is to the first ([`LessonResult::Analogy`]).
    Analogy(VectorSource, [String; 3], usize),
    /// Words in the plane ([`LessonResult::Projection`], many of them on the way).
    Project {
        /// Whose vectors.
        source: VectorSource,
        /// The person's own words.
        own: Vec<String>,
        /// So many of the most frequent others.
        count: usize,
        /// Which way.
        method: Method,
        /// Seed of what is drawn.
        seed: u64,
    },
    /// Train word vectors on a corpus ([`LessonResult::SkipGram`], many of them on the way).
    SkipGram(CorpusRef, SkipGramOptions),
    /// A picture in patches of so many pixels, and how alike they are ([`LessonResult::Patches`]).
    Patches(PictureSource, usize),
    /// Train networks that say a sentence again, one after the other ([`LessonResult::Recall`], many on the way).
    Recall(Vec<RecallOptions>),
    /// How fast every device multiplies matrices of so many rows ([`LessonResult::Speed`], many of them on the way).
    Speed(usize),
}

/// What was computed.
#[derive(Clone, Debug)]
pub enum LessonResult {
    /// How a code cell did.
    Cell(Arc<CellReport>),
    /// What the model says with the learner's function inside.
    CellInModel(Arc<cell::InModelReport>),
    /// In the order of the request.
    NextTokens(Vec<NextToken>),
    /// In the order of the request.
    TokenLosses(Vec<TextLoss>),
    /// One more word, by its place in the text; `None` at the end.
    WordGuess(Option<(usize, WordGuess)>),
    /// Scores with and without the factor.
    Spread(Arc<Spread>),
    /// What the mask does.
    Masked(Arc<Masked>),
    /// What the head was good for.
    Ablated(Ablated),
    /// The attention of a text.
    Attention(Arc<AttentionCapture>),
    /// What a head compares.
    HeadVectors(Arc<HeadVectors>),
    /// Words and cosines, the nearest first; none for a word that has no vector.
    Near(Near),
    /// Likewise.
    Analogy(Near),
    /// Words in the plane; the last one has the share 1.
    Projection(Arc<Projection>),
    /// How far the training is, and at its end the vectors.
    SkipGram {
        /// How far.
        progress: Progress,
        /// The vectors, at the end.
        vectors: Option<Arc<WordVectors>>,
    },
    /// A picture in patches.
    Patches(Arc<Patches>),
    /// What a network can do by now; `None` at the end.
    Recall(Option<Arc<Recall>>),
    /// A measurement; `None` at the end.
    Speed(Option<Speed>),
}

/// Tells kinds of work apart: a newer job replaces an older one of the same kind.
pub(super) type LessonKind = Discriminant<LessonRequest>;

impl LessonRequest {
    /// See [`LessonKind`].
    pub(super) fn kind(&self) -> LessonKind {
        discriminant(self)
    }
}

/// The state of a thread that works for lessons.
pub(super) struct Lessons {
    /// Models on the device in use, held while they are asked for.
    pub models: Cache,
    /// What all threads of the engine see.
    pub common: Common,
}

/// The threads.
pub(super) struct LessonWorkers {
    cells: Worker<Lessons>,
    figures: Worker<Lessons>,
    /// What takes seconds: nothing else of a figure waits for it.
    long: Worker<Lessons>,
}

impl LessonWorkers {
    pub fn start(common: &Common) -> Result<Self, EngineError> {
        let start = |name: &str| -> Result<Worker<Lessons>, EngineError> {
            let common = common.clone();
            let make = move || Lessons { models: Cache::new(common.clone()), common: common.clone() };
            Ok(Worker::start(name, make)?.0)
        };
        Ok(Self { cells: start("cells")?, figures: start("lessons")?, long: start("lessons long")? })
    }

    /// Passes a request on to its thread.
    pub fn give(&self, job: Job, request: LessonRequest) {
        let thread = match request {
            LessonRequest::RunCell { .. } | LessonRequest::RunCellInModel { .. } => &self.cells,
            LessonRequest::Project { .. }
            | LessonRequest::SkipGram(..)
            | LessonRequest::Recall(_)
            | LessonRequest::Speed(_) => &self.long,
            _ => &self.figures,
        };
        thread.give(job, |lessons, job| {
            if let Some(result) = lessons.work(job, request)? {
                job.send(Event::Lesson(job.id, result));
            }
            Ok(())
        });
    }
}

/// Which part of a text a figure looks at.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// So many of its first tokens.
    First(usize),
    /// What the attention of the text is drawn of.
    Attended,
}

impl Lessons {
    /// A model, and the ids of a part of a text in its tokens.
    ///
    /// # Errors
    /// If there is no such model, or it cannot read the text.
    fn open(
        &mut self,
        job: &Job,
        model: &ModelRef,
        text: &str,
        part: Part,
    ) -> Result<(Rc<Model>, Vec<u32>), EngineError> {
        let model = self.models.get(model, job)?;
        let ids = match part {
            Part::First(most) => {
                let mut ids = prompt_ids(model.runner.model().config(), &model.vocabulary.tokenizer, text)?;
                ids.truncate(most);
                ids
            }
            Part::Attended => ids(&model, text)?.0,
        };
        Ok((model, ids))
    }

    /// Does the work of a request; nothing if it was given up because nobody wants it any more. Work in several steps may
    /// send events of its own on the way.
    fn work(&mut self, job: &Job, request: LessonRequest) -> Result<Option<LessonResult>, EngineError> {
        match request {
            LessonRequest::RunCell { task, source } => Ok(cell::run(job, &task, &source)),
            LessonRequest::RunCellInModel { task, source, model, text } => {
                cell::run_in_model(self, job, &task, &source, &model, &text)
            }
            LessonRequest::NextTokens(texts) => outlook::after_each(self, job, &texts),
            LessonRequest::TokenLosses(texts) => losses::of_each(self, job, &texts),
            LessonRequest::WordGuesses { model, text, given } => guesses::words(self, job, &model, &text, given),
            LessonRequest::Spread { d, seed } => Ok(Some(LessonResult::Spread(Arc::new(spread::spread(d, seed))))),
            LessonRequest::Masked { model, text, tokens, allowed, after_softmax } => {
                altered::masked(self, job, &model, &text, tokens, allowed, after_softmax)
            }
            LessonRequest::Ablated { model, text, head } => altered::ablated(self, job, &model, &text, head),
            LessonRequest::Near(source, word, count) => Ok(Some(words::near(&source, &word, count))),
            LessonRequest::Analogy(source, words, count) => Ok(Some(words::analogy(&source, &words, count))),
            LessonRequest::Project { source, own, count, method, seed } => {
                Ok(words::projection(job, &source, &own, count, method, seed))
            }
            LessonRequest::SkipGram(corpus, options) => words::skip_gram(&self.common, job, &corpus, &options),
            LessonRequest::Patches(source, patch) => patches::patches(&source, patch).map(Some),
            LessonRequest::Recall(all) => Ok(train_recall(job, &all)),
            LessonRequest::Speed(n) => speed::measure(job, n),
            LessonRequest::HeadVectors { model, text, head } => pair::vectors(self, job, &model, &text, head),
            LessonRequest::Attention(model, text) => {
                let capture = capture(&*self.models.get(&model, job)?, &text)?;
                Ok(Some(LessonResult::Attention(Arc::new(capture))))
            }
        }
    }
}

/// Trains one network after the other.
fn train_recall(job: &Job, all: &[RecallOptions]) -> Option<LessonResult> {
    let tell = |recall| job.send(Event::Lesson(job.id, LessonResult::Recall(Some(Arc::new(recall)))));
    for options in all {
        let last = recall(options, |recall| {
            tell(recall);
            job.flow()
        });
        tell(last?);
    }
    Some(LessonResult::Recall(None))
}
