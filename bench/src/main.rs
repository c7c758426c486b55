//! Measurements. Without a subcommand: what the functions cost, compared with the least that could be done.

mod error;
mod functions;
mod retrieval;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Error;

#[derive(Parser)]
#[command(about = "Measures the project", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    functions: functions::Options,
}

#[derive(Subcommand)]
enum What {
    /// Cold start, first and warm invocations, memory and size of the functions (this is the default)
    Functions(functions::Options),
    /// How well and how quickly the local index finds documents
    Retrieval(retrieval::Options),
}

// One thread: what serves the functions keeps to one core and leaves the other to them.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let measured = match arguments.what.unwrap_or(What::Functions(arguments.functions)) {
        What::Functions(options) => functions::measure(&options).await,
        What::Retrieval(options) => retrieval::measure(&options).await,
    };
    match measured {
        Ok(outcome) => outcome,
        Err(error) => {
            eprintln!("bench: {}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error with all its sources, in one line.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
