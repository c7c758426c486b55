//! Where messages come from: somebody at a terminal, or a pipe.

use std::io::IsTerminal;

use rustyline::{DefaultEditor, error::ReadlineError};
use tokio::io::{AsyncBufReadExt, BufReader, Stdin};

use super::Error;

pub(super) enum Input {
    /// `None` while a line is being read on another thread.
    Terminal(Option<DefaultEditor>),
    Pipe {
        reader: BufReader<Stdin>,
        /// Lines that were read.
        read: u64,
    },
}

pub(super) enum Line {
    Text(String),
    /// The number of a line that is not UTF-8.
    NotText(u64),
    /// Ctrl-C where nothing is under way.
    Interrupted,
    End,
}

impl Input {
    pub(super) fn open() -> Result<Self, Error> {
        if std::io::stdin().is_terminal() {
            return Ok(Self::Terminal(Some(DefaultEditor::new()?)));
        }
        Ok(Self::Pipe { reader: BufReader::new(tokio::io::stdin()), read: 0 })
    }

    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal(_))
    }

    pub(super) async fn next(&mut self) -> Result<Line, Error> {
        let line = match self {
            Self::Pipe { reader, read } => {
                let mut bytes = Vec::new();
                if reader.read_until(b'\n', &mut bytes).await? == 0 {
                    return Ok(Line::End);
                }
                *read += 1;
                return Ok(String::from_utf8(bytes).map_or(Line::NotText(*read), Line::Text));
            }
            Self::Terminal(editor) => {
                let Some(mut reading) = editor.take() else {
                    return Ok(Line::End);
                };
                let read = tokio::task::spawn_blocking(move || {
                    let line = reading.readline("> ");
                    if let Ok(line) = &line {
                        // History is a convenience; that it cannot be kept is no reason to stop.
                        let _ = reading.add_history_entry(line.as_str());
                    }
                    (reading, line)
                });
                let (reading, line) = read.await.map_err(std::io::Error::other)?;
                *editor = Some(reading);
                line
            }
        };
        match line {
            Ok(text) => Ok(Line::Text(text)),
            Err(ReadlineError::Interrupted) => Ok(Line::Interrupted),
            Err(ReadlineError::Eof) => Ok(Line::End),
            Err(error) => Err(error.into()),
        }
    }
}
