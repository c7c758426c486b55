//! What a refusal tells the query's author.

use super::*;

#[test]
fn a_refusal_says_what_to_do_otherwise() {
    for (sql, sentence) in [
        (
            "SELECT nane FROM staff",
            "There is no column nane in this FROM; the columns are staff.staff_id, staff.name, staff.manager_id.",
        ),
        ("SELECT s.nane FROM staff s", "There is no column nane in s; its columns are staff_id, name, manager_id."),
        (
            "SELECT s.email FROM staff s",
            "There is no column email in s; its columns are staff_id, name, manager_id; email is a column of products.",
        ),
        ("SELECT x.name FROM staff s", "There is no table nor alias x in this FROM; it has s."),
        (
            "SELECT name FROM employees",
            "There is no table employees; the tables are customers, orders, products, staff.",
        ),
        (
            "SELECT name FROM staff, products",
            "Column name is ambiguous; write which table's it is, as in staff. or products. name.",
        ),
        ("SELECT ifnull(name, '') FROM staff", "Function ifnull is not available; use coalesce(value, other)."),
        (
            "SELECT frobnicate(name) FROM staff",
            "Function frobnicate is not available; use one of Athena's own functions.",
        ),
        ("DELETE FROM staff", "Only a query that reads is allowed, not DELETE; write one SELECT."),
        ("SELECT 1; SELECT 2", "There is more than one statement, or text after the query; write exactly one SELECT."),
        (
            "SELECT name FROM staff WHERE name ILIKE 'a%'",
            "ILIKE is not allowed; write lower(text) LIKE 'pattern in lower case'.",
        ),
        ("SELECT TOP 3 name FROM staff", "TOP is not allowed; write LIMIT at the end."),
        (
            "SELECT name FROM staff WHERE name = \"Bo\"",
            "There is no column \"Bo\" in this FROM; the columns are staff.staff_id, staff.name, staff.manager_id; text stands in single quotes.",
        ),
        ("SELECT name FROM staff ORDER BY 3", "Ordinal 3 is not allowed; the query has 1 columns, counted from 1."),
        (
            "SELECT CAST(name AS XML) FROM staff",
            "Type XML is not allowed; use BOOLEAN, INTEGER, BIGINT, DOUBLE, DECIMAL(p, s), VARCHAR, DATE, TIMESTAMP, JSON or ARRAY<type>.",
        ),
    ] {
        assert_eq!(refused(sql), sentence, "{sql}");
    }
}

#[test]
fn a_column_of_another_table_is_pointed_out() {
    assert_eq!(
        refused("SELECT price FROM staff"),
        "There is no column price in this FROM; the columns are staff.staff_id, staff.name, staff.manager_id; price is a column of products."
    );
    assert_eq!(
        refused("SELECT s.price FROM staff s"),
        "There is no column price in s; its columns are staff_id, name, manager_id; price is a column of products."
    );
    assert!(refused("SELECT email FROM staff").ends_with("; email is a column of products."));
    assert!(!refused("SELECT ssn FROM staff").contains("is a column of"));
}

#[test]
fn what_cannot_be_parsed_is_said_where() {
    let sentence = refused("SELECT name FROM staff WHERE");
    assert!(sentence.starts_with("The SQL cannot be parsed (Expected: an expression, found: EOF"), "{sentence}");
    assert!(refused("SELECT name FROM WHERE").contains("WHERE"));
}
