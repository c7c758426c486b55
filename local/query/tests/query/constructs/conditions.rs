use super::check;

#[tokio::test]
async fn conditions_choose() {
    check(&[
        ("if(1 < 2, 'yes', 'no')", "yes"),
        ("if(1 > 2, 'yes')", "NULL"),
        ("CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' ELSE 'many' END", "two"),
        ("CASE WHEN 1 > 2 THEN 'a' END", "NULL"),
        ("coalesce(NULL, 2, 3)", "2"),
        ("nullif(1, 1)", "NULL"),
        ("nullif(2, 1)", "2"),
        ("greatest(1, 3, 2)", "3"),
        ("greatest(1, NULL, 2)", "NULL"),
        ("greatest(date '2024-01-01', date '2024-02-01')", "2024-02-01"),
        ("least('b', 'a')", "a"),
        ("least(1.5, 2)", "1.5"),
        ("least(1, NULL)", "NULL"),
        ("if(true, 1, 1 / 0)", "1"),
    ])
    .await;
}

#[tokio::test]
async fn try_gives_null_for_what_fails_and_only_there() {
    check(&[
        ("try(1 / 0)", "NULL"),
        ("try(8 / 2)", "4"),
        ("try(CAST('x' AS integer))", "NULL"),
        ("coalesce(try(CAST('x' AS integer)), 0)", "0"),
        ("SELECT a, try(10 / a) FROM (VALUES (1), (0), (5)) AS t(a) ORDER BY a", "0|NULL\n1|10\n5|2"),
        ("SELECT try(sum(a) / count_if(a > 5)) FROM (VALUES (1), (2)) AS t(a)", "NULL"),
        ("try(date_parse('x', '%Y'))", "NULL"),
    ])
    .await;
}

#[tokio::test]
async fn null_is_neither_equal_nor_different() {
    check(&[
        ("NULL = 1", "NULL"),
        ("1 IS DISTINCT FROM NULL", "true"),
        ("NULL IS NOT DISTINCT FROM NULL", "true"),
        ("1 IN (2, NULL)", "NULL"),
        ("1 NOT IN (2, 3)", "true"),
        ("2 BETWEEN 1 AND 3", "true"),
        ("2 NOT BETWEEN 3 AND 4", "true"),
        ("true AND NULL", "NULL"),
        ("true OR NULL", "true"),
        ("NOT CAST(NULL AS boolean)", "NULL"),
        ("1 <> 2", "true"),
        ("1 != 1", "false"),
        ("SELECT 1 WHERE 3 = ANY (SELECT x FROM (VALUES (1), (2), (3)) AS t(x))", "1"),
        ("SELECT 1 WHERE 3 >= ALL (SELECT x FROM (VALUES (1), (2), (3)) AS t(x))", "1"),
        ("SELECT 1 WHERE 1 = SOME (SELECT x FROM (VALUES (2), (3)) AS t(x))", ""),
        ("SELECT 1 WHERE EXISTS (SELECT 1)", "1"),
    ])
    .await;
}
