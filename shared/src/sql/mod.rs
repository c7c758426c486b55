//! Asking questions of data in SQL.

mod aged;
pub mod athena;
pub mod guard;
pub mod layers;
pub mod schema;
pub mod walk;
