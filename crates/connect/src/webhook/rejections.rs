//! Refused notices are counted in memory and written now and then: a stranger must not be able to make us write.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use atlas_kernel::Result;
use atlas_store::Tx;

use crate::connection::of_provider;
use crate::{Connections, activity, tally};

/// Refused notices by provider, not yet written.
#[derive(Default)]
pub(crate) struct Rejections(Mutex<BTreeMap<&'static str, i64>>);

impl Rejections {
    /// Counts so many.
    pub fn count(&self, provider: &'static str, count: i64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(provider).or_default() += count;
    }

    /// How many wait to be written.
    pub fn waiting(&self, provider: &str) -> i64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(provider).copied().unwrap_or(0)
    }

    fn take(&self) -> BTreeMap<&'static str, i64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes the counts to every connection of the provider: whose the notice was meant for, nobody can know. A count is written for
/// all of them or kept for the next time.
pub(crate) async fn write_down(conns: &Connections) -> Result<()> {
    let mut written = Ok(());
    for (provider, count) in conns.rejections().take() {
        if let Err(error) = write_one(conns, provider, count).await {
            conns.rejections().count(provider, count);
            written = Err(error);
        }
    }
    written
}

async fn write_one(conns: &Connections, provider: &'static str, count: i64) -> Result<()> {
    let connections = of_provider(conns.db(), provider).await?;
    let connections = &connections;
    let work = |tx: Tx| async move {
        for connection in connections {
            tally::add(&tx, connection.workspace_id, connection.id, tally::REJECTED, count).await?;
            let detail = format!("{count} notices without a right signature were refused. Nothing was stored");
            activity::note(&tx, connection.workspace_id, connection.id, activity::Level::Error, "webhook.rejected", detail).await?;
        }
        Ok(())
    };
    conns.db().write(work).await
}
