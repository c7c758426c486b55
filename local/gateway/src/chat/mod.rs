//! A chat in the terminal, over the same HTTP that every client uses.

use std::{io::Write, process::ExitCode};

use futures::StreamExt;

mod client;
mod input;
mod part;

use client::Api;
pub(crate) use client::Error;
use input::{Input, Line};
use part::Part;

const HELP: &str = "/new begins another session, /sessions lists yours, /open ID continues one, /quit leaves.
Ctrl-C stops an answer, Ctrl-D leaves.";

/// Talks until the input ends. A pipe gets the answers and nothing else, and a failure if one message failed.
pub(crate) async fn run(url: &str, token: Option<String>, session: Option<String>) -> Result<ExitCode, Error> {
    let mut input = Input::open()?;
    let mut chat = Chat { api: Api::new(url, token)?, session };
    let interactive = input.is_terminal();
    if interactive {
        println!("{HELP}\n");
    }
    let mut code = ExitCode::SUCCESS;
    loop {
        let line = match input.next().await? {
            Line::Text(line) => line,
            Line::Interrupted => {
                println!("(Ctrl-D leaves)");
                continue;
            }
            Line::End => return Ok(code),
        };
        let outcome = match line.trim() {
            "" => Ok(()),
            "/quit" => return Ok(code),
            command if interactive && command.starts_with('/') => chat.command(command).await,
            message => chat.say(message, interactive).await,
        };
        if let Err(error) = outcome {
            eprintln!("error: {error}");
            if !interactive {
                code = ExitCode::FAILURE;
            }
        }
    }
}

struct Chat {
    api: Api,
    session: Option<String>,
}

impl Chat {
    async fn command(&mut self, command: &str) -> Result<(), Error> {
        match command.split_once(' ').unwrap_or((command, "")) {
            ("/new", "") => self.session = None,
            ("/open", id) if !id.is_empty() => self.session = Some(id.trim().to_owned()),
            ("/sessions", "") => {
                for session in self.api.sessions().await? {
                    println!("{}  {:>3} turns  {}", session.session_id, session.turns, session.title);
                }
            }
            _ => println!("{HELP}"),
        }
        Ok(())
    }

    async fn say(&mut self, message: &str, interactive: bool) -> Result<(), Error> {
        let answer = async {
            let mut parts = Box::pin(self.api.say(message, self.session.as_deref()).await?);
            while let Some(part) = parts.next().await.transpose()? {
                match part {
                    Part::Session(id) => self.session = Some(id),
                    Part::Text(text) => show(&text)?,
                    Part::Error(text) => return Err(Error::Refused(text)),
                    Part::Finish => {}
                }
            }
            Ok(())
        };
        let outcome = tokio::select! {
            outcome = answer => outcome,
            // What was asked is answered and remembered all the same: on AWS too, a function does not stop because
            // its caller left.
            interrupted = tokio::signal::ctrl_c() => match interactive {
                true => show(" (stopped)").and(interrupted.map_err(Error::from)),
                false => Err(Error::BrokeOff("interrupted".to_owned())),
            },
        };
        show(if interactive { "\n\n" } else { "\n" })?;
        outcome
    }
}

/// At once: an answer is read while it is written.
fn show(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}
