//! How many jobs there are of each kind and state, for gauges and the operator's page.

use atlas_kernel::Result;
use atlas_store::{Executor, query};

atlas_store::row! {
    /// How many jobs of one kind are in one state, over all workspaces.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct JobCount {
        /// The kind.
        pub kind: String,
        /// `waiting`, `running` or `dead`.
        pub status: String,
        /// How many.
        pub count: i64,
    }
}

/// Counts jobs by kind and state.
///
/// # Errors
/// Whatever the database answers.
pub async fn job_counts(on: &dyn Executor) -> Result<Vec<JobCount>> {
    query("SELECT kind, status, COUNT(*) AS count FROM jobs GROUP BY kind, status ORDER BY kind, status").all(on).await
}
