//! Queries that people and models write, and that pass.

use super::database::Database;
use super::*;

#[test]
fn what_is_meant_well_passes_and_stays_the_same() {
    let database = Database::new();
    let mut ran = 0;
    for sql in QUERIES {
        let run = accepted(sql);
        assert_eq!(accepted(&run), run, "changes again: {sql}");
        ran += usize::from(database.must_be_harmless(&run));
    }
    assert!(ran >= 50, "SQLite ran only {ran} of {}", QUERIES.len());
}

#[rustfmt::skip]
pub(super) const QUERIES: &[&str] = &[
    "SELECT name FROM staff",
    "SELECT DISTINCT country FROM customers ORDER BY country",
    "SELECT ALL country FROM customers",
    "SELECT c.name, c.country FROM customers AS c WHERE c.country = 'DE' AND c.name LIKE 'A%' LIMIT 10",
    "SELECT name FROM customers WHERE name LIKE '10!%' ESCAPE '!'",
    "SELECT name FROM customers WHERE NOT (country = 'DE' OR country IS NULL)",
    "SELECT name FROM customers WHERE country IN ('DE', 'FR') AND country NOT IN ('US')",
    "SELECT total FROM orders WHERE total BETWEEN 1 AND 5 OR total NOT BETWEEN 2 AND 3",
    "SELECT count(*) FROM customers",
    "SELECT count(DISTINCT country) AS countries FROM customers",
    "SELECT country, count(*) AS n FROM customers GROUP BY country HAVING count(*) > 1 ORDER BY n DESC, country ASC NULLS LAST",
    "SELECT country, count(*) FROM customers GROUP BY 1 ORDER BY 2 DESC",
    "SELECT c.country, sum(o.total) AS revenue FROM orders o JOIN customers c ON c.customer_id = o.customer_id GROUP BY c.country",
    "SELECT c.name FROM customers c LEFT JOIN orders o ON o.customer_id = c.customer_id WHERE o.order_id IS NULL",
    "SELECT c.name, o.total FROM customers c LEFT OUTER JOIN orders o USING (customer_id)",
    "SELECT c.name FROM customers c RIGHT JOIN orders o ON o.customer_id = c.customer_id FULL OUTER JOIN staff s ON s.name = c.name",
    "SELECT customer_id FROM customers INNER JOIN orders USING (customer_id) ORDER BY customer_id",
    "SELECT s.name, m.name AS manager FROM staff s LEFT JOIN staff m ON s.manager_id = m.staff_id",
    "SELECT a.name, b.name FROM staff a CROSS JOIN products b",
    "SELECT a.name FROM staff a, products b WHERE a.name <> b.name",
    "SELECT a.name FROM (staff a JOIN products b ON a.name = b.name) JOIN orders o ON o.order_id = a.staff_id",
    "SELECT name FROM customers WHERE customer_id IN (SELECT customer_id FROM orders WHERE total > 5)",
    "SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.customer_id)",
    "SELECT name FROM customers c WHERE NOT EXISTS (SELECT * FROM orders o WHERE o.customer_id = c.customer_id)",
    "SELECT name FROM customers WHERE customer_id = (SELECT max(customer_id) FROM orders)",
    "SELECT name, (SELECT sum(o.total) FROM orders o WHERE o.customer_id = c.customer_id) AS spent FROM customers c ORDER BY spent DESC",
    "SELECT name FROM customers WHERE customer_id >= ALL (SELECT customer_id FROM orders)",
    "SELECT name FROM customers WHERE customer_id = SOME (SELECT customer_id FROM orders)",
    "SELECT avg(n) FROM (SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id) AS x",
    "SELECT avg(n) FROM (SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id)",
    "SELECT x.a FROM (SELECT customer_id, name FROM customers) AS x(a, b) WHERE b = 'Ada'",
    "WITH big AS (SELECT * FROM orders WHERE total > 5) SELECT count(*) FROM big",
    "WITH a AS (SELECT customer_id FROM orders), b AS (SELECT customer_id FROM a) SELECT * FROM b JOIN a ON a.customer_id = b.customer_id",
    "WITH a(x) AS (SELECT name FROM staff) SELECT x FROM a UNION SELECT name FROM products ORDER BY x",
    "WITH a AS (WITH b AS (SELECT 1 AS x) SELECT x FROM b) SELECT x FROM a",
    "SELECT name FROM staff UNION ALL SELECT name FROM products UNION SELECT name FROM customers ORDER BY name LIMIT 5",
    "SELECT name FROM staff INTERSECT SELECT name FROM products",
    "SELECT name FROM staff EXCEPT SELECT name FROM products",
    "(SELECT name FROM staff ORDER BY name LIMIT 1) UNION ALL (SELECT name FROM products ORDER BY name LIMIT 1)",
    "SELECT CASE WHEN total > 100 THEN 'big' WHEN total > 10 THEN 'middle' ELSE 'small' END AS size, count(*) FROM orders GROUP BY 1",
    "SELECT CASE country WHEN 'DE' THEN 1 ELSE 0 END FROM customers",
    "SELECT coalesce(name, 'none'), nullif(name, ''), upper(name), lower(name), length(name), trim(name), substr(name, 1, 2), replace(name, 'a', 'b') FROM staff",
    "SELECT round(total * 1.19, 2), abs(-total), total / 2, total % 2, -total FROM orders",
    "SELECT CAST(total AS INTEGER), CAST(total AS VARCHAR), CAST(order_id AS DOUBLE) FROM orders",
    "SELECT name || ' (' || country || ')' AS label FROM customers",
    "SELECT name FROM customers ORDER BY length(name) DESC, 1",
    "SELECT name AS n FROM customers ORDER BY upper(n)",
    "SELECT max(total) - min(total) AS spread FROM orders",
    "SELECT 100.0 * sum(CASE WHEN total > 5 THEN 1 ELSE 0 END) / count(*) AS share FROM orders",
    "SELECT count(*) FILTER (WHERE total > 5) FROM orders",
    "SELECT name, row_number() OVER (PARTITION BY country ORDER BY name) AS place FROM customers",
    "SELECT order_id, sum(total) OVER (ORDER BY order_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM orders",
    "SELECT order_id, avg(total) OVER (ORDER BY order_id ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) FROM orders",
    "SELECT order_id, lag(total, 1, 0) OVER (ORDER BY order_id), lead(total) OVER (ORDER BY order_id) FROM orders",
    "SELECT rank() OVER w, dense_rank() OVER w FROM orders WINDOW w AS (PARTITION BY customer_id ORDER BY total DESC)",
    "SELECT sum(total) OVER (w ORDER BY date) FROM orders WINDOW w AS (PARTITION BY customer_id)",
    "SELECT x.name FROM (SELECT name, row_number() OVER (ORDER BY price DESC) AS place FROM products) AS x WHERE x.place <= 3",
    "SELECT 1 + 2 * 3 - 4 / 5, (1 + 2) * 3, TRUE AND NOT FALSE, NULL",
    "SELECT 'it''s', '', 'ünï', '--', '/* */', ';'",
    "SELECT 1.5, .5, 1e3, 1.5E-3, 12345678901234567890",
    "SELECT a, b FROM (VALUES (1, 'x'), (2, 'y')) AS t(a, b)",
    "SELECT total IS DISTINCT FROM 5, total IS NOT DISTINCT FROM 5 FROM orders",
    "SELECT shop.staff.name, staff.name FROM shop.staff",
    "SELECT name FROM AwsDataCatalog.shop.staff",
    "SELECT date_trunc('month', ordered_at) AS month, sum(total) FROM orders GROUP BY date_trunc('month', ordered_at) ORDER BY month",
    "SELECT year(date), month(date), day(date), EXTRACT(YEAR FROM date), EXTRACT(DOW FROM date) FROM orders",
    "SELECT date_diff('day', date, current_date), date_add('day', -7, current_date), date_format(ordered_at, '%Y-%m') FROM orders",
    "SELECT count(*) FROM orders WHERE date >= DATE '2024-01-01' AND ordered_at < TIMESTAMP '2025-01-01 00:00:00'",
    "SELECT count(*) FROM orders WHERE date >= current_date - INTERVAL '30' DAY AND date < date_trunc('year', current_date)",
    "SELECT INTERVAL '1-2' YEAR TO MONTH, INTERVAL '3' HOUR",
    "SELECT ordered_at AT TIME ZONE 'Europe/Berlin', current_timestamp, now(), localtimestamp FROM orders",
    "SELECT address.city, c.address.street FROM customers c WHERE c.address.city = 'Berlin'",
    "SELECT tags[1], c.tags[2], element_at(tags, 1), cardinality(tags), contains(tags, 'vip') FROM customers c",
    "SELECT c.name, t.tag FROM customers c CROSS JOIN UNNEST(c.tags) AS t(tag)",
    "SELECT c.name, tag, place FROM customers c, UNNEST(tags) WITH ORDINALITY AS t(tag, place)",
    "SELECT d FROM UNNEST(sequence(DATE '2024-01-01', DATE '2024-12-31', INTERVAL '1' MONTH)) AS t(d)",
    "SELECT d.day, count(o.order_id) FROM UNNEST(sequence(DATE '2024-01-01', current_date)) AS d(day) LEFT JOIN orders o ON o.date = d.day GROUP BY d.day",
    "SELECT transform(tags, t -> upper(t)), filter(tags, t -> t <> ''), reduce(tags, 0, (s, t) -> s + length(t), s -> s) FROM customers",
    "SELECT any_match(tags, t -> t = country) FROM customers",
    "SELECT array_agg(name ORDER BY name), array_join(array_agg(DISTINCT name), ', ') FROM staff",
    "SELECT listagg(name, ', ') WITHIN GROUP (ORDER BY name DESC) FROM staff",
    "SELECT approx_distinct(name), approx_percentile(total, 0.5), max_by(order_id, total), count_if(total > 5), stddev(total) FROM orders, staff",
    "SELECT lag(total) IGNORE NULLS OVER (ORDER BY date) FROM orders",
    "SELECT c.name, x.last FROM customers c CROSS JOIN LATERAL (SELECT max(o.date) AS last FROM orders o WHERE o.customer_id = c.customer_id) AS x",
    "SELECT country, name, count(*), grouping(country) FROM customers GROUP BY GROUPING SETS ((country, name), (country), ())",
    "SELECT country, count(*) FROM customers GROUP BY ROLLUP (country), name",
    "SELECT country, count(*) FROM customers GROUP BY CUBE (country, name)",
    "SELECT regexp_like(name, '^A'), regexp_extract(name, '(.)', 1), split_part(name, ' ', 1), strpos(name, 'a') FROM staff",
    "SELECT json_extract_scalar(name, '$.a'), CAST(json_parse(name) AS ARRAY<VARCHAR>) FROM staff",
    "SELECT TRY_CAST(name AS INTEGER), try(CAST(name AS DATE)), if(name = 'a', 1, 0), greatest(1, 2) FROM staff",
    "SELECT position('a' IN name), substring(name FROM 1 FOR 2), substring(name, 2), trim(LEADING '0' FROM name) FROM staff",
    "SELECT row(1, 'a'), (1, 2) = (1, 2), map(ARRAY['a'], ARRAY[1])['a'], ARRAY[ARRAY[1]][1][1]",
    "SELECT name FROM staff ORDER BY random() LIMIT 5",
    "SELECT lpad(CAST(order_id AS VARCHAR), 10, '0'), format('%.2f', total), repeat('a', 3) FROM orders",
    "SELECT sum(total) AS total FROM orders ORDER BY total",
    "SELECT customer_id, sum(total) AS total FROM orders GROUP BY customer_id HAVING sum(total) > 10 ORDER BY sum(total)",
    "SELECT o.date, o.total FROM orders o WHERE o.total = (SELECT max(i.total) FROM orders i WHERE i.date = o.date)",
    "SELECT p.email FROM products p WHERE p.email LIKE '%@example.com'",
    "SELECT name, price FROM products WHERE price > (SELECT avg(price) FROM products) ORDER BY price DESC LIMIT 3",
    "SELECT CEIL(price), FLOOR(price), ceiling(price), power(price, 2), sqrt(price) FROM products",
    "SELECT \"name\" FROM \"staff\" AS \"s\" WHERE \"s\".\"name\" = 'Cy'",
    "select name from staff where name is not null order by name desc limit 1",
];

/// SQLite reads these as they are, too: what is run must give the same rows.
#[test]
fn what_is_run_gives_the_rows_that_were_asked_for() {
    let database = Database::new();
    let mut compared = 0;
    for sql in QUERIES.iter().filter(|sql| !sql.contains("random")) {
        if let (Ok(asked), Ok(run)) = (database.rows(sql), database.rows(&accepted(sql))) {
            assert_eq!(asked, run, "{sql}");
            compared += 1;
        }
    }
    assert!(compared >= 45, "only {compared} of {}", QUERIES.len());
}
