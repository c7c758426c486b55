use super::*;

fn page(number: u32, text: &str) -> Section {
    Section { page: Some(number), text: text.into() }
}

#[tokio::test]
async fn a_hit_says_on_which_page_it_is() {
    let pages = vec![
        page(1, "The fire alarm is tested on the first Monday of the month."),
        page(2, "Lifts are out of use in a fire. Take the stairs."),
        page(3, &"Visitors sign in at the reception desk. ".repeat(80)),
    ];
    let document = Document { content: Content::Text(pages), ..text("safety", "") };
    let index = in_memory(vec![document]).await;
    let found = passages(&index, "May I take the lift in a fire?").await;
    assert_eq!((found.hits[0].page, found.hits[0].passage), (Some(2), 1));
    let found = passages(&index, "Where do visitors sign in?").await;
    assert!(found.hits[0].page == Some(3) && found.hits[1].page == Some(3), "several passages of one document");
    let found = index.search(Search::new("Where do visitors sign in?", Target::Documents)).await.unwrap();
    assert_eq!((ids(&found), found.total), (vec!["safety"], 1));
}
