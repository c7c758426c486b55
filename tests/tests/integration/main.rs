//! Whole requests over HTTP against the local machine: the gateway, the functions, and behind them AWS's wire with a
//! model that says what the test has it say.

#[cfg(test)]
mod app;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod bootstrap;
#[cfg(test)]
mod budget;
#[cfg(test)]
mod charts;
#[cfg(test)]
mod chat;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod concurrency;
#[cfg(test)]
mod connectors;
#[cfg(test)]
mod crawl;
#[cfg(test)]
mod deadline;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod event_stream;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod input;
#[cfg(test)]
mod input_limits;
#[cfg(test)]
mod memory_faults;
#[cfg(test)]
mod model_faults;
#[cfg(test)]
mod naughty;
#[cfg(test)]
mod nlq;
#[cfg(test)]
mod nlq_attacks;
#[cfg(test)]
mod nlq_data;
#[cfg(test)]
mod nlq_deadline;
#[cfg(test)]
mod nlq_faults;
#[cfg(test)]
mod nlq_hidden;
#[cfg(test)]
mod nlq_input;
#[cfg(test)]
mod nlq_layer;
#[cfg(test)]
mod nlq_real_model;
#[cfg(test)]
mod nlq_repair;
#[cfg(test)]
mod nlq_rows;
#[cfg(test)]
mod nlq_sessions;
#[cfg(test)]
mod nlq_stream;
#[cfg(test)]
mod nlq_words;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod rag;
#[cfg(test)]
mod rag_access;
#[cfg(test)]
mod rag_citations;
#[cfg(test)]
mod rag_faults;
#[cfg(test)]
mod rag_feedback;
#[cfg(test)]
mod rag_filter;
#[cfg(test)]
mod rag_input;
#[cfg(test)]
mod rag_real_model;
#[cfg(test)]
mod rag_stream;
#[cfg(test)]
mod real_model;
#[cfg(test)]
mod sample_database;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod site;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod template;
#[cfg(test)]
mod tools;
