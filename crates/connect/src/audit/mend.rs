//! Mending a gap: first from the raw log, without a call; what is not in there is forgotten and fetched again.

use atlas_jobs::JobCtx;
use atlas_kernel::Result;
use atlas_store::{Tx, query};

use super::gaps::{self, Gap};
use super::look_at;
use crate::connection::Connection;
use crate::replay;
use crate::{Applied, Connections, Object, What, raw};

/// What became of a gap.
pub(crate) enum Mended {
    /// The raw log had it.
    Here,
    /// The provider is asked.
    Asked,
    /// Everything is there after all, such as a conversation that never had an opening message.
    NothingToMend,
}

/// Mends one gap.
pub(crate) async fn mend(conns: &Connections, ctx: &JobCtx, connection: &Connection, object: Object, gap: &Gap) -> Result<Mended> {
    let (workspace, id) = (connection.workspace_id, connection.id);
    conns
        .db()
        .write(|tx| async move {
            ctx.fence(&tx).await?;
            raw::lock(&tx, workspace, id).await?;
            let applied =
                if gap.has_raw { land_again(conns, &tx, connection, object, &gap.external_id).await? } else { Applied::default() };
            let short = gaps::what_of(conns, connection, object) == Some(What::Conversation)
                && gaps::events(&tx, connection, &gap.external_id).await? < gap.stored_parts;
            if short || !gap.has_raw {
                forget(&tx, connection, object.kind, &gap.external_id).await?;
                look_at(&tx, connection, object.kind, vec![gap.external_id.clone()]).await?;
                return Ok(Mended::Asked);
            }
            Ok(if applied == Applied::default() { Mended::NothingToMend } else { Mended::Here })
        })
        .await
}

/// All that was ever fetched of an object, oldest first, through the same functions again.
async fn land_again(conns: &Connections, tx: &Tx, connection: &Connection, object: Object, external_id: &str) -> Result<Applied> {
    let connector = conns.connector(&connection.provider)?;
    let mut applied = Applied::default();
    for row in conns.raw_of(tx, connection.workspace_id, connection.id, object.kind, external_id).await? {
        if let Some(planned) = replay::planned(&connector, connection, &row)? {
            applied += conns.apply(tx, connection, &planned.landings).await?;
        }
    }
    Ok(applied)
}

/// Takes back what the line says, so that the next answer is news whatever it is.
async fn forget(tx: &Tx, connection: &Connection, object: &str, external_id: &str) -> Result<()> {
    let sql = "UPDATE connect_versions SET version = 0, hash = $5, stored_parts = 0 WHERE workspace_id = $1 AND connection_id = $2 \
         AND object = $3 AND external_id = $4";
    let line = query(sql).bind(connection.workspace_id).bind(connection.id).bind(object).bind(external_id);
    line.bind(Vec::<u8>::new()).run(tx).await.map(|_| ())
}
