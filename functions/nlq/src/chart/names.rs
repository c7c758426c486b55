//! Names of columns: as titles for people, as fields for Vega-Lite, and what they say about what is in a column.

/// Characters of a title.
const LONGEST_TITLE: usize = 60;
/// Characters of a field.
const LONGEST_FIELD: usize = 64;

/// Names that every object of JavaScript has already.
const OF_OBJECTS: [&str; 7] =
    ["constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf"];

/// Words that end in "id" without being identifiers.
const NOT_IDENTIFIERS: [&str; 13] =
    ["acid", "aid", "bid", "covid", "fluid", "grid", "invalid", "kid", "paid", "prepaid", "solid", "unpaid", "valid"];

/// What names a thing, though it may be written in digits.
const IDENTIFIERS: [&str; 16] = [
    "code",
    "guid",
    "id",
    "isbn",
    "key",
    "phone",
    "position",
    "postcode",
    "rank",
    "ranking",
    "sku",
    "ssn",
    "telephone",
    "uuid",
    "zip",
    "zipcode",
];

/// Parts of dates which come round again, with the largest number they may have.
const PARTS: [(&str, f64); 11] = [
    ("month", 12.0),
    ("quarter", 4.0),
    ("week", 53.0),
    ("weekday", 7.0),
    ("dow", 7.0),
    ("day", 31.0),
    ("hour", 23.0),
    ("minute", 59.0),
    ("doy", 366.0),
    ("woy", 53.0),
    ("mon", 12.0),
];

/// The words of a name, in small letters: `TotalRevenue_2024` is "total", "revenue", "2024".
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for letter in name.chars() {
        let begins = !letter.is_alphanumeric() || (was_small && letter.is_uppercase());
        if begins && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
        was_small = letter.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A name for people: `total_revenue` is "Total revenue". Always begins with a capital where the script has them.
pub(crate) fn title(name: &str, position: usize) -> String {
    if is_made_up(name) {
        return "Value".to_owned();
    }
    let mut text = String::new();
    let mut was_small = false;
    for letter in name.chars().take(4 * LONGEST_TITLE) {
        let begins = was_small && letter.is_uppercase();
        if begins || is_between_words(letter) {
            text.push(' ');
        }
        if !is_between_words(letter) {
            text.push(letter);
        }
        was_small = letter.is_lowercase();
    }
    let text = text.split_whitespace().map(in_full).collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return format!("Column {}", position + 1);
    }
    capitalised(&cut(&text, LONGEST_TITLE))
}

/// The field of a column in `data.values`: its name if that is a plain word which no other column has.
///
/// Vega-Lite reads dots, brackets, quotes and backslashes in fields as paths.
/// <https://vega.github.io/vega-lite/docs/field.html>
pub(crate) fn field(name: &str, position: usize, taken: &[String]) -> String {
    let is_plain = name.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
        && name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | ' '))
        && !name.starts_with("__")
        && !OF_OBJECTS.contains(&name)
        && name.chars().count() <= LONGEST_FIELD;
    if is_plain && !taken.iter().any(|other| other == name) {
        return name.to_owned();
    }
    unused(&format!("column_{}", position + 1), taken)
}

/// The name, lengthened until no field has it.
pub(crate) fn unused(name: &str, taken: &[String]) -> String {
    let mut name = name.to_owned();
    while taken.contains(&name) {
        name.push('_');
    }
    name
}

/// At most so many characters, the last of which says that there were more.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Within a sentence: "Total revenue" is "total revenue", but "URL" stays.
pub(crate) fn in_sentence(title: &str) -> String {
    let mut letters = title.chars();
    let Some(first) = letters.next() else { return String::new() };
    let is_acronym = letters.clone().next().is_some_and(|second| !second.is_lowercase() && second != ' ');
    if is_acronym { title.to_owned() } else { first.to_lowercase().chain(letters).collect() }
}

/// Athena's name for an expression without one: `_col0`.
pub(crate) fn is_made_up(name: &str) -> bool {
    name.strip_prefix("_col").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

pub(crate) fn is_identifier(name: &str) -> bool {
    let words = words(name);
    let Some(last) = words.last() else { return false };
    let is_number = last == "number" && words.len() > 1 && !words.iter().any(|word| word == "of");
    // Names in Athena are in small letters: `customerid`.
    let is_joined = last.len() > 2 && last.ends_with("id") && !NOT_IDENTIFIERS.contains(&last.as_str());
    IDENTIFIERS.contains(&last.as_str()) || is_joined || is_number
}

pub(crate) fn is_year(name: &str) -> bool {
    words(name).iter().any(|word| matches!(word.as_str(), "year" | "yr" | "yyyy"))
}

/// For the name of a part of dates, such as `order_month` or `day_of_week`, the largest number it can have.
pub(crate) fn largest_part(name: &str) -> Option<f64> {
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let largest = |word: &str| PARTS.iter().find(|(part, _)| *part == word).map(|(_, largest)| *largest);
    // Orders of the last month, or orders a month, are no months.
    let is_measured = |word: &&str| matches!(*word, "avg" | "average" | "current" | "last" | "per" | "this" | "total");
    if words.iter().any(is_measured) {
        return None;
    }
    match words.as_slice() {
        [.., "day", "of", "year"] => Some(366.0),
        [first, .., "number" | "num" | "no" | "year"] => largest(first),
        [.., last] => largest(last),
        [] => None,
    }
}

pub(crate) fn is_count(name: &str) -> bool {
    let counts = ["count", "cnt", "n", "num", "number", "total", "frequency"];
    is_made_up(name) || words(name).iter().any(|word| counts.contains(&word.as_str()))
}

/// Whether numbers up to one are parts of a whole. (`rate` is not here: exchange rates are rates.)
pub(crate) fn is_share(name: &str) -> bool {
    words(name).iter().any(|word| matches!(word.as_str(), "share" | "fraction" | "proportion"))
}

/// Latin punctuation and blanks part words; so do characters that nobody sees.
fn is_between_words(letter: char) -> bool {
    let is_direction = matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}');
    letter.is_whitespace()
        || letter.is_control()
        || is_direction
        || letter == '\u{feff}'
        || (letter.is_ascii_punctuation() && letter != '%')
}

fn in_full(word: &str) -> &str {
    match word {
        "avg" => "average",
        "amt" => "amount",
        "cnt" => "count",
        "num" => "number",
        "pct" => "percent",
        "qty" => "quantity",
        word => word,
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
