use local_documents::Format;

use crate::build::{archive, pdf, text, title, word};

#[test]
fn a_format_is_told_by_signature_then_name_then_server_then_look() {
    let pdf = pdf(&[""], &[]);
    let word = word("", "");
    assert_eq!(Format::of("download.php", Some("text/html"), &pdf), Some(Format::Pdf));
    assert_eq!(Format::of("a.zip", None, &word), Some(Format::Word));
    assert_eq!(Format::of("https://example.com/a/b.MD?x=1#y.pdf", None, b"# A"), Some(Format::Markdown));
    assert_eq!(Format::of("rows.csv", Some("text/plain; charset=utf-8"), b"a,b"), Some(Format::Csv));
    assert_eq!(Format::of("/about", Some("text/html; charset=utf-8"), b"<p>"), Some(Format::Html));
    assert_eq!(Format::of("/v1", Some("application/problem+json"), b"{}"), Some(Format::Json));
    // An error page in the place of a document.
    assert_eq!(Format::of("report.pdf", Some("text/html"), b"<h1>Not found"), Some(Format::Html));
    assert_eq!(Format::of("report.pdf", None, b"broken"), Some(Format::Pdf));
    assert_eq!(Format::of("README", None, b"Read me."), Some(Format::Plain));
    assert_eq!(Format::of("index", None, b"\n<!DOCTYPE HTML><p>"), Some(Format::Html));
}

#[test]
fn what_cannot_be_read_has_no_format() {
    assert_eq!(Format::of("photo.png", None, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01"), None);
    assert_eq!(Format::of("site.css", Some("text/css"), b"a { b: c }"), None);
    assert_eq!(Format::of("old.zip", None, &archive(&[("a.txt", b"a")])), None);
    assert_eq!(Format::of("empty", None, b""), None);
}

#[test]
fn text_is_decoded_however_it_was_written() {
    let utf16 = |units: fn(u16) -> [u8; 2]| "Käse für Zoë".encode_utf16().flat_map(units).collect::<Vec<u8>>();
    for bytes in [
        "Käse für Zoë".as_bytes().to_vec(),
        "\u{feff}Käse für Zoë".as_bytes().to_vec(),
        [b"\xff\xfe".to_vec(), utf16(u16::to_le_bytes)].concat(),
        [b"\xfe\xff".to_vec(), utf16(u16::to_be_bytes)].concat(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        b"K\xe4se f\xfcr Zo\xeb".to_vec(),
    ] {
        assert_eq!(text(Format::Plain, &bytes), "Käse für Zoë", "{bytes:?}");
    }
    assert_eq!(text(Format::Plain, b"\x93quoted\x94 \x80 5"), "“quoted” € 5", "Windows, not Latin-1");
    assert_eq!(text(Format::Html, b"<meta charset='koi8-r'><p>\xd0\xd2\xc9"), "при");
}

#[test]
fn html_is_its_content_in_paragraphs_lines_and_cells() {
    let page = "<title>Soups &amp; stews</title><body class='has-navigation'><header>Shop</header><div id=cookie-bar>Yes!</div>
        <h1>Soups</h1><p>Of  <b>bar</b>ley,&nbsp;hot<br>and salted.</p><ol><li><p>Boil</p><li>Eat<ul><li>slowly</ul></ol>
        <table><tr><th>Size<th>Price<tr><td><p>large</p><td>9.00</table><div style='display: none'>x</div>
        <pre>one\n  two</pre><script>alert()</script><footer>Imprint</footer>";
    assert_eq!(
        text(Format::Html, page.as_bytes()),
        "Soups\n\nOf barley, hot\nand salted.\n\n1. Boil\n\n2. Eat\n- slowly\n\nSize | Price\nlarge | 9.00\n\none\ntwo"
    );
    assert_eq!(title(Format::Html, page.as_bytes()).as_deref(), Some("Soups & stews"));
}

#[test]
fn markdown_is_read_with_its_html_and_titled_by_its_front_matter() {
    let page = b"---\ntitle: \"Of cheese\"\ntags: [a]\n---\n# Cheese\n\nA *good*\none. <sup>1</sup>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```sh\nls -l\ncd\n```\n";
    assert_eq!(text(Format::Markdown, page), "Cheese\n\nA good one. 1\n\na | b\n1 | 2\n\nls -l\ncd");
    assert_eq!(title(Format::Markdown, page).as_deref(), Some("Of cheese"));
    assert_eq!(title(Format::Markdown, b"para\n\n# First\n\n# Second").as_deref(), Some("First"));
    assert_eq!(title(Format::Markdown, b"---\nno end"), None);
}

#[test]
fn word_has_tables_notes_and_only_what_is_still_in_the_text() {
    let body = r#"<w:p><w:pPr><w:pStyle w:val="Title"/><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>A &amp; B</w:t></w:r></w:p>
        <w:p><w:r><w:t xml:space="preserve">One </w:t></w:r><w:del><w:r><w:delText>two </w:delText></w:r></w:del><w:r><w:instrText>PAGE</w:instrText><w:t>three</w:t><w:footnoteReference w:id="2"/></w:r></w:p>
        <w:tbl><w:tr><w:tc><w:p><w:r><w:t>x</w:t></w:r></w:p><w:p><w:r><w:t>y</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>z</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"#;
    let document = word(body, "A note.");
    assert_eq!(text(Format::Word, &document), "A & B\n\nOne three\n\nA note.\n\nx y | z");
    assert_eq!(title(Format::Word, &document).as_deref(), Some("A & B"));
}

#[test]
fn rows_of_a_table_can_be_understood_alone() {
    assert_eq!(text(Format::Csv, b"name;age\n\"Ann; M.\";41\nBo;\n"), "name: Ann; M.\nage: 41\n\nname: Bo");
    assert_eq!(text(Format::Csv, b"1,2\n3,4,5\n"), "1 | 2\n3 | 4 | 5");
    assert_eq!(text(Format::Csv, b"a\tb\n"), "a | b");
}

#[test]
fn json_is_lines_of_paths_in_the_order_of_the_file() {
    let json = br#"{"z": 1, "a": {"b": [true, null, "x y"]}, "list": [{"n": 1}, {"n": 2.5}]}"#;
    assert_eq!(text(Format::Json, json), "z: 1\na.b[0]: true\na.b[2]: x y\n\nlist[0].n: 1\n\nlist[1].n: 2.5");
    assert_eq!(text(Format::Json, b"\"alone\""), "alone");
}
