//! Pages of lists whose tokens are where the next page begins.

use crate::reply::Refusal;

use super::refusal;

/// A page, and the token of the next one.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) next: Option<String>,
}

pub(super) fn page<T>(items: Vec<T>, token: Option<&str>, most: usize) -> Result<Page<T>, Refusal> {
    let begin = begin(token, items.len())?;
    let end = items.len().min(begin + most);
    let next = (end < items.len()).then(|| end.to_string());
    Ok(Page { items: items.into_iter().skip(begin).take(most).collect(), next })
}

/// Where a page begins that a token asks for, of so many items.
pub(super) fn begin(token: Option<&str>, length: usize) -> Result<usize, Refusal> {
    let Some(token) = token else { return Ok(0) };
    let begin = token.parse().ok().filter(|begin| *begin <= length);
    begin.ok_or_else(|| refusal::invalid(format!("Malformed nextPageToken {token}")))
}
