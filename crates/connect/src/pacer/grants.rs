//! How several nodes on one database share a provider's window: each takes small lots of calls from one row a window.

use atlas_kernel::{Result, WorkspaceId};
use atlas_store::{Db, Dialect, Executor, query};

/// The end of a window that this node does not know yet.
pub(crate) const UNKNOWN: i64 = 0;

/// Where a pacer gets its share of a window from.
#[derive(Clone)]
pub(crate) struct Grants(Option<Shared>);

#[derive(Clone)]
struct Shared {
    db: Db,
    workspace: WorkspaceId,
    app: String,
}

impl Grants {
    /// This node is the only one.
    pub fn alone() -> Self {
        Self(None)
    }

    /// Shares with every node on this database; on SQLite there is only one.
    pub fn of(db: &Db, workspace: WorkspaceId, app: &str) -> Self {
        match db.dialect() {
            Dialect::Sqlite => Self::alone(),
            Dialect::Postgres => Self(Some(Shared { db: db.clone(), workspace, app: app.to_owned() })),
        }
    }

    pub fn are_shared(&self) -> bool {
        self.0.is_some()
    }

    /// Up to `chunk` calls of the window, of which all nodes together get `cap`; 0 when there are none left.
    ///
    /// A database that does not answer grants nothing for this window.
    pub async fn take(&self, window_end: i64, cap: u32, chunk: u32) -> u32 {
        let Some(shared) = &self.0 else { return chunk };
        let taken = match window_end {
            UNKNOWN => shared.probe().await,
            window_end => shared.take(window_end, cap, chunk).await,
        };
        match taken {
            Ok(granted) => granted,
            Err(error) => {
                tracing::warn!(%error, "no share of the provider's window could be agreed on");
                0
            }
        }
    }
}

impl Shared {
    /// Leave for one call of a node that knows of no window yet, unless the others know of one that is used up.
    async fn probe(&self) -> Result<u32> {
        let now = self.db.clock().now().as_second();
        let more = self.db.write(|tx| async move {
            let open = "SELECT window_end, granted, cap FROM connect_grants WHERE workspace_id = $1 AND app = $2 AND window_end > $3 \
                 ORDER BY window_end DESC LIMIT 1 FOR UPDATE";
            let known: Option<(i64, i64, i64)> = query(open).bind(self.workspace).bind(&self.app).bind(now).first(&tx).await?;
            let Some((window_end, granted, cap)) = known else { return Ok(1) };
            if granted >= cap {
                return Ok(0);
            }
            let one = "UPDATE connect_grants SET granted = granted + 1 WHERE workspace_id = $1 AND app = $2 AND window_end = $3";
            query(one).bind(self.workspace).bind(&self.app).bind(window_end).run(&tx).await?;
            Ok(1)
        });
        more.await
    }

    async fn take(&self, window_end: i64, cap: u32, chunk: u32) -> Result<u32> {
        let granted = self
            .db
            .write(|tx| async move {
                query("INSERT INTO connect_grants (workspace_id, app, window_end, granted, cap) VALUES ($1,$2,$3,0,$4) ON CONFLICT DO NOTHING")
                    .bind(self.workspace)
                    .bind(&self.app)
                    .bind(window_end)
                    .bind(cap)
                    .run(&tx)
                    .await?;
                query("DELETE FROM connect_grants WHERE workspace_id = $1 AND app = $2 AND window_end < $3")
                    .bind(self.workspace)
                    .bind(&self.app)
                    .bind(window_end - 300)
                    .run(&tx)
                    .await?;
                let before: Vec<i64> = query("SELECT granted FROM connect_grants WHERE workspace_id = $1 AND app = $2 AND window_end = $3 FOR UPDATE")
                    .bind(self.workspace)
                    .bind(&self.app)
                    .bind(window_end)
                    .values(&tx)
                    .await?;
                let used = before.first().copied().unwrap_or(0);
                let more = (i64::from(cap) - used).clamp(0, i64::from(chunk));
                query("UPDATE connect_grants SET granted = granted + $4 WHERE workspace_id = $1 AND app = $2 AND window_end = $3")
                    .bind(self.workspace)
                    .bind(&self.app)
                    .bind(window_end)
                    .bind(more)
                    .run(&tx)
                    .await?;
                Ok(more)
            })
            .await?;
        Ok(u32::try_from(granted).unwrap_or(0))
    }
}
