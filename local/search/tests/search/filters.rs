use local_search::Filter;

use super::*;

fn string(value: &str) -> Attribute {
    Attribute::Text(value.into())
}

fn list(values: &[&str]) -> Attribute {
    Attribute::List(values.iter().map(|value| (*value).into()).collect())
}

#[test]
fn conditions_are_those_of_kendra() {
    let attributes = BTreeMap::from([
        ("kind".to_owned(), string("policy")),
        ("tags".to_owned(), list(&["leave", "family"])),
        ("pages".to_owned(), Attribute::Number(12)),
        ("_created_at".to_owned(), Attribute::Date(1_700_000_000)),
    ]);
    let equals = |key: &str, value| Filter::Equals(key.into(), value);
    let names = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let number = Attribute::Number;
    let cases = [
        (equals("kind", string("policy")), true),
        (equals("kind", string("Policy")), false),
        (equals("kind", list(&["policy"])), false),
        (equals("missing", string("policy")), false),
        (Filter::Not(Box::new(equals("missing", string("policy")))), true),
        (equals("tags", list(&["family", "leave"])), true),
        (equals("tags", list(&["family"])), false),
        (Filter::ContainsAll("tags".into(), names(&["family"])), true),
        (Filter::ContainsAll("tags".into(), names(&["family", "pay"])), false),
        (Filter::ContainsAny("tags".into(), names(&["family", "pay"])), true),
        (Filter::ContainsAny("kind".into(), names(&["policy"])), false),
        (Filter::Greater("pages".into(), number(12)), false),
        (Filter::GreaterOrEqual("pages".into(), number(12)), true),
        (Filter::Less("pages".into(), number(13)), true),
        (Filter::LessOrEqual("pages".into(), number(11)), false),
        (Filter::Greater("_created_at".into(), Attribute::Date(1_600_000_000)), true),
        (Filter::Greater("_created_at".into(), number(1)), false),
        (Filter::Less("kind".into(), string("z")), false),
        (Filter::And(vec![equals("kind", string("policy")), equals("pages", number(1))]), false),
        (Filter::Or(vec![equals("kind", string("policy")), equals("pages", number(1))]), true),
    ];
    for (filter, expected) in cases {
        assert_eq!(filter.matches(&attributes), expected, "{filter:?}");
    }
}

#[tokio::test]
async fn the_filter_comes_before_the_cut() {
    let mut documents: Vec<Document> = (0..500)
        .map(|number| with(text(&number.to_string(), "Travel expenses."), "year", Attribute::Number(2020)))
        .collect();
    documents.push(with(text("new", "How we pay back what a journey costs."), "year", Attribute::Number(2026)));
    let index = in_memory(documents).await;
    let filter = Some(Filter::GreaterOrEqual("year".into(), Attribute::Number(2025)));
    let search = Search { filter, limit: 5, ..Search::new("travel expenses", Target::Documents) };
    assert_eq!(ids(&index.search(search).await.unwrap()), ["new"]);
}

#[tokio::test]
async fn facets_count_documents_and_the_values_of_lists() {
    let document = |id: &str, tags: &[&str]| with(text(id, &"Parental leave. ".repeat(150)), "tags", list(tags));
    let index = in_memory(vec![document("a", &["x", "y"]), document("b", &["y"]), text("c", "Parental leave.")]).await;
    let facets = vec!["tags".to_owned(), "missing".to_owned()];
    let found = index.search(Search { facets, ..Search::new("leave", Target::Documents) }).await.unwrap();
    assert_eq!(found.facets["tags"], [(string("y"), 2), (string("x"), 1)]);
    assert_eq!(found.facets["missing"], []);
    assert_eq!(found.total, 3);
}
