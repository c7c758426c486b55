//! Tables that are kept in memory between queries, within a bound; the least recently loaded goes first.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use datafusion::{
    arrow::array::RecordBatch,
    execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation},
};

/// Where a table's rows are kept, if they are.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<Option<Arc<Vec<RecordBatch>>>>);

impl Slot {
    pub(crate) fn get(&self) -> Option<Arc<Vec<RecordBatch>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set(&self, batches: Option<Arc<Vec<RecordBatch>>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = batches;
    }
}

#[derive(Debug)]
pub(crate) struct Kept {
    /// Counts against the memory of all queries.
    reservation: MemoryReservation,
    most: usize,
    slots: Mutex<VecDeque<(Weak<Slot>, usize)>>,
}

impl Kept {
    /// `most` bytes are kept at any time.
    pub(crate) fn new(pool: &Arc<dyn MemoryPool>, most: usize) -> Self {
        let reservation = MemoryConsumer::new("tables kept in memory").register(pool);
        Self { reservation, most, slots: Mutex::default() }
    }

    /// Makes room for a table of that many bytes; false if there is none, and the table has to be streamed.
    pub(crate) fn make_room(&self, slot: &Arc<Slot>, bytes: usize) -> bool {
        if bytes > self.most / 2 {
            return false;
        }
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        // A table whose database was read again is gone and needs nothing any more.
        slots.retain(|(other, _)| other.strong_count() > 0);
        let mut used: usize = slots.iter().map(|(_, bytes)| bytes).sum();
        while used + bytes > self.most {
            let Some((oldest, freed)) = slots.pop_front() else { break };
            if let Some(oldest) = oldest.upgrade() {
                oldest.set(None);
            }
            used -= freed;
        }
        if self.reservation.try_resize(used + bytes).is_err() {
            self.reservation.resize(used);
            return false;
        }
        slots.push_back((Arc::downgrade(slot), bytes));
        true
    }

    /// Gives the room back, because the table could not be read.
    pub(crate) fn give_back(&self, slot: &Arc<Slot>) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|(other, _)| !std::ptr::eq(other.as_ptr(), Arc::as_ptr(slot)));
        self.reservation.resize(slots.iter().map(|(_, bytes)| bytes).sum());
    }
}
