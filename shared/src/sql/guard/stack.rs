//! A stack of its own for what calls itself once a level.

use std::thread;

/// In bytes, of address space: only what is used becomes memory. An unoptimised parser takes some 50,000 a level.
const STACK: usize = 16 << 20;

/// Does something where an overflow of the stack, which would end the process, is out of reach. None if it panicked.
pub(super) fn on_own_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    let (mut work, mut result) = (Some(work), None);
    thread::scope(|scope| {
        let run = || result = work.take().map(|work| work());
        thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run).is_ok_and(|thread| thread.join().is_ok())
    });
    // Where no thread can be had, the caller's stack must do.
    result.or_else(|| work.take().map(|work| work()))
}
