//! The functions that a query may call: Trino's pure ones, by name, as its documentation groups them.
//!
//! None reads a file or a table, waits, connects, or tells of the session.

/// What a function may be given, beyond arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    /// Takes functions.
    Lambda,
    /// May have DISTINCT, FILTER, ORDER BY, WITHIN GROUP and OVER.
    Aggregate,
    /// Must have OVER.
    Window,
}

pub(super) fn kind(name: &str) -> Option<Kind> {
    let is_in = |names: &str| names.split_whitespace().any(|known| known.eq_ignore_ascii_case(name));
    [(SCALAR, Kind::Scalar), (LAMBDA, Kind::Lambda), (AGGREGATE, Kind::Aggregate), (WINDOW, Kind::Window)]
        .into_iter()
        .find_map(|(names, kind)| is_in(names).then_some(kind))
}

/// Functions that give as much as one of their arguments, counted from 0, says: it must be a small number.
pub(super) fn size_argument(name: &str) -> Option<usize> {
    match name.to_ascii_lowercase().as_str() {
        "repeat" | "lpad" | "rpad" => Some(1),
        _ => None,
    }
}

/// The most that such an argument may be, and the most elements of a `sequence`, as Trino itself has it for the latter.
pub(super) const MOST_ELEMENTS: u64 = 10_000;

const SCALAR: &str = "
    coalesce nullif if try greatest least typeof
    abs cbrt ceil ceiling cos cosh acos asin atan atan2 sin sinh tan tanh degrees radians e exp floor ln log log2 log10
    mod pi pow power rand random round sign sqrt truncate width_bucket is_finite is_infinite is_nan infinity nan
    from_base to_base normal_cdf inverse_normal_cdf beta_cdf inverse_beta_cdf wilson_interval_lower
    wilson_interval_upper cosine_similarity euclidean_distance dot_product
    bitwise_and bitwise_or bitwise_xor bitwise_not bit_count bitwise_left_shift bitwise_right_shift
    bitwise_right_shift_arithmetic
    chr codepoint concat concat_ws format hamming_distance length levenshtein_distance lower upper lpad rpad ltrim rtrim
    luhn_check position replace reverse soundex split split_part split_to_map split_to_multimap strpos starts_with
    ends_with substr substring translate trim word_stem normalize to_utf8 from_utf8 format_number
    parse_data_size human_readable_seconds
    regexp_count regexp_extract regexp_extract_all regexp_like regexp_position regexp_split
    current_date current_time current_timestamp localtime localtimestamp now current_timezone
    date date_add date_diff date_format date_parse date_trunc day day_of_month day_of_week day_of_year dow doy
    from_iso8601_date from_iso8601_timestamp from_iso8601_timestamp_nanos from_unixtime from_unixtime_nanos
    format_datetime parse_datetime parse_duration hour last_day_of_month millisecond minute month
    quarter second timezone_hour timezone_minute to_iso8601 to_milliseconds to_unixtime week week_of_year year
    year_of_week yow at_timezone with_timezone
    array_distinct array_except array_histogram array_intersect array_join array_max array_min
    array_position array_remove array_union arrays_overlap array_has_duplicates cardinality combinations
    contains contains_sequence element_at flatten ngrams repeat sequence slice trim_array zip
    map map_concat map_entries map_from_entries map_keys map_values multimap_from_entries row
    json_array_contains json_array_get json_array_length json_extract json_extract_scalar json_format json_parse json_size
    is_json_scalar
    url_decode url_encode url_extract_fragment url_extract_host url_extract_parameter url_extract_path url_extract_port
    url_extract_protocol url_extract_query
    crc32 from_base32 from_base64 from_base64url from_big_endian_32 from_big_endian_64 from_hex hmac_md5 hmac_sha1
    hmac_sha256 hmac_sha512 md5 murmur3 sha1 sha256 sha512 spooky_hash_v2_32 spooky_hash_v2_64 to_base32 to_base64
    to_base64url to_big_endian_32 to_big_endian_64 to_hex xxhash64
    value_at_quantile values_at_quantiles quantile_at_value
    great_circle_distance st_area st_asbinary st_astext st_boundary st_buffer st_centroid st_contains st_crosses
    st_difference st_dimension st_disjoint st_distance st_endpoint st_envelope st_equals st_geometryfromtext
    st_geometrytype st_intersection st_intersects st_isclosed st_isempty st_isvalid st_length st_linefromtext
    st_numpoints st_overlaps st_point st_polygon st_startpoint st_touches st_union st_within st_x st_xmax st_xmin st_y
    st_ymax st_ymin to_geometry to_spherical_geography
    grouping";

