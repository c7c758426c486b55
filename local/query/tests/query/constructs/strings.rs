use super::check;

#[tokio::test]
async fn text_is_measured_and_searched_by_characters() {
    check(&[
        ("length('Grüße')", "5"),
        ("length(to_utf8('Grüße'))", "7"),
        ("strpos('banana', 'an')", "2"),
        ("strpos('banana', 'x')", "0"),
        ("strpos('banana', 'an', 2)", "4"),
        ("strpos('banana', 'an', -1)", "4"),
        ("position('an' IN 'banana')", "2"),
        ("starts_with('banana', 'ban')", "true"),
        ("codepoint('A')", "65"),
        ("chr(8364)", "€"),
        ("'abc' < 'abd'", "true"),
        ("length(CAST(NULL AS varchar))", "NULL"),
    ])
    .await;
}

#[tokio::test]
async fn text_is_changed() {
    check(&[
        ("lower('HeLLo')", "hello"),
        ("upper('straße')", "STRASSE"),
        ("reverse('abc')", "cba"),
        ("replace('banana', 'an', 'o')", "booa"),
        ("replace('banana', 'an')", "ba"),
        ("translate('abcd', 'abc', 'A')", "Ad"),
        ("translate('Palhoça', 'ç', 'c')", "Palhoca"),
        ("lpad('7', 3, '0')", "007"),
        ("lpad('12345', 3, '0')", "123"),
        ("rpad('ab', 5, 'xy')", "abxyx"),
        ("trim('  a b ')", "a b"),
        ("ltrim('  a ')", "a "),
        ("rtrim('  a ')", "  a"),
        ("trim(BOTH '$' FROM '$var$')", "var"),
        ("trim(LEADING FROM '  abcd')", "abcd"),
        ("trim(TRAILING '!' FROM '!foo!')", "!foo"),
        ("soundex('Robert')", "R163"),
        ("soundex('Ashcraft')", "A261"),
    ])
    .await;
}

#[tokio::test]
async fn text_is_cut() {
    check(&[
        ("substr('banana', 3)", "nana"),
        ("substr('banana', 3, 2)", "na"),
        ("substr('banana', -3)", "ana"),
        ("substr('banana', -3, 2)", "an"),
        ("substr('banana', 0)", ""),
        ("substr('banana', 9)", ""),
        ("substring('banana', 2, 3)", "ana"),
        ("substring('banana' FROM 2 FOR 3)", "ana"),
        ("substring('banana' FROM 4)", "ana"),
        ("split('a,b,,c', ',')", "[a, b, , c]"),
        ("split('a,b,c', ',', 2)", "[a, b,c]"),
        ("split('a.b', '.')[2]", "b"),
        ("split_part('2024-03-05', '-', 2)", "03"),
        ("split_part('a,b', ',', 3)", "NULL"),
        ("split_to_map('a=1;b=2', ';', '=')", "{a=1, b=2}"),
    ])
    .await;
}

#[tokio::test]
async fn text_is_joined_and_null_stays_null() {
    check(&[
        ("concat('a', 'b', 'c')", "abc"),
        ("concat('a', NULL)", "NULL"),
        ("'a' || 'b' || 'c'", "abc"),
        ("'a' || NULL", "NULL"),
        ("concat_ws(', ', 'a', NULL, 'b')", "a, b"),
        ("concat_ws(NULL, 'a', 'b')", "NULL"),
        ("format('%s has %d items for %.2f', 'cart', 3, 9.5e0)", "cart has 3 items for 9.50"),
        ("format('%,d', 1234567)", "1,234,567"),
        ("format('%05d|%-5s|%5s', 42, 'ab', 'cd')", "00042|ab   |   cd"),
        ("format('%,.2f', 1234567.891)", "1,234,567.89"),
        ("format('%2$s %1$s', 'a', 'b')", "b a"),
        ("format('%x %%', 255)", "ff %"),
        ("format('%s', date '2024-03-05')", "2024-03-05"),
    ])
    .await;
}

#[tokio::test]
async fn text_is_compared_by_pattern_and_distance() {
    check(&[
        ("'banana' LIKE 'b%a'", "true"),
        ("'banana' LIKE 'B%'", "false"),
        ("'50%' LIKE '50!%' ESCAPE '!'", "true"),
        ("'banana' NOT LIKE '_anana'", "false"),
        ("'b_n' LIKE 'b\\_n'", "false"),
        ("levenshtein_distance('kitten', 'sitting')", "3"),
        ("hamming_distance('karolin', 'kathrin')", "3"),
    ])
    .await;
}

#[tokio::test]
async fn regular_expressions_work_on_text() {
    check(&[
        ("regexp_like('1a 2b 14m', '\\d+b')", "true"),
        ("regexp_like('abc', '^b')", "false"),
        ("regexp_extract('1a 2b 14m', '\\d+')", "1"),
        ("regexp_extract('1a 2b 14m', '(\\d+)([a-z]+)', 2)", "a"),
        ("regexp_extract('abc', '\\d')", "NULL"),
        ("regexp_extract_all('1a 2b 14m', '\\d+')", "[1, 2, 14]"),
        ("regexp_extract_all('1a 2b 14m', '(\\d+)([a-z]+)', 2)", "[a, b, m]"),
        ("regexp_replace('1a 2b 14m', '\\d+[ab] ')", "14m"),
        ("regexp_replace('1a 2b 14m', '(\\d+)([ab]) ', '3c$2 ')", "3ca 3cb 14m"),
        ("regexp_replace('new york', '(\\w)(\\w*)', '$1-$2')", "n-ew y-ork"),
        ("regexp_replace('a.b', '\\.', '\\$')", "a$b"),
        ("regexp_split('1a 2b 14m', '\\s*[a-z]+\\s*')", "[1, 2, 14, ]"),
        ("regexp_count('1a 2b 14m', '\\s*[a-z]+\\s*')", "3"),
        ("regexp_position('I have 23 apples, 5 pears', '\\b\\d+\\b')", "8"),
        ("regexp_position('I have 23 apples, 5 pears', '\\b\\d+\\b', 5, 2)", "19"),
        ("regexp_position('abc', 'x')", "-1"),
        ("regexp_like('ABC', '(?i)abc')", "true"),
        ("regexp_like('a', '(')", "INVALID_FUNCTION_ARGUMENT: Invalid pattern: ("),
        ("regexp_extract('a', 'a', 1)", "INVALID_FUNCTION_ARGUMENT: Pattern has 0 groups. Cannot access group 1"),
    ])
    .await;
}
