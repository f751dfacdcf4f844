//! Where the fields of a record come from, and which of them wait for a decision: for the column beside a record.

use askama::Template;
use atlas_kernel::{Ref, Result};
use atlas_web::Ctx;
use atlas_web::ui::Safe;

use crate::parts::{Names, part, provenance_words};
use crate::provenance::Provenance;
use crate::words;

/// A field with who wrote it, when and why.
struct Origin {
    label: String,
    words: String,
}

/// A field that waits for a decision.
struct Waiting {
    label: String,
    provider: String,
    ours: String,
    theirs: String,
    /// Whether another record of the provider has the value.
    taken: bool,
    url: String,
}

#[derive(Template)]
#[template(path = "parts/origins.html")]
struct Origins {
    waiting: Vec<Waiting>,
    origins: Vec<Origin>,
}

/// The part for a record with this provenance.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn part_of(ctx: &Ctx, record: &Ref, provenance: &Provenance, names: &Names) -> Result<Safe> {
    let said = |value: &Option<serde_json::Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), words::value);
    let conflicts = atlas_connect::record_conflicts(&ctx.app.db, ctx.actor.workspace, record).await?;
    let waiting = conflicts.into_iter().map(|(provider, conflict)| Waiting {
        label: words::field(&conflict.field).to_owned(),
        ours: said(&conflict.ours),
        theirs: said(&conflict.theirs),
        taken: conflict.code == "taken",
        url: format!("/settings/integrations/{provider}/fields#{}", conflict.id),
        provider: words::provider(&provider),
    });
    let origin = |(field, mark): (&str, &crate::Mark)| {
        let words = provenance_words(ctx, Some(mark), names)?;
        Some(Origin { label: words::field(field).to_owned(), words })
    };
    part(&Origins { waiting: waiting.collect(), origins: provenance.iter().filter_map(origin).collect() })
}
