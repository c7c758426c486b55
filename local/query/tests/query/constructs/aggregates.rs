use super::check;

/// Sales of two regions; the query of a case continues the table.
const SALES: &str = "(VALUES ('north', 'ada', 10, 1.50), ('north', 'ben', 30, 2.25), ('south', 'cleo', 20, NULL), \
                     ('south', 'ada', 20, 4.00)) AS sales(region, seller, units, price)";

async fn check_sales(cases: &[(&str, &str)]) {
    let cases: Vec<_> = cases
        .iter()
        .map(|(sql, expected)| {
            let sql = if sql.starts_with("SELECT") {
                sql.replace("SALES", SALES)
            } else {
                format!("SELECT {sql} FROM {SALES}")
            };
            (sql, *expected)
        })
        .collect();
    check(&cases.iter().map(|(sql, expected)| (sql.as_str(), *expected)).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn rows_are_counted_and_added() {
    check_sales(&[
        ("count(*)", "4"),
        ("count(price)", "3"),
        ("count(DISTINCT seller)", "3"),
        ("count_if(units > 15)", "3"),
        ("count(*) FILTER (WHERE region = 'north')", "2"),
        ("sum(units)", "80"),
        ("sum(price)", "7.75"),
        ("sum(units) FILTER (WHERE seller = 'ada')", "30"),
        ("sum(DISTINCT units)", "60"),
        ("avg(units)", "20.0"),
        ("avg(price)", "2.58"),
        ("typeof(avg(price))", "decimal(3,2)"),
        ("min(price)", "1.50"),
        ("max(seller)", "cleo"),
        ("max(units, 2)", "[30, 20]"),
        ("min(units, 2)", "[10, 20]"),
        ("geometric_mean(units)", "18.612097182041985"),
        ("approx_distinct(seller)", "3"),
        ("SELECT sum(units) FROM SALES WHERE units > 100", "NULL"),
        ("SELECT count(*) FROM SALES WHERE units > 100", "0"),
        ("SELECT avg(price) FROM SALES WHERE units > 100", "NULL"),
        ("SELECT region, sum(units) FROM SALES GROUP BY region ORDER BY region", "north|40\nsouth|40"),
        ("SELECT region, avg(price) FROM SALES GROUP BY 1 ORDER BY 1", "north|1.88\nsouth|4.00"),
        ("SELECT region FROM SALES GROUP BY region HAVING max(units) > 25", "north"),
    ])
    .await;
}

#[tokio::test]
async fn a_row_is_picked() {
    check_sales(&[
        ("max_by(seller, units)", "ben"),
        ("min_by(seller, units)", "ada"),
        ("max_by(seller, price)", "ada"),
        ("max_by(seller, units, 1)", "[ben]"),
        ("min_by(seller, units, 1)", "[ada]"),
        ("SELECT region, max_by(seller, units) FROM SALES GROUP BY region ORDER BY 1", "north|ben\nsouth|cleo"),
        ("SELECT arbitrary(region) FROM SALES WHERE region = 'south'", "south"),
        ("SELECT any_value(region) FROM SALES WHERE region = 'south'", "south"),
        ("bool_and(units > 5)", "true"),
        ("bool_or(units > 25)", "true"),
        ("every(units > 15)", "false"),
    ])
    .await;
}

#[tokio::test]
async fn values_are_collected() {
    check_sales(&[
        ("array_agg(units ORDER BY units DESC)", "[30, 20, 20, 10]"),
        ("array_agg(DISTINCT region ORDER BY region)", "[north, south]"),
        ("array_agg(price ORDER BY units) FILTER (WHERE region = 'south' AND price IS NULL)", "[null]"),
        ("listagg(seller, ', ') WITHIN GROUP (ORDER BY units, seller)", "ada, ada, cleo, ben"),
        ("listagg(DISTINCT region, '/') WITHIN GROUP (ORDER BY region)", "north/south"),
        ("SELECT region, listagg(seller, '+') WITHIN GROUP (ORDER BY seller DESC) FROM SALES GROUP BY region ORDER BY 1", "north|ben+ada\nsouth|cleo+ada"),
        ("array_join(array_agg(seller ORDER BY seller), ',')", "ada,ada,ben,cleo"),
        ("SELECT map_agg(seller, units) FROM SALES WHERE region = 'north'", "{ada=10, ben=30}"),
        ("SELECT multimap_agg(region, units) FROM SALES", "{north=[10, 30], south=[20, 20]}"),
        ("histogram(units)", "{10=1, 30=1, 20=2}"),
    ])
    .await;
}

#[tokio::test]
async fn values_are_summed_up_by_statistics() {
    check_sales(&[
        ("stddev(units)", "8.16496580927726"),
        ("stddev_samp(units)", "8.16496580927726"),
        ("stddev_pop(units)", "7.0710678118654755"),
        ("variance(units)", "66.66666666666667"),
        ("var_samp(units)", "66.66666666666667"),
        ("var_pop(units)", "50.0"),
        ("SELECT covar_pop(y, x) FROM (VALUES (1, 2), (2, 4), (3, 6)) AS t(x, y)", "1.3333333333333333"),
        ("SELECT covar_samp(y, x) FROM (VALUES (1, 2), (2, 4), (3, 6)) AS t(x, y)", "2.0"),
        ("SELECT corr(y, x) FROM (VALUES (1, 2), (2, 4), (3, 6)) AS t(x, y)", "1.0"),
        ("SELECT regr_slope(y, x) FROM (VALUES (1, 2), (2, 4), (3, 6)) AS t(x, y)", "2.0"),
        ("SELECT regr_intercept(y, x) FROM (VALUES (1, 3), (2, 5), (3, 7)) AS t(x, y)", "1.0"),
        (
            "SELECT regr_count(y, x), regr_avgx(y, x), regr_avgy(y, x), regr_r2(y, x) \
             FROM (VALUES (1, 3), (2, 5), (3, 7)) AS t(x, y)",
            "3|2.0|5.0|1.0",
        ),
        ("approx_percentile(units, 0.5)", "20"),
        ("approx_percentile(units, ARRAY[0.0, 1.0])", "[10, 30]"),
        ("approx_percentile(price, 0.5)", "2.25"),
        ("skewness(units)", "0.0"),
        ("SELECT kurtosis(x) FROM (VALUES (1), (2), (3), (4), (10)) AS t(x)", "3.1519999999999992"),
        ("SELECT bitwise_and_agg(x), bitwise_or_agg(x), bitwise_xor_agg(x) FROM (VALUES (6), (3)) AS t(x)", "2|7|5"),
    ])
    .await;
}

#[tokio::test]
async fn groups_are_grouped_again() {
    check_sales(&[
        (
            "SELECT region, seller, sum(units) FROM SALES GROUP BY GROUPING SETS ((region, seller), (region), ()) \
             ORDER BY region, seller",
            "north|ada|10\nnorth|ben|30\nnorth|NULL|40\nsouth|ada|20\nsouth|cleo|20\nsouth|NULL|40\nNULL|NULL|80",
        ),
        (
            "SELECT region, sum(units) FROM SALES GROUP BY ROLLUP (region) ORDER BY region",
            "north|40\nsouth|40\nNULL|80",
        ),
        (
            "SELECT region, units > 15, count(*) FROM SALES GROUP BY CUBE (region, units > 15) ORDER BY 1, 2",
            "north|false|1\nnorth|true|1\nnorth|NULL|2\nsouth|true|2\nsouth|NULL|2\nNULL|false|1\nNULL|true|3\nNULL|NULL|4",
        ),
        (
            "SELECT region, grouping(region) FROM SALES GROUP BY ROLLUP (region) ORDER BY region",
            "north|0\nsouth|0\nNULL|1",
        ),
    ])
    .await;
}
