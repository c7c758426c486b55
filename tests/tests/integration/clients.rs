//! Programs that are not ours: boto3 against AWS's wire, and the AI SDK against the API.

use std::process::Command;

use crate::{app::TestApp, tools};

/// The tests are `tests/clients/test_*.py`.
#[tokio::test(flavor = "multi_thread")]
async fn boto3_takes_the_local_aws_for_aws() {
    let app = TestApp::start().await;
    let mut python = Command::new(tools::installed("python"));
    python
        .args(["-m", "unittest", "discover", "--start-directory"])
        .arg(tools::root().join("tests/clients"))
        // Whatever the developer has set up for the real AWS stays out of this.
        .env_clear()
        .env("AWS_ENDPOINT_URL", app.aws_url())
        .envs([("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local"), ("AWS_DEFAULT_REGION", "us-east-1")])
        .envs([("AWS_CONFIG_FILE", "none"), ("AWS_SHARED_CREDENTIALS_FILE", "none"), ("PYTHONDONTWRITEBYTECODE", "1")]);
    let output = tokio::task::block_in_place(|| tools::run(&mut python));
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(report.contains("Ran ") && !report.contains("Ran 0 tests"), "{report}");
}

/// The tests are `tests/ui/stream.test.js`.
#[tokio::test(flavor = "multi_thread")]
async fn the_ai_sdk_reads_streams_and_chats() {
    run_with_the_ai_sdk(&TestApp::start().await, "stream.test.js");
}

/// The tests are `tests/ui/rag.test.js`.
#[tokio::test(flavor = "multi_thread")]
async fn the_ai_sdk_reads_sources_and_citations() {
    run_with_the_ai_sdk(&TestApp::with_handbook(&[]).await, "rag.test.js");
}

#[track_caller]
fn run_with_the_ai_sdk(app: &TestApp, tests: &str) {
    let folder = tools::root().join("tests/ui");
    assert!(folder.join("node_modules/ai").exists(), "the AI SDK is missing: run `make setup`");
    let mut node = Command::new("node");
    node.args(["--test", tests]).current_dir(folder);
    node.env("API_URL", app.url()).env("AWS_URL", app.aws_url());
    let output = tokio::task::block_in_place(|| tools::run(&mut node));
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("# pass ") && !report.contains("# pass 0"), "{report}");
}

/// What the documentation shows is what was tested.
#[test]
fn the_documented_transport_is_the_tested_one() {
    let documented = tools::read(&tools::root().join("docs/frontend.md"));
    let tested = tools::read(&tools::root().join("tests/ui/transport.js"));
    assert!(documented.contains(&format!("```js\n{tested}```\n")), "docs/frontend.md shows another transport.js");
}
