use super::*;
use crate::layer::tests::subject;

const TABLES: &str = "
    singer: singer_id bigint, name varchar, country varchar, age bigint, song_name varchar, song_year varchar, born date, is_male boolean
    concert: concert_id bigint, concert_name varchar, stadium_id bigint, year bigint, started timestamp
    singer_in_concert: concert_id bigint, singer_id bigint
    stadium: stadium_id bigint, name varchar, capacity bigint, city varchar";

const NOTES: &str = "
tables:
  singer: { synonyms: [artists], columns: { country: { values: [France, United States] } } }
joins:
  - singer_in_concert.singer_id = singer.singer_id
  - singer_in_concert.concert_id = concert.concert_id
  - concert.stadium_id = stadium.stadium_id
";

fn mended(question: &str, sql: &str) -> String {
    let subject = subject(TABLES, NOTES);
    let mended = mend(sql, &subject, question);
    let checked = guard::check(&mended, &subject.schema, &guard::Limits::default());
    assert!(checked.is_ok(), "{mended}: {}", checked.unwrap_err());
    mended
}

/// Each is what a small model wrote, or nearly so, and what was meant.
#[test]
fn what_is_nearly_right_becomes_right() {
    for (sql, expected) in [
        // Names.
        ("SELECT names FROM singers", "SELECT singer.name FROM singer"),
        ("SELECT name FROM artist", "SELECT name FROM singer"),
        ("SELECT T1.song FROM singer AS T1", "SELECT T1.song_name FROM singer AS T1"),
        ("SELECT singer.name FROM singer AS T1", "SELECT T1.name FROM singer AS T1"),
        ("SELECT songname FROM singer", "SELECT singer.song_name FROM singer"),
        ("SELECT cuontry FROM singer", "SELECT singer.country FROM singer"),
        (
            "SELECT T2.age FROM singer AS T1 JOIN singer_in_concert AS T2 ON T1.singer_id = T2.singer_id",
            "SELECT T1.age FROM singer AS T1",
        ),
        // Text.
        ("SELECT name FROM singer WHERE country = \"France\"", "SELECT name FROM singer WHERE country = 'France'"),
        ("SELECT name FROM singer WHERE country = 'france'", "SELECT name FROM singer WHERE country = 'France'"),
        (
            "SELECT name FROM singer WHERE country IN ('FRANCE', 'Spain')",
            "SELECT name FROM singer WHERE country IN ('France', 'Spain')",
        ),
        // Types.
        ("SELECT name FROM singer WHERE song_year = 2014", "SELECT name FROM singer WHERE song_year = '2014'"),
        ("SELECT name FROM singer WHERE age > '20'", "SELECT name FROM singer WHERE age > 20"),
        ("SELECT name FROM singer WHERE born < '2000-01-01'", "SELECT name FROM singer WHERE born < DATE '2000-01-01'"),
        (
            "SELECT concert_name FROM concert WHERE started >= '2014-05-01'",
            "SELECT concert_name FROM concert WHERE started >= TIMESTAMP '2014-05-01'",
        ),
        ("SELECT name FROM singer WHERE is_male = 'T'", "SELECT name FROM singer WHERE is_male = true"),
        ("SELECT avg(song_year) FROM singer", "SELECT avg(TRY_CAST(song_year AS DOUBLE)) FROM singer"),
        ("SELECT sum(age) / count(*) FROM singer", "SELECT CAST(sum(age) AS DOUBLE) / count(*) FROM singer"),
        ("SELECT name || age FROM singer", "SELECT name || CAST(age AS VARCHAR) FROM singer"),
        // Functions.
        ("SELECT IFNULL(name, 'x') FROM singer", "SELECT coalesce(name, 'x') FROM singer"),
        ("SELECT strftime('%Y', born) FROM singer", "SELECT date_format(born, '%Y') FROM singer"),
        ("SELECT year(song_year) FROM singer", "SELECT year(TRY_CAST(song_year AS DATE)) FROM singer"),
        ("SELECT group_concat(name) FROM singer", "SELECT array_join(array_agg(name), ', ') FROM singer"),
        // Groups.
        (
            "SELECT country, name, count(*) FROM singer GROUP BY country",
            "SELECT country, name, count(*) FROM singer GROUP BY country, name",
        ),
        ("SELECT name, max(age) FROM singer", "SELECT max_by(name, age), max(age) FROM singer"),
        (
            "SELECT country AS c, count(*) AS n FROM singer GROUP BY c HAVING n > 1 ORDER BY n DESC",
            "SELECT country AS c, count(*) AS n FROM singer GROUP BY country HAVING count(*) > 1 ORDER BY n DESC",
        ),
        (
            "SELECT country FROM singer GROUP BY country ORDER BY age",
            "SELECT country FROM singer GROUP BY country ORDER BY arbitrary(age)",
        ),
        (
            "SELECT DISTINCT country FROM singer ORDER BY age DESC",
            "SELECT country FROM singer GROUP BY country ORDER BY max(age) DESC",
        ),
        (
            "SELECT name FROM singer WHERE country = 'France' AND country = 'United States'",
            "SELECT name FROM singer WHERE country IN ('France', 'United States') GROUP BY name HAVING count(DISTINCT country) = 2",
        ),
    ] {
        assert_eq!(mended("Which are they?", sql), expected, "{sql}");
    }
}

