//! When does a text that is being written contain a stop text, even one that is spread over several tokens?

/// Looks for stop texts in what a model writes, and holds back an end that might be the start of one, so that no part of a
/// stop text is ever shown.
#[derive(Clone, Debug)]
pub struct StopWatch<'a> {
    stops: Vec<&'a str>,
    held: String,
}

/// What may be shown after a piece of text has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Text that belongs to no stop text.
    pub text: String,
    /// Whether a stop text was found right after it; it and what follows are left out.
    pub stopped: bool,
}

impl<'a> StopWatch<'a> {
    /// Watches for these; empty ones are ignored.
    pub fn new(stops: &'a [String]) -> Self {
        let stops = stops.iter().map(String::as_str).filter(|stop| !stop.is_empty()).collect();
        Self { stops, held: String::new() }
    }

    /// The next piece of text. Unless `armed`, stop texts that end in it are taken for plain text.
    pub fn push(&mut self, text: &str, armed: bool) -> Shown {
        self.held.push_str(text);
        if armed && let Some(at) = self.stops.iter().filter_map(|stop| self.held.find(stop)).min() {
            self.held.truncate(at);
            return Shown { text: std::mem::take(&mut self.held), stopped: true };
        }
        let keep = self.held.len() - self.longest_start_of_a_stop();
        let kept_back = self.held.split_off(keep);
        Shown { text: std::mem::replace(&mut self.held, kept_back), stopped: false }
    }

    /// What was held back, once no more text comes.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Length in bytes of the longest end of the held text that a stop text begins with.
    fn longest_start_of_a_stop(&self) -> usize {
        let starts = |stop: &&&str| {
            stop.char_indices().map(|(end, _)| end).filter(|&end| self.held.ends_with(&stop[..end])).max()
        };
        self.stops.iter().filter_map(|stop| starts(&stop)).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds pieces and returns what was shown, and after which piece it stopped.
    fn run(stops: &[&str], pieces: &[&str], armed_from: usize) -> (String, Option<usize>) {
        let stops: Vec<String> = stops.iter().map(|&stop| stop.to_owned()).collect();
        let mut watch = StopWatch::new(&stops);
        let mut text = String::new();
        for (i, piece) in pieces.iter().enumerate() {
            let shown = watch.push(piece, i >= armed_from);
            text.push_str(&shown.text);
            if shown.stopped {
                return (text, Some(i));
            }
        }
        (text + watch.finish().as_str(), None)
    }

    #[test]
    fn across_the_borders_of_tokens() {
        assert_eq!(run(&["\n\n"], &["one", "\n", "\ntwo"], 0), ("one".into(), Some(2)));
        assert_eq!(run(&["END"], &["abEN", "Ecd", "E", "N", "D."], 0), ("abENEcd".into(), Some(4)));
        assert_eq!(run(&["aab"], &["a", "a", "a", "b"], 0), ("a".into(), Some(3)));
        assert_eq!(run(&["ñu"], &["¡Ñañ", "u!"], 0), ("¡Ña".into(), Some(1)));
    }

    #[test]
    fn the_earliest_of_several_wins() {
        assert_eq!(run(&["late", "ear", ""], &["an early late stop"], 0), ("an ".into(), Some(0)));
    }

    #[test]
    fn nothing_is_lost_when_nothing_stops() {
        let (text, stopped) = run(&["xyz", "é!"], &["x", "y", "caf", "é", "? xy"], 0);
        assert_eq!((text.as_str(), stopped), ("xycafé? xy", None));
        assert_eq!(run(&[], &["a", "b"], 0), ("ab".into(), None));
    }

    #[test]
    fn text_that_could_begin_a_stop_waits() {
        let stops = ["stop".to_owned()];
        let mut watch = StopWatch::new(&stops);
        assert_eq!(watch.push("go st", true).text, "go ");
        assert_eq!(watch.push("ay", true).text, "stay");
    }

    #[test]
    fn before_it_is_armed_a_stop_is_plain_text() {
        assert_eq!(run(&["."], &["a.", "b.", "c."], 2), ("a.b.c".into(), Some(2)));
    }
}
