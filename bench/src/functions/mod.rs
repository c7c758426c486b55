//! What the functions cost, next to a floor: the least program that makes the same AWS calls.
//!
//! `docs/bench.md` says what is measured and why in this way.

mod aws;
mod bootstrap;
mod event;
mod program;
mod report;
mod runtime_api;
mod sample;

use std::{path::PathBuf, process::ExitCode};

use self::{
    aws::Aws,
    bootstrap::{Bootstrap, Environment},
    program::Program,
    sample::Sample,
};
use crate::error::Error;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Processes started of each program
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    cold_starts: u32,
    /// Warm invocations of each program
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    invocations: u32,
    /// A binary to measure in the function's place, such as an earlier build of it
    #[arg(long, value_name = "FILE")]
    function: Option<PathBuf>,
    /// Fail if a target is missed
    #[arg(long)]
    check: bool,
}

/// Earlier turns that every invocation finds in its session and gives to the model.
const HISTORY_TURNS: u32 = 3;
/// Warm invocations of one program in a row, before the other one has its turn.
const BLOCK: u32 = 25;

/// What was seen of one program over one transport: milliseconds and megabytes.
#[derive(Debug, Default)]
struct Costs {
    init: Sample,
    first: Sample,
    warm: Sample,
    /// Time of a processor, for init and first invocation together, and for one warm invocation.
    cold_processor: Sample,
    warm_processor: Sample,
    /// Resident after the first invocation.
    resident: Sample,
    /// The most that was resident, after all warm invocations.
    peak: Sample,
}

/// The two programs that are compared.
struct Pair<T> {
    function: T,
    floor: T,
}

pub(crate) async fn measure(options: &Options) -> Result<ExitCode, Error> {
    let mut programs = program::build()?;
    if let Some(path) = &options.function {
        programs.function.path.clone_from(path);
    }
    let aws = Aws::start().await?;
    let mut holds = report::sizes(&programs)?;
    for (transport, environment) in [("HTTP", aws.plain()), ("TLS", aws.tls())] {
        let costs = compare(options, &programs, &environment).await?;
        holds &= report::costs(transport, options, &programs, &costs);
    }
    aws.stop().await;
    println!("\n{}", if holds { "All targets hold." } else { "Not all targets hold." });
    Ok(if options.check && !holds { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn compare(options: &Options, programs: &Pair<Program>, environment: &Environment) -> Result<Pair<Costs>, Error> {
    let mut function = Subject::new(&programs.function, programs, environment).await?;
    let mut floor = Subject::new(&programs.floor, programs, environment).await?;
    // What disturbs the machine disturbs both: they alternate, and so does the order.
    for round in 0..options.cold_starts {
        for subject in alternating(round, &mut function, &mut floor) {
            subject.start_cold(environment).await?;
        }
    }

    let mut processes = Pair {
        function: Bootstrap::start(&programs.function, environment).await?.0,
        floor: Bootstrap::start(&programs.floor, environment).await?.0,
    };
    processes.function.invoke(&function.event).await?;
    processes.floor.invoke(&floor.event).await?;
    let mut left = options.invocations;
    while left > 0 {
        let block = left.min(BLOCK);
        left -= block;
        let [first, second] =
            alternating(left / BLOCK, (&mut function, &mut processes.function), (&mut floor, &mut processes.floor));
        for (subject, process) in [first, second] {
            subject.invoke_warm(process, block).await?;
        }
    }
    function.costs.peak.push(processes.function.memory()?.peak);
    floor.costs.peak.push(processes.floor.memory()?.peak);
    Ok(Pair { function: function.costs, floor: floor.costs })
}

fn alternating<T>(round: u32, function: T, floor: T) -> [T; 2] {
    if round.is_multiple_of(2) { [function, floor] } else { [floor, function] }
}

/// A program under measurement, with a session of its own.
struct Subject<'a> {
    program: &'a Program,
    event: bytes::Bytes,
    costs: Costs,
}

impl<'a> Subject<'a> {
    async fn new(program: &'a Program, programs: &Pair<Program>, environment: &Environment) -> Result<Self, Error> {
        let session = event::begin_session(&programs.function, environment, HISTORY_TURNS).await?;
        Ok(Self { program, event: event::turn(Some(&session)), costs: Costs::default() })
    }

    async fn start_cold(&mut self, environment: &Environment) -> Result<(), Error> {
        let (mut process, init) = Bootstrap::start(self.program, environment).await?;
        let (first, _) = process.invoke(&self.event).await?;
        self.costs.init.push(milliseconds(init));
        self.costs.first.push(milliseconds(first));
        self.costs.cold_processor.push(process.processor_time()?);
        self.costs.resident.push(process.memory()?.resident);
        process.stop().await
    }

    async fn invoke_warm(&mut self, process: &mut Bootstrap, times: u32) -> Result<(), Error> {
        let before = process.processor_time()?;
        for _ in 0..times {
            let (took, _) = process.invoke(&self.event).await?;
            self.costs.warm.push(milliseconds(took));
        }
        self.costs.warm_processor.push((process.processor_time()? - before) / f64::from(times));
        Ok(())
    }
}

fn milliseconds(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