#[test]
fn joins_lead_somewhere() {
    assert_eq!(
        mended("In which cities are concerts?", "SELECT concert_name, city FROM concert"),
        "SELECT concert_name, city FROM concert JOIN stadium ON concert.stadium_id = stadium.stadium_id"
    );
    assert_eq!(
        mended(
            "Which singers had concerts in 2014?",
            "SELECT T1.name FROM singer AS T1 JOIN concert AS T2 ON T1.singer_id = T2.concert_id WHERE T2.year = 2014"
        ),
        "SELECT T1.name FROM singer AS T1 JOIN singer_in_concert ON T1.singer_id = singer_in_concert.singer_id \
         JOIN concert AS T2 ON singer_in_concert.concert_id = T2.concert_id WHERE T2.year = 2014"
    );
}

#[test]
fn a_join_is_by_what_links_its_tables() {
    assert_eq!(
        mended(
            "Where was each concert?",
            "SELECT T1.concert_name, T2.city FROM concert AS T1 JOIN stadium AS T2 ON T1.concert_id = T2.stadium_id"
        ),
        "SELECT T1.concert_name, T2.city FROM concert AS T1 JOIN stadium AS T2 ON T1.stadium_id = T2.stadium_id"
    );
    assert_eq!(
        mended(
            "In which city is stadium 7?",
            "SELECT T2.city FROM concert AS T1 JOIN stadium AS T2 ON T1.stadium_id = T2.stadium_id WHERE T1.stadium_id = 7"
        ),
        "SELECT T2.city FROM stadium AS T2 WHERE T2.stadium_id = 7"
    );
}

#[test]
fn what_is_counted_is_what_the_question_counts() {
    let sql = "SELECT name FROM stadium GROUP BY name HAVING count(*) > 1";
    assert_eq!(
        mended("Which stadiums had more than one concert?", sql),
        "SELECT name FROM stadium JOIN concert ON concert.stadium_id = stadium.stadium_id GROUP BY name HAVING count(*) > 1"
    );
    assert_eq!(mended("Which names do several stadiums have?", sql), sql);
}

#[test]
fn a_key_compared_with_a_name_means_what_has_the_name() {
    assert_eq!(
        mended("How many concerts were in Wembley?", "SELECT count(*) FROM concert WHERE stadium_id = 'Wembley'"),
        "SELECT count(*) FROM concert JOIN stadium ON concert.stadium_id = stadium.stadium_id WHERE stadium.name = 'Wembley'"
    );
}

