//! The thread that runs the model, and the queue in front of it.

use std::{
    any::Any,
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use tokio::sync::mpsc::UnboundedSender;

use crate::{Error, Piece};

/// Where the pieces of an answer go. It is closed once nobody wants them any more.
pub(crate) type Reply = UnboundedSender<Result<Piece, Error>>;

/// Runs one job after the other, on a thread of its own that ends with this.
pub(crate) struct Worker<J> {
    queue: Arc<Queue<J>>,
}

struct Queue<J> {
    waiting: Mutex<Waiting<J>>,
    changed: Condvar,
}

struct Waiting<J> {
    jobs: VecDeque<(J, Reply)>,
    /// Places that are kept for jobs still being prepared.
    reserved: usize,
    running: bool,
    closed: bool,
}

impl<J: Send + 'static> Worker<J> {
    pub(crate) fn start(mut run: impl FnMut(J, &Reply) + Send + 'static) -> io::Result<Worker<J>> {
        let waiting = Waiting { jobs: VecDeque::new(), reserved: 0, running: false, closed: false };
        let queue = Arc::new(Queue { waiting: Mutex::new(waiting), changed: Condvar::new() });
        let served = Arc::clone(&queue);
        thread::Builder::new().name("model".into()).spawn(move || {
            while let Some((job, reply)) = served.next() {
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(job, &reply))) {
                    let reason = reason(panic.as_ref());
                    tracing::error!(reason, "the model's thread panicked");
                    // Whoever waits for the answer may have gone.
                    let _ = reply.send(Err(Error::Failed(reason)));
                }
            }
        })?;
        Ok(Worker { queue })
    }

    /// A place in the queue, to be asked for before the work of preparing a job. At most `limit` jobs wait beside the
    /// one that runs.
    pub(crate) fn reserve(&self, limit: usize) -> Result<Place<J>, Error> {
        let mut waiting = self.queue.lock();
        waiting.jobs.retain(|(_, reply)| !reply.is_closed());
        if waiting.jobs.len() + waiting.reserved + usize::from(waiting.running) > limit {
            return Err(Error::Busy);
        }
        waiting.reserved += 1;
        Ok(Place { queue: Some(Arc::clone(&self.queue)) })
    }
}

/// A place in the queue for one job. Dropping it gives it back.
pub(crate) struct Place<J> {
    /// Absent once the place is filled.
    queue: Option<Arc<Queue<J>>>,
}

impl<J> Place<J> {
    pub(crate) fn fill(mut self, job: J, reply: Reply) {
        let Some(queue) = self.queue.take() else { return };
        let mut waiting = queue.lock();
        waiting.reserved -= 1;
        waiting.jobs.push_back((job, reply));
        queue.changed.notify_one();
    }
}

impl<J> Drop for Place<J> {
    fn drop(&mut self) {
        if let Some(queue) = &self.queue {
            queue.lock().reserved -= 1;
        }
    }
}

impl<J> Drop for Worker<J> {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.changed.notify_one();
    }
}

impl<J> Queue<J> {
    /// Waits for a job that somebody still wants; `None` when the worker is gone.
    fn next(&self) -> Option<(J, Reply)> {
        let mut waiting = self.lock();
        waiting.running = false;
        loop {
            match waiting.jobs.pop_front() {
                Some((_, reply)) if reply.is_closed() => continue,
                Some(job) => {
                    waiting.running = true;
                    return Some(job);
                }
                None if waiting.closed => return None,
                None => waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<J>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn reason(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("for no known reason").to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    /// A worker that reports each job and then waits to be let go on.
    fn held() -> (Worker<u32>, mpsc::Receiver<u32>, mpsc::Sender<()>) {
        let (began, begun) = mpsc::channel();
        let (go, gate) = mpsc::channel();
        let run = move |job, _: &Reply| {
            began.send(job).unwrap();
            gate.recv().unwrap();
        };
        (Worker::start(run).unwrap(), begun, go)
    }

    fn submit(worker: &Worker<u32>, job: u32, reply: Reply, limit: usize) -> Result<(), Error> {
        worker.reserve(limit).map(|place| place.fill(job, reply))
    }

    #[test]
    fn refuses_what_the_queue_cannot_take() {
        let (worker, begun, go) = held();
        let (reply, _wanted) = unbounded_channel();
        for job in 0..3 {
            submit(&worker, job, reply.clone(), 2).unwrap();
        }
        assert!(matches!(submit(&worker, 3, reply.clone(), 2), Err(Error::Busy)));
        assert_eq!(begun.recv().unwrap(), 0);
        assert!(matches!(submit(&worker, 4, reply.clone(), 2), Err(Error::Busy)));
        go.send(()).unwrap();
        assert_eq!(begun.recv().unwrap(), 1);
        submit(&worker, 5, reply, 2).unwrap();
    }

    #[test]
    fn a_reserved_place_is_taken_until_it_is_given_back() {
        let (worker, begun, go) = held();
        let (reply, _wanted) = unbounded_channel();
        let kept = worker.reserve(1).unwrap();
        let given_back = worker.reserve(1).unwrap();
        assert!(matches!(worker.reserve(1), Err(Error::Busy)));
        drop(given_back);
        submit(&worker, 0, reply.clone(), 1).unwrap();
        assert_eq!(begun.recv().unwrap(), 0);
        assert!(matches!(worker.reserve(1), Err(Error::Busy)));
        kept.fill(1, reply);
        go.send(()).unwrap();
        assert_eq!(begun.recv().unwrap(), 1);
        drop(worker.reserve(1).unwrap());
        go.send(()).unwrap();
    }

    #[test]
    fn jobs_that_nobody_wants_leave_the_queue() {
        let (worker, begun, go) = held();
        let (reply, _wanted) = unbounded_channel();
        submit(&worker, 0, reply.clone(), 1).unwrap();
        assert_eq!(begun.recv().unwrap(), 0);
        let (gone, nobody) = unbounded_channel();
        submit(&worker, 1, gone, 1).unwrap();
        assert!(matches!(submit(&worker, 2, reply.clone(), 1), Err(Error::Busy)));
        drop(nobody);
        submit(&worker, 3, reply, 1).unwrap();
        go.send(()).unwrap();
        assert_eq!(begun.recv().unwrap(), 3);
    }

    #[test]
    fn a_panic_fails_its_job_and_no_other() {
        let run = |job: u32, reply: &Reply| match job {
            0 => panic!("weights on fire"),
            _ => reply.send(Ok(Piece::Text("fine".into()))).unwrap(),
        };
        let worker = Worker::start(run).unwrap();
        for (job, wanted) in [(0, None), (1, Some(Piece::Text("fine".into())))] {
            let (reply, mut pieces) = unbounded_channel();
            submit(&worker, job, reply, 1).unwrap();
            match (pieces.blocking_recv().unwrap(), wanted) {
                (Err(Error::Failed(reason)), None) => assert_eq!(reason, "weights on fire"),
                (Ok(piece), Some(wanted)) => assert_eq!(piece, wanted),
                other => panic!("{other:?}"),
            }
        }
    }
}
