//! Teammates: Intercom calls them admins.

use atlas_connect::{Answer, Landing, Listing, Object, Request, Stream, Teammate, What, Window};
use serde_json::Value;

use crate::{fields, paging, scopes};

/// One teammate by id.
pub const OBJECT: Object = Object {
    kind: "admin",
    scope: scopes::READ_ADMINS,
    get: |id| Request::get(format!("/admins/{}", fields::segment(id))),
    identify,
    nested: |_| Vec::new(),
    attach: |_, _, _| None,
    land,
    gone,
};

/// All teammates, in one answer.
pub const STREAM: Stream = Stream {
    name: "teammates",
    label: "Teammates",
    object: "admin",
    scope: scopes::READ_ADMINS,
    open: |_| Request::get("/admins"),
    read,
    detail: false,
    exclusive: None,
    incremental: false,
    deletions: false,
    order: 0,
};

fn identify(admin: &Value) -> Option<(String, i64)> {
    Some((fields::id(admin, "id")?, fields::version(admin)))
}

/// Teams share the list in some versions; they are nobody's account.
fn read(window: &Window, _: &Request, answer: &Value) -> Result<Listing, String> {
    let admins = paging::page(answer, &["admins", "data"])?;
    let people: Vec<Value> = admins.iter().filter(|admin| !is_team(admin)).cloned().collect();
    let items = paging::listed(window, &people, identify);
    Ok(Listing { total: i64::try_from(items.len()).ok(), items, next: None })
}

fn land(admin: &Value) -> Result<Vec<Landing>, String> {
    let (external_id, _) = identify(admin).ok_or("an admin without an id")?;
    if is_team(admin) {
        return Ok(Vec::new());
    }
    Ok(vec![Landing::Teammate(Teammate { external_id, name: fields::text(admin, "name"), email: fields::text(admin, "email") })])
}

fn gone(id: &str, _: &Answer) -> Vec<Landing> {
    vec![Landing::Gone { what: What::Teammate, external_id: id.into() }]
}

fn is_team(admin: &Value) -> bool {
    admin.get("type").and_then(Value::as_str) == Some("team")
}
