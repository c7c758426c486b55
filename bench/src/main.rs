//! Measurements. Without a subcommand: what the functions cost, compared with the least that could be done.

mod error;
mod functions;
mod nlq;
mod retrieval;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

use crate::error::{Context, Error};

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
    /// How well questions are answered from data
    Nlq(nlq::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match measure(arguments.what.unwrap_or(What::Functions(arguments.functions))) {
        Ok(outcome) => outcome,
        Err(error) => {
            eprintln!("bench: {}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn measure(what: What) -> Result<ExitCode, Error> {
    // One thread: what serves the functions keeps to one core and leaves the other to them. A database at work needs more.
    let mut runtime = match what {
        What::Nlq(_) => Builder::new_multi_thread(),
        What::Functions(_) | What::Retrieval(_) => Builder::new_current_thread(),
    };
    let runtime = runtime.enable_all().build().context("no runtime could be started")?;
    runtime.block_on(async {
        match what {
            What::Functions(options) => functions::measure(&options).await,
            What::Retrieval(options) => retrieval::measure(&options).await,
            What::Nlq(options) => nlq::measure(&options).await,
        }
    })
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
