//! Tokens become text that can be shown, until something ends it.

use super::StopReason;
use super::stop::StopWatch;
use crate::text::{StreamDecoder, Tokenizer};

/// Writes one text.
#[derive(Clone)]
pub(super) struct Pen<'a> {
    ends: &'a [u32],
    stream: StreamDecoder<'a>,
    watch: StopWatch<'a>,
}

impl<'a> Pen<'a> {
    /// Goes on after a prompt.
    pub fn new(tokenizer: &'a Tokenizer, prompt: &str, stop: &'a [String]) -> Self {
        let stream = StreamDecoder::after(tokenizer, prompt);
        Self { ends: tokenizer.ends(), stream, watch: StopWatch::new(stop) }
    }

    /// The text that a new token lets be shown, and whether the text ends with it. Unless `armed`, stop texts are plain
    /// text. `last` is why this token is the last one in any case. With the last one everything that was held back comes.
    pub fn write(&mut self, id: u32, armed: bool, last: Option<StopReason>) -> (String, Option<StopReason>) {
        if self.ends.contains(&id) {
            return (self.rest(), Some(StopReason::EndOfText));
        }
        let piece = self.stream.push(id);
        let mut shown = self.watch.push(&piece, armed);
        if shown.stopped {
            return (shown.text, Some(StopReason::StopText));
        }
        if last.is_some() {
            shown.text.push_str(&self.rest());
        }
        (shown.text, last)
    }

    /// What the stream and the watch for stop texts still hold.
    pub fn rest(&mut self) -> String {
        let unfinished = self.stream.finish();
        // A stop text cannot end in the sign for a character that was never completed, so nothing is watched for.
        let shown = self.watch.push(&unfinished, false).text;
        shown + self.watch.finish().as_str()
    }
}
