//! `cargo run`: serves the project on this machine, or chats with it in the terminal.

use std::{error::Error, process::ExitCode};

use clap::Parser;
use local::{Local, Options};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

mod chat;
mod cli;

use cli::{Cli, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = Targets::new().with_default(match cli.verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    });
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines).with(filter).init();

    match run(cli).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode, Box<dyn Error>> {
    let Some(Command::Chat(chat)) = cli.command else {
        serve(cli.machine.options(true)?).await?;
        return Ok(ExitCode::SUCCESS);
    };
    if let Some(url) = &chat.url {
        return Ok(chat::run(url, chat.token, chat.session).await?);
    }
    let local = Local::start(cli.machine.options(false)?).await?;
    let code = chat::run(&local.url(), chat.token, chat.session).await;
    local.stop().await;
    Ok(code?)
}

async fn serve(options: Options) -> Result<(), Box<dyn Error>> {
    let local = tokio::select! {
        local = Local::start(options.clone()) => local?,
        // Fetching a model may take minutes; what was fetched is kept.
        signal = asked_to_stop() => return Ok(signal?),
    };
    println!("{}", local.describe(&options));
    asked_to_stop().await?;
    eprintln!("Stopping; once more for at once.");
    tokio::select! {
        () = local.stop() => Ok(()),
        signal = asked_to_stop() => Ok(signal?),
    }
}

#[cfg(unix)]
async fn asked_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
