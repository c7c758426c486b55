//! Properties: generated queries pass and keep their meaning; what becomes of them by accident or by malice is refused or
//! harmless.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

use super::database::Database;
use super::legitimate::QUERIES;
use super::*;

const CASES: u32 = 500;

fn runner() -> TestRunner {
    TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() })
}

/// A query over one or two tables of the shop, of what SQLite and Athena both know.
fn query() -> impl Strategy<Value = String> {
    let select_list = prop_oneof![
        prop::collection::vec(expression(), 1..4).prop_map(|list| list.join(", ")),
        Just("count(*) AS n, max(a.name) AS most".to_owned()),
        expression().prop_map(|expression| format!("DISTINCT {expression} AS value")),
    ];
    let condition = prop::option::of(condition());
    let order = prop::option::of(select(vec!["1", "1 DESC", "a.name, 1", "upper(a.name), 1"]));
    let from = select(vec![
        "staff a",
        "staff AS a",
        "staff a JOIN products b ON a.name = b.name",
        "staff a, products b",
        "staff a LEFT JOIN orders b ON a.staff_id = b.order_id",
        "(SELECT * FROM staff) AS a",
        "(SELECT staff_id, name, manager_id FROM staff WHERE staff_id > 1) a",
    ]);
    let with_aggregate = |list: &str| list.starts_with("count");
    (select_list, from, condition, order, prop::option::of(0_u32..2000)).prop_map(
        move |(list, from, condition, order, limit)| {
            let mut sql = format!("SELECT {list} FROM {from}");
            if let Some(condition) = condition {
                sql.push_str(&format!(" WHERE {condition}"));
            }
            if let Some(order) = order.filter(|_| !with_aggregate(&list) && !list.starts_with("DISTINCT")) {
                sql.push_str(&format!(" ORDER BY {order}"));
            }
            if let Some(limit) = limit {
                sql.push_str(&format!(" LIMIT {limit}"));
            }
            sql
        },
    )
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = select(vec!["a.name", "a.staff_id", "a.manager_id", "1", "2.5", "'text'", "'it''s'", "NULL"]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 16, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            (pair.clone(), select(vec!["+", "-", "*", "/"])).prop_map(|((a, b), op)| format!("({a} {op} {b})")),
            (pair.clone(), select(vec!["+", "-", "*"])).prop_map(|((a, b), op)| format!("{a} {op} ({b})")),
            // In parentheses: SQLite binds it closer than Athena does.
            pair.clone().prop_map(|(a, b)| format!("(({a}) || ({b}))")),
            inner.clone().prop_map(|a| format!("upper({a})")),
            inner.clone().prop_map(|a| format!("coalesce({a}, 0)")),
            inner.clone().prop_map(|a| format!("- ({a})")),
            inner.clone().prop_map(|a| format!("CAST({a} AS INTEGER)")),
            pair.prop_map(|(a, b)| format!("CASE WHEN {a} = {b} THEN {a} ELSE {b} END")),
            inner.prop_map(|a| format!("(SELECT max(p.price) FROM products p WHERE p.name <> {a})")),
        ]
    })
}

fn condition() -> impl Strategy<Value = String> {
    let comparison = (expression(), select(vec!["=", "<>", "<", ">=", "IS DISTINCT FROM"]), expression());
    let leaf = prop_oneof![
        comparison.prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        expression().prop_map(|a| format!("{a} IS NOT NULL")),
        expression().prop_map(|a| format!("{a} IN (1, 2, 'Cy')")),
        expression().prop_map(|a| format!("{a} BETWEEN 1 AND 9")),
        Just("EXISTS (SELECT 1 FROM products p WHERE p.name = a.name)".to_owned()),
        Just("a.name LIKE '%y'".to_owned()),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} AND {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
            inner.prop_map(|a| format!("NOT ({a})")),
        ]
    })
}

#[test]
fn generated_queries_pass_and_give_the_rows_that_were_asked_for() {
    let database = Database::new();
    let result = runner().run(&query(), |sql| {
        let run = accepted(&sql);
        prop_assert_eq!(accepted(&run), run.clone());
        let asked = database.rows(&sql).unwrap();
        prop_assert_eq!(asked, database.rows(&run).unwrap());
        prop_assert!(database.must_be_harmless(&run));
        Ok(())
    });
    result.unwrap();
}

