//! Nesting and length, where a parser without bounds would end the process.

use std::time::{Duration, Instant};

use super::*;

/// In bytes. Threads of servers have twice that.
const SMALL_STACK: usize = 1 << 20;

fn nested(open: &str, inner: &str, close: &str, times: usize) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

fn chained(first: &str, next: &str, times: usize) -> String {
    format!("{first}{}", next.repeat(times))
}

fn on_small_stack(sql: String, is_accepted: bool) {
    let check = move || match (try_check(&sql), is_accepted) {
        (Ok(_), true) | (Err(_), false) => {}
        (Ok(_), false) => panic!("accepted: {}", &sql[..80]),
        (Err(refusal), true) => panic!("refused: {}: {refusal}", &sql[..80]),
    };
    std::thread::Builder::new().stack_size(SMALL_STACK).spawn(check).unwrap().join().unwrap();
}

#[test]
fn what_people_nest_passes() {
    for sql in [
        format!("SELECT {}", nested("(", "1", ")", 30)),
        format!("SELECT {}", nested("abs(", "1", ")", 12)),
        format!("SELECT 1 FROM {}", nested("(SELECT name FROM ", "customers", ") AS t", 10)),
        format!("SELECT {}", chained("1", " + 1", 200)),
        format!("SELECT 1 FROM customers WHERE {}", chained("name = 'a'", " OR name = 'b'", 100)),
        format!("SELECT 1 FROM customers WHERE customer_id IN ({})", chained("1", ", 2", 1500)),
        chained("SELECT name FROM customers", " UNION ALL SELECT name FROM products", 60),
        format!("SELECT {}", nested("CASE WHEN total > 1 THEN ", "1", " ELSE 0 END", 10)) + " FROM orders",
    ] {
        on_small_stack(sql, true);
    }
}

#[test]
fn what_is_nested_too_deeply_is_refused_and_overflows_no_stack() {
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("abs(", "1", ")"),
        ("- ", "1", ""),
        ("NOT ", "true", ""),
        ("(SELECT ", "1", ")"),
        ("CASE WHEN true THEN ", "1", " END"),
        ("ARRAY[", "1", "]"),
        ("transform(ARRAY[1], x -> ", "1", ")"),
        ("1 IN (", "1", ")"),
        ("CAST(", "1", " AS INTEGER)"),
        ("EXTRACT(YEAR FROM ", "1", ")"),
        ("INTERVAL ", "'1'", " DAY"),
        ("1 = ANY (SELECT ", "1", ")"),
        ("EXISTS (SELECT ", "1", ")"),
        ("ROW(", "1", ")"),
    ] {
        for times in [45, 500, 2000] {
            on_small_stack(format!("SELECT {}", nested(open, inner, close, times)), false);
        }
    }
    for (open, inner, close) in [
        ("SELECT 1 FROM (", "SELECT 1", ") AS t"),
        ("SELECT * FROM (", "SELECT 1 AS a", ")"),
        ("(", "SELECT 1", ")"),
        ("WITH a AS (", "SELECT 1", ") SELECT 1"),
        ("SELECT 1 UNION (", "SELECT 1", ")"),
    ] {
        for times in [45, 300, 1000] {
            on_small_stack(nested(open, inner, close, times), false);
        }
    }
    for times in [45, 500, 1500] {
        on_small_stack(format!("SELECT 1 FROM {}", nested("(", "customers", ")", times)), false);
        on_small_stack(format!("SELECT CAST(1 AS {})", nested("ARRAY<", "INTEGER", ">", times)), false);
        on_small_stack(format!("SELECT 1 FROM customers a {}", "JOIN customers b ".repeat(times)), false);
    }
}

