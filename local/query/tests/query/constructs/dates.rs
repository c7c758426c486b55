use super::check;

#[tokio::test]
async fn parts_of_dates_are_numbers() {
    check(&[
        ("year(date '2024-03-15')", "2024"),
        ("year(timestamp '2024-03-15 10:20:30')", "2024"),
        ("quarter(date '2024-03-31')", "1"),
        ("quarter(date '2024-10-01')", "4"),
        ("month(date '2024-03-15')", "3"),
        ("week(date '2024-01-01')", "1"),
        ("week(date '2023-01-01')", "52"),
        ("week_of_year(date '2020-12-31')", "53"),
        ("year_of_week(date '2023-01-01')", "2022"),
        ("yow(date '2024-12-30')", "2025"),
        ("day(date '2024-03-15')", "15"),
        ("day_of_month(date '2024-03-15')", "15"),
        ("day_of_week(date '2024-03-17')", "7"),
        ("dow(date '2024-03-18')", "1"),
        ("day_of_year(date '2024-12-31')", "366"),
        ("doy(date '2024-02-01')", "32"),
        ("hour(timestamp '2024-03-15 10:20:30.456')", "10"),
        ("minute(timestamp '2024-03-15 10:20:30.456')", "20"),
        ("second(timestamp '2024-03-15 10:20:30.456')", "30"),
        ("millisecond(timestamp '2024-03-15 10:20:30.456')", "456"),
        ("last_day_of_month(date '2024-02-03')", "2024-02-29"),
        ("year(CAST(NULL AS date))", "NULL"),
    ])
    .await;
}

#[tokio::test]
async fn extract_takes_all_fields() {
    check(&[
        ("EXTRACT(YEAR FROM date '2024-03-15')", "2024"),
        ("EXTRACT(QUARTER FROM date '2024-03-15')", "1"),
        ("EXTRACT(MONTH FROM timestamp '2024-03-15 10:20:30')", "3"),
        ("EXTRACT(WEEK FROM date '2024-03-15')", "11"),
        ("EXTRACT(DAY FROM date '2024-03-15')", "15"),
        ("EXTRACT(DAY_OF_WEEK FROM date '2024-03-15')", "5"),
        ("EXTRACT(DOW FROM date '2024-03-17')", "7"),
        ("EXTRACT(DAY_OF_YEAR FROM date '2024-03-15')", "75"),
        ("EXTRACT(DOY FROM date '2024-03-15')", "75"),
        ("EXTRACT(YEAR_OF_WEEK FROM date '2024-12-31')", "2025"),
        ("EXTRACT(HOUR FROM timestamp '2024-03-15 10:20:30')", "10"),
        ("EXTRACT(MINUTE FROM timestamp '2024-03-15 10:20:30')", "20"),
        ("EXTRACT(SECOND FROM timestamp '2024-03-15 10:20:30')", "30"),
    ])
    .await;
}

#[tokio::test]
async fn dates_are_truncated_in_their_own_type() {
    check(&[
        ("date_trunc('year', date '2024-03-15')", "2024-01-01"),
        ("date_trunc('quarter', date '2024-05-15')", "2024-04-01"),
        ("date_trunc('month', date '2024-03-15')", "2024-03-01"),
        ("date_trunc('week', date '2024-03-15')", "2024-03-11"),
        ("date_trunc('day', timestamp '2024-03-15 10:20:30.456')", "2024-03-15 00:00:00.000"),
        ("date_trunc('hour', timestamp '2024-03-15 10:20:30.456')", "2024-03-15 10:00:00.000"),
        ("date_trunc('minute', timestamp '2024-03-15 10:20:30.456')", "2024-03-15 10:20:00.000"),
        ("date_trunc('second', timestamp '2024-03-15 10:20:30.456')", "2024-03-15 10:20:30.000"),
        ("date_trunc('MONTH', timestamp '2024-03-15 10:20:30')", "2024-03-01 00:00:00.000"),
        ("typeof(date_trunc('month', date '2024-03-15'))", "date"),
        ("date_trunc('hour', date '2024-03-15')", "INVALID_FUNCTION_ARGUMENT: 'hour' is not a valid DATE field"),
        (
            "date_trunc('fortnight', timestamp '2024-03-15 00:00:00')",
            "INVALID_FUNCTION_ARGUMENT: 'fortnight' is not a valid Timestamp field",
        ),
    ])
    .await;
}

