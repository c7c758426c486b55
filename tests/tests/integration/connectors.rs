//! `template.yaml` and `kendra.yaml` with every combination of parameters that matters, and the connectors in them.

use std::process::Command;

use crate::tools;

/// The tests are `tests/templates/test_*.py`: in Python, since it is there that CloudFormation's linter, the SAM CLI's
/// reader of templates and a validator of JSON schemas are at hand.
#[test]
fn templates_and_connectors_are_what_aws_takes() {
    let mut python = Command::new(tools::installed("python"));
    python
        .args(["-m", "unittest", "discover", "--start-directory"])
        .arg(tools::root().join("tests/templates"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let output = tools::run(&mut python);
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(report.contains("Ran ") && !report.contains("Ran 0 tests"), "{report}");
}
