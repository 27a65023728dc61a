//! Words as vectors: neighbours, analogies, projections, and vectors that the program trains itself.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::super::error::EngineError;
use super::super::event::Event;
use super::super::job::Job;
use super::super::shared::Common;
use super::LessonResult;
use crate::data::projection::{Method, Plane, Points, pca, project};
use crate::data::vectors::{WordVectors, shipped};
use crate::data::{CorpusRef, corpora};
use crate::train::skip_gram::{self, SkipGramOptions};

/// Whose vectors.
#[derive(Clone, Debug)]
pub enum VectorSource {
    /// Those that ship for a language.
    Shipped(&'static str),
    /// Those that were trained just now.
    Trained(Arc<WordVectors>),
}

impl PartialEq for VectorSource {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Shipped(a), Self::Shipped(b)) => a == b,
            (Self::Trained(a), Self::Trained(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl VectorSource {
    /// The vectors.
    pub fn vectors(&self) -> &WordVectors {
        match self {
            Self::Shipped(language) => shipped(language),
            Self::Trained(vectors) => vectors,
        }
    }
}

/// Words in the plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// Which way.
    pub method: Method,
    /// The words; the person's own first.
    pub words: Arc<Vec<String>>,
    /// How many are the person's own.
    pub own: usize,
    /// Where they are.
    pub plane: Plane,
    /// How far the work is, 0 to 1; 1 when it is done.
    pub share: f32,
    /// Which share of the variance the plane keeps, where it is PCA's.
    pub kept_variance: Option<f64>,
}

/// Words near a word: the words and their cosines.
pub type Near = Vec<(String, f32)>;

fn named(vectors: &WordVectors, found: Vec<(usize, f32)>) -> Near {
    let word = |place: usize| vectors.words().get(place).cloned().unwrap_or_default();
    found.into_iter().map(|(place, cosine)| (word(place), cosine)).collect()
}

/// The neighbours of a word; none of a word that is not there.
pub(super) fn near(source: &VectorSource, word: &str, count: usize) -> LessonResult {
    let vectors = source.vectors();
    let found = vectors.find(word).map(|place| vectors.nearest(vectors.vector(place), count, &[place]));
    LessonResult::Near(named(vectors, found.unwrap_or_default()))
}

/// What is to the third word as the second is to the first.
pub(super) fn analogy(source: &VectorSource, words: &[String; 3], count: usize) -> LessonResult {
    let vectors = source.vectors();
    let places = [0, 1, 2].map(|i| vectors.find(&words[i]));
    let found = match places {
        [Some(a), Some(b), Some(c)] => vectors.analogy([a, b, c], count),
        _ => Vec::new(),
    };
    LessonResult::Analogy(named(vectors, found))
}

/// Projects a person's own words and the most frequent others.
pub(super) fn projection(
    job: &Job,
    source: &VectorSource,
    own: &[String],
    count: usize,
    method: Method,
    seed: u64,
) -> Option<LessonResult> {
    let vectors = source.vectors();
    let mut places: Vec<usize> = own.iter().filter_map(|word| vectors.find(word)).collect();
    places.dedup();
    let known = places.len();
    places.extend((0..vectors.len()).filter(|place| !places[..known].contains(place)).take(count).collect::<Vec<_>>());
    let words: Vec<String> = places.iter().map(|place| vectors.words()[*place].clone()).collect();
    let values: Vec<f32> = places.iter().flat_map(|place| vectors.vector(*place)).copied().collect();
    let points = Points { width: vectors.width(), values: &values };
    let kept = (method == Method::Pca).then(|| pca(points).share.iter().sum());
    let words = Arc::new(words);
    let result = |share: f32, plane: Plane| {
        let projection = Projection { method, words: words.clone(), own: known, plane, share, kept_variance: kept };
        LessonResult::Projection(Arc::new(projection))
    };
    let mut listen = |share: f32, plane: &Plane| {
        job.send(Event::Lesson(job.id, result(share.min(0.999), plane.clone())));
        job.flow()
    };
    project(points, method, seed, &mut listen).map(|plane| result(1.0, plane))
}

/// Trains vectors on a corpus.
pub(super) fn skip_gram(
    common: &Common,
    job: &Job,
    corpus: &CorpusRef,
    options: &SkipGramOptions,
) -> Result<Option<LessonResult>, EngineError> {
    let text = corpora::read(corpus, &common.home)?;
    let mut heard = -1.0f32;
    let listen = |progress: skip_gram::Progress| {
        // At most a hundred events, however long the text is.
        if progress.share - heard >= 0.01 {
            heard = progress.share;
            job.send(Event::Lesson(job.id, LessonResult::SkipGram { progress, vectors: None }));
        }
        job.flow()
    };
    let vectors = skip_gram::train(&text, options, listen);
    let done = skip_gram::Progress { share: 1.0, loss: f32::NAN };
    let answer = |vectors| LessonResult::SkipGram { progress: done, vectors: Some(Arc::new(vectors)) };
    match vectors {
        Some(vectors) => Ok(Some(answer(vectors))),
        None if job.flow() == ControlFlow::Break(()) => Ok(None),
        None => Err(EngineError::TooFewWords),
    }
}
