//! Claiming: due jobs of some lanes become this worker's, best first, and no two workers get the same one.

use std::time::Duration;

use atlas_kernel::{Result, Timestamp, random_bytes};
use atlas_store::{Db, Dialect, Executor, Query, built_query, query};
use uuid::{Builder, Uuid};

use crate::job::later;
use crate::settle::{LEASED, Leased};

/// More candidates than wanted are looked at a lane, since other workers may be claiming the best ones.
const MORE: usize = 16;

/// The lanes that a queue is made of: its own name, and each of its kinds.
pub(crate) struct Lanes {
    queues: Vec<&'static str>,
    kinds: Vec<&'static str>,
    known: Vec<&'static str>,
}

impl Lanes {
    /// The lanes of `queues` (jobs that were given to them by name, as far as their kind is `known`) and of `kinds`.
    pub(crate) fn new(queues: &[&'static str], kinds: &[&'static str], known: &[&'static str]) -> Self {
        Self { queues: queues.to_vec(), kinds: kinds.to_vec(), known: known.to_vec() }
    }

    /// Whether one of these lanes is among the `due` ones.
    pub(crate) fn among(&self, due: &[String]) -> bool {
        self.names().any(|name| due.iter().any(|due| due == name))
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.queues.iter().chain(&self.kinds).copied()
    }

    /// Binds what [`Lanes::each`] refers to.
    fn bind(&self, query: Query) -> Query {
        self.names().chain(self.known.iter().copied()).fold(query, |query, name| query.bind(name))
    }

    /// One short range of the index for each lane, put together: the due jobs' `columns`. `$1` is the present; the lanes'
    /// own parameters begin at `from`.
    fn each(&self, columns: &str, from: usize, order_and_limit: &str) -> String {
        let count = self.queues.len() + self.kinds.len();
        let known: Vec<String> = (0..self.known.len()).map(|n| format!("${}", from + count + n)).collect();
        let lane = |n: usize| {
            let of_known = if n < self.queues.len() { format!(" AND kind IN ({})", known.join(",")) } else { String::new() };
            let place = from + n;
            format!(
                "SELECT * FROM (SELECT {columns} FROM jobs WHERE status = 'waiting' AND lane = ${place} AND run_at <= $1{of_known} \
                 {order_and_limit}) lane{n}"
            )
        };
        (0..count).map(lane).collect::<Vec<_>>().join(" UNION ALL ")
    }

    /// The claim: the best candidates of each lane, the best of those locked, and leased.
    fn claim_sql(&self, dialect: Dialect) -> String {
        let candidates = self.each("workspace_id, id", 7, "ORDER BY priority DESC, run_at, id LIMIT $3");
        let skip_locked = dialect.skip_locked();
        format!(
            "WITH candidates AS ({candidates}), picked AS MATERIALIZED (SELECT j.workspace_id, j.id FROM jobs j \
             WHERE j.status = 'waiting' AND (j.workspace_id, j.id) IN (SELECT workspace_id, id FROM candidates) \
             ORDER BY j.priority DESC, j.run_at, j.id LIMIT $2{skip_locked}) \
             UPDATE jobs SET status = 'running', lease_until = $4, lease_token = $5, lease_node = $6, attempts = attempts + 1, updated_at = $1 \
             WHERE (workspace_id, id) IN (SELECT workspace_id, id FROM picked) RETURNING {LEASED}"
        )
    }
}

/// Those of the lanes that have due jobs: a look that takes no write lock, so that idle workers cost nothing.
pub(crate) async fn due(db: &Db, lanes: &Lanes) -> Result<Vec<String>> {
    if lanes.known.is_empty() {
        return Ok(vec![]);
    }
    let look = built_query(lanes.each("lane", 2, "LIMIT 1")).bind(db.clock().now());
    lanes.bind(look).values(db).await
}

/// Leases up to `limit` due jobs, best first.
pub(crate) async fn claim(db: &Db, lanes: &Lanes, limit: usize, lease: Duration, node: Option<i64>) -> Result<Vec<Leased>> {
    let sql = &lanes.claim_sql(db.dialect());
    let mut jobs = db
        .write(|tx| async move {
            let ask = built_query(sql.clone()).bind(tx.now()).bind(limit).bind(limit + MORE);
            lanes.bind(ask.bind(later(tx.now(), lease)).bind(new_token()).bind(node)).all::<Leased>(&tx).await
        })
        .await?;
    jobs.sort_by(|a, b| b.priority.cmp(&a.priority).then(a.run_at.cmp(&b.run_at)).then(a.id.cmp(&b.id)));
    Ok(jobs)
}

/// How long until the next job that is not due yet.
pub(crate) async fn next_due(db: &Db) -> Result<Option<Duration>> {
    let now = db.clock().now();
    let next = query("SELECT MIN(run_at) FROM jobs WHERE status = 'waiting' AND run_at > $1").bind(now);
    let next = next.value::<Option<Timestamp>>(db).await?;
    Ok(next.map(|at| at.duration_since(now).unsigned_abs()))
}

/// A token that no earlier claim of the job had: what a late worker holds is worth nothing.
fn new_token() -> Uuid {
    Builder::from_random_bytes(random_bytes()).into_uuid()
}
