//! A running program: started, given events, looked at, stopped.

use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde_json::Value;
use tempfile::NamedTempFile;
use tokio::{
    process::{Child, Command},
    sync::oneshot,
    time::timeout,
};

use super::{
    program::Program,
    runtime_api::{RuntimeApi, Told},
};
use crate::error::{Context, Error};

/// Environment variables, name and value.
pub(super) type Environment = Vec<(&'static str, String)>;

const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of its output that are shown of a program that failed.
const SHOWN: usize = 4000;

pub(super) struct Bootstrap {
    name: &'static str,
    /// Killed when dropped.
    process: Child,
    api: RuntimeApi,
    /// What the program writes goes to a file, which takes as little of its time as the pipe that Lambda gives it.
    log: NamedTempFile,
    ready: Option<oneshot::Sender<Bytes>>,
}

/// Memory of a process, in megabytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    pub(super) resident: f64,
    pub(super) peak: f64,
}

impl Bootstrap {
    /// Starts a program and waits until it asks for an event: how long that took is its init.
    pub(super) async fn start(program: &Program, environment: &Environment) -> Result<(Self, Duration), Error> {
        let api = RuntimeApi::start().await?;
        let log = NamedTempFile::new().context("no temporary file could be made")?;
        let output = || log.reopen().context("the temporary file could not be opened");
        let mut command = Command::new(&program.path);
        command
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (*name, value.as_str())))
            .env("AWS_LAMBDA_RUNTIME_API", api.address().to_string())
            .stdin(Stdio::null())
            .stdout(output()?)
            .stderr(output()?)
            .kill_on_drop(true);
        let started = Instant::now();
        let process = command.spawn().context(format!("{} could not be started", program.path.display()))?;
        let mut bootstrap = Self { name: program.name, process, api, log, ready: None };
        let ready_at = bootstrap.ready().await?;
        Ok((bootstrap, ready_at - started))
    }

    /// Gives the program an event: how long it took to answer, and what.
    pub(super) async fn invoke(&mut self, event: &Bytes) -> Result<(Duration, Value), Error> {
        if self.ready.is_none() {
            self.ready().await?;
        }
        let given = Instant::now();
        if let Some(ready) = self.ready.take() {
            // A connection that has gone shows as silence, or as the end of the process.
            let _ = ready.send(event.clone());
        }
        match self.told().await? {
            Told::Answer { at, answer } => Ok((at - given, self.check(&answer)?)),
            Told::Failure(failure) => Err(self.bad_answer(&failure)),
            Told::Ready { .. } => Err(self.bad_answer(b"nothing, and asked for the next event")),
        }
    }

    pub(super) fn memory(&self) -> Result<Memory, Error> {
        let path = format!("/proc/{}/status", self.process.id().unwrap_or_default());
        let status = fs::read_to_string(&path).context(format!("{path} could not be read (this needs Linux)"))?;
        let megabytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
            kibibytes.map_or(f64::NAN, |kibibytes| kibibytes * 1024.0 / 1e6)
        };
        Ok(Memory { resident: megabytes("VmRSS:"), peak: megabytes("VmHWM:") })
    }

    /// Milliseconds for which a processor worked for the program, on all its threads, up to now.
    pub(super) fn processor_time(&self) -> Result<f64, Error> {
        let path = format!("/proc/{}/task", self.process.id().unwrap_or_default());
        let threads = fs::read_dir(&path).context(format!("{path} could not be read (this needs Linux)"))?;
        let nanoseconds = |thread: &fs::DirEntry| {
            let statistics = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            statistics.split_whitespace().next()?.parse::<f64>().ok()
        };
        Ok(threads.flatten().filter_map(|thread| nanoseconds(&thread)).sum::<f64>() / 1e6)
    }

    /// Ends the process and waits until it has gone, so that it takes no time of the next one.
    pub(super) async fn stop(mut self) -> Result<(), Error> {
        self.process.kill().await.context(format!("{} could not be stopped", self.name))
    }

    async fn ready(&mut self) -> Result<Instant, Error> {
        match self.told().await? {
            Told::Ready { at, event } => {
                self.ready = Some(event);
                Ok(at)
            }
            Told::Answer { answer, .. } => Err(self.bad_answer(&answer)),
            Told::Failure(failure) => Err(self.bad_answer(&failure)),
        }
    }

    async fn told(&mut self) -> Result<Told, Error> {
        let told = tokio::select! {
            told = timeout(PATIENCE, self.api.told()) => told,
            status = self.process.wait() => {
                let status = status.context(format!("{} was lost", self.name))?;
                return Err(Error::Crashed { name: self.name, status, log: self.log() });
            }
        };
        let silent = || Error::Silent { name: self.name, seconds: PATIENCE.as_secs(), log: self.log() };
        told.ok().flatten().ok_or_else(silent)
    }

    fn check(&self, answer: &Bytes) -> Result<Value, Error> {
        match serde_json::from_slice::<Value>(answer) {
            Ok(response) if response["statusCode"] == 200 => Ok(response),
            _ => Err(self.bad_answer(answer)),
        }
    }

    fn bad_answer(&self, answer: &[u8]) -> Error {
        Error::Answer { name: self.name, answer: String::from_utf8_lossy(answer).into_owned(), log: self.log() }
    }

    fn log(&self) -> String {
        let log = fs::read(self.log.path()).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(SHOWN)..]).into_owned()
    }
}
