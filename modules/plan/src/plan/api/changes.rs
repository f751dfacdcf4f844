//! The changes of the plan: listed, and taken back.

use atlas_api::{Ctx, IdPath, Input};
use atlas_kernel::{Cursor, ListQuery, Page, Result, Timestamp, UserId};
use atlas_store::Tx;
use schemars::JsonSchema;
use serde::Serialize;

use super::out::{ChangeOut, change_out};
use crate::plan::{store, verbs};
use crate::{Planning, RevisionId};

/// One change of the plan.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RevisionOut {
    /// Its id, for taking it back.
    id: RevisionId,
    /// Its number.
    revision: i64,
    /// When.
    at: Timestamp,
    /// Who caused it; null when Atlas did.
    by: Option<UserId>,
    /// What happened, in words.
    said: String,
    /// How many tasks moved.
    moved: usize,
    /// Whether it was taken back.
    undone: bool,
}

pub(super) async fn changes(_: Planning, ctx: Ctx, input: Input<(), ListQuery>) -> Result<Page<RevisionOut>> {
    let limit = input.query.limit()?;
    let before = match &input.query.cursor {
        Some(text) => Some(Cursor::decode(text, 1)?.int(0)?),
        None => None,
    };
    let rows = store::told(&ctx.db, ctx.actor.workspace, before, limit + 1).await?;
    Ok(Page::from_rows(rows, limit, |one| Cursor(vec![one.revision.into()])).map(|one| RevisionOut {
        id: one.id,
        revision: one.revision,
        at: one.at,
        by: one.by_user,
        said: one.said,
        moved: one.moves.as_array().map_or(0, Vec::len),
        undone: one.undone,
    }))
}

pub(super) async fn undo(p: Planning, ctx: Ctx, tx: Tx, input: Input<IdPath<RevisionId>>) -> Result<ChangeOut> {
    Ok(change_out(&verbs::undo(&p, &tx, &ctx.actor, input.path.id).await?, &ctx))
}
