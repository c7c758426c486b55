//! What the patterns have in common: talking to AWS, to callers, and the life of a turn.

pub mod aws;
pub mod config;
pub mod conversation;
pub mod deadline;
pub mod error;
pub mod events;
pub mod findings;
pub mod grounding;
pub mod http;
pub mod memory;
pub mod model;
pub mod question;
pub mod retriever;
pub mod sql;
pub mod telemetry;
pub mod turn;

pub use error::Error;
