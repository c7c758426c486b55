//! Words of questions and of names, in the form in which they are compared.

use std::{collections::BTreeSet, sync::LazyLock};

/// Words that say how a question is asked rather than about what. Some of them are SQL in plain language.
const ABOUT_NOTHING: &str = "\
a about above after all also an and any are as at average be been before below between both but by can count could \
descending ascending different distinct do does each every exactly find first for from give greater had has have having \
how i in into is it its itself last least less list long lowest highest many maximum me mean minimum more most much my \
number of on one only or order ordered other our out over per please provide return same show sorted sort some than that \
the their them then there these they this those three to total top two under unique up us use was we were what when where \
which who whose why will with without would you your";

static NOTHING: LazyLock<BTreeSet<String>> = LazyLock::new(|| ABOUT_NOTHING.split_whitespace().map(stem).collect());

/// The words of a text or an identifier, lower-cased and without their plural: `OrderItems`, `order_items` and
/// "order items" have the same.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before: Option<char> = None;
    for character in text.chars() {
        let begins_word = match before {
            Some(before) => {
                (before.is_lowercase() && character.is_uppercase())
                    || (before.is_ascii_digit() != character.is_ascii_digit() && before.is_alphanumeric())
            }
            None => false,
        };
        if (begins_word || !character.is_alphanumeric()) && !word.is_empty() {
            words.push(stem(&std::mem::take(&mut word)));
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
        before = Some(character);
    }
    if !word.is_empty() {
        words.push(stem(&word));
    }
    words
}

/// The words of a question that it is about.
pub(crate) fn content(question: &str) -> BTreeSet<String> {
    words(question).into_iter().filter(|word| word.len() > 1 && !NOTHING.contains(word)).collect()
}

/// Whether two words are likely to mean the same: equal, or one is the beginning of the other ("nation", "nationality").
pub(crate) fn alike(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    short == long || (short.len() >= 4 && long.starts_with(short))
}

/// Whether a question has a word like this one.
pub(crate) fn mentions(asked: &BTreeSet<String>, word: &str) -> bool {
    asked.iter().any(|asked| alike(asked, word))
}

/// Whether a name can stand in SQL without quotes, as far as its letters go.
pub(crate) fn is_plain(name: &str) -> bool {
    name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !name.starts_with(|letter: char| letter.is_ascii_digit())
}

/// Without the ending of an English plural. Compared are only words that went through it, so that it may be wrong in the
/// same way on both sides.
fn stem(word: &str) -> String {
    let ends = |ending: &str| word.len() > ending.len() + 1 && word.ends_with(ending);
    match word {
        word if ends("ies") => format!("{}y", &word[..word.len() - 3]),
        word if ends("sses") || ends("xes") || ends("ches") || ends("shes") => word[..word.len() - 2].to_owned(),
        word if word.len() > 3 && ends("s") && !ends("ss") && !ends("us") && !ends("is") => {
            word[..word.len() - 1].to_owned()
        }
        word => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_have_the_same_words() {
        for text in ["OrderItems", "order_items", "Order items", "\"order-item\"", "orderItem"] {
            assert_eq!(words(text), ["order", "item"], "{text}");
        }
        assert_eq!(words("Cities2024 and boxes"), ["city", "2024", "and", "box"]);
        assert_eq!(words("class status analysis"), ["class", "status", "analysis"]);
        assert_eq!(words("Zürich-Ärzte"), ["zürich", "ärzte"]);
    }

    #[test]
    fn a_question_is_about_its_nouns() {
        let content: Vec<String> =
            content("How many orders are there per country, in descending order?").into_iter().collect();
        assert_eq!(content, ["country"]);
    }

    #[test]
    fn beginnings_are_alike() {
        assert!(alike("nation", "nationality") && alike("order", "order") && !alike("or", "order"));
    }
}
