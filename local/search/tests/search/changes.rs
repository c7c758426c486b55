use local_search::{Counts, Error};

use super::*;

#[tokio::test]
async fn what_was_put_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let embedder = Embedder::load().await.unwrap();
    let long = "The canteen opens at noon and closes at two. ".repeat(60);
    let before = {
        let index = Index::open(Some(folder.path()), embedder.clone()).await.unwrap();
        let titled = Document { title: Some("Canteen".into()), uri: Some("s3://b/canteen".into()), ..text("a", &long) };
        let titled = with(from_source(titled, "s3", "1"), "floor", Attribute::Number(2));
        index.put(vec![titled, answer("b", "May I bring a dog?", "On Fridays.")]).await.unwrap();
        passages(&index, "When does the canteen open?").await
    };
    let index = Index::open(Some(folder.path()), embedder).await.unwrap();
    assert_eq!(passages(&index, "When does the canteen open?").await, before);
    assert!(before.hits.len() > 1);
    let search = Search::new("Are dogs allowed?", Target::Questions);
    assert_eq!(index.search(search).await.unwrap().hits[0].text, "On Fridays.");
    let text_bytes = long.len() as u64 + 29;
    assert_eq!(index.counts().await.unwrap(), Counts { documents: 1, answers: 1, text_bytes });
}

#[tokio::test]
async fn a_second_process_is_told_that_the_index_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let embedder = Embedder::load().await.unwrap();
    let first = Index::open(Some(folder.path()), embedder.clone()).await.unwrap();
    let second = Index::open(Some(folder.path()), embedder.clone()).await;
    assert!(matches!(second.err().unwrap(), Error::InUse { .. }));
    drop(first);
    Index::open(Some(folder.path()), embedder).await.unwrap();
}

#[tokio::test]
async fn another_format_and_a_damaged_file_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let embedder = Embedder::load().await.unwrap();
    drop(Index::open(Some(folder.path()), embedder.clone()).await.unwrap());
    let file = folder.path().join("index.sqlite");
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    connection.close().unwrap();
    let error = Index::open(Some(folder.path()), embedder.clone()).await.err().unwrap();
    assert!(matches!(error, Error::Format { found: 99, .. }), "{error}");
    std::fs::write(&file, "this is no database, and long enough to be seen as something else than an empty file")
        .unwrap();
    let error = Index::open(Some(folder.path()), embedder).await.err().unwrap();
    assert!(matches!(error, Error::Storage(_)), "{error}");
}

#[tokio::test]
async fn a_document_replaces_the_one_with_its_identifier() {
    let index = in_memory(vec![text("a", &"Bicycles are in the cellar. ".repeat(100)), text("b", "Umbrellas.")]).await;
    index.put(vec![text("a", "First."), text("a", "Cars are in the garage.")]).await.unwrap();
    let found = passages(&index, "bicycles in the cellar").await;
    assert!(found.hits.iter().all(|hit| !hit.text.contains("Bicycles")), "{found:?}");
    let found = passages(&index, "garage").await;
    assert_eq!((found.hits[0].text.as_str(), found.hits[0].passage), ("Cars are in the garage.", 0));
    // An entry of a FAQ may become a document, and the other way round.
    index.put(vec![answer("a", "Where are the cars?", "In the garage.")]).await.unwrap();
    assert!(!ids(&passages(&index, "garage").await).contains(&"a"));
    assert_eq!(index.search(Search::new("cars", Target::Questions)).await.unwrap().hits[0].document.id, "a");
    assert_eq!(index.counts().await.unwrap().answers, 1);
}

#[tokio::test]
async fn what_is_deleted_is_found_no_more_and_its_place_is_used_again() {
    let index =
        in_memory(vec![text("a", "Printers are on floor two."), text("b", "Printers are on floor three.")]).await;
    let deleted = index.delete(vec!["a".into(), "x".into()]).await.unwrap();
    assert_eq!(deleted, [true, false]);
    assert_eq!(ids(&passages(&index, "printers").await), ["b"]);
    index.put(vec![text("c", "Scanners are on floor two.")]).await.unwrap();
    assert_eq!(passages(&index, "scanners").await.hits[0].document.id, "c");
    assert_eq!(passages(&index, "printers").await.hits[0].document.id, "b");
    assert_eq!(index.facts("a").await.unwrap(), None);
}

#[tokio::test]
async fn a_source_knows_its_documents_and_versions() {
    let documents = vec![
        from_source(text("a", "One."), "s3", "v1"),
        from_source(text("b", "Two."), "s3", "v2"),
        from_source(text("c", "Three."), "web", "v1"),
        text("d", "Four."),
    ];
    let index = in_memory(documents).await;
    let expected = BTreeMap::from([("a".to_owned(), "v1".to_owned()), ("b".to_owned(), "v2".to_owned())]);
    assert_eq!(index.of_source("s3").await.unwrap(), expected);
    index.put(vec![from_source(text("a", "One."), "s3", "v3")]).await.unwrap();
    assert_eq!(index.of_source("s3").await.unwrap()["a"], "v3");
    assert_eq!(index.of_source("nothing").await.unwrap(), BTreeMap::new());
}

/// The embeddings of a put take seconds on all cores.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_does_not_hold_up_searches() {
    let index = in_memory(vec![text("a", "Printers are on floor two.")]).await;
    let words =
        |number: usize| format!("Paper number {number} is about something else than all the others. ").repeat(15);
    let documents = (0..300).map(|number| text(&number.to_string(), &words(number))).collect();
    let putting = tokio::spawn({
        let index = index.clone();
        async move { index.put(documents).await }
    });
    let mut during = 0;
    while !putting.is_finished() {
        let found = passages(&index, "Where are the printers?").await;
        assert!(found.total == 1 || found.total >= 100, "{}: none of the put, or all", found.total);
        during += 1;
    }
    putting.await.unwrap().unwrap();
    assert!(during > 5, "only {during} searches while the put was under way");
}