/// A parser that tries one reading after another tries two to the power of the depth.
#[test]
fn what_fails_at_the_bottom_is_not_read_again_and_again() {
    const LONGEST: Duration = Duration::from_secs(5);
    let constructs = [
        "(",
        "((",
        "[",
        "ARRAY[",
        "NOT ",
        "NOT (",
        "- ",
        "- (",
        "CASE WHEN ",
        "CASE WHEN true THEN ",
        "CASE ",
        "CAST(",
        "TRY_CAST(",
        "EXTRACT(YEAR FROM ",
        "CEIL(",
        "FLOOR(",
        "POSITION(",
        "POSITION('a' IN ",
        "SUBSTRING(",
        "SUBSTR(a FROM ",
        "TRIM(",
        "TRIM(BOTH 'a' FROM ",
        "TRIM(a FROM ",
        "OVERLAY(",
        "OVERLAY(a PLACING ",
        "CONVERT(",
        "SAFE_CAST(",
        "INTERVAL ",
        "INTERVAL (",
        "INTERVAL '1' DAY + (",
        "EXISTS (SELECT ",
        "EXISTS (",
        "(SELECT ",
        "(VALUES (",
        "VALUES (",
        "(WITH a AS (SELECT ",
        "CURRENT_DATE(",
        "CURRENT_TIMESTAMP(",
        "LOCALTIME(",
        "abs(",
        "abs(x => ",
        "f(VALUE ",
        "f(a VALUE ",
        "count(DISTINCT ",
        "x -> ",
        "(x, y) -> ",
        "transform(a, x -> ",
        "(x) -> (",
        "LAMBDA x : ",
        "LAMBDA (x) : ",
        "a[",
        "a.b(",
        "a.(",
        "a.b[",
        "1 IN (",
        "1 IN ((",
        "1 IN (SELECT ",
        "1 IN (VALUES (",
        "1 IN (WITH a AS (SELECT ",
        "1 BETWEEN ",
        "1 BETWEEN 1 AND ",
        "1 = ANY (",
        "1 = ANY (SELECT ",
        "1 LIKE ",
        "1 LIKE ANY (",
        "1 || ",
        "a::",
        "DATE ",
        "DATE(",
        "TIMESTAMP(",
        "ROW(",
        "MAP(",
        "MAP {",
        "{",
        "{fn f(",
        "STRUCT(",
        "STRUCT<a ",
        "sum(1) OVER (ORDER BY ",
        "sum(1) OVER (PARTITION BY ",
        "sum(1) FILTER (WHERE ",
        "listagg(1) WITHIN GROUP (ORDER BY ",
        "1 FROM (SELECT ",
        "1 FROM ((SELECT ",
        "1 FROM (",
        "1 FROM (VALUES (",
        "1 FROM f(",
        "1 FROM unnest(",
        "1 FROM LATERAL (SELECT ",
        "1 FROM TABLE(",
        "1 FROM a JOIN (SELECT ",
        "1 FROM a JOIN (",
        "1 FROM a JOIN b ON ",
        "1 FROM a, (SELECT ",
        "1 UNION (SELECT ",
        "1 UNION SELECT ",
        "1 WHERE ",
        "1 GROUP BY (",
        "1 GROUP BY ROLLUP (",
        "1 GROUP BY GROUPING SETS ((",
        "1 ORDER BY (",
        "1 LIMIT (",
        "1 OFFSET (",
        "1 FETCH FIRST (",
        "DISTINCT ON (",
        "TOP (",
        "TOP (SELECT ",
        "* REPLACE (",
        "AS STRUCT ",
        "1 FROM a MATCH_RECOGNIZE (",
        "1 FROM a PIVOT (",
        "1 FROM json_table(",
        "1 FROM XMLTABLE(",
        "1 FROM OPENJSON(",
        "JSON_OBJECT(",
        "JSON_ARRAY(",
        "MATCH(",
        "TRY_CONVERT(",
        "PRIOR ",
        "CONNECT_BY_ROOT ",
        "ARRAY(",
        "ARRAY(SELECT ",
        "COLLATE(",
        "NORMALIZE(",
        "GROUPING(",
        "CAST(1 AS ARRAY<",
        "CAST(1 AS MAP(",
        "CAST(1 AS ",
    ];
    let mut slow = Vec::new();
    for construct in constructs {
        for bottom in ["", "1", "1 1", ")", "SELECT"] {
            for times in [10, 18, 39] {
                let sql = format!("SELECT {}{bottom}", construct.repeat(times));
                let start = Instant::now();
                let _ = try_check(&sql);
                if start.elapsed() > LONGEST {
                    slow.push(format!("{construct:?} {times} times, then {bottom:?}: {:?}", start.elapsed()));
                }
            }
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

#[test]
fn long_chains_are_refused_and_overflow_no_stack() {
    for next in [
        " + 1",
        " AND true",
        " || 'a'",
        " = 1",
        " IS NULL",
        " IS NOT NULL",
        " BETWEEN 1 AND 2",
        " LIKE 'a'",
        " IN (1)",
        " AT TIME ZONE 'UTC'",
        "::integer",
        "[1]",
        ".a",
    ] {
        for times in [300, 1900, 5000] {
            on_small_stack(format!("SELECT {}", chained("tags", next, times)) + " FROM customers", false);
        }
    }
    for times in [300, 1000, 5000] {
        on_small_stack(chained("SELECT 1", " UNION SELECT 1", times), false);
        on_small_stack(chained("SELECT 1", " EXCEPT ALL SELECT 1", times), false);
        on_small_stack(format!("SELECT 1 FROM customers a{}", ", customers".repeat(times)), false);
    }
}

#[test]
fn what_is_parsed_for_mending_is_bounded_too() {
    let parsed = |sql: String| {
        let parse = move || super::super::parse(&sql).map(|query| super::super::print(&query));
        std::thread::Builder::new().stack_size(SMALL_STACK).spawn(parse).unwrap().join().unwrap()
    };
    assert!(parsed(format!("SELECT {}", chained("1", " + 1", 150))).is_ok());
    assert!(parsed(format!("SELECT {}", chained("1", " + 1", 1000))).is_err());
    assert!(parsed(format!("SELECT {}", chained("1", " IS NULL", 1000))).is_err());
    assert!(parsed(format!("SELECT {}", nested("(", "1", ")", 100))).is_err());
}

#[test]
fn text_is_bounded_in_characters_and_in_tokens() {
    let limits = Limits { most_characters: 100, ..Limits::default() };
    assert!(check(&format!("SELECT '{}'", "ü".repeat(91)), &shop(), &limits).is_ok());
    let refusal = check(&format!("SELECT '{}'", "ü".repeat(92)), &shop(), &limits).unwrap_err();
    assert_eq!(refusal.to_string(), "The SQL is longer than 100 characters; write a shorter query.");
    assert!(check("SELECT 1,1,1,1,1,1,1,1,1,1,1,1", &shop(), &limits).is_err());
}

/// Each alias holds the query within twice, and is used twice.
#[test]
fn aliases_cannot_grow_without_end() {
    let mut sql = "SELECT max(name) AS a FROM staff".to_owned();
    for _ in 0..8 {
        sql = format!("SELECT ({sql}) AS a FROM staff WHERE a = a");
    }
    on_small_stack(sql, false);
}

#[test]
fn a_star_cannot_grow_without_end() {
    let columns: Vec<_> = (0..500).map(|number| column(&format!("column_{number}"), "bigint")).collect();
    let wide =
        Table { name: "wide".to_owned(), comment: None, columns: [columns, vec![column("x!", "bigint")]].concat() };
    let schema = Schema { tables: vec![wide], ..shop() };
    let sql = |times| chained("SELECT * FROM wide", " UNION ALL SELECT * FROM wide", times);
    assert!(check(&sql(3), &schema, &Limits::default()).is_ok());
    assert!(check(&sql(30), &schema, &Limits::default()).is_err());
}
