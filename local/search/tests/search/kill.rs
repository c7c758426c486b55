use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use super::*;

const BATCH: usize = 4;

/// Run by the test below, as a process of its own.
#[tokio::test]
#[ignore = "writes until it is killed"]
async fn writes_until_it_is_killed() {
    let index = Index::open(Some(".".as_ref()), Embedder::load().await.unwrap()).await.unwrap();
    for batch in 0.. {
        let document =
            |number: usize| text(&format!("{batch}-{number}"), &format!("Batch {batch}, document {number}."));
        // A document that each batch writes anew.
        let documents = (0..BATCH).map(document).chain([text("last", &format!("The last batch is {batch}."))]);
        index.put(documents.collect()).await.unwrap();
        println!("\nput {batch}");
    }
}

#[tokio::test]
async fn a_kill_loses_nothing_that_was_acknowledged_and_leaves_no_half() {
    let folder = tempfile::tempdir().unwrap();
    let embedder = Embedder::load().await.unwrap();
    for (round, pause) in [0, 3, 7, 20].into_iter().enumerate() {
        let folder = folder.path().join(round.to_string());
        std::fs::create_dir(&folder).unwrap();
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--ignored", "--exact", "kill::writes_until_it_is_killed", "--nocapture"])
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let acknowledged = |line: String| line.strip_prefix("put ").and_then(|batch| batch.parse::<usize>().ok());
        let mut last = lines.by_ref().filter_map(acknowledged).nth(5).unwrap();
        thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
        last = lines.filter_map(acknowledged).last().unwrap_or(last);

        let index = Index::open(Some(&folder), embedder.clone()).await.unwrap();
        for batch in 0..last + 3 {
            let mut there = 0;
            for number in 0..BATCH {
                there += usize::from(index.facts(&format!("{batch}-{number}")).await.unwrap().is_some());
            }
            assert!(there == BATCH || (there == 0 && batch > last), "batch {batch}: {there}, acknowledged {last}");
        }
        let count = index.counts().await.unwrap().documents;
        assert_eq!(count % BATCH, 1);
        let found = passages(&index, "the last batch").await;
        assert_eq!(found.hits[0].text, format!("The last batch is {}.", count / BATCH - 1));
    }
}
