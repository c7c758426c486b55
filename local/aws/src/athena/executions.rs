//! The executions that are known: those that wait or run, and the newest of those that have ended.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use local_query::Outcome;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    execution::{Asked, Execution, State},
    output::Location,
    refusal,
};
use crate::reply::Refusal;

/// Queries that wait for one that runs.
const MOST_QUEUED: usize = 100;
/// Of those that have ended, the newest are known.
const MOST_ENDED: usize = 500;
/// Of all results together; the oldest go first.
const MOST_RESULT_BYTES: usize = 256 << 20;
const STOPPED: &str = "Query cancelled by user";

#[derive(Default)]
pub(super) struct Executions {
    kept: Mutex<Kept>,
    stopping: CancellationToken,
}

#[derive(Default)]
struct Kept {
    by_id: HashMap<String, Execution>,
    /// Identifiers, oldest first.
    order: VecDeque<String>,
    by_token: HashMap<String, String>,
    result_bytes: usize,
}

/// What came of a request for a query.
pub(super) enum Submitted {
    /// It is to be run.
    New { id: String, stop: CancellationToken, forgotten: Vec<Location> },
    /// It was asked for before, by the same token.
    Known(String),
}

impl Executions {
    /// Queries stop when the server does.
    pub(super) fn new(stopping: CancellationToken) -> Executions {
        Executions { stopping, ..Executions::default() }
    }

    pub(super) fn submit(&self, asked: Asked) -> Result<Submitted, Refusal> {
        let mut kept = self.kept();
        if let Some(before) = kept.by_token.get(&asked.token).and_then(|id| kept.by_id.get(id)) {
            return before.asked.known_as(&asked).map(|()| Submitted::Known(before.id.clone()));
        }
        let queued = kept.by_id.values().filter(|execution| matches!(execution.state, State::Queued)).count();
        if queued >= MOST_QUEUED {
            return Err(refusal::too_many_queries());
        }

        let (id, stop) = (Uuid::new_v4().to_string(), self.stopping.child_token());
        kept.by_token.insert(asked.token.clone(), id.clone());
        kept.order.push_back(id.clone());
        kept.by_id.insert(id.clone(), Execution::new(id.clone(), asked, stop.clone()));
        let forgotten = kept.forget_oldest();
        Ok(Submitted::New { id, stop, forgotten })
    }

    /// What an execution is told by, at this moment.
    pub(super) fn look<T>(&self, id: &str, look: impl FnOnce(&Execution) -> T) -> Result<T, Refusal> {
        self.kept().by_id.get(id).map(look).ok_or_else(|| refusal::no_such_execution(id))
    }

    /// Newest first, those of a workgroup.
    pub(super) fn of_workgroup(&self, workgroup: &str) -> Vec<String> {
        let kept = self.kept();
        let is_of = |id: &&String| kept.by_id.get(*id).is_some_and(|execution| execution.asked.workgroup == workgroup);
        kept.order.iter().rev().filter(is_of).cloned().collect()
    }

    /// False where it was stopped while it waited.
    pub(super) fn start(&self, id: &str) -> bool {
        self.kept().by_id.get_mut(id).is_some_and(Execution::start)
    }

    pub(super) fn end(&self, id: &str, state: State, scanned_bytes: u64) {
        let mut kept = self.kept();
        let Some(execution) = kept.by_id.get_mut(id) else { return };
        execution.end(state, scanned_bytes);
        if let State::Succeeded(Some(outcome)) = &execution.state {
            kept.result_bytes += bytes(outcome);
            kept.drop_oldest_results(id);
        }
    }

