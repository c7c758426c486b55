//! What the functions cost, next to a floor: the least program that makes the same AWS calls.
//!
//! `docs/bench.md` says what is measured and why in this way.

mod aws;
mod bootstrap;
mod canned;
mod event;
mod listen;
mod pattern;
mod program;
mod report;
mod runtime_api;
mod sample;
mod tls;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use self::{
    aws::Aws,
    bootstrap::{Bootstrap, Environment},
    pattern::{PATTERNS, Pattern},
    program::Program,
    sample::Sample,
};
use crate::error::Error;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// The function to measure; all of them unless told
    #[arg(long, value_parser = PATTERNS.each_ref().map(|pattern| pattern.name))]
    pattern: Option<String>,
    /// Processes started of each program
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    cold_starts: u32,
    /// Warm invocations of each program
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    invocations: u32,
    /// A binary to measure in the function's place, such as an earlier build of it
    #[arg(long, value_name = "FILE", requires = "pattern")]
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
    let built = program::build()?;
    let aws = Aws::start().await?;
    let mut holds = true;
    for pattern in PATTERNS.iter().filter(|pattern| options.wants(pattern)) {
        let mut programs = built.pair(pattern)?;
        if let Some(path) = &options.function {
            programs.function.path.clone_from(path);
        }
        aws.script(pattern.reply).await?;
        holds &= report::sizes(&programs)?;
        for (transport, environment) in [("HTTP", aws.plain(pattern)), ("TLS", aws.tls(pattern))] {
            let costs = compare(options, pattern, &programs, &environment).await?;
            holds &= report::costs(transport, options, &programs, &costs);
        }
        println!();
    }
    aws.stop().await;
    println!("{}", if holds { "All targets hold." } else { "Not all targets hold." });
    Ok(if options.check && !holds { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Options {
    fn wants(&self, pattern: &Pattern) -> bool {
        self.pattern.as_ref().is_none_or(|name| name == pattern.name)
    }
}

async fn compare(
    options: &Options,
    pattern: &Pattern,
    programs: &Pair<Program>,
    environment: &Environment,
) -> Result<Pair<Costs>, Error> {
    // Each has a session of its own, and the function makes both.
    let subject = async |program| {
        let session = event::begin_session(pattern, &programs.function, environment, HISTORY_TURNS).await?;
        let event = event::turn(pattern, Some(&session));
        Ok::<_, Error>(Subject { program, event, pattern, costs: Costs::default() })
    };
    let (mut function, mut floor) = (subject(&programs.function).await?, subject(&programs.floor).await?);
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
    function.invoke(&mut processes.function).await?;
    floor.invoke(&mut processes.floor).await?;
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

/// A program under measurement.
struct Subject<'a> {
    program: &'a Program,
    event: bytes::Bytes,
    pattern: &'a Pattern,
    costs: Costs,
}

impl Subject<'_> {
    async fn start_cold(&mut self, environment: &Environment) -> Result<(), Error> {
        let (mut process, init) = Bootstrap::start(self.program, environment).await?;
        let first = self.invoke(&mut process).await?;
        self.costs.init.push(milliseconds(init));
        self.costs.first.push(milliseconds(first));
        self.costs.cold_processor.push(process.processor_time()?);
        self.costs.resident.push(process.memory()?.resident);
        process.stop().await
    }

    async fn invoke_warm(&mut self, process: &mut Bootstrap, times: u32) -> Result<(), Error> {
        let before = process.processor_time()?;
        for _ in 0..times {
            let took = self.invoke(process).await?;
            self.costs.warm.push(milliseconds(took));
        }
        self.costs.warm_processor.push((process.processor_time()? - before) / f64::from(times));
        Ok(())
    }

    /// What did not get as far as the model did less than the calls that are compared.
    async fn invoke(&self, process: &mut Bootstrap) -> Result<Duration, Error> {
        let (took, response) = process.invoke(&self.event).await?;
        match event::body(&response)["answer"].as_str() {
            Some(answer) if answer == self.pattern.reply => Ok(took.saturating_sub(self.pattern.pause)),
            _ => Err(Error::OtherAnswer { name: self.program.name, answer: response.to_string() }),
        }
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