/// What attackers put into queries, and what makes one query of another.
#[rustfmt::skip]
const FRAGMENTS: &[&str] = &[
    "ssn", "margin", "email", "secrets", "salaries", "customers", "customers.ssn", "c.ssn", "c.*", "*", "customers.*", "s", "c", "a", "x",
    "UNION", "UNION ALL", "EXCEPT", "INTERSECT", "SELECT", "FROM", "WHERE", "JOIN", "CROSS JOIN", "NATURAL JOIN", "LATERAL", "ON", "AS",
    "USING (email)", "USING (name)", "ON true", ", secrets", ", customers", ", staff AS c", "JOIN staff USING (email)", "JOIN customers c ON true",
    "UNION SELECT value FROM secrets", "UNION ALL SELECT ssn FROM customers", "UNION SELECT * FROM customers", "UNION TABLE customers",
    "(SELECT value FROM secrets)", "(SELECT ssn FROM customers)", "(SELECT email FROM staff)", "(SELECT max(email) FROM customers)",
    "(SELECT * FROM customers)", "(SELECT * FROM customers) AS c", "EXISTS (SELECT * FROM secrets)", "WITH secrets AS (SELECT 1 AS value)",
    "WITH c AS (SELECT * FROM customers)", "WITH staff AS (SELECT 1 AS email)", "INTO t", "INTO OUTFILE '/tmp/x'", "FOR UPDATE",
    "; DROP TABLE customers", ";", "--", "/*", "*/", "'", "\"", "`", "\\", "''", "\"\"", "(", ")", "[", "]", "{", "}", ",", ".", "::", "->",
    "=", "<>", "||", "+", "-", "%", "?", "$1", ":x", "@x", "#", "0", "1", "2", "7", "1e9", "0x1F", "NULL", "NOT", "AND", "OR", "IN", "LIKE",
    "ORDER BY ssn", "ORDER BY email", "ORDER BY 6", "GROUP BY ssn", "GROUP BY email", "GROUP BY 5", "HAVING max(ssn) > ''", "LIMIT 100000",
    "LIMIT ALL", "OFFSET 1", "FETCH FIRST 5 ROWS ONLY", "TABLESAMPLE BERNOULLI (50)", "MATCH_RECOGNIZE", "PIVOT", "QUALIFY", "WINDOW w AS (ORDER BY ssn)",
    "OVER (ORDER BY ssn)", "OVER w", "FILTER (WHERE ssn > '')", "WITHIN GROUP (ORDER BY ssn)", "DISTINCT ON (ssn)", "TOP 5", "email AS name",
    "AS email", "AS ssn", "AS t(a, b, c, d, e, f, g)", "AS staff", "AS customers", "AS \"c\"", "AS 'c'", "AS \"\u{17f}\u{17f}n\"", "\"ema\u{131}l\"",
    "s\u{455}n", "\u{ff53}sn", "\u{a0}", "\u{200b}", "\0", "\n", "shop.", "other.", "information_schema.", "awsdatacatalog.shop.", "\"customers$files\"",
    "pg_sleep(9)", "sequence(1, 1000000000)", "repeat('x', 1000000000)", "count(c)", "count(c.*)", "row(c)", "transform(ARRAY[1], ssn -> ssn)",
    "CASE WHEN ssn > '' THEN 1 END", "CAST(ssn AS VARCHAR)", "ssn::varchar", "DELETE FROM customers", "INSERT INTO customers", "VALUES (1)", "TABLE secrets",
];

