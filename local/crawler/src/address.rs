use url::{Host, Url};

/// Longer ones come from links that grow with every click, and no index takes them.
const LONGEST: usize = 2048;

/// The form in which a place is named, asked for and remembered, so that no page is fetched under two names: without
/// fragment, credentials, empty query and the scheme's own port. `None` for what cannot be crawled, like `mailto:`.
pub(crate) fn canonical(mut url: Url) -> Option<Url> {
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return None;
    }
    url.set_fragment(None);
    if url.query() == Some("") {
        url.set_query(None);
    }
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    (url.as_str().len() <= LONGEST).then_some(url)
}

/// Whether only this machine can reach it.
pub(crate) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}
