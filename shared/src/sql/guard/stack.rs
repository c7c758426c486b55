//! A stack of its own for what calls itself once a level.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// In bytes, of address space: only what is used becomes memory. An unoptimised parser takes some 50,000 a level.
const STACK: usize = 16 << 20;

/// Does something where an overflow of the stack, which would end the process, is out of reach. None if it panicked.
pub(super) fn on_own_stack<T>(work: impl FnOnce() -> T) -> Option<T> {
    // Whatever was half done is lost with the closure.
    catch_unwind(AssertUnwindSafe(|| stacker::grow(STACK, work))).ok()
}