#[derive(Debug, Clone)]
enum Mutation {
    Insert(Index, &'static str),
    Replace(Index, &'static str),
    Remove(Index),
    Swap(Index, Index),
    Double(Index, Index),
    /// The rest becomes that of another query.
    Splice(Index, Index, Index),
    Enclose(Index, Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let place = any::<Index>;
    prop_oneof![
        4 => (place(), select(FRAGMENTS)).prop_map(|(at, text)| Mutation::Insert(at, text)),
        4 => (place(), select(FRAGMENTS)).prop_map(|(at, text)| Mutation::Replace(at, text)),
        1 => place().prop_map(Mutation::Remove),
        1 => (place(), place()).prop_map(|(a, b)| Mutation::Swap(a, b)),
        1 => (place(), place()).prop_map(|(a, b)| Mutation::Double(a, b)),
        1 => (place(), place(), place()).prop_map(|(a, b, c)| Mutation::Splice(a, b, c)),
        1 => (place(), place()).prop_map(|(a, b)| Mutation::Enclose(a, b)),
    ]
}

/// Words, signs and blanks, roughly as SQL has them.
fn pieces(sql: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for character in sql.chars() {
        let is_word = character.is_alphanumeric() || character == '_';
        match pieces.last_mut() {
            Some(last) if is_word && last.chars().all(|of| of.is_alphanumeric() || of == '_') => last.push(character),
            _ => pieces.push(character.to_string()),
        }
    }
    pieces
}

fn mutated(sql: &str, mutations: &[Mutation]) -> String {
    let mut pieces = pieces(sql);
    for mutation in mutations {
        if pieces.is_empty() {
            break;
        }
        let count = pieces.len();
        match mutation {
            Mutation::Insert(at, text) => pieces.insert(at.index(count + 1), format!(" {text} ")),
            Mutation::Replace(at, text) => pieces[at.index(count)] = (*text).to_owned(),
            Mutation::Remove(at) => drop(pieces.remove(at.index(count))),
            Mutation::Swap(a, b) => pieces.swap(a.index(count), b.index(count)),
            Mutation::Double(a, b) => {
                let piece = pieces[a.index(count)].clone();
                pieces.insert(b.index(count + 1), format!(" {piece} "));
            }
            Mutation::Splice(a, b, other) => {
                let other = self::pieces(QUERIES[other.index(QUERIES.len())]);
                pieces.truncate(a.index(count + 1));
                pieces.extend_from_slice(&other[b.index(other.len())..]);
            }
            Mutation::Enclose(a, b) => {
                let (a, b) = (a.index(count), b.index(count));
                pieces.insert(a.max(b) + 1, ")".to_owned());
                pieces.insert(a.min(b), "(".to_owned());
            }
        }
    }
    pieces.concat()
}

/// An own alias may have any name; what is no alias must not be forbidden.
fn names_nothing_forbidden(run: &str) -> bool {
    let lower = run.to_lowercase().replace('"', "");
    let lower = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut words = lower.split(|character: char| !character.is_alphanumeric() && character != '_');
    let is_own = |word: &str| {
        [format!("as {word}"), format!("{word} as ("), format!("{word} ->")].iter().any(|own| lower.contains(own))
    };
    let is_text = |word: &str| lower.split('\'').skip(1).step_by(2).any(|text| text.contains(word));
    words.all(|word| !["ssn", "margin", "secrets", "salaries"].contains(&word) || is_own(word) || is_text(word))
}

#[test]
fn mutated_queries_are_refused_or_harmless() {
    let database = Database::new();
    let (mut passed, mut ran) = (0, 0);
    let strategy = (select(QUERIES), prop::collection::vec(mutation(), 1..5));
    let mut runner = TestRunner::new(Config { cases: 10 * CASES, failure_persistence: None, ..Config::default() });
    let counts = std::cell::RefCell::new((&mut passed, &mut ran));
    let result = runner.run(&strategy, |(sql, mutations)| {
        let sql = mutated(sql, &mutations);
        if let Ok(statement) = try_check(&sql) {
            let run = statement.sql();
            let again = try_check(run);
            prop_assert_eq!(again.as_ref().map(SelectStatement::sql), Ok(run));
            prop_assert!(names_nothing_forbidden(run), "{} became {}", sql, run);
            *counts.borrow_mut().0 += 1;
            *counts.borrow_mut().1 += usize::from(database.reads_nothing_hidden(run));
        }
        Ok(())
    });
    result.unwrap();
    // Else nothing was tried.
    assert!(passed > 100 && ran > 50, "{passed} passed, {ran} ran");
}

#[test]
fn generated_queries_with_forbidden_names_are_refused() {
    let forbidden = select(vec!["a.email", "email", "a.\"EMAIL\"", "(SELECT max(value) FROM secrets)", "a"]);
    let result = runner().run(&(query(), forbidden), |(sql, forbidden)| {
        for place in ["a.name", "a.staff_id", "'text'"] {
            if sql.contains(place) {
                // Where products are in scope, their email is open.
                let is_open = forbidden == "email" && sql.contains("products");
                let attack = sql.replacen(place, forbidden, 1);
                prop_assert!(is_open || try_check(&attack).is_err(), "{}", attack);
            }
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn any_text_gets_an_answer() {
    let words = prop::collection::vec(select(FRAGMENTS), 0..30).prop_map(|words| words.join(" "));
    let text = prop_oneof!["\\PC{0,80}", words.clone(), words.prop_map(|words| format!("SELECT {words}"))];
    let result = runner().run(&text, |sql| {
        if let Ok(statement) = try_check(&sql) {
            prop_assert!(try_check(statement.sql()).is_ok());
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn any_text_between_quotes_stays_text() {
    let result = runner().run(&"[^\\x00]{0,40}", |text: String| {
        let literal = format!("'{}'", text.replace('\'', "''"));
        let sql = format!("SELECT {literal} AS text_ FROM staff WHERE name = {literal} LIMIT 5");
        prop_assert_eq!(accepted(&sql), sql);
        Ok(())
    });
    result.unwrap();
}
