//! Tags over REST.

use atlas_api::{Ctx, Input, Operation};
use atlas_kernel::{ListQuery, Page, Result};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Tag, store};
use crate::access::CONTACTS_READ;
use crate::ids::TagId;

/// The operations on tags.
pub(crate) fn operations() -> Vec<Operation> {
    vec![Operation::read("tags.list", "/v1/tags", CONTACTS_READ, list).summary("List tags").tag("Tags")]
}

/// A word that groups contacts and companies.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Tag")]
pub struct TagJson {
    /// The tag's id.
    pub id: TagId,
    /// The word.
    pub name: String,
}

async fn list(ctx: Ctx, input: Input<(), ListQuery>) -> Result<Page<TagJson>> {
    let tags = store::all(&ctx.db, ctx.actor.workspace).await?;
    let data = tags.into_iter().map(|Tag { id, name }| TagJson { id, name }).collect();
    Page::of_all(data, &input.query)
}
