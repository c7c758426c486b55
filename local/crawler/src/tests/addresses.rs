use proptest::prelude::*;
use url::Url;

use crate::address::{canonical, is_local};

fn name(text: &str) -> Option<String> {
    Url::parse(text).ok().and_then(canonical).map(String::from)
}

#[test]
fn names_of_the_same_page_become_one() {
    for same in
        ["http://a.example", "HTTP://A.example:80/#x", "http://user:secret@a.example/?", "http://a.example/./b/.."]
    {
        assert_eq!(name(same).as_deref(), Some("http://a.example/"), "{same}");
    }
    assert_eq!(name("https://a.example:8443/B?x=1&y").as_deref(), Some("https://a.example:8443/B?x=1&y"));
}

#[test]
fn what_cannot_be_crawled_has_no_name() {
    let long = format!("http://a.example/{}", "x".repeat(2048));
    for other in ["mailto:a@example.com", "javascript:void(0)", "ftp://a.example/", "data:text/html,x", "tel:1", &long]
    {
        assert_eq!(name(other), None, "{other}");
    }
}

#[test]
fn only_this_machine_is_local() {
    for (url, local) in [
        ("http://localhost:8080/", true),
        ("http://docs.localhost/", true),
        ("http://127.0.0.2/", true),
        ("http://[::1]/", true),
        ("http://localhost.example/", false),
        ("http://10.0.0.1/", false),
    ] {
        assert_eq!(is_local(&Url::parse(url).unwrap()), local, "{url}");
    }
}

proptest! {
    #[test]
    fn a_canonical_name_stays_as_it_is(
        text in r"https?://([a-z]{1,3}(:[a-z]*)?@)?[A-Za-z0-9.-]{1,10}(:[0-9]{1,5})?(/[ -~äß%]{0,20})?(\?[ -~]{0,20})?(#[ -~]{0,9})?"
    ) {
        if let Some(canonical) = name(&text) {
            prop_assert_eq!(name(&canonical), Some(canonical.clone()));
            prop_assert!(!canonical.contains('#'));
        }
    }

    #[test]
    fn a_canonical_reference_resolves_to_itself_from_anywhere(reference in "[ -~]{0,30}") {
        let base = Url::parse("http://a.example/b/c?d").unwrap();
        if let Some(url) = base.join(&reference).ok().and_then(canonical) {
            prop_assert_eq!(base.join(url.as_str()).ok().and_then(canonical), Some(url));
        }
    }
}