#[tokio::test]
async fn units_are_added_and_counted() {
    check(&[
        ("date_add('day', 10, date '2024-02-25')", "2024-03-06"),
        ("date_add('month', 1, date '2024-01-31')", "2024-02-29"),
        ("date_add('quarter', -1, date '2024-05-31')", "2024-02-29"),
        ("date_add('year', 1, date '2024-02-29')", "2025-02-28"),
        ("date_add('week', 2, date '2024-01-01')", "2024-01-15"),
        ("date_add('second', 86, timestamp '2020-03-01 00:00:00')", "2020-03-01 00:01:26.000"),
        ("date_add('hour', 9, timestamp '2020-03-01 00:00:00')", "2020-03-01 09:00:00.000"),
        ("date_add('minute', -30, timestamp '2020-03-01 00:00:00')", "2020-02-29 23:30:00.000"),
        ("date_add('millisecond', 5, timestamp '2020-03-01 00:00:00')", "2020-03-01 00:00:00.005"),
        ("date_diff('second', timestamp '2020-03-01 00:00:00', timestamp '2020-03-02 00:00:00')", "86400"),
        ("date_diff('hour', timestamp '2020-03-01 00:00:00', timestamp '2020-03-02 01:59:00')", "25"),
        ("date_diff('day', date '2020-03-01', date '2020-03-02')", "1"),
        ("date_diff('day', date '2024-03-05', date '2024-03-01')", "-4"),
        ("date_diff('week', date '2024-01-01', date '2024-01-14')", "1"),
        ("date_diff('month', date '2024-01-31', date '2024-02-29')", "1"),
        ("date_diff('month', date '2024-01-15', date '2024-03-14')", "1"),
        ("date_diff('month', date '2024-03-14', date '2024-01-15')", "-1"),
        ("date_diff('quarter', date '2023-01-01', date '2024-01-01')", "4"),
        ("date_diff('year', date '2020-02-29', date '2024-02-28')", "3"),
        ("date_diff('day', date '2024-03-01', timestamp '2024-03-02 12:00:00')", "1"),
        ("date_diff('day', CAST(NULL AS date), date '2024-03-01')", "NULL"),
    ])
    .await;
}

#[tokio::test]
async fn intervals_are_added_and_subtracted() {
    check(&[
        ("date '2024-01-31' + interval '1' month", "2024-02-29"),
        ("date '2012-08-08' + interval '2' day", "2012-08-10"),
        ("date '2012-03-31' - interval '1' year", "2011-03-31"),
        ("timestamp '2012-08-08 01:00:00' + interval '29' hour", "2012-08-09 06:00:00.000"),
        ("timestamp '2012-10-31 01:00:00' + interval '1' month", "2012-11-30 01:00:00.000"),
        ("timestamp '2012-08-08 01:00:00' - interval '2' day", "2012-08-06 01:00:00.000"),
        ("timestamp '2012-08-08 01:00:00' + interval '90' minute", "2012-08-08 02:30:00.000"),
        ("timestamp '2012-08-08 01:00:00' + interval '5' second", "2012-08-08 01:00:05.000"),
        ("date '2024-03-01' + 3 * interval '1' day", "2024-03-04"),
        ("date '2024-03-01' - interval '7' day * 2", "2024-02-16"),
        ("date '2024-03-01' - date '2024-02-01'", "29 00:00:00.000"),
        ("timestamp '2024-03-02 12:00:00' - timestamp '2024-03-01 00:00:00'", "1 12:00:00.000"),
        ("date '2024-03-01' < date '2024-03-02'", "true"),
        ("timestamp '2024-03-01 10:00:00' BETWEEN timestamp '2024-03-01 00:00:00' AND timestamp '2024-03-02 00:00:00'", "true"),
    ])
    .await;
}

#[tokio::test]
async fn dates_are_written_and_read_in_mysqls_format() {
    check(&[
        ("date_format(timestamp '2022-10-20 05:10:00', '%m-%d-%Y %H')", "10-20-2022 05"),
        ("date_format(date '2024-03-05', '%Y-%m')", "2024-03"),
        ("date_format(timestamp '2024-03-05 14:07:09.123', '%a %b %c %e %f %h %i %j')", "Tue Mar 3 5 123000 02 07 065"),
        (
            "date_format(timestamp '2024-03-05 14:07:09', '%k %l %M %p %r %s %T %v %W %x %y %%')",
            "14 2 March PM 02:07:09 PM 09 14:07:09 10 Tuesday 2024 24 %",
        ),
        ("date_parse('2022/10/20/05', '%Y/%m/%d/%H')", "2022-10-20 05:00:00.000"),
        ("date_parse('2024-03-05 14:07:09', '%Y-%m-%d %H:%i:%s')", "2024-03-05 14:07:09.000"),
        ("date_parse('5 March 24 2:07 PM', '%e %M %y %l:%i %p')", "2024-03-05 14:07:00.000"),
        ("CAST(date_parse('20240305', '%Y%m%d') AS date)", "2024-03-05"),
        (
            "date_parse('2024-03-05', '%d/%m/%Y')",
            "INVALID_FUNCTION_ARGUMENT: Invalid format: \"2024-03-05\" is malformed at \"24-03-05\"",
        ),
        (
            "date_parse('2024-13-05', '%Y-%m-%d')",
            "INVALID_FUNCTION_ARGUMENT: Cannot parse \"2024-13-05\": Value must be in the range of its field",
        ),
        ("date_format(date '2024-03-05', '%D')", "INVALID_FUNCTION_ARGUMENT: %D not supported in date format string"),
    ])
    .await;
}