const LAMBDA: &str = "
    all_match any_match array_sort filter find_first find_first_index map_filter map_zip_with none_match reduce transform
    transform_keys transform_values zip_with regexp_replace";

const AGGREGATE: &str = "
    any_value arbitrary array_agg avg bool_and bool_or checksum count count_if every geometric_mean listagg max max_by min
    min_by sum
    bitwise_and_agg bitwise_or_agg bitwise_xor_agg histogram map_agg map_union multimap_agg numeric_histogram
    approx_distinct approx_most_frequent approx_percentile approx_set merge qdigest_agg tdigest_agg
    corr covar_pop covar_samp kurtosis regr_intercept regr_slope regr_avgx regr_avgy regr_count regr_r2 regr_sxx regr_sxy
    regr_syy skewness stddev stddev_pop stddev_samp variance var_pop var_samp entropy reduce_agg
    convex_hull_agg geometry_union_agg";

const WINDOW: &str = "
    cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number";

/// What to write in place of functions that models know from other engines.
pub(super) fn instead_of(name: &str) -> String {
    let instead = match name.to_ascii_lowercase().as_str() {
        "ifnull" | "nvl" | "isnull" | "zn" => "coalesce(value, other)",
        "len" | "char_length" | "character_length" | "datalength" | "octet_length" => "length(text)",
        "instr" | "charindex" | "locate" => "strpos(text, part)",
        "left" => "substr(text, 1, n)",
        "right" => "substr(text, -n)",
        "ucase" => "upper(text)",
        "lcase" => "lower(text)",
        "group_concat" | "string_agg" | "wm_concat" => "array_join(array_agg(value), ', ')",
        "datediff" | "timestampdiff" | "julianday" | "age" => "date_diff('day', start, end)",
        "dateadd" | "date_sub" | "adddate" | "subdate" | "timestampadd" => "date_add('day', n, date)",
        "datepart" | "date_part" => "extract(YEAR FROM date)",
        "strftime" | "to_char" | "dateformat" => "date_format(date, '%Y-%m-%d')",
        "to_date" | "str_to_date" | "to_timestamp" | "makedate" | "make_date" => "date_parse(text, '%Y-%m-%d')",
        "getdate" | "sysdate" | "curdate" | "today" => "current_date",
        "datetime" => "CAST(value AS TIMESTAMP)",
        "unix_timestamp" => "to_unixtime(time)",
        "monthname" => "date_format(date, '%M')",
        "dayname" => "date_format(date, '%W')",
        "median" | "percentile_cont" | "percentile_disc" | "quantile" => "approx_percentile(value, 0.5)",
        "mode" => "approx_most_frequent(1, value, 100)",
        "total" => "sum(value)",
        "iif" => "if(condition, value, other)",
        "to_number" => "CAST(value AS DOUBLE)",
        "regexp_matches" | "regexp" | "rlike" | "regexp_contains" => "regexp_like(text, pattern)",
        "split_to_array" | "string_to_array" => "split(text, separator)",
        "array_length" | "size" | "json_length" => "cardinality(array)",
        "array_contains" | "list_contains" => "contains(array, value)",
        "printf" => "format(pattern, values)",
        "generate_series" => "UNNEST(sequence(start, stop))",
        "first" => "first_value(value) OVER (...) or min_by(value, order)",
        "last" => "last_value(value) OVER (...) or max_by(value, order)",
        _ => return "use one of Athena's own functions".to_owned(),
    };
    format!("use {instead}")
}