#[test]
fn a_key_is_compared_with_a_key() {
    for (sql, expected) in [
        (
            "SELECT name FROM stadium WHERE name IN (SELECT stadium_id FROM concert)",
            "SELECT name FROM stadium WHERE stadium.stadium_id IN (SELECT stadium_id FROM concert)",
        ),
        (
            "SELECT theme FROM concert WHERE stadium_id = (SELECT name FROM stadium WHERE capacity > 9)",
            "SELECT theme FROM concert WHERE stadium_id IN (SELECT stadium.stadium_id FROM stadium WHERE capacity > 9)",
        ),
    ] {
        assert_eq!(
            mended("Which are they?", &sql.replace("theme", "concert_name")),
            expected.replace("theme", "concert_name")
        );
    }
}

#[test]
fn what_another_table_has_is_looked_up_there() {
    assert_eq!(
        mended(
            "Who sang in 2014?",
            "SELECT name FROM singer WHERE concert_id IN (SELECT concert_id FROM concert WHERE year = 2014)"
        ),
        "SELECT name FROM singer WHERE singer.singer_id IN (SELECT singer_id FROM singer_in_concert WHERE concert_id IN \
         (SELECT concert_id FROM concert WHERE year = 2014))"
    );
    assert_eq!(
        mended(
            "In which cities did Ada sing?",
            "SELECT city FROM concert WHERE concert_id IN (SELECT concert_id FROM singer_in_concert)"
        ),
        "SELECT city FROM concert JOIN stadium ON concert.stadium_id = stadium.stadium_id WHERE concert_id IN \
         (SELECT concert_id FROM singer_in_concert)"
    );
    // A table lies between.
    assert_eq!(
        mended("Who sang what in 2014?", "SELECT name, concert_name FROM singer WHERE year = 2014"),
        "SELECT name, concert_name FROM singer JOIN singer_in_concert ON singer.singer_id = singer_in_concert.singer_id \
         JOIN concert ON singer_in_concert.concert_id = concert.concert_id WHERE year = 2014"
    );
}

#[test]
fn what_is_not_there_and_not_used_goes() {
    assert_eq!(
        mended(
            "Who has a song with 'Hey'?",
            "SELECT T1.name FROM singer AS T1 JOIN songs AS T2 ON T1.singer_id = T1.singer_id WHERE T1.song_name LIKE '%Hey%'"
        ),
        "SELECT T1.name FROM singer AS T1 WHERE lower(T1.song_name) LIKE '%hey%'"
    );
    assert_eq!(
        mended(
            "Who has a song with 'Hey'?",
            "SELECT T1.name FROM singer AS T1 INNER JOIN singer_in_concert AS T2 ON T1.singer_id = T2.singer_id INNER JOIN song AS T3 ON T2.concert_id = T2.concert_id WHERE T3.song_name LIKE '%Hey%'"
        ),
        "SELECT T1.name FROM singer AS T1 WHERE lower(T1.song_name) LIKE '%hey%'"
    );
}

#[test]
fn one_row_of_many_is_any_of_them() {
    let one = "SELECT name FROM singer WHERE age = (SELECT max(age) FROM singer)";
    assert_eq!(mended("Who is oldest?", one), one);
    assert_eq!(
        mended(
            "Whose age is Ada's?",
            "SELECT name FROM singer WHERE age = (SELECT age FROM singer WHERE name = 'Ada')"
        ),
        "SELECT name FROM singer WHERE age IN (SELECT age FROM singer WHERE name = 'Ada')"
    );
}

