//! The server as its callers see it: through the Rust SDK, and on the wire.

#[cfg(test)]
mod app;
#[cfg(test)]
mod athena;
#[cfg(test)]
mod athena_catalog;
#[cfg(test)]
mod athena_limits;
#[cfg(test)]
mod control;
#[cfg(test)]
mod converse;
#[cfg(test)]
mod crawl;
#[cfg(test)]
mod dynamodb;
#[cfg(test)]
mod exchanges;
#[cfg(test)]
mod invoke;
#[cfg(test)]
mod kendra;
#[cfg(test)]
mod kendra_access;
#[cfg(test)]
mod kendra_results;
#[cfg(test)]
mod kendra_search;
#[cfg(test)]
mod openai;
#[cfg(test)]
mod real;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod s3;
#[cfg(test)]
mod sync;
