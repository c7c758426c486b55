use proptest::prelude::*;
use url::Url;

use crate::html::{Read, read};

fn read_page(html: impl AsRef<[u8]>) -> Read {
    read(html.as_ref(), Some("text/html"), &Url::parse("http://site.localhost/dir/page?x=1").unwrap())
}

fn links(html: impl AsRef<[u8]>) -> Vec<String> {
    read_page(html).links.iter().map(|link| link.as_str().replace("http://site.localhost", "")).collect()
}

#[test]
fn links_are_those_a_reader_could_click() {
    let html = "<!DOCTYPE html><title><a href=/t></title><A HREF=' one '>x</A><a href='?y=2'>x</a><area href=/map>
        <script>'<a href=/script>'</script><style><a href=/style></style><textarea><a href=/text></textarea>
        <!-- <a href=/comment> --><iframe src=/frame><a href=/inner></iframe><link href=/sheet rel=stylesheet>
        <a href=/no rel='ugc NoFollow'>x</a><a name=anchor>x</a><a href='mailto:x@example.com'>x</a><a href=one>again</a>
        <a href='//other.localhost/q?a=1&amp;b=2#c'>x</a><noscript><a href=/noscript></noscript>";
    assert_eq!(links(html), ["/dir/one", "/dir/page?y=2", "/map", "http://other.localhost/q?a=1&b=2", "/noscript"]);
}

#[test]
fn links_are_relative_to_the_first_base() {
    assert_eq!(links("<base href='/other/'><base href='/second/'><a href=x>"), ["/other/x"]);
    assert_eq!(links("<base href='http://['><a href=x>"), ["/dir/x"]);
}

#[test]
fn a_broken_page_is_read_as_far_as_it_goes() {
    assert_eq!(links("<a href=one<b><a href='two>three"), ["/dir/one%3Cb"]);
    assert_eq!(
        links("<a href=\"one\"<table><td></p></html><a href=two /><a href=\"three\" <"),
        ["/dir/one", "/dir/two"]
    );
    assert_eq!(links(b"\xff\xfe<\0a\0 \0h\0r\0e\0f\0=\0x\0>\0"), ["/dir/x"]);
    assert_eq!(links(b"<p>\xff\xc3\x28</p><a href=x>"), ["/dir/x"]);
    let deep = "<div>".repeat(200_000) + "<a href=x>";
    assert_eq!(links(deep), ["/dir/x"]);
}

#[test]
fn a_page_is_decoded_as_the_server_says() {
    let url = Url::parse("http://site.localhost/").unwrap();
    let read = read(b"<a href='/\xe4'>", Some("text/html; Charset=\"iso-8859-1\""), &url);
    assert_eq!(read.links[0].path(), "/%C3%A4");
}

#[test]
fn a_page_says_its_own_name() {
    let read = read_page("<link rel='x CANONICAL' href='/name#x'><link rel=canonical href=/second>");
    assert_eq!(read.canonical.unwrap().as_str(), "http://site.localhost/name");
}

proptest! {
    #[test]
    fn anything_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..300), html in "[<>a-z/='\" -]{0,200}") {
        read_page(bytes);
        for link in read_page(html).links {
            prop_assert!(matches!(link.scheme(), "http" | "https"));
        }
    }
}
