//! The few words that several pages share.

/// A provider as people write it.
pub(crate) fn provider(id: &str) -> String {
    let mut letters = id.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Where a record came from, as people write it.
pub(crate) fn origin(origin: &str) -> String {
    if origin == "atlas" { "Atlas".to_owned() } else { provider(origin) }
}

/// The same for a filter; nothing when there is none.
pub(crate) fn origin_of(filter: &str) -> String {
    if filter.is_empty() { String::new() } else { origin(filter) }
}

/// Where records may come from: value and label.
pub(crate) fn origins() -> impl Iterator<Item = (String, String)> {
    ["atlas", "intercom"].into_iter().map(|id| (id.to_owned(), origin(id)))
}

/// A day of the past or near future, where the reader is.
pub(crate) fn day(ctx: &atlas_web::Ctx, at: atlas_kernel::Timestamp) -> String {
    atlas_web::ui::date_label(at.to_zoned(ctx.actor.zone()).date(), ctx.today())
}

/// The same inside a sentence: `today`, `18 Nov`.
pub(crate) fn day_inside(ctx: &atlas_web::Ctx, at: atlas_kernel::Timestamp) -> String {
    inside(day(ctx, at))
}

/// A day's word inside a sentence.
pub(crate) fn inside(day: String) -> String {
    if ["Today", "Tomorrow", "Yesterday"].contains(&day.as_str()) { day.to_lowercase() } else { day }
}

/// A field as people call it.
pub(crate) fn field(name: &str) -> &str {
    match name {
        "name" => "Name",
        "emails" => "Email",
        "phones" => "Phone",
        "role" => "Role",
        "location" => "Location",
        "externalId" => "External id",
        "website" => "Web site",
        "industry" => "Industry",
        "size" => "Size",
        "plan" => "Plan",
        other => other,
    }
}

/// A provider's value as people read it.
pub(crate) fn value(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(list) => list.iter().map(self::value).collect::<Vec<_>>().join(", "),
        serde_json::Value::Bool(yes) => if *yes { "Yes" } else { "No" }.to_owned(),
        serde_json::Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}
