//! A person's own profile: name, time zone, how pages look and listen, and the password.

use atlas_kernel::{Actor, Error, Result, UserId};
use atlas_store::{Db, Event, Executor, Tx, query, record_event};
use serde_json::{Map, Value as Json, json};

use crate::gate::Knock;
use crate::person::{self, Problems};
use crate::session::end_others;
use crate::{Density, Gate, PROFILE_READ, PROFILE_WRITE, PasswordHash, Theme, password};

atlas_store::row! {
    /// A person's own profile.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Profile {
        /// The person.
        pub id: UserId,
        /// Their e-mail address.
        pub email: String,
        /// Their name.
        pub name: String,
        /// IANA time zone.
        pub time_zone: String,
        /// Their theme.
        pub theme: Theme,
        /// How close rows stand.
        pub density: Density,
        /// Whether single letters are shortcuts.
        pub single_keys: bool,
        /// Goes up with every change.
        pub version: i64,
    }
}

/// What to change; what is not said stays.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// The name.
    pub name: Option<String>,
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// The theme.
    pub theme: Option<Theme>,
    /// How close rows stand.
    pub density: Option<Density>,
    /// Whether single letters are shortcuts.
    pub single_keys: Option<bool>,
}

/// The profile of the person who asks.
///
/// # Errors
/// Denied without `profile:read`; unauthenticated for connectors and Atlas itself.
pub async fn profile(on: &dyn Executor, actor: &Actor) -> Result<Profile> {
    actor.may(&PROFILE_READ)?;
    load(on, actor.person()?).await
}

async fn load(on: &dyn Executor, user: UserId) -> Result<Profile> {
    let load = query("SELECT id, email, name, time_zone, theme, density, single_keys, version FROM users WHERE id = $1");
    load.bind(user).first(on).await?.ok_or(Error::NotFound("person"))
}

/// Changes the profile of the person who asks; `if_version` is the version they saw, if they say.
///
/// # Errors
/// Denied without `profile:write`; stale when the profile has another version; field errors.
pub async fn update_profile(tx: &Tx, actor: &Actor, change: &ProfileChange, if_version: Option<i64>) -> Result<Profile> {
    actor.may(&PROFILE_WRITE)?;
    let before = load(tx, actor.person()?).await?;
    if if_version.is_some_and(|version| version != before.version) {
        return Err(Error::Stale);
    }
    let mut after = apply(&before, change)?;
    if after == before {
        return Ok(before);
    }
    after.version += 1;
    save(tx, &before, &after).await?;
    let data = json!({ "verb": "changed the profile of", "name": after.name, "fields": differences(&before, &after) });
    record_event(tx, actor, Event::new(tx.now(), "profile.updated", "record", after.id, data)).await?;
    tx.touch_topic(actor.workspace, "members");
    Ok(after)
}

fn apply(before: &Profile, change: &ProfileChange) -> Result<Profile> {
    let mut problems = Problems::default();
    let name = change.name.as_deref().map(|text| problems.note(person::name("name", text))).transpose()?;
    let time_zone = change.time_zone.as_deref().map(|text| problems.note(person::time_zone(text))).transpose()?;
    problems.end()?;
    Ok(Profile {
        name: name.unwrap_or_else(|| before.name.clone()),
        time_zone: time_zone.unwrap_or_else(|| before.time_zone.clone()),
        theme: change.theme.unwrap_or(before.theme),
        density: change.density.unwrap_or(before.density),
        single_keys: change.single_keys.unwrap_or(before.single_keys),
        ..before.clone()
    })
}

async fn save(tx: &Tx, before: &Profile, after: &Profile) -> Result<()> {
    let update = query(
        "UPDATE users SET name = $3, time_zone = $4, theme = $5, density = $6, single_keys = $7, version = $8, updated_at = $9 \
         WHERE id = $1 AND version = $2",
    );
    let update = update.bind(after.id).bind(before.version).bind(&after.name).bind(&after.time_zone).bind(after.theme);
    let update = update.bind(after.density).bind(after.single_keys).bind(after.version).bind(tx.now());
    if update.run(tx).await? == 0 { Err(Error::Stale) } else { Ok(()) }
}

fn differences(before: &Profile, after: &Profile) -> Json {
    let pairs = [
        ("name", json!(before.name), json!(after.name)),
        ("timeZone", json!(before.time_zone), json!(after.time_zone)),
        ("theme", json!(before.theme), json!(after.theme)),
        ("density", json!(before.density), json!(after.density)),
        ("singleKeys", json!(before.single_keys), json!(after.single_keys)),
    ];
    let changed = pairs.into_iter().filter(|(_, before, after)| before != after);
    Json::Object(
        changed.map(|(field, before, after)| (field.to_owned(), json!({ "before": before, "after": after }))).collect::<Map<_, _>>(),
    )
}

/// Gives the person a new password and ends all their other sessions. Tokens go on working.
///
/// # Errors
/// Denied without `profile:write`; field errors, `wrong_password` at `current` among them; rate limited after too many.
pub async fn change_password(db: &Db, gate: &Gate, actor: &Actor, current: &str, new: &str) -> Result<()> {
    actor.may(&PROFILE_WRITE)?;
    let user = actor.person()?;
    let found: Option<(String, String)> = query("SELECT email, password_hash FROM users WHERE id = $1").bind(user).first(db).await?;
    let (email, kept) = found.ok_or(Error::NotFound("person"))?;
    password::check_new("password", new, &email)?;
    if !gate.check(db, &Knock::inside(user), current, Some(PasswordHash::stored(kept.clone()))).await? {
        return Err(Error::field("current", "wrong_password", "this is not your present password"));
    }
    let (hash, kept) = (&gate.hash(new).await?, &kept);
    db.write(|tx| async move { replace_password(&tx, actor, kept, hash).await }).await
}

async fn replace_password(tx: &Tx, actor: &Actor, kept: &str, new: &PasswordHash) -> Result<()> {
    let user = actor.person()?;
    let update = query("UPDATE users SET password_hash = $3, version = version + 1, updated_at = $4 WHERE id = $1 AND password_hash = $2");
    if update.bind(user).bind(kept).bind(new.as_str()).bind(tx.now()).run(tx).await? == 0 {
        return Err(Error::Stale);
    }
    end_others(tx, actor).await?;
    let data = json!({ "verb": "changed the password of", "name": actor.name });
    record_event(tx, actor, Event::new(tx.now(), "password.changed", "record", user, data)).await?;
    tx.touch_topic(actor.workspace, "sessions");
    Ok(())
}
