//! The thread that commands reach first. It names jobs, lets older ones give way, and passes the work on; it never works
//! itself, so no command waits for another.

use crossbeam_channel::{Receiver, Sender, select, unbounded};

use super::chooser::Chooser;
use super::command::{Command, JobId, TrainControl};
use super::corpora;
use super::event::Event;
use super::files::Files;
use super::hub::{self, Hub, HubRequest};
use super::inference::InferenceWorker;
use super::job::Job;
use super::jobs::Jobs;
use super::lesson::LessonWorkers;
use super::positions;
use super::shared::Common;
use super::threads;
use super::training::{Begin, Training};
use super::worker::Worker;

/// All threads that work.
pub(super) struct Workers {
    pub chooser: Worker<Chooser>,
    pub inference: InferenceWorker,
    pub training: Worker<Training>,
    pub files: Worker<Files>,
    pub corpora: Worker<Common>,
    pub downloads: Worker<Common>,
    /// Downloads of models, one after the other.
    pub models: Worker<Common>,
    /// Questions to the hub that are answered in a moment.
    pub searches: Worker<Common>,
    pub positions: Worker<()>,
    pub lesson: LessonWorkers,
}

/// Where each command goes.
pub(super) struct Router {
    pub jobs: Jobs,
    pub workers: Workers,
    pub hub: Hub,
    /// The way to the training that was begun last.
    pub controls: Option<(JobId, Sender<TrainControl>)>,
}

impl Router {
    /// Serves until the other end of `open` is dropped, or nobody can send commands any more.
    pub fn serve(mut self, commands: &Receiver<Command>, open: &Receiver<()>) {
        loop {
            select! {
                recv(commands) -> command => match command {
                    Ok(command) => self.route(command),
                    Err(_) => break,
                },
                recv(open) -> _ => break,
            }
        }
        // What was asked for just before, such as a file to write, is still taken up.
        while let Ok(command) = commands.try_recv() {
            self.route(command);
        }
        self.jobs.wind_down();
    }

    fn route(&mut self, command: Command) {
        let job = self.jobs.begin(&command);
        let workers = &self.workers;
        match command {
            Command::ProbeDevices => workers.chooser.give(job, |chooser, _| chooser.probe()),
            Command::UseDevice(wish) => workers.chooser.give(job, move |chooser, _| chooser.choose(&wish)),
            Command::UseThreads { wish, in_front } => {
                workers.chooser.give(job, move |_, _| {
                    threads::adapt(wish, in_front);
                    Ok(())
                });
            }
            Command::UseStorage(storage) => workers.inference.store(job, storage),
            Command::LoadModel(_, model) => workers.inference.load(job, model),
            Command::Generate(_, model, request) => workers.inference.generate(job, model, request),
            Command::SearchBeams(_, model, request) => workers.inference.search_beams(job, model, request),
            Command::ScoreText(_, model, text) => workers.inference.score(job, model, text),
            Command::NextToken(_, model, text) => workers.inference.next_token(job, model, text),
            Command::CaptureAttention(_, model, text) => workers.inference.attention(job, model, text),
            Command::Positions(..) | Command::PositionCurves(..) | Command::PositionDots(..) => {
                self.route_positions(job, command);
            }
            Command::Lesson(_, request) => workers.lesson.give(job, request),
            Command::Train(_, spec) => self.train(job, Begin::New(spec)),
            Command::ContinueRun(_, run, steps) => self.train(job, Begin::Continue(run, steps)),
            Command::Control(id, control) => self.control(id, control),
            Command::ReadCorpus(_, corpus) => {
                workers.corpora.give(job, move |common, job| corpora::read(job, &common.home, corpus));
            }
            Command::Download(_, name) => {
                workers.downloads.give(job, move |common, job| corpora::download(job, &common.home, &name));
            }
            Command::ListRuns => workers.files.give(job, |files, _| files.list_runs()),
            Command::OpenRun(_, run) => workers.files.give(job, move |files, job| files.open_run(job, &run)),
            Command::DeleteRun(_, run) => workers.files.give(job, move |files, job| files.delete_run(job, run)),
            Command::WriteFile(_, path, bytes) => {
                workers.files.give(job, move |files, job| files.write(job, path, &bytes));
            }
            Command::OpenHistory(_) => workers.files.give(job, |files, job| files.open_history(job)),
            Command::KeepHistory(_, history) => {
                workers.files.give(job, move |files, job| files.keep_history(job, &history));
            }
            Command::Hub(_, request) => self.route_hub(job, request),
            Command::Cancel(id) => self.jobs.cancel(id),
        }
    }

    fn route_hub(&self, job: Job, request: HubRequest) {
        let workers = &self.workers;
        match request {
            // At once, so that what is asked for next is asked of it.
            HubRequest::Use(access) => self.hub.set(*access),
            HubRequest::List => {
                workers.files.give(job, |files, job| hub::list(job, &files.common.home, &files.common.hub));
            }
            HubRequest::Delete(repository) => {
                workers.files.give(job, |files, job| hub::delete(job, &files.common.home, repository));
            }
            HubRequest::Search(words) => {
                workers.searches.give(job, move |common, job| hub::search(job, &common.home, &common.hub, &words))
            }
            HubRequest::Download(repository, revision) => workers.models.give(job, move |common, job| {
                hub::download(job, &common.home, &common.hub, &repository, revision.as_deref())
            }),
        }
    }

    fn route_positions(&self, job: Job, command: Command) {
        let thread = &self.workers.positions;
        match command {
            Command::Positions(_, request) => thread.give(job, move |(), job| {
                if let Some(matrix) = positions::matrix(&request, || job.flow()) {
                    job.send(Event::Positions(job.id, request, matrix.into()));
                }
                Ok(())
            }),
            Command::PositionCurves(_, length, d_model, dimensions) => thread.give(job, move |(), job| {
                let curves = positions::curves(length, d_model, &dimensions);
                job.send(Event::PositionCurves(job.id, dimensions, curves.into()));
                Ok(())
            }),
            Command::PositionDots(_, length, d_model) => thread.give(job, move |(), job| {
                if let Some(dots) = positions::dots(length, d_model, || job.flow()) {
                    job.send(Event::PositionDots(job.id, dots.into()));
                }
                Ok(())
            }),
            _ => {}
        }
    }

    fn train(&mut self, job: Job, begin: Begin) {
        let (sender, controls) = unbounded();
        self.controls = Some((job.id, sender));
        self.workers.training.give(job, move |training, job| training.run(job, begin, controls));
    }

    /// Reaches the training of this job; one that has ended, or was replaced, hears nothing.
    fn control(&self, id: JobId, control: TrainControl) {
        if let Some((job, controls)) = &self.controls
            && *job == id
            && controls.send(control).is_err()
        {
            tracing::debug!("{control:?} came after the training had ended");
        }
    }
}
