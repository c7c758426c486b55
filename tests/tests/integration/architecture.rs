//! The invariants of ARCHITECTURE.md, and what the template promises about the code.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{template, tools};

const CODE: [&str; 5] = ["shared", "functions", "local", "tests", "bench"];

#[test]
fn functions_name_no_sdk() {
    let mut files = tools::files("functions", "rs");
    files.extend(tools::files("functions", "toml"));
    let naming = lines_with(&files, &["aws_sdk_", "aws-sdk-"]);
    assert_eq!(naming, [] as [String; 0], "SDK types belong behind the interface of `shared`");
}

#[test]
fn production_code_and_the_local_machine_know_nothing_of_each_other() {
    let crates = crates();
    let of = |side: Side| crates.iter().filter(move |(_, member)| member.side == side).map(|(name, _)| &name[..]);
    assert!(of(Side::Function).eq(["chat", "nlq", "rag"]) && of(Side::Local).count() > 4);

    // The gateway is where both meet.
    for name in of(Side::Local).filter(|name| *name != "local") {
        let reached = reachable(&crates, name);
        assert!(!reached.contains("shared"), "{name} depends on shared");
        let function = of(Side::Function).find(|function| reached.contains(function));
        assert_eq!(function, None, "{name} depends on a function");
    }
    for name in of(Side::Function).chain(["shared"]) {
        let reached = reachable(&crates, name);
        let local = of(Side::Local).find(|local| reached.contains(local));
        assert_eq!(local, None, "{name} depends on the local machine");
    }
}

#[test]
fn main_only_wires() {
    let mains = tools::files("functions", "rs").into_iter().filter(|path| path.ends_with("src/main.rs"));
    let lengths: Vec<(PathBuf, usize)> = mains.map(|path| (path.clone(), tools::read(&path).lines().count())).collect();
    assert!(!lengths.is_empty());
    for (path, lines) in lengths {
        assert!(lines <= 25, "{} has {lines} lines", path.display());
    }
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let files = CODE.iter().flat_map(|folder| tools::files(folder, "rs"));
    let lengths = files.map(|path| (tools::read(&path).lines().count(), path));
    let longer: Vec<_> = lengths.filter(|(lines, _)| *lines > 400).collect();
    assert_eq!(longer, []);
}

/// clippy.toml bans it too, but clippy looks only where the workspace's lints are switched on.
#[test]
fn only_the_configuration_reads_the_environment() {
    // The measurements' floor is a program of its own, which knows nothing of `shared`.
    let readers = ["shared/src/config.rs", "bench/floor"].map(|path| tools::root().join(path));
    let files = CODE.iter().flat_map(|folder| tools::files(folder, "rs"));
    let files: Vec<PathBuf> = files.filter(|path| !readers.iter().any(|reader| path.starts_with(reader))).collect();
    let calls = ["var(", "var_os(", "vars(", "vars_os(", "set_var(", "remove_var("];
    let calls = calls.map(|function| format!("env::{function}"));
    let reading = lines_with(&files, &calls.each_ref().map(String::as_str));
    assert_eq!(reading, [] as [String; 0]);
}

#[test]
fn every_crate_takes_the_workspaces_lints() {
    for (name, member) in crates() {
        let manifest = tools::read(&member.manifest);
        assert!(manifest.contains("[lints]\nworkspace = true\n"), "{name} does not");
    }
}

#[test]
fn every_dependency_has_its_reason_in_the_architecture() {
    let manifest = tools::read(&tools::root().join("Cargo.toml"));
    let (_, section) = manifest.split_once("\n[workspace.dependencies]\n").unwrap();
    let (section, _) = section.split_once("\n[").unwrap();
    let others = section.lines().filter(|line| !line.starts_with('#') && !line.contains("path = "));
    let names: Vec<&str> = others.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name).collect();
    assert!(names.contains(&"tokio"), "{names:?}");

    let architecture = tools::read(&tools::root().join("ARCHITECTURE.md"));
    let unnamed: Vec<&str> = names.into_iter().filter(|name| !architecture.contains(&format!("`{name}`"))).collect();
    assert_eq!(unnamed, [] as [&str; 0]);
}

#[test]
fn every_route_has_one_event() {
    let events = tools::files("events", "json");
    let event_routes = events.iter().map(|path| {
        let event: Value = serde_json::from_str(&tools::read(path)).unwrap();
        format!("{} {}", event["httpMethod"].as_str().unwrap(), event["resource"].as_str().unwrap())
    });
    let mut event_routes: Vec<String> = event_routes.collect();
    event_routes.sort();
    assert_eq!(event_routes, template::routes().into_keys().collect::<Vec<_>>());
}

#[test]
fn every_setting_of_the_template_is_one_that_is_read() {
    let configuration = ["shared/src/config.rs", "shared/src/config/queries.rs"];
    let configuration = configuration.map(|path| tools::read(&tools::root().join(path))).concat();
    for (name, function) in template::functions() {
        let variables = function["Properties"]["Environment"]["Variables"].as_object().unwrap();
        let unread: Vec<&String> =
            variables.keys().filter(|variable| !configuration.contains(&format!("\"{variable}\""))).collect();
        assert!(unread.is_empty(), "{name} sets what nobody reads: {unread:?}");
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Function,
    Local,
    Other,
}

#[derive(Debug)]
struct Member {
    manifest: PathBuf,
    side: Side,
    /// Crates of this workspace, for whatever they are needed.
    dependencies: Vec<String>,
}

/// The workspace's crates as cargo sees them.
fn crates() -> BTreeMap<String, Member> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--format-version=1"]).current_dir(tools::root());
    let metadata: Value = serde_json::from_slice(&tools::run(&mut cargo).stdout).unwrap();
    let [functions, local] = ["functions", "local"].map(|folder| tools::root().join(folder));
    let member = |package: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let own = dependencies.filter(|dependency| dependency["path"].is_string()).map(|own| text(&own["name"]));
        let side = match () {
            () if manifest.starts_with(&functions) => Side::Function,
            () if manifest.starts_with(&local) => Side::Local,
            () => Side::Other,
        };
        (text(&package["name"]), Member { dependencies: own.collect(), side, manifest })
    };
    metadata["packages"].as_array().unwrap().iter().map(member).collect()
}

fn reachable<'a>(crates: &'a BTreeMap<String, Member>, from: &'a str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from];
    while let Some(name) = next.pop() {
        if reached.insert(name) {
            next.extend(crates[name].dependencies.iter().map(String::as_str));
        }
    }
    reached
}

fn lines_with(files: &[PathBuf], words: &[&str]) -> Vec<String> {
    assert!(!files.is_empty());
    let found = |path: &Path| {
        let text = tools::read(path);
        let lines = text.lines().enumerate().filter(|(_, line)| words.iter().any(|word| line.contains(word)));
        lines.map(|(index, line)| format!("{}:{}: {}", path.display(), index + 1, line.trim())).collect::<Vec<_>>()
    };
    files.iter().flat_map(|path| found(path)).collect()
}
