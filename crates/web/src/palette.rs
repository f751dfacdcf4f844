//! The palette: find records, go to pages, do things; a dialog with script, a page without.

use askama::Template;
use atlas_kernel::{Permission, Ref};
use serde::Deserialize;

use crate::registry::{NavItem, QuickAction};
use crate::{Ctx, Query, Reply, ui};

#[derive(Deserialize)]
pub(crate) struct Ask {
    #[serde(default)]
    q: String,
}

struct FoundRow {
    id: String,
    icon: &'static str,
    label: String,
    sub: String,
    url: String,
}

#[derive(Template)]
#[template(path = "palette.html")]
struct Palette {
    partial: bool,
    icons: String,
    q: String,
    best: Option<FoundRow>,
    actions: Vec<QuickAction>,
    places: Vec<NavItem>,
    found: Vec<FoundRow>,
}

const FOUND: usize = 8;

/// Everyone may search; only records of kinds they may read are shown.
const SEARCH: Permission = Permission::read("search:read");

pub(crate) async fn show(ctx: Ctx, Query(ask): Query<Ask>) -> Reply {
    ctx.actor.may(&SEARCH)?;
    let only_actions = ask.q.trim_start().starts_with('>');
    let words = ask.q.trim_start().trim_start_matches(['>', '#', '@']).trim().to_owned();
    let folded = words.to_lowercase();
    let matches = |text: &str| folded.is_empty() || text.to_lowercase().contains(&folded);
    let mut found = if only_actions { vec![] } else { find(&ctx, &words).await? };
    let best = if found.is_empty() { None } else { Some(found.remove(0)) };
    let allowed = |permission: &Permission| ctx.actor.may(permission).is_ok();
    let palette = Palette {
        partial: ctx.partial,
        icons: ctx.app.assets.url("icons.svg"),
        q: ask.q.clone(),
        best,
        actions: ctx.app.quick_actions.iter().filter(|a| allowed(&a.permission) && matches(a.title)).take(8).copied().collect(),
        places: ctx.app.nav.iter().filter(|n| allowed(&n.permission) && matches(n.label)).take(8).copied().collect(),
        found,
    };
    if ctx.partial { ctx.fragment(&palette) } else { ctx.page("Search or do").crumb("Search or do", None).html(&palette) }
}

async fn find(ctx: &Ctx, words: &str) -> Result<Vec<FoundRow>, crate::Failure> {
    let hits = atlas_store::search(&ctx.app.db, ctx.actor.workspace, words, &[], FOUND).await?;
    Ok(hits
        .into_iter()
        .map(|hit| FoundRow { id: dom_id(&hit.record), icon: kind_icon(&hit.kind), label: hit.title, sub: hit.detail, url: hit.url })
        .collect())
}

fn dom_id(record: &Ref) -> String {
    format!("p-{record}")
}

fn kind_icon(kind: &str) -> &'static str {
    match kind {
        "contact" => "user-round",
        "company" => "building-2",
        "deal" => "handshake",
        "task" => "list-checks",
        "proj" => "layers",
        "note" => "notebook-pen",
        "conv" | "msg" => "message-circle",
        _ => "file-text",
    }
}

impl Palette {
    fn icon(&self, name: &str) -> ui::Safe {
        ui::icon_from(&self.icons, name, None)
    }
    fn keys(&self, key: &str) -> ui::Safe {
        ui::keys(key)
    }
}
