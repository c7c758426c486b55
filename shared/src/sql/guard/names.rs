//! Identifiers: how they are compared, and how they are written.

use std::{collections::HashSet, sync::LazyLock};

use sqlparser::ast::Ident;
use sqlparser::keywords::{
    Keyword, RESERVED_FOR_COLUMN_ALIAS, RESERVED_FOR_IDENTIFIER, RESERVED_FOR_TABLE_ALIAS, RESERVED_FOR_TABLE_FACTOR,
};
use sqlparser::tokenizer::Token;

use super::refusal::Refusal;

/// What two names must share to be the same to Athena, which compares them as Java's `equalsIgnoreCase` does: character
/// by character, in upper case and then in lower case. So the Kelvin sign is a `k`, and the dotless `ı` an `i`.
pub(super) fn key(name: &str) -> String {
    name.chars()
        .map(|character| {
            let mut upper = character.to_uppercase();
            let upper = if upper.len() == 1 { upper.next().unwrap_or(character) } else { character };
            upper.to_lowercase().next().unwrap_or(upper)
        })
        .collect()
}

/// Writes a name so that every parser takes it for a name: in double quotes if it was quoted in any way, or is a keyword
/// of Trino's or of this parser's.
pub(super) fn normalise(ident: &mut Ident) -> Result<(), Refusal> {
    let is_odd = |character: char| character.is_control() || matches!(character, '"' | '\\');
    if ident.value.is_empty() || ident.value.chars().any(is_odd) {
        return Err(Refusal::not_allowed(
            "A name that is empty or has quotes, backslashes or control characters",
            "use the names of the schema",
        ));
    }
    let is_plain = ident.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !ident.value.starts_with(|first: char| first.is_ascii_digit());
    let is_quoted = ident.quote_style.is_some() || !is_plain || is_keyword(&ident.value);
    ident.quote_style = is_quoted.then_some('"');
    Ok(())
}

/// For names that a query gives to what others refer to: plain, so that no look-alike of another name comes in.
pub(super) fn normalise_new(ident: &mut Ident) -> Result<(), Refusal> {
    if !ident.value.is_ascii() {
        return Err(Refusal::not_allowed(
            format!("The name {:?}, which is not ASCII,", ident.value),
            "use letters a to z, digits and underscores",
        ));
    }
    normalise(ident)
}

/// A name of the schema's, written.
pub(super) fn written(name: &str) -> Result<Ident, Refusal> {
    let mut ident = Ident::new(name);
    normalise(&mut ident)?;
    Ok(ident)
}

fn is_keyword(name: &str) -> bool {
    let reserved = match Token::make_keyword(name) {
        Token::Word(word) if word.keyword != Keyword::NoKeyword => {
            RESERVED_FOR_TABLE_ALIAS.contains(&word.keyword)
                || RESERVED_FOR_COLUMN_ALIAS.contains(&word.keyword)
                || RESERVED_FOR_TABLE_FACTOR.contains(&word.keyword)
                || RESERVED_FOR_IDENTIFIER.contains(&word.keyword)
        }
        _ => false,
    };
    reserved || KEYWORDS.contains(name.to_ascii_uppercase().as_str())
}

static KEYWORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| WORDS.split_whitespace().collect());

/// The words of Trino's grammar (its `SqlBase.g4`), reserved or not, and those that begin or join expressions in this
/// parser's other dialects.
const WORDS: &str = "
    ABSENT ADD ADMIN AFTER ALL ALTER ANALYZE AND ANY ARRAY AS ASC AT AUTHORIZATION BEGIN BERNOULLI BETWEEN BOTH BY CALL
    CALLED CASCADE CASE CAST CATALOG CATALOGS COLUMN COLUMNS COMMENT COMMIT COMMITTED CONDITIONAL CONSTRAINT COPARTITION
    COUNT CREATE CROSS CUBE CURRENT CURRENT_CATALOG CURRENT_DATE CURRENT_PATH CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME
    CURRENT_TIMESTAMP CURRENT_USER DATA DATE DAY DEALLOCATE DECLARE DEFAULT DEFINE DEFINER DELETE DENY DESC DESCRIBE
    DESCRIPTOR DETERMINISTIC DISTINCT DISTRIBUTED DO DOUBLE DROP ELSE ELSEIF EMPTY ENCODING END ERROR ESCAPE EXCEPT
    EXCLUDING EXECUTE EXISTS EXPLAIN EXTRACT FALSE FETCH FILTER FINAL FIRST FOLLOWING FOR FORMAT FROM FULL FUNCTION
    FUNCTIONS GRACE GRANT GRANTED GRANTS GRAPHVIZ GROUP GROUPING GROUPS HAVING HOUR IF IGNORE IMMEDIATE IN INCLUDING
    INITIAL INNER INPUT INSERT INTERSECT INTERVAL INTO INVOKER IO IS ISOLATION ITERATE JOIN JSON JSON_ARRAY JSON_EXISTS
    JSON_OBJECT JSON_QUERY JSON_TABLE JSON_VALUE KEEP KEY KEYS LANGUAGE LAST LATERAL LEADING LEAVE LEFT LEVEL LIKE LIMIT
    LISTAGG LOCAL LOCALTIME LOCALTIMESTAMP LOGICAL LOOP MAP MATCH MATCHED MATCHES MATCH_RECOGNIZE MATERIALIZED MEASURES
    MERGE MINUTE MONTH NATURAL NESTED NEXT NFC NFD NFKC NFKD NO NONE NORMALIZE NOT NULL NULLIF NULLS OBJECT OF OFFSET
    OMIT ON ONE ONLY OPTION OR ORDER ORDINALITY OUTER OUTPUT OVER OVERFLOW PARTITION PARTITIONS PASSING PAST PATH PATTERN
    PER PERIOD PERMUTE PLAN POSITION PRECEDING PRECISION PREPARE PRIVILEGES PROPERTIES PRUNE QUOTES RANGE READ RECURSIVE
    REFRESH RENAME REPEAT REPEATABLE REPLACE RESET RESPECT RESTRICT RETURN RETURNING RETURNS REVOKE RIGHT ROLE ROLES
    ROLLBACK ROLLUP ROW ROWS RUNNING SCALAR SCHEMA SCHEMAS SECOND SECURITY SEEK SELECT SERIALIZABLE SESSION SET SETS SHOW
    SKIP SOME START STATS STRING SUBSET SUBSTRING SYSTEM TABLE TABLES TABLESAMPLE TEXT THEN TIES TIME TIMESTAMP TO
    TRAILING TRANSACTION TRIM TRUE TRUNCATE TRY_CAST TYPE UESCAPE UNBOUNDED UNCOMMITTED UNCONDITIONAL UNION UNIQUE
    UNKNOWN UNMATCHED UNNEST UNTIL UPDATE USE USER USING UTF16 UTF32 UTF8 VALIDATE VALUE VALUES VERBOSE VERSION VIEW WHEN
    WHERE WHILE WINDOW WITH WITHIN WITHOUT WORK WRAPPER WRITE YEAR ZONE
    ANTI APPLY ASOF CEIL CONNECT CONNECT_BY_ROOT CONVERT DIV FLOOR GLOBAL ILIKE LAMBDA MEMBER NOTNULL OPERATOR OVERLAPS
    OVERLAY PIVOT PREWHERE PRIOR QUALIFY REGEXP RLIKE SAFE_CAST SAMPLE SEMI SESSION_USER SETTINGS SIMILAR STRUCT SUBSTR
    TOP TRY_CONVERT UNPIVOT XOR";
