//! The expected numbers were computed in double precision from the published file, step by step as the paper on BERT has
//! it, with the tokenizer that comes with it.

mod reference;

use super::*;

use reference::Reference;

const ODD: &str = "Straße, café & 日本語: don't \u{200b} panic—it's C++20!";

fn cosine(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

#[test]
fn tokens_are_those_of_the_published_tokenizer() {
    let words = WordPieces::new().unwrap();
    assert_eq!(words.encode("The cat sits outside.").unwrap(), [101, 1996, 4937, 7719, 2648, 1012, 102]);
    let expected = [
        101, 2358, 27807, 1010, 7668, 1004, 1864, 1876, 1950, 1024, 2123, 1005, 1056, 6634, 1517, 2009, 1005, 1055,
        1039, 1009, 1009, 2322, 999, 102,
    ];
    assert_eq!(words.encode(ODD).unwrap(), expected);
    assert_eq!(words.encode("").unwrap(), [101, 102]);
    let long = words.encode(&"unbelievably long ".repeat(200)).unwrap();
    assert_eq!((long.len(), long[254], long[255]), (256, 8671, 102));
}

/// Texts of any kind.
fn texts() -> Vec<String> {
    let texts = [
        "",
        "The cat sits outside.",
        ODD,
        "How do I reset my password?",
        "Employees may take up to sixteen weeks of paid parental leave within two years of the birth.",
        "fn main() { println!(\"{:?}\", std::env::args().collect::<Vec<_>>()); }",
        "p53-dependent apoptosis in HCT116 cells was reduced by 42% (95% CI 31-53, P<0.001).",
        "Die Rechnung Nr. 4711 über 1.234,56 € ist bis zum 31.12. zu begleichen.",
    ];
    texts.map(String::from).into_iter().chain(["unbelievably long ".repeat(200), "word ".repeat(90)]).collect()
}

#[tokio::test]
async fn the_reference_is_the_published_model() {
    let reference = Reference::load().await;
    let long = "unbelievably long ".repeat(200);
    let expected = [
        ([0.13884, 0.00013, 0.04263, 0.04575, -0.05863, -0.00674], [-0.05791, 0.06385, -0.01124, 0.06426]),
        ([0.01822, 0.06112, 0.05686, 0.0016, -0.013, 0.0811], [-0.00316, -0.06288, -0.04265, 0.02761]),
        ([-0.03425, -0.0167, 0.02988, 0.00361, -0.08029, 0.01402], [0.09123, -0.08227, 0.01999, 0.07151]),
    ];
    for (text, (first, last)) in ["The cat sits outside.", ODD, &long].into_iter().zip(expected) {
        let vector = reference.embed(text);
        for (found, expected) in vector[..6].iter().chain(&vector[380..]).zip(first.iter().chain(&last)) {
            assert!((found - expected).abs() < 2e-5, "{found} instead of {expected}");
        }
    }
}

#[tokio::test]
async fn vectors_are_nearly_those_of_the_published_model() {
    let reference = Reference::load().await;
    let embedder = Embedder::load().await.unwrap();
    let texts = texts();
    let vectors = embedder.embed(&texts.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    for (text, vector) in texts.iter().zip(&vectors) {
        assert_eq!(vector.len(), Embedder::DIMENSIONS);
        assert!((cosine(vector, vector) - 1.0).abs() < 1e-5);
        let cosine = cosine(vector, &reference.embed(text));
        // An empty text is nothing but its two marks, which are farther off.
        assert!(cosine > if text.is_empty() { 0.997 } else { 0.999 }, "{cosine} for {text}");
    }
}

#[tokio::test]
async fn vectors_are_the_same_on_every_processor() {
    let path = reference::path().await;
    let words = WordPieces::new().unwrap();
    let tokens: Vec<Vec<u32>> = texts().iter().map(|text| words.encode(text).unwrap()).collect();
    let tokens: Vec<&[u32]> = tokens.iter().map(Vec::as_slice).collect();
    let mut all = Processor::all().map(|processor| Bert::read(&path, processor).unwrap().forward(&tokens));
    let best = all.next().unwrap();
    assert!(all.all(|other| other == best));
}

#[tokio::test]
async fn a_text_has_the_same_vector_alone_and_among_others() {
    let embedder = Embedder::load().await.unwrap();
    let texts: Vec<String> = (0..60).map(|count| "What a long way it is. ".repeat(count)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let together = embedder.embed(&texts).unwrap();
    assert_eq!(together.len(), texts.len());
    for (text, vector) in texts.iter().zip(&together) {
        let alone = embedder.embed(&[text]).unwrap();
        assert_eq!(&alone[0], vector, "{text}");
    }
    assert!(embedder.embed(&[]).unwrap().is_empty());
}

#[test]
fn groups_hold_every_text_once_in_order() {
    let tokens: Vec<Vec<u32>> = [256, 100, 28, 1, 300, 2, 383, 1].map(|length| vec![0; length]).into();
    assert_eq!(groups(&tokens), [0..3, 3..6, 6..8]);
    assert!(groups(&[]).is_empty());
}
