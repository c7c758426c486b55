//! Attacks: each is refused.

mod clauses;
mod functions;
mod hidden;
mod look_alikes;
mod names;
mod statements;

use std::collections::HashSet;

use super::{refused, try_check};
use crate::sql::guard::tests::database::Database;

/// A query, and what it is after.
type Attack = (&'static str, &'static str);

const ALL: [&[Attack]; 8] = [
    statements::STACKED,
    statements::OTHERS,
    clauses::ATTACKS,
    functions::ATTACKS,
    hidden::ATTACKS,
    hidden::WHOLE_ROWS,
    names::ATTACKS,
    look_alikes::ATTACKS,
];

#[test]
fn every_attack_is_refused() {
    let mut passed = Vec::new();
    for (sql, aim) in ALL.iter().copied().flatten() {
        if let Ok(statement) = try_check(sql) {
            passed.push(format!("{aim}: {sql}\n  became {}", statement.sql()));
        }
    }
    assert!(passed.is_empty(), "{} passed:\n{}", passed.len(), passed.join("\n"));
}

#[test]
fn there_are_at_least_seven_hundred_distinct_attacks() {
    let distinct: HashSet<_> = ALL.iter().copied().flatten().map(|(sql, _)| sql).collect();
    let all: usize = ALL.iter().map(|attacks| attacks.len()).sum();
    assert_eq!(distinct.len(), all);
    assert!(distinct.len() >= 700, "{}", distinct.len());
}

#[test]
fn no_refusal_names_a_hidden_column_that_the_query_did_not() {
    for (sql, _) in ALL.iter().copied().flatten() {
        let sentence = refused(sql);
        for hidden in ["ssn", "margin"] {
            assert!(sql.to_lowercase().contains(hidden) || !sentence.contains(hidden), "{sql}\n{sentence}");
        }
    }
}

#[test]
fn attacks_that_end_as_something_else_are_harmless() {
    let database = Database::new();
    let mut ran = 0;
    for (sql, aim) in HARMLESS {
        match try_check(sql) {
            Ok(statement) => ran += usize::from(database.must_be_harmless(statement.sql())),
            Err(refusal) => panic!("{aim}: {sql}\n{refusal}"),
        }
    }
    assert!(ran >= HARMLESS.len() / 2, "SQLite ran only {ran}");
}

/// What is left of these is a query that anybody may ask.
const HARMLESS: &[Attack] = &[
    ("SELECT * FROM customers", "hidden columns through *"),
    ("SELECT c.* FROM customers AS c", "hidden columns through a table's *"),
    ("SELECT CUSTOMERS.* FROM customers", "hidden columns through a table's * in capitals"),
    ("SELECT * FROM orders JOIN customers USING (customer_id)", "hidden columns through * over USING"),
    (
        "SELECT * FROM staff s LEFT JOIN staff m ON s.manager_id = m.staff_id",
        "hidden columns through * over a self-join",
    ),
    ("SELECT * FROM (SELECT * FROM customers) AS c", "hidden columns through * in a subquery"),
    ("SELECT c.* FROM (SELECT * FROM customers) AS c", "hidden columns through * of a subquery"),
    ("WITH c AS (SELECT * FROM customers) SELECT * FROM c", "hidden columns through * in WITH"),
    ("SELECT * FROM customers UNION ALL SELECT * FROM customers", "hidden columns through * in UNION"),
    ("SELECT name FROM customers WHERE EXISTS (SELECT * FROM orders)", "hidden columns through * in EXISTS"),
    ("SELECT *, name FROM orders, products", "hidden columns through * beside others"),
    ("SELECT count(*) FROM (SELECT * FROM staff) AS s", "hidden columns through * in an aggregate"),
    ("SELECT email FROM products, customers", "an open name that is hidden elsewhere"),
    ("SELECT email FROM products p, staff s ORDER BY email", "the same in ORDER BY"),
    ("SELECT p.email FROM products p JOIN customers c ON p.name = c.name GROUP BY email", "the same in GROUP BY"),
    ("SELECT (SELECT max(email) FROM products) FROM staff", "an open name in a subquery of a table that hides it"),
    ("SELECT name FROM products WHERE email IN (SELECT email FROM products)", "an open name in IN"),
    ("SELECT 'x' AS email FROM products ORDER BY email", "an alias as an open column"),
    ("SELECT s.email FROM (SELECT 'none' AS email FROM staff) AS s", "an alias as a hidden column, of a subquery"),
    ("WITH secrets_ AS (SELECT name FROM staff) SELECT * FROM secrets_", "a name of WITH near a forbidden table's"),
    ("SELECT name -- FROM secrets\nFROM customers", "a comment that hides a FROM"),
    ("SELECT name /* , ssn */ FROM customers", "a comment that hides a column"),
    ("SELECT name FROM customers -- ; DROP TABLE customers", "a statement in a comment"),
    ("SELECT name FROM customers /*! UNION SELECT value FROM secrets */", "MySQL's comments that are run"),
    ("SELECT name FROM customers /*+ LEADING(secrets) */", "a hint"),
    ("SELECT 'it''s; DROP TABLE customers' FROM customers", "a statement in text"),
    (
        "SELECT name FROM customers WHERE name = '\\' OR name = ' UNION SELECT value FROM secrets --'",
        "a backslash in text",
    ),
    ("SELECT name FROM customers WHERE name = 'ａ'' OR 1=1'", "a full-width letter in text"),
    ("SELECT \"name\" FROM \"customers\"", "quotes"),
    ("SELECT `name` FROM `customers`", "back-quotes"),
    ("SELECT name FROM customers;", "a semicolon at the end"),
    ("SELECT name FROM customers; ; -- nothing", "semicolons at the end"),
    ("SELECT name FROM customers LIMIT 1000000", "a limit that is too high"),
    ("SELECT name FROM customers LIMIT ALL", "no limit, said so"),
    ("SELECT name FROM customers FETCH FIRST 1000000 ROWS ONLY", "a limit that is too high, as FETCH"),
    ("(SELECT name FROM customers LIMIT 9) LIMIT 1000000", "a limit that is too high, outside"),
    ("SELECT name FROM customers AS secrets_alias", "an alias near a forbidden table's name"),
    ("SELECT name FROM shop.customers", "the own database"),
    ("SELECT name AS \"union\" FROM customers", "an alias that is a keyword"),
    ("SELECT name FROM customers AS \"select\"", "a table's alias that is a keyword"),
    ("SELECT count(*), count(name), count(DISTINCT name) FROM customers", "counting"),
    ("SELECT name FROM customers FINAL", "a clause of another engine's, which is an alias here"),
    ("SELECT\u{a0}name\u{a0}FROM\u{a0}customers", "spaces that do not break"),
    ("SELECT - - 1, - (-1)", "signs that would begin a comment"),
];
