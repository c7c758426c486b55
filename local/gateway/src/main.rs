//! `cargo run`: serves the project on this machine, or chats with it in the terminal.

use std::{error::Error, io, process::ExitCode};

use clap::Parser;
use local::{Local, Options, databases};
use tokio::{runtime::Runtime, signal::ctrl_c};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

mod chat;
mod cli;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = Targets::new().with_default(match cli.verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    });
    // It logs as an error what it answers as one.
    let filter = if cli.verbose < 2 { filter.with_target("s3s", LevelFilter::OFF) } else { filter };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines).with(filter).init();

    let outcome = Runtime::new().map_err(Box::from).and_then(|runtime| {
        let outcome = runtime.block_on(run(cli));
        // Whatever waits on a thread of its own, for a line of input say, must not keep the process from ending.
        runtime.shutdown_background();
        outcome
    });
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

async fn run(cli: Cli) -> Result<ExitCode, Box<dyn Error>> {
    let chat = match cli.command {
        Some(Command::Chat(chat)) => chat,
        Some(Command::Describe { of: (name, path) }) => {
            print!("{}", databases::describe(&name, &path).await?);
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::SampleDatabase { folder }) => {
            databases::write_sample(&folder)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Serve) | None => {
            serve(cli.machine.options(true)?).await?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    if let Some(url) = &chat.url {
        return Ok(chat::run(url, chat.token, chat.session).await?);
    }
    let Some(local) = start(cli.machine.options(false)?, ctrl_c()).await? else {
        return Ok(ExitCode::from(chat::INTERRUPTED));
    };
    let code = chat::run(&local.url(), chat.token, chat.session).await;
    stop(local, ctrl_c()).await?;
    Ok(code?)
}

async fn serve(options: Options) -> Result<(), Box<dyn Error>> {
    let Some(local) = start(options.clone(), asked_to_stop()).await? else {
        return Ok(());
    };
    println!("{}", local.describe(&options));
    asked_to_stop().await?;
    eprintln!("Stopping; once more for at once.");
    Ok(stop(local, asked_to_stop()).await?)
}

/// None if the signal comes first: fetching a model may take minutes, and what was fetched is kept.
async fn start(
    options: Options,
    signal: impl Future<Output = io::Result<()>>,
) -> Result<Option<Local>, Box<dyn Error>> {
    tokio::select! {
        local = Local::start(options) => Ok(Some(local?)),
        signal = signal => Ok(signal.map(|()| None)?),
    }
}

/// Lets what is under way end, but no longer than until the signal.
async fn stop(local: Local, signal: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    tokio::select! {
        () = local.stop() => Ok(()),
        signal = signal => signal,
    }
}

#[cfg(unix)]
async fn asked_to_stop() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() -> io::Result<()> {
    ctrl_c().await
}