#[test]
fn what_is_denied_is_denied_of_all_rows() {
    let question = "Which singers have not been in concert 7?";
    assert_eq!(
        mended(
            question,
            "SELECT T1.name FROM singer AS T1 JOIN singer_in_concert AS T2 ON T1.singer_id = T2.singer_id WHERE T2.concert_id <> 7"
        ),
        "SELECT T1.name FROM singer AS T1 WHERE T1.singer_id NOT IN (SELECT T2.singer_id FROM singer_in_concert AS T2 \
         WHERE T2.concert_id = 7 AND T2.singer_id IS NOT NULL)"
    );
    assert_eq!(
        mended(question, "SELECT singer_id FROM singer_in_concert WHERE concert_id <> 7"),
        "SELECT singer.singer_id FROM singer WHERE singer.singer_id NOT IN (SELECT singer_in_concert.singer_id \
         FROM singer_in_concert WHERE concert_id = 7 AND singer_in_concert.singer_id IS NOT NULL)"
    );
    assert_eq!(
        mended(
            "How many stadiums did not have a concert in 2014?",
            "SELECT count(T2.concert_id) FROM stadium AS T1 LEFT JOIN concert AS T2 ON T1.stadium_id = T2.stadium_id WHERE T2.year NOT IN (2014)"
        ),
        "SELECT count(*) FROM stadium AS T1 WHERE T1.stadium_id NOT IN (SELECT T2.stadium_id FROM concert AS T2 \
         WHERE T2.year IN (2014) AND T2.stadium_id IS NOT NULL)"
    );
    assert_eq!(
        mended(
            "Which stadiums had a concert in 2014 but didn’t have one in 2015?",
            "SELECT T1.name FROM stadium AS T1 JOIN concert AS T2 ON T1.stadium_id = T2.stadium_id WHERE T2.year = 2014 AND T2.year <> 2015"
        ),
        "SELECT T1.name FROM stadium AS T1 JOIN concert AS T2 ON T1.stadium_id = T2.stadium_id WHERE T2.year = 2014 AND \
         T1.stadium_id NOT IN (SELECT T2.stadium_id FROM concert AS T2 WHERE T2.year = 2015 AND T2.stadium_id IS NOT NULL)"
    );
    // A join with nothing finds nothing.
    assert_eq!(
        mended(
            "Stadiums with no concerts in 2014",
            "SELECT name FROM stadium JOIN concert ON stadium.stadium_id = concert.stadium_id WHERE concert.stadium_id IS NULL AND year = 2014"
        ),
        "SELECT name FROM stadium WHERE stadium.stadium_id NOT IN (SELECT concert.stadium_id FROM concert \
         WHERE year = 2014 AND concert.stadium_id IS NOT NULL)"
    );
    // One table alone.
    for sql in [
        "SELECT name FROM singer WHERE country = 'France' AND country <> 'Spain'",
        "SELECT name FROM singer WHERE country <> 'Spain'",
    ] {
        assert_eq!(mended("Who hasn't been in Spain?", sql), sql);
    }
    for (question, sql) in [
        // Denied of the one row that a concert has.
        (
            "Which concerts have not been in Oslo?",
            "SELECT concert_name FROM concert JOIN stadium ON concert.stadium_id = stadium.stadium_id WHERE city <> 'Oslo'",
        ),
        // Of some other than that.
        (
            "Which stadiums had concerts in another year than 2014?",
            "SELECT name FROM stadium JOIN concert ON stadium.stadium_id = concert.stadium_id WHERE year <> 2014",
        ),
        (
            "Which stadiums have had no concert?",
            "SELECT name FROM stadium LEFT JOIN concert ON stadium.stadium_id = concert.stadium_id WHERE concert.stadium_id IS NULL",
        ),
    ] {
        assert_eq!(mended(question, sql), sql);
    }
}

#[test]
fn a_name_is_shown_rather_than_a_number() {
    let tables = "
        flights: airline bigint, number bigint
        airlines: uid bigint, airline varchar, country varchar";
    let subject = subject(tables, "joins: [flights.airline = airlines.uid]");
    let sql = "SELECT airline FROM flights GROUP BY airline ORDER BY count(*) DESC LIMIT 1";
    assert_eq!(
        mend(sql, &subject, "Which airline has the most flights?"),
        "SELECT airlines.airline FROM flights JOIN airlines ON flights.airline = airlines.uid GROUP BY airlines.airline \
         ORDER BY count(*) DESC LIMIT 1"
    );
    assert_eq!(mend(sql, &subject, "Which airline id has the most flights?"), sql);
    let own = "SELECT uid, airline FROM airlines";
    assert_eq!(mend(own, &subject, "Which are they?"), own);
}

