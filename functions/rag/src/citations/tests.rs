use proptest::prelude::*;
use shared::grounding::Confidence;

use super::*;

fn passages(count: usize) -> Vec<Passage> {
    let passage = |number: usize| Passage {
        document_id: format!("document {number}"),
        title: None,
        uri: None,
        page: None,
        excerpt: String::new(),
        attributes: serde_json::Map::new(),
        confidence: Confidence::High,
        query_id: String::new(),
        result_id: String::new(),
    };
    (1..=count).map(passage).collect()
}

/// The answer's text, and for each citation its number and what stands at its place.
fn checked(pieces: &[&str]) -> (String, Vec<(usize, String)>) {
    let mut citations = Citations::of(passages(3));
    let mut events: Vec<Event> = pieces.iter().flat_map(|piece| citations.check(piece)).collect();
    events.extend(citations.finish());
    let (mut text, mut cited) = (String::new(), Vec::new());
    for event in events {
        match event {
            Event::Text(piece) => text.push_str(&piece),
            Event::Cited(citation) => cited.push((citation.number, citation.places[0])),
            other => panic!("{other:?}"),
        }
    }
    let at = |place: Place| text.chars().skip(place.start).take(place.end - place.start).collect::<String>();
    let cited = cited.into_iter().map(|(number, place)| (number, at(place))).collect();
    (text, cited)
}

fn text(piece: &str) -> String {
    checked(&[piece]).0
}

#[test]
fn what_names_a_passage_is_a_citation() {
    let (text, cited) = checked(&["Zürich has 30 days [1]. Bern has 25 [2][3]."]);
    assert_eq!(text, "Zürich has 30 days [1]. Bern has 25 [2, 3].");
    assert_eq!(cited, [(1, "[1]".to_owned()), (2, "[2, 3]".to_owned()), (3, "[2, 3]".to_owned())]);
}

#[test]
fn what_names_none_goes_with_the_blank_before_it() {
    for (given, expected) in [
        ("It is so [9].", "It is so."),
        ("It is so [0] and so [1].", "It is so and so [1]."),
        ("It is so[99999999999999999999].", "It is so."),
        ("[7] It is so.", "It is so."),
        ("It is so.\n[7] It is not.", "It is so.\nIt is not."),
        ("It is so [7]", "It is so"),
        ("It is so [7](there).", "It is so (there)."),
        ("It is so [1, 9].", "It is so [1]."),
        ("It is so [8-12].", "It is so."),
        ("It is so [9] [1].", "It is so [1]."),
        ("It is so [4[9]].", "It is so [4…]."),
    ] {
        assert_eq!(text(given), expected, "{given}");
    }
}

#[test]
fn neighbours_are_one() {
    for (given, expected) in [
        ("So [1][1].", "So [1]."),
        ("So [2] [1].", "So [1, 2]."),
        ("So [1-3].", "So [1, 2, 3]."),
        ("So [1;2] [^3].", "So [1, 2, 3]."),
        ("So [1], or so [1].", "So [1], or so [1]."),
        ("So [1]\n[2] is not.", "So [1]\n[2] is not."),
    ] {
        assert_eq!(text(given), expected, "{given}");
    }
}

#[test]
fn other_brackets_stay() {
    for given in ["a [note] b", "[]", "[[1, x]]", "[1", "f(x)[i]", "[see 1]", "a [ b ] c", "[1,,2]", "[,]"] {
        assert_eq!(text(given), given);
    }
}

#[test]
fn a_citation_never_becomes_a_link() {
    assert_eq!(text("Look here [1](https://example.com/steal)."), "Look here [1] (https://example.com/steal).");
}

#[test]
fn nothing_is_told_before_it_is_certain() {
    let mut citations = Citations::of(passages(3));
    assert_eq!(citations.check("It is so ["), [Event::Text("It is so".to_owned())]);
    assert_eq!(citations.check("1"), []);
    assert_eq!(citations.check("] [2"), []);
    let told = citations.check("].");
    assert_eq!(told[0], Event::Text(" [1, 2]".to_owned()));
    assert!(matches!(&told[1], Event::Cited(citation) if citation.places == [Place { start: 9, end: 15 }]));
    assert_eq!(told[3], Event::Text(".".to_owned()));
}

proptest! {
    #[test]
    fn how_an_answer_is_cut_makes_no_difference(answer in r"([a-zé ]|\[[0-9]{0,2}|\]|, |\n|\(){0,40}", cuts in any::<u64>()) {
        let characters: Vec<String> = answer.chars().map(String::from).collect();
        let mut pieces = vec![String::new()];
        for (index, character) in characters.iter().enumerate() {
            if cuts >> (index % 64) & 1 == 1 {
                pieces.push(String::new());
            }
            pieces.last_mut().unwrap().push_str(character);
        }
        let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
        let whole = checked(&[answer.as_str()]);
        prop_assert_eq!(&checked(&pieces), &whole);
        // Every place is a marker, and what was checked stays as it is.
        for (number, marker) in &whole.1 {
            prop_assert!(numbers(marker.trim_matches(['[', ']'])).unwrap().contains(number));
        }
        prop_assert_eq!(&text(&whole.0), &whole.0);
    }
}
