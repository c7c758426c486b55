//! The tables that are printed, and whether the targets hold.

use super::{Costs, Options, Pair, program::Program, sample::Sample};
use crate::error::Error;

/// The most that a function may cost, as a multiple of its floor.
const LATENCY: f64 = 1.3;
const MEMORY: f64 = 1.5;
/// Megabytes of the zip file.
const ZIPPED: f64 = 4.0;

pub(super) fn sizes(programs: &Pair<Program>) -> Result<bool, Error> {
    let (function, floor) = (programs.function.sizes()?, programs.floor.sizes()?);
    heading("Size", programs);
    let binary_holds = size("binary, MB", function.binary, floor.binary, None);
    let zipped_holds = size("zipped, MB", function.zipped, floor.zipped, Some(ZIPPED));
    Ok(binary_holds && zipped_holds)
}

pub(super) fn costs(transport: &str, options: &Options, programs: &Pair<Program>, costs: &Pair<Costs>) -> bool {
    let Options { cold_starts, invocations, .. } = options;
    println!();
    heading(&format!("{transport}: {cold_starts} cold starts, {invocations} warm invocations"), programs);
    let (function, floor) = (&costs.function, &costs.floor);
    [
        middle("init, ms", &function.init, &floor.init, Some(LATENCY)),
        middle("first invocation, ms", &function.first, &floor.first, Some(LATENCY)),
        middle("  processor for both, ms", &function.cold_processor, &floor.cold_processor, None),
        middle("warm p50, ms", &function.warm, &floor.warm, Some(LATENCY)),
        middle("  processor a call, ms", &function.warm_processor, &floor.warm_processor, None),
        tail("warm p90, ms", &function.warm, &floor.warm, 90.0),
        tail("warm p99, ms", &function.warm, &floor.warm, 99.0),
        middle("resident after first, MB", &function.resident, &floor.resident, Some(MEMORY)),
        middle("peak after warm, MB", &function.peak, &floor.peak, Some(MEMORY)),
    ]
    .into_iter()
    .all(|holds| holds)
}

fn heading(title: &str, programs: &Pair<Program>) {
    println!("{title}");
    println!(
        "{:<26}{:>22}{:>22}{:>8}  target",
        "median (quartiles)", programs.function.name, programs.floor.name, "ratio"
    );
}

/// Sizes in bytes, the target in megabytes.
fn size(name: &str, function: usize, floor: usize, target: Option<f64>) -> bool {
    let (function, floor) = (function as f64 / 1e6, floor as f64 / 1e6);
    let holds = target.is_none_or(|target| function <= target);
    let target = target.map(|target| format!("≤ {target:.0} MB {}", verdict(holds)));
    row(name, &format!("{function:.2}"), &format!("{floor:.2}"), function / floor, &target.unwrap_or_default());
    holds
}

fn middle(name: &str, function: &Sample, floor: &Sample, target: Option<f64>) -> bool {
    let ratio = function.median() / floor.median();
    let holds = target.is_none_or(|target| ratio <= target);
    let target = target.map(|target| format!("≤ {target:.1} {}", verdict(holds)));
    row(name, &cell(function), &cell(floor), ratio, &target.unwrap_or_default());
    holds
}

fn tail(name: &str, function: &Sample, floor: &Sample, percent: f64) -> bool {
    let (function, floor) = (function.percentile(percent), floor.percentile(percent));
    row(name, &format!("{function:.2}"), &format!("{floor:.2}"), function / floor, "");
    true
}

fn cell(sample: &Sample) -> String {
    match sample.spread() {
        Some((low, high)) => format!("{:.2} ({low:.2}–{high:.2})", sample.median()),
        None => format!("{:.2}", sample.median()),
    }
}

fn row(name: &str, function: &str, floor: &str, ratio: f64, target: &str) {
    println!("{name:<26}{function:>22}{floor:>22}{ratio:>8.2}  {target}");
}

fn verdict(holds: bool) -> &'static str {
    if holds { "holds" } else { "MISSED" }
}
