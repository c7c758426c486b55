use std::{
    io::{self, IsTerminal},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

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
    pub(super) fn new(file: &'static str, bytes: u64) -> Progress {
        let on_terminal = io::stderr().is_terminal();
        let bar = if on_terminal { ProgressBar::new(bytes) } else { ProgressBar::hidden() };
        bar.set_length(bytes);
        bar.set_message(file);
        if let Ok(style) = ProgressStyle::with_template(STYLE) {
            bar.set_style(style);
        }
        Progress { bar, line: (!on_terminal).then(|| Mutex::new(Instant::now())), file }
    }

    pub(super) fn set(&self, bytes: u64) {
        self.bar.set_position(bytes);
        let Some(line) = &self.line else { return };
        let mut written = line.lock().unwrap_or_else(PoisonError::into_inner);
        if written.elapsed() >= LINE_EVERY {
            *written = Instant::now();
            let total = HumanBytes(self.bar.length().unwrap_or_default());
            eprintln!("{}: {} of {total}", self.file, HumanBytes(bytes));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