#[test]
fn the_order_is_the_one_that_is_asked_for() {
    let sql = "SELECT name FROM singer ORDER BY age";
    assert_eq!(mended("Singers from old to young", sql), format!("{sql} DESC"));
    assert_eq!(mended("Singers in ascending order of age", &format!("{sql} DESC")), format!("{sql} ASC"));
    assert_eq!(mended("Singers by age", sql), sql);
}

#[test]
fn the_question_has_the_last_word() {
    assert_eq!(
        mended("Who is under 30?", "SELECT name FROM singer WHERE age > 30"),
        "SELECT name FROM singer WHERE age < 30"
    );
    assert_eq!(
        mended(
            "Which stadiums had concerts in both 2014 and 2015?",
            "SELECT stadium_id FROM concert WHERE year IN (2014, 2015)"
        ),
        "SELECT stadium_id FROM concert WHERE year IN (2014, 2015) GROUP BY stadium_id HAVING count(DISTINCT year) = 2"
    );
    // Both are meant of what may have both.
    let sql = "SELECT stadium_id FROM concert WHERE concert_name IN ('Auditions', 'Home Visits')";
    assert_eq!(
        mended("Which stadium ids had the concerts Auditions and Home Visits?", sql),
        format!("{sql} GROUP BY stadium_id HAVING count(DISTINCT concert_name) = 2")
    );
    let of_one = sql.replace("stadium_id", "year");
    assert_eq!(mended("In which years were Auditions and Home Visits?", &of_one), of_one);
    assert_eq!(mended("Which stadium ids had Auditions or Home Visits?", sql), sql);
}

#[test]
fn a_join_goes_that_nobody_asked_for() {
    let sql = "SELECT DISTINCT T1.country FROM singer AS T1 JOIN singer_in_concert AS T2 ON T1.singer_id = T2.singer_id \
               JOIN concert AS T3 ON T2.concert_id = T3.concert_id WHERE T1.age > 20";
    assert_eq!(
        mended("Which countries have singers above age 20?", sql),
        "SELECT DISTINCT T1.country FROM singer AS T1 WHERE T1.age > 20"
    );
    // These have to have been in a concert, which the table between says as well.
    assert_eq!(
        mended("Which countries have singers above age 20 in a concert?", sql),
        "SELECT DISTINCT T1.country FROM singer AS T1 JOIN singer_in_concert AS T2 ON T1.singer_id = T2.singer_id WHERE T1.age > 20"
    );
}

#[test]
fn what_is_right_stays_as_it_was_written() {
    for sql in [
        "select  name from singer where age > (select avg(age) from singer)",
        "SELECT name FROM singer WHERE singer_id NOT IN (SELECT singer_id FROM singer_in_concert)",
        "SELECT s.name, count(*) FROM singer AS s JOIN singer_in_concert AS c ON s.singer_id = c.singer_id GROUP BY s.singer_id, s.name",
        "WITH old AS (SELECT name AS n, age FROM singer WHERE age > 40) SELECT n FROM old ORDER BY age DESC LIMIT 3",
        "SELECT country, count(*) AS n FROM singer GROUP BY 1 ORDER BY n DESC",
        "SELECT name, rank() OVER (ORDER BY age DESC) FROM singer",
        "SELECT x.c FROM (SELECT country AS c FROM singer) AS x",
        "SELECT name FROM singer UNION SELECT name FROM stadium",
    ] {
        assert_eq!(mended("Which are they?", sql), sql);
    }
}

/// Each level once: a level that was looked at twice or more often would make this take for ever.
#[test]
fn nested_tables_are_mended_level_by_level() {
    let nested = |inner: &str| (0..15).fold(inner.to_owned(), |sql, _| format!("SELECT x.name FROM ({sql}) AS x"));
    assert_eq!(
        mended("Which are they?", &nested("SELECT names AS name FROM singer")),
        nested("SELECT singer.name AS name FROM singer")
    );
}

#[test]
fn what_cannot_be_parsed_is_left_alone() {
    let subject = subject(TABLES, NOTES);
    for sql in ["SELECT", "DROP TABLE singer", "SELECT 1; SELECT 2", ""] {
        assert_eq!(mend(sql, &subject, "?"), sql);
    }
}
