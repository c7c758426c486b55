//! The functions that are measured, and what each of them is given to do.

use std::time::Duration;

#[derive(Debug)]
pub(super) struct Pattern {
    /// Of the function's package, its binary and its route.
    pub(super) name: &'static str,
    /// The binary that is its floor.
    pub(super) floor: &'static str,
    /// A request's body, as JSON; the session is added.
    pub(super) question: &'static str,
    /// What the model says whenever it is called.
    pub(super) reply: &'static str,
    /// Environment variables, besides those of every function.
    pub(super) settings: &'static [(&'static str, &'static str)],
    /// For how long both programs do nothing in a turn, since what they wait for is never there at once. It is no part of
    /// the times that are shown.
    pub(super) pause: Duration,
}

pub(super) static PATTERNS: [Pattern; 3] = [
    Pattern {
        name: "chat",
        floor: "floor-chat",
        question: r#"{
            "message": "The parcel came two weeks late, but support was friendly. What do you make of that?",
            "system": "You answer the customers of a shop, in one or two sentences."
        }"#,
        reply: "I am sorry that your parcel was so late, and glad that our support could make up for some of it.",
        settings: &[],
        pause: Duration::ZERO,
    },
    Pattern {
        name: "rag",
        floor: "floor-rag",
        question: r#"{ "message": "And who decides that, if the wind gets stronger?" }"#,
        // First the two lines of the call that makes a search of a follow-up, then the answer: one text for both calls,
        // so that none of them can get what was meant for the other.
        reply: "\
Question: Who decides whether trains run above Brandalp and the gondola is open, if the wind gets stronger?
Search: wind gusts suspended trains gondola who decides

The dispatcher decides for the railway and the ropeway operator for the gondola; nobody in the office may overrule \
them [1]. From gusts of 65 km/h on, trains above Brandalp run at 15 km/h and the gondola is emptied; from 90 km/h on, \
both are closed [1]. In the winter of 2024/25, wind closed the line on eleven days [6].",
        settings: &[
            ("KENDRA_INDEX_ID", "00000000-0000-4000-8000-000000000001"),
            // All that is found: the floor does not count tokens.
            ("PASSAGE_TOKENS", "10000"),
        ],
        pause: Duration::ZERO,
    },
    Pattern {
        name: "nlq",
        floor: "floor-nlq",
        question: r#"{ "question": "And how much revenue did each product category make in 2025?" }"#,
        // SQL for the first call and words for the second; the words of an answer may repeat the SQL, and hold no number
        // that is not in the rows (`bench/athena`) or in the question.
        reply: "\
```sql
SELECT products.category, sum(order_items.quantity * order_items.unit_price) AS revenue
FROM order_items
JOIN orders ON orders.id = order_items.order_id
JOIN products ON products.id = order_items.product_id
WHERE year(orders.order_date) = 2025
GROUP BY products.category
ORDER BY revenue DESC
```
In 2025, Camping made the most with 412,380.55 francs, closely followed by Cycling with 398,112.10 francs. Climbing made \
the least, 151,264.35 francs.",
        settings: &[
            ("ATHENA_WORKGROUP", "bench"),
            ("ATHENA_DATABASES", "retail"),
            ("SEMANTIC_LAYER", "s3://semantic_layers/"),
        ],
        // Between the start of a query and the first look at it.
        pause: Duration::from_millis(50),
    },
];
