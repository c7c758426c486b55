use local_search::{Confidence, Hit};

use super::*;

const LEAVE: &str = "Parental leave\n\nEmployees who have completed their probation get 80 days of paid parental leave. It \
    can be taken in one piece or in several, within two years of the birth or adoption. The request goes to the manager at \
    least eight weeks before.";
const EXPENSES: &str = "Travel expenses\n\nTrains are booked in second class. Hotels are paid up to 150 francs a night. \
    Receipts have to be handed in within thirty days of the journey.";
const PASSWORDS: &str = "Passwords\n\nA password has fourteen characters or more. Nobody from the help desk will ever ask \
    for it. Whoever has forgotten it can set a new one at the self-service portal.";

async fn handbook() -> Index {
    in_memory(vec![
        text("leave", LEAVE),
        text("expenses", EXPENSES),
        text("passwords", PASSWORDS),
        answer("faq-1", "How do I reset my password?", "At the self-service portal."),
        answer("faq-2", "How many days of holiday do I get?", "Twenty-five a year."),
        answer("faq-3", "Who pays for my train ticket?", "The company, in second class."),
    ])
    .await
}

async fn best(index: &Index, text: &str, target: Target) -> Hit {
    index.search(Search::new(text, target)).await.unwrap().hits.swap_remove(0)
}

#[tokio::test]
async fn questions_about_the_documents_are_answered_with_confidence() {
    let index = handbook().await;
    let questions = [
        ("How many days of parental leave do employees get?", "leave", Confidence::High),
        ("When do I have to hand in my receipts?", "expenses", Confidence::Medium),
        ("How long does a password have to be?", "passwords", Confidence::Medium),
    ];
    for (question, id, least) in questions {
        let hit = best(&index, question, Target::Passages).await;
        assert_eq!(hit.document.id, id);
        assert!(hit.confidence >= least, "{question}: {:?} ({})", hit.confidence, hit.score);
    }
    for question in ["Who won the 1998 world cup?", "What is the boiling point of mercury?", "Best pizza in Naples"] {
        let hit = best(&index, question, Target::Passages).await;
        assert_eq!(hit.confidence, Confidence::Low, "{question}: {}", hit.score);
        let hit = best(&index, question, Target::Questions).await;
        assert_eq!(hit.confidence, Confidence::Low, "{question}: {}", hit.score);
    }
}

#[tokio::test]
async fn a_faq_is_found_by_its_question_in_other_words() {
    let index = handbook().await;
    let hit = best(&index, "How do I reset my password?", Target::Questions).await;
    assert_eq!((hit.text.as_str(), hit.confidence), ("At the self-service portal.", Confidence::VeryHigh));
    assert_eq!(hit.question.as_deref(), Some("How do I reset my password?"));
    let hit = best(&index, "I forgot my password, how can I reset it?", Target::Questions).await;
    assert_eq!((hit.document.id.as_str(), hit.confidence >= Confidence::High), ("faq-1", true), "{}", hit.score);
    // About the same thing, and another question.
    let hit = best(&index, "How long does a password have to be?", Target::Questions).await;
    assert!(hit.confidence < Confidence::VeryHigh, "{}", hit.score);
    assert!(!ids(&passages(&index, "How do I reset my password?").await).contains(&"faq-1"));
}

#[tokio::test]
async fn highlights_are_the_words_of_the_search_by_characters() {
    let index = in_memory(vec![text("a", "Größe zählt: the café employs Employees.")]).await;
    let hit = best(&index, "Does the cafe have an employee?", Target::Passages).await;
    let characters: Vec<char> = hit.text.chars().collect();
    let words = hit.highlights.iter().map(|place| characters[place.begin..place.end].iter().collect::<String>());
    assert_eq!(words.collect::<Vec<_>>(), ["café", "Employees"]);
}

#[tokio::test]
async fn odd_searches_are_answered_too() {
    let index = handbook().await;
    for search in ["", " ", "?!", "the of and", "日本語", "\u{0}", &"word ".repeat(5000)] {
        for target in [Target::Passages, Target::Documents, Target::Questions] {
            let found = index.search(Search::new(search, target)).await.unwrap();
            assert_eq!(found.total, 3, "{search:?}");
        }
    }
    let empty = in_memory(Vec::new()).await;
    assert_eq!(passages(&empty, "anything").await.hits, []);
}
