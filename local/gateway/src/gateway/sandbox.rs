//! Where functions run: on a runtime of their own, so that what they have started ends with it, as everything in a
//! sandbox of Lambda's does.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::task::TaskTracker;

/// Dropping it ends whatever still runs in it.
pub(super) struct Sandbox {
    /// Absent only while it is dropped.
    runtime: Option<Runtime>,
    invocations: Invocations,
}

/// Invocations under way in a sandbox.
#[derive(Clone)]
pub(super) struct Invocations {
    tasks: TaskTracker,
    runtime: Handle,
}

impl Sandbox {
    pub(super) fn new() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().thread_name("functions").enable_all().build()?;
        let invocations = Invocations::on(runtime.handle().clone());
        Ok(Self { runtime: Some(runtime), invocations })
    }

    pub(super) fn invocations(&self) -> &Invocations {
        &self.invocations
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // The default is to wait for its threads, which tokio allows in no asynchronous context.
            runtime.shutdown_background();
        }
    }
}

impl Invocations {
    pub(super) fn on(runtime: Handle) -> Self {
        Self { tasks: TaskTracker::new(), runtime }
    }

    pub(super) fn spawn(&self, invocation: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_on(invocation, &self.runtime);
    }

    pub(super) fn under_way(&self) -> usize {
        self.tasks.len()
    }

    /// Waits until none is under way.
    pub(super) async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}