#[tokio::test]
async fn dates_are_written_and_read_in_jodas_format() {
    check(&[
        ("format_datetime(timestamp '2024-03-05 14:07:09.123', 'yyyy-MM-dd HH:mm:ss.SSS')", "2024-03-05 14:07:09.123"),
        ("format_datetime(date '2024-03-05', 'EEEE, d MMMM yyyy')", "Tuesday, 5 March 2024"),
        ("format_datetime(timestamp '2024-03-05 14:07:09', 'EEE MMM yy h:mm a')", "Tue Mar 24 2:07 PM"),
        ("format_datetime(date '2024-12-30', 'xxxx-''W''ww-e')", "2025-W01-1"),
        ("format_datetime(timestamp '2024-03-05 14:07:09', 'D k K Z ZZ z')", "65 14 2 +0000 +00:00 UTC"),
        ("parse_datetime('2024-03-05 14:07', 'yyyy-MM-dd HH:mm')", "2024-03-05 14:07:00.000 UTC"),
        ("parse_datetime('05 Mar 2024 +0100', 'dd MMM yyyy Z')", "2024-03-04 23:00:00.000 UTC"),
        ("parse_datetime('x', 'yyyy')", "INVALID_FUNCTION_ARGUMENT: Invalid format: \"x\""),
    ])
    .await;
}

#[tokio::test]
async fn moments_are_converted() {
    check(&[
        ("from_unixtime(1704067200)", "2024-01-01 00:00:00.000 UTC"),
        ("from_unixtime(1704067200.5)", "2024-01-01 00:00:00.500 UTC"),
        ("to_unixtime(timestamp '2024-01-01 00:00:00')", "1.7040672E9"),
        ("to_unixtime(from_unixtime(1704067200))", "1.7040672E9"),
        ("from_iso8601_date('2020-05-11')", "2020-05-11"),
        ("from_iso8601_date('2020-W10-1')", "2020-03-02"),
        ("from_iso8601_date('2020-123')", "2020-05-02"),
        ("from_iso8601_timestamp('2020-05-11')", "2020-05-11 00:00:00.000 UTC"),
        ("from_iso8601_timestamp('2020-05-11T11:15:05')", "2020-05-11 11:15:05.000 UTC"),
        ("from_iso8601_timestamp('2020-05-11T11:15:05.055+01:00')", "2020-05-11 10:15:05.055 UTC"),
        ("to_iso8601(date '2020-05-11')", "2020-05-11"),
        ("to_iso8601(timestamp '2020-05-11 11:15:05.055')", "2020-05-11T11:15:05.055"),
        ("to_iso8601(from_unixtime(0))", "1970-01-01T00:00:00.000Z"),
        ("date(timestamp '2020-05-11 11:15:05')", "2020-05-11"),
        ("date('2020-05-11')", "2020-05-11"),
        ("human_readable_seconds(96)", "1 minute, 36 seconds"),
        ("human_readable_seconds(3762)", "1 hour, 2 minutes, 42 seconds"),
        ("human_readable_seconds(56363463)", "93 weeks, 1 day, 8 hours, 31 minutes, 3 seconds"),
    ])
    .await;
}

#[tokio::test]
async fn time_zones_are_known() {
    check(&[
        (
            "CAST(timestamp '2012-10-31 01:00:00' AT TIME ZONE 'America/Los_Angeles' AS varchar)",
            "2012-10-30 18:00:00.000 America/Los_Angeles",
        ),
        (
            "CAST(at_timezone(from_unixtime(1704067200), 'Europe/Berlin') AS varchar)",
            "2024-01-01 01:00:00.000 Europe/Berlin",
        ),
        (
            "with_timezone(timestamp '2024-07-01 12:00:00', 'Europe/Berlin') AT TIME ZONE 'UTC'",
            "2024-07-01 10:00:00.000 UTC",
        ),
        ("hour(at_timezone(from_unixtime(1704067200), 'Asia/Tokyo'))", "9"),
        ("current_timezone()", "UTC"),
        (
            "at_timezone(from_unixtime(0), 'Mars/Olympus')",
            "INVALID_FUNCTION_ARGUMENT: 'Mars/Olympus' is not a valid time zone",
        ),
    ])
    .await;
}

#[tokio::test]
async fn now_is_one_moment_of_one_type() {
    check(&[
        ("typeof(now())", "timestamp(3) with time zone"),
        ("typeof(current_timestamp)", "timestamp(3) with time zone"),
        ("typeof(localtimestamp)", "timestamp(3)"),
        ("typeof(current_date)", "date"),
        ("current_date = CAST(now() AS date)", "true"),
        ("year(current_date) >= 2024", "true"),
        ("now() = current_timestamp", "true"),
        ("current_date - interval '1' day < current_date", "true"),
        ("timestamp '2020-01-01 00:00:00' < now()", "true"),
        ("timestamp '2020-01-01 00:00:00' < now() - interval '30' day", "true"),
        ("date '2020-01-01' < now()", "true"),
        ("timestamp '2020-01-01 00:00:00' < current_date", "true"),
        ("date_diff('day', timestamp '2024-01-01 00:00:00', from_unixtime(1704153600))", "1"),
        ("typeof(localtime)", "time(3)"),
        ("current_time = localtime", "true"),
    ])
    .await;
}
