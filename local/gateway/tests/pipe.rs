//! `chat` as the end of a pipe: the program itself, in a process of its own.

#![expect(clippy::unwrap_used, reason = "this is a test through and through")]

use std::process::{Output, Stdio};

use local::{Local, Options};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
};

fn chat(local: &Local) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(["chat", "--url", &local.url()]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true).spawn().unwrap()
}

async fn say_all(local: &Local, input: &[u8]) -> Output {
    let mut chat = chat(local);
    let mut stdin = chat.stdin.take().unwrap();
    stdin.write_all(input).await.unwrap();
    drop(stdin);
    chat.wait_with_output().await.unwrap()
}

#[tokio::test]
async fn every_line_is_answered_and_nothing_else_is_written() {
    let local = Local::start(Options::for_tests()).await.unwrap();
    let output = say_all(&local, "one\n\n/two \u{fc}\r\nthree".as_bytes()).await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text, "You said: one\nYou said: /two \u{fc}\nYou said: three\n");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
    local.stop().await;
}

#[tokio::test]
async fn a_line_that_is_no_text_fails_alone() {
    let local = Local::start(Options::for_tests()).await.unwrap();
    let output = say_all(&local, b"one\ntw\xff\nthree\n").await;
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "You said: one\nYou said: three\n");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "error: line 2 of the input is not UTF-8\n");
    assert_eq!(output.status.code(), Some(1));
    local.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_between_messages_ends_it() {
    let local = Local::start(Options::for_tests()).await.unwrap();
    let mut chat = chat(&local);
    let mut stdin = chat.stdin.take().unwrap();
    let mut answers = BufReader::new(chat.stdout.take().unwrap()).lines();
    stdin.write_all(b"one\n").await.unwrap();
    assert_eq!(answers.next_line().await.unwrap().unwrap(), "You said: one");

    let process = chat.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &process]).status().await.unwrap().success());
    let ended = tokio::time::timeout(std::time::Duration::from_secs(20), chat.wait()).await;
    assert_eq!(ended.unwrap().unwrap().code(), Some(130));
    drop(stdin);
    local.stop().await;
}
