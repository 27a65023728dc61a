//! Which jobs are there, and which one gives way to which? Of every kind of work one job at a time, so that a slider that
//! is dragged asks for a hundred pictures and gets the last.

use std::collections::HashMap;

use super::command::{Command, JobId};
use super::hub::HubRequest;
use super::job::{Job, Outbox};
use super::lesson::LessonKind;

/// Kinds of work of which a newer job replaces the older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Load,
    Generate,
    Beams,
    Score,
    NextToken,
    Attention,
    Positions,
    Curves,
    Dots,
    Lesson(LessonKind),
    Train,
    ReadCorpus,
    Download,
    OpenRun,
    HubList,
    HubSearch,
    /// Each download of a model for itself: another one does not take its place.
    HubDownload(JobId),
}

/// The jobs that have not ended.
pub(super) struct Jobs {
    out: Outbox,
    /// The latest of every kind.
    latest: HashMap<Kind, Job>,
    /// Those that nothing replaces: files to write, runs to delete.
    others: Vec<Job>,
}

/// The job of a command, and what newer ones it gives way to. Nothing for commands that are no jobs.
fn job_of(command: &Command) -> Option<(JobId, Option<Kind>)> {
    Some(match command {
        Command::LoadModel(id, ..) => (*id, Some(Kind::Load)),
        Command::Generate(id, ..) => (*id, Some(Kind::Generate)),
        Command::SearchBeams(id, ..) => (*id, Some(Kind::Beams)),
        Command::ScoreText(id, ..) => (*id, Some(Kind::Score)),
        Command::NextToken(id, ..) => (*id, Some(Kind::NextToken)),
        Command::CaptureAttention(id, ..) => (*id, Some(Kind::Attention)),
        Command::Positions(id, ..) => (*id, Some(Kind::Positions)),
        Command::PositionCurves(id, ..) => (*id, Some(Kind::Curves)),
        Command::PositionDots(id, ..) => (*id, Some(Kind::Dots)),
        Command::Lesson(id, request) => (*id, Some(Kind::Lesson(request.kind()))),
        Command::Train(id, ..) | Command::ContinueRun(id, ..) => (*id, Some(Kind::Train)),
        Command::ReadCorpus(id, ..) => (*id, Some(Kind::ReadCorpus)),
        Command::Download(id, ..) => (*id, Some(Kind::Download)),
        Command::OpenRun(id, ..) => (*id, Some(Kind::OpenRun)),
        Command::OpenHistory(id) | Command::KeepHistory(id, _) => (*id, None),
        Command::Hub(id, HubRequest::List) => (*id, Some(Kind::HubList)),
        Command::Hub(id, HubRequest::Search(_)) => (*id, Some(Kind::HubSearch)),
        Command::Hub(id, HubRequest::Download(..)) => (*id, Some(Kind::HubDownload(*id))),
        Command::DeleteRun(id, ..) | Command::WriteFile(id, ..) | Command::Hub(id, HubRequest::Delete(_)) => {
            (*id, None)
        }
        Command::ProbeDevices
        | Command::UseDevice(_)
        | Command::UseThreads { .. }
        | Command::UseStorage(_)
        | Command::Control(..)
        | Command::ListRuns
        | Command::Hub(_, HubRequest::Use(_))
        | Command::Cancel(_) => return None,
    })
}

impl Jobs {
    pub fn new(out: Outbox) -> Self {
        Self { out, latest: HashMap::new(), others: Vec::new() }
    }

    /// The job of a command, which takes the place of an older one of its kind. An errand of the engine's own for commands
    /// that are no jobs.
    pub fn begin(&mut self, command: &Command) -> Job {
        let Some((id, kind)) = job_of(command) else { return self.errand() };
        let job = Job::new(id, self.out.clone());
        match kind {
            Some(kind) => {
                if let Some(older) = self.latest.insert(kind, job.clone()) {
                    older.replace();
                }
                self.latest.retain(|kind, job| !(matches!(kind, Kind::HubDownload(_)) && job.over()));
            }
            None => {
                self.others.retain(|other| !other.over());
                self.others.push(job.clone());
            }
        }
        job
    }

    /// Work that nobody asked for by number.
    pub fn errand(&self) -> Job {
        Job::new(super::job::ERRAND, self.out.clone())
    }

    /// The person stops a job.
    pub fn cancel(&self, id: JobId) {
        self.all().filter(|job| job.id == id).for_each(Job::cancel);
    }

    /// The engine ends: what nobody can see any more stops. Files that the person asked for are still written.
    pub fn wind_down(&self) {
        self.latest.values().for_each(Job::cancel);
    }

    fn all(&self) -> impl Iterator<Item = &Job> {
        self.latest.values().chain(&self.others)
    }
}
