//! Watching which queries a piece of work runs: for tests that count them and benchmarks that run them bare.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use crate::Query;

tokio::task_local! {
    static SEEN: Arc<Mutex<Vec<Query>>>;
}

/// Runs `work` and answers, besides its outcome, every query it ran on this task, in order.
pub async fn watch_queries<T>(work: impl Future<Output = T>) -> (T, Vec<Query>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let outcome = SEEN.scope(seen.clone(), work).await;
    let queries = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    (outcome, queries)
}

/// Notes a query when somebody watches; costs a thread-local look-up when nobody does.
pub(crate) fn note(query: &Query) {
    let _ = SEEN.try_with(|seen| seen.lock().unwrap_or_else(PoisonError::into_inner).push(query.clone()));
}
