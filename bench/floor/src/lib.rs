//! What the floors have in common: their clients, set up by the environment, and the calls that every one of them makes.

pub mod aws;
pub mod event;
pub mod memory;
pub mod model;
