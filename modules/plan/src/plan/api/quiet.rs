//! When a better plan is looked for, over REST.

use atlas_api::{Ctx, Input};
use atlas_kernel::Result;
use atlas_store::Tx;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Planning;
use crate::plan::quiet::{self, Found, Quiet};

/// When a better plan is looked for, and what is done with it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct QuietBody {
    /// The hour of the day, 0 to 23; null for whenever it is quiet.
    hour: Option<u8>,
    /// By the clock of this time zone, such as `Europe/Dublin`.
    time_zone: String,
    /// `offered`, or `taken` by itself.
    found: Found,
}

impl From<Quiet> for QuietBody {
    fn from(quiet: Quiet) -> Self {
        Self { hour: quiet.hour, time_zone: quiet.zone, found: quiet.found }
    }
}

pub(super) async fn read(_: Planning, ctx: Ctx, _: Input<()>) -> Result<QuietBody> {
    Ok(quiet::of(&ctx.db, ctx.actor.workspace).await?.into())
}

pub(super) async fn set(_: Planning, ctx: Ctx, tx: Tx, input: Input<(), (), QuietBody>) -> Result<QuietBody> {
    let QuietBody { hour, time_zone: zone, found } = input.body;
    let wanted = Quiet { hour, zone, found };
    quiet::set(&tx, &ctx.actor, &wanted).await?;
    Ok(wanted.into())
}
