//! The threads that queries run on, apart from those of the server: a query that computes keeps no request waiting.

use std::future::Future;

use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
};

const WORKERS: usize = 2;

/// Plans are trees that are walked by recursion. Only what is touched of a stack is ever allocated.
const STACK_BYTES: usize = 64 << 20;

/// A runtime that may be dropped anywhere, also on one of its own threads.
#[derive(Debug)]
pub(crate) struct Threads(Option<Runtime>);

impl Threads {
    pub(crate) fn start() -> std::io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(WORKERS).thread_name("query").thread_stack_size(STACK_BYTES).enable_all();
        builder.build().map(Some).map(Self)
    }

    pub(crate) fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        match &self.0 {
            Some(runtime) => runtime.spawn(work),
            // Only while being dropped is there no runtime.
            None => tokio::spawn(work),
        }
    }

    /// How many tasks have not ended.
    pub(crate) fn tasks(&self) -> usize {
        self.0.as_ref().map_or(0, |runtime| runtime.metrics().num_alive_tasks())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
