//! A chat in the terminal, over the same HTTP that every client uses.

use std::{
    io::{Stdout, stdout},
    process::ExitCode,
};

mod client;
mod conversation;
mod input;
mod part;

use client::Api;
pub(crate) use client::Error;
use conversation::Conversation;
use input::{Input, Line};

const HELP: &str = "/new begins another session, /sessions lists yours, /open ID continues one, /quit leaves.
Ctrl-C leaves an answer, which is written to its end all the same; Ctrl-D leaves the chat.";

/// The exit code of a program that Ctrl-C ended, as shells know it.
pub(crate) const INTERRUPTED: u8 = 130;

/// Talks until the input ends. A pipe gets the answers and nothing else, and a failure if one message failed.
pub(crate) async fn run(url: &str, token: Option<String>, session: Option<String>) -> Result<ExitCode, Error> {
    let mut input = Input::open()?;
    let interactive = input.is_terminal();
    let mut conversation = Conversation::new(Api::new(url, token)?, session, stdout(), interactive);
    if interactive {
        println!("{HELP}\n");
    }
    let mut code = ExitCode::SUCCESS;
    loop {
        let next = tokio::select! {
            next = take_line(&mut input, &mut conversation) => next?,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                if !interactive {
                    return Ok(ExitCode::from(INTERRUPTED));
                }
                conversation.leave_answer()?;
                Next::Line
            }
        };
        match next {
            Next::Line => {}
            Next::LineAfterFailure if interactive => {}
            Next::LineAfterFailure => code = ExitCode::FAILURE,
            Next::End => return Ok(code),
        }
    }
}

/// What follows a line.
enum Next {
    Line,
    LineAfterFailure,
    End,
}

/// Takes a line and does what it says.
async fn take_line(input: &mut Input, conversation: &mut Conversation<Stdout>) -> Result<Next, Error> {
    let outcome = match input.next().await? {
        Line::End => return Ok(Next::End),
        Line::Interrupted => {
            println!("(Ctrl-D leaves)");
            Ok(())
        }
        Line::NotText(number) => Err(Error::NotText(number)),
        Line::Text(line) => match line.trim() {
            "" => Ok(()),
            "/quit" => return Ok(Next::End),
            command if input.is_terminal() && command.starts_with('/') => follow(command, conversation).await,
            message => conversation.say(message).await,
        },
    };
    match outcome {
        Ok(()) => Ok(Next::Line),
        Err(error) => {
            eprintln!("error: {error}");
            Ok(Next::LineAfterFailure)
        }
    }
}

async fn follow(command: &str, conversation: &mut Conversation<Stdout>) -> Result<(), Error> {
    match command.split_once(' ').unwrap_or((command, "")) {
        ("/new", "") => conversation.go_to(None),
        ("/open", id) if !id.is_empty() => conversation.go_to(Some(id.trim().to_owned())),
        ("/sessions", "") => {
            for session in conversation.sessions().await? {
                println!("{}  {:>3} turns  {}", session.session_id, session.turns, session.title);
            }
        }
        _ => println!("{HELP}"),
    }
    Ok(())
}
