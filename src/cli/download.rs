//! `telar download`: fetches a model from the hub, so that it is there without the net afterwards.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use rust_i18n::t;
use serde::Serialize;

use super::Shared;
use super::interrupt::Interrupt;
use crate::data::Home;
use crate::hub::remote::{self, Access, Now, Pace, RemoteError, library};
use crate::hub::{self, HubError};
use crate::widgets::number;

/// Progress is told at most this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// Which model.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_name = "M", allow_hyphen_values = true)]
    model: String,
}

/// What stdout holds with `--json`: lines of progress, and at the end the result.
#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Progress {
        event: &'static str,
        done: u64,
        total: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        waiting_s: Option<f64>,
    },
    End {
        path: &'a Path,
        revision: &'a str,
        bytes: u64,
    },
}

/// Downloads, or goes on with a download that was stopped. Ctrl-C stops it; what has come is kept.
///
/// # Errors
/// As a sentence: a name that is none, a hub that cannot be reached or does not have it, a file that is not what it should
/// be, a folder that cannot be written to.
pub fn run(args: &Args, shared: &Shared) -> anyhow::Result<()> {
    let home = Home::locate()?;
    let (repository, revision) =
        hub::remote_name(&args.model).ok_or_else(|| RemoteError::BadName(args.model.clone()))?;
    let interrupt = Interrupt::watch();
    let mut teller = Teller { shared, pace: Pace::default(), told: None, failed: None };
    let done = remote::download(&Access::from_env(), &home, repository, revision, &mut |now| {
        teller.hear(now);
        let go_on = teller.failed.is_none() && !interrupt.requested();
        if go_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    if teller.told.is_some() && !shared.json {
        eprintln!();
    }
    if let Some(error) = teller.failed {
        return Err(error);
    }
    let model = done?;
    let manifest = library::resolve(&home, &model).map_err(HubError::from)?;
    let path = library::folder(&home, repository);
    let bytes = manifest.bytes();
    if shared.json {
        return shared.print_json(&Line::End { path: &path, revision: &model.revision, bytes });
    }
    let (bytes, path) = (number::bytes(bytes), path.display());
    let end = t!("cli.download.end", model = repository, bytes = bytes, path = path, revision = model.revision);
    shared.print_text(&format!("{end}\n"))
}

/// Says how far it is: as JSON on stdout, for a person on stderr.
struct Teller<'a> {
    shared: &'a Shared,
    pace: Pace,
    told: Option<Instant>,
    failed: Option<anyhow::Error>,
}

impl Teller<'_> {
    fn hear(&mut self, now: Now) {
        let due = self.told.is_none_or(|at| at.elapsed() >= PROGRESS_EVERY);
        let over = now.total == Some(now.done);
        if !(due || over) || (now.total.is_none() && now.waiting.is_none()) {
            return;
        }
        self.told = Some(Instant::now());
        self.pace.saw(Instant::now(), now.done);
        if self.shared.json {
            let waiting_s = now.waiting.map(|wait| wait.as_secs_f64());
            let line = Line::Progress { event: "progress", done: now.done, total: now.total, waiting_s };
            self.failed = self.shared.print_json(&line).err();
        } else {
            eprint!("\r{:<78}", self.words(now));
        }
    }

    fn words(&self, now: Now) -> String {
        if let Some(wait) = now.waiting {
            return t!("models.waiting", time = number::duration(wait.as_secs_f64().ceil())).into_owned();
        }
        let total = now.total.map_or_else(|| "?".to_owned(), number::bytes);
        let mut words = t!("models.arrived", done = number::bytes(now.done), total = total).into_owned();
        if let Some(rate) = self.pace.rate() {
            words = format!("{words} · {}/s", number::bytes(rate as u64));
        }
        let left = now.total.and_then(|total| self.pace.seconds_for(total.saturating_sub(now.done)));
        if let Some(left) = left {
            words = format!("{words} · {}", t!("models.left", time = number::duration(left)));
        }
        words
    }
}
