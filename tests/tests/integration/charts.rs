//! The charts of nlq against Vega-Lite's schema, compiler and renderer. They are the snapshots of the function's tests.

use std::{fs, path::PathBuf, process::Command};

use crate::tools;

/// The tests are `tests/charts/charts.test.js`.
#[test]
fn vega_draws_what_was_found() {
    let output = tools::run(Command::new("node").args(["--test", "charts.test.js"]).current_dir(folder()));
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("# pass ") && !report.contains("# pass 0"), "{report}");
}

/// They stay below `target`, to be looked at.
#[test]
fn every_chart_becomes_a_picture() {
    let pictures = tools::target().join("charts");
    let _ = fs::remove_dir_all(&pictures);
    tools::run(Command::new("node").arg("render.js").arg(&pictures).current_dir(folder()));
    let charts = tools::files("functions/nlq/src/chart/snapshots", "snap");
    assert!(!charts.is_empty());
    for chart in charts {
        let picture = pictures.join(chart.with_extension("png").file_name().unwrap());
        let bytes = fs::read(&picture).unwrap_or_else(|error| panic!("{}: {error}", picture.display()));
        assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 2_000, "{} is empty", picture.display());
    }
}

fn folder() -> PathBuf {
    let folder = tools::root().join("tests/charts");
    assert!(folder.join("node_modules/vega-lite").exists(), "Vega-Lite is missing: run `make setup`");
    folder
}