    /// Stops what waits or runs. What has ended stays as it is, which is no mistake.
    pub(super) fn stop(&self, id: &str) -> Result<(), Refusal> {
        let mut kept = self.kept();
        let execution = kept.by_id.get_mut(id).ok_or_else(|| refusal::no_such_execution(id))?;
        execution.end(State::Cancelled(STOPPED), 0);
        execution.stop.cancel();
        Ok(())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// The files of those that are known no longer.
    fn forget_oldest(&mut self) -> Vec<Location> {
        let ended = |kept: &Kept, id: &String| kept.by_id.get(id).is_none_or(|execution| execution.state.is_final());
        let mut too_many = self.order.iter().filter(|id| ended(self, id)).count().saturating_sub(MOST_ENDED);
        let mut forgotten = Vec::new();
        while too_many > 0 {
            too_many -= 1;
            let Some(index) = self.order.iter().position(|id| ended(self, id)) else { break };
            let Some(execution) = self.order.remove(index).and_then(|id| self.by_id.remove(&id)) else { continue };
            self.by_token.remove(&execution.asked.token);
            if let State::Succeeded(Some(outcome)) = &execution.state {
                self.result_bytes -= bytes(outcome);
            }
            forgotten.push(execution.location());
        }
        forgotten
    }

    /// But never those of `newest`: somebody waits for them.
    fn drop_oldest_results(&mut self, newest: &str) {
        for id in &self.order {
            if self.result_bytes <= MOST_RESULT_BYTES || id == newest {
                return;
            }
            if let Some(execution) = self.by_id.get_mut(id)
                && let State::Succeeded(results) = &mut execution.state
                && let Some(outcome) = results.take()
            {
                self.result_bytes -= bytes(&outcome);
            }
        }
    }
}

impl Asked {
    /// A token stands for one query; Athena compares these parameters.
    fn known_as(&self, again: &Asked) -> Result<(), Refusal> {
        let parts = |asked: &Asked| (asked.query.clone(), asked.database.clone(), asked.folder.clone());
        match parts(self) == parts(again) {
            true => Ok(()),
            false => Err(refusal::invalid_as("IDEMPOTENT_PARAMETER_MISMATCH", "Idempotent parameters do not match")),
        }
    }
}

/// What results take in memory, about.
fn bytes(outcome: &Arc<Outcome>) -> usize {
    let cell = |cell: &Option<String>| size_of::<Option<String>>() + cell.as_ref().map_or(0, String::capacity);
    outcome.rows.iter().map(|row| size_of_val(row) + row.iter().map(cell).sum::<usize>()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: String) -> Asked {
        Asked {
            token: query.clone(),
            query,
            database: None,
            catalog: "awsdatacatalog".to_owned(),
            workgroup: "primary".to_owned(),
            cutoff: None,
            folder: Location::of_bucket("results"),
        }
    }

    /// The new execution, and what was forgotten for it.
    fn submit(executions: &Executions, query: usize) -> (String, Vec<Location>) {
        match executions.submit(asked(query.to_string())) {
            Ok(Submitted::New { id, forgotten, .. }) => (id, forgotten),
            _ => panic!("{query} is not new"),
        }
    }

    /// A result that says to take so much memory.
    fn succeeded(megabytes: usize) -> State {
        let rows = vec![vec![Some(String::with_capacity(megabytes << 20))]];
        State::Succeeded(Some(Arc::new(Outcome { columns: Vec::new(), rows, scanned_bytes: 0 })))
    }

    fn has_results(executions: &Executions, id: &str) -> bool {
        executions.look(id, |execution| matches!(execution.state, State::Succeeded(Some(_)))).unwrap()
    }

    #[test]
    fn the_oldest_that_have_ended_are_forgotten_with_their_files() {
        let executions = Executions::default();
        let (waits, _) = submit(&executions, 0);
        let (first, _) = submit(&executions, 1);
        executions.end(&first, succeeded(0), 0);
        for query in 2..=MOST_ENDED {
            let (id, forgotten) = submit(&executions, query);
            executions.end(&id, succeeded(0), 0);
            assert_eq!(forgotten, []);
        }
        let (last, forgotten) = submit(&executions, MOST_ENDED + 1);
        assert_eq!(forgotten, []);
        executions.end(&last, succeeded(0), 0);
        let (_, forgotten) = submit(&executions, MOST_ENDED + 2);
        assert_eq!(forgotten, [Location::of_bucket("results").file(&format!("{first}.txt"))]);
        assert!(executions.look(&first, |_| ()).is_err());
        assert!(executions.look(&waits, |_| ()).is_ok(), "what has not ended is known");
        // Its token is forgotten, too.
        submit(&executions, 1);
    }

    #[test]
    fn the_oldest_results_make_room_for_new_ones() {
        let executions = Executions::default();
        let ids: Vec<String> = (0..3).map(|query| submit(&executions, query).0).collect();
        executions.end(&ids[0], succeeded(100), 0);
        executions.end(&ids[1], succeeded(100), 0);
        assert!(has_results(&executions, &ids[0]) && has_results(&executions, &ids[1]));
        executions.end(&ids[2], succeeded(100), 0);
        assert!(!has_results(&executions, &ids[0]));
        assert!(has_results(&executions, &ids[1]) && has_results(&executions, &ids[2]));

        let (large, _) = submit(&executions, 3);
        executions.end(&large, succeeded(1000), 0);
        assert!(has_results(&executions, &large), "somebody waits for it");
        assert!(!has_results(&executions, &ids[1]) && !has_results(&executions, &ids[2]));
    }
}
