use std::{
    io::{self, IsTerminal},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use super::Weights;

const LINE_EVERY: Duration = Duration::from_secs(15);
const STYLE: &str = "{msg} {wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";

/// How far a download is, on standard error: a bar on a terminal, a line now and then elsewhere.
pub(super) struct Progress {
    bar: ProgressBar,
    /// When the last line was written.
    line: Option<Mutex<Instant>>,
    file: &'static str,
}

impl Progress {
    /// Of `weights`, `there` bytes are there from an earlier start: they count as done, and not as fast.
    pub(super) fn new(weights: &Weights, there: u64) -> Progress {
        let on_terminal = io::stderr().is_terminal();
        let bar = if on_terminal { ProgressBar::new(weights.bytes) } else { ProgressBar::hidden() };
        bar.set_length(weights.bytes);
        let bar = bar.with_position(there).with_message(weights.file);
        bar.reset_eta();
        if let Ok(style) = ProgressStyle::with_template(STYLE) {
            bar.set_style(style);
        }
        let progress = Progress { bar, line: (!on_terminal).then(|| Mutex::new(Instant::now())), file: weights.file };
        if !on_terminal {
            progress.write_line(there);
        }
        progress
    }

    pub(super) fn set(&self, bytes: u64) {
        self.bar.set_position(bytes);
        let Some(line) = &self.line else { return };
        let mut written = line.lock().unwrap_or_else(PoisonError::into_inner);
        if written.elapsed() >= LINE_EVERY {
            *written = Instant::now();
            self.write_line(bytes);
        }
    }

    fn write_line(&self, bytes: u64) {
        let total = HumanBytes(self.bar.length().unwrap_or_default());
        eprintln!("{}: {} of {total} fetched", self.file, HumanBytes(bytes));
    }
}

/// Hashing takes seconds, in which nothing else is to be seen.
pub(super) fn say_checking(weights: &Weights) {
    eprintln!("{}: checking its {}", weights.file, HumanBytes(weights.bytes));
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
