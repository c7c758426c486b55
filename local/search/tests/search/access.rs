use local_search::{Principal, User};

use super::*;

fn user(name: &str, groups: &[&str]) -> User {
    User { name: Some(name.into()), groups: groups.iter().map(|group| (*group).into()).collect() }
}

fn named(name: &str) -> Principal {
    Principal::User(name.into())
}

fn group(name: &str) -> Principal {
    Principal::Group(name.into())
}

fn level(allow: &[Principal], deny: &[Principal]) -> Access {
    Access { allow: allow.into(), deny: deny.into(), hierarchy: Vec::new() }
}

#[test]
fn deny_outranks_allow_and_all_levels_have_to_let_in() {
    let (alice, bob, nobody) = (user("alice", &["hr"]), user("bob", &[]), User::default());
    let hierarchy = |levels: &[Access]| Access { hierarchy: levels.into(), ..Access::default() };
    let cases = [
        ("everybody", Access::default(), [true, true, true]),
        ("one user", level(&[named("alice")], &[]), [true, false, false]),
        ("one group", level(&[group("hr")], &[]), [true, false, false]),
        ("a group is no user", level(&[group("bob"), named("hr")], &[]), [false, false, false]),
        ("all but one", level(&[], &[named("bob")]), [true, false, true]),
        ("denied by group", level(&[named("alice"), named("bob")], &[group("hr")]), [false, true, false]),
        ("two levels", hierarchy(&[level(&[group("hr")], &[]), level(&[named("bob")], &[])]), [false, false, false]),
        ("one level", hierarchy(&[level(&[group("hr"), named("bob")], &[]), level(&[], &[])]), [true, true, false]),
        (
            "denied above",
            hierarchy(&[level(&[], &[group("hr")]), level(&[named("alice")], &[])]),
            [false, false, false],
        ),
        (
            "document and folder",
            Access { hierarchy: vec![level(&[group("hr")], &[])], ..level(&[named("alice"), named("bob")], &[]) },
            [true, false, false],
        ),
    ];
    for (name, access, expected) in cases {
        assert_eq!([&alice, &bob, &nobody].map(|user| access.lets_in(user)), expected, "{name}");
    }
}

/// Were the ranking cut before access is looked at, the three would be far behind the cut.
#[tokio::test]
async fn who_may_see_three_of_ten_thousand_finds_these_three() {
    let mut documents: Vec<Document> = (0..10_000)
        .map(|number| Document {
            access: level(&[group("legal")], &[]),
            ..text(&format!("secret-{number}"), "Merger agreement.")
        })
        .collect();
    let own = "A long note of somebody, which mentions the merger agreement only in passing.";
    documents.extend(
        (0..3).map(|number| Document { access: level(&[named("bob")], &[]), ..text(&format!("own-{number}"), own) }),
    );
    let index = in_memory(documents).await;
    for target in [Target::Passages, Target::Documents] {
        let search = |user| Search { user, ..Search::new("merger agreement", target) };
        let found = index.search(search(Some(user("bob", &[])))).await.unwrap();
        assert_eq!((ids(&found), found.total), (vec!["own-0", "own-1", "own-2"], 3));
        let found = index.search(search(Some(user("carol", &[])))).await.unwrap();
        assert_eq!((ids(&found), found.total), (vec![], 0));
        assert!(index.search(search(None)).await.unwrap().total >= 10_000, "without a user nothing is kept back");
    }
}

#[tokio::test]
async fn facets_and_answers_keep_secrets_too() {
    let secret =
        Document { access: level(&[group("hr")], &[]), ..answer("a", "What does the director earn?", "A lot.") };
    let secret = with(secret, "kind", Attribute::Text("salary".into()));
    let open = with(answer("b", "What does an apprentice earn?", "Less."), "kind", Attribute::Text("open".into()));
    let index = in_memory(vec![secret, open]).await;
    let search = |user| Search {
        user: Some(user),
        facets: vec!["kind".into()],
        ..Search::new("What does the director earn?", Target::Questions)
    };
    let found = index.search(search(user("bob", &[]))).await.unwrap();
    assert_eq!((ids(&found), found.total), (vec!["b"], 1));
    assert_eq!(found.facets["kind"], [(Attribute::Text("open".into()), 1)]);
    let found = index.search(search(user("alice", &["hr"]))).await.unwrap();
    assert_eq!(ids(&found), ["a", "b"]);
}
