//! Whom we talk to and how: hosts by region, the API version, whose token it is, and the rate limit.

mod classify;

use std::time::Duration;

use atlas_connect::{Account, Limits, OAuth, RateReading, Region, Request, WhoAmI};
use serde_json::Value;

use crate::fields;

pub use classify::classify;

/// The version of Intercom's API that every call asks for; it overrides the one chosen for the app.
pub const API_VERSION: &str = "2.16";

/// Headers of every call besides the token. Without `accept` Intercom may answer 406.
pub const HEADERS: &[(&str, &str)] = &[("intercom-version", API_VERSION), ("accept", "application/json")];

/// Whose token this is.
pub const WHOAMI: WhoAmI = WhoAmI { request: || Request::get("/me"), read: read_account };

/// Consent on the app host, token exchange and uninstall on the API host.
pub fn oauth() -> OAuth {
    OAuth {
        regions: vec![
            region("us", "United States", "https://api.intercom.io", "https://app.intercom.com"),
            region("eu", "Europe", "https://api.eu.intercom.io", "https://app.eu.intercom.com"),
            region("au", "Australia", "https://api.au.intercom.io", "https://app.au.intercom.com"),
        ],
        authorize_path: "/oauth",
        token_path: "/auth/eagle/token",
        uninstall_path: Some("/auth/uninstall"),
    }
}

fn region(id: &'static str, label: &'static str, api: &'static str, app: &'static str) -> Region {
    Region { id, label, api, app }
}

/// A budget of 1,000 calls a minute, counted by Intercom in windows of ten seconds.
pub fn limits() -> Limits {
    Limits { per_minute: 1_000, window: Duration::from_secs(10), read: read_rate }
}

/// Reads `X-RateLimit-*`; all three or nothing. Intercom leaves them out when the token is not valid.
fn read_rate(header: &dyn Fn(&str) -> Option<String>) -> Option<RateReading> {
    let number = |name: &str| header(name)?.trim().parse::<i64>().ok();
    let count = |name: &str| u32::try_from(number(name)?.max(0)).ok();
    Some(RateReading {
        limit: count("x-ratelimit-limit")?,
        remaining: count("x-ratelimit-remaining")?,
        reset: number("x-ratelimit-reset").filter(|&reset| reset > 0)?,
    })
}

/// Reads `GET /me`: the admin who granted access, and the workspace (`app.id_code`, which notices carry as `app_id`).
fn read_account(me: &Value) -> Result<Account, String> {
    let app = me.get("app").ok_or("the answer names no workspace")?;
    let id = fields::id(app, "id_code").ok_or("the workspace has no id")?;
    Ok(Account {
        name: fields::text(app, "name").unwrap_or_else(|| id.clone()),
        id,
        region: fields::text(app, "region"),
        time_zone: fields::text(app, "timezone"),
        person: fields::text(me, "name").or_else(|| fields::text(me, "email")),
    })
}

/// Where people open a conversation at Intercom: `app_base` is the region's app host, `account` the workspace id.
///
/// Conversations do not carry their workspace's id, so their landing records have no address; whoever knows the connection makes it.
pub fn conversation_url(app_base: &str, account: &str, conversation: &str) -> String {
    let base = app_base.trim_end_matches('/');
    format!("{base}/a/apps/{}/conversations/{}", fields::segment(account), fields::segment(conversation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn me_names_the_workspace_and_who_granted_access() {
        let me = json!({"type": "admin", "name": "Noor Haddad", "app": {"id_code": "k7q2atl5", "name": "Northwind Support", "timezone": "Europe/Dublin", "region": "US"}});
        let account = read_account(&me).unwrap();
        assert_eq!((account.id.as_str(), account.name.as_str()), ("k7q2atl5", "Northwind Support"));
        assert_eq!(account.person.as_deref(), Some("Noor Haddad"));
        assert_eq!(account.time_zone.as_deref(), Some("Europe/Dublin"));
        assert!(read_account(&json!({"type": "admin"})).is_err());
    }

    #[test]
    fn the_rate_needs_all_three_headers() {
        let read = |headers: &[(&str, &str)]| read_rate(&|name| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()));
        let all = [("x-ratelimit-limit", "167"), ("x-ratelimit-remaining", " 12 "), ("x-ratelimit-reset", "1795300010")];
        assert_eq!(read(&all), Some(RateReading { limit: 167, remaining: 12, reset: 1_795_300_010 }));
        assert_eq!(read(&all[..2]), None);
        assert_eq!(read(&[("x-ratelimit-limit", "many"), all[1], all[2]]), None);
        assert_eq!(read(&[all[0], ("x-ratelimit-remaining", "-3"), all[2]]).map(|r| r.remaining), Some(0));
    }

    #[test]
    fn regions_have_their_own_hosts() {
        let hosts: Vec<_> = oauth().regions.iter().map(|r| (r.id, r.api, r.app)).collect();
        assert_eq!(hosts[0], ("us", "https://api.intercom.io", "https://app.intercom.com"));
        assert_eq!(hosts[1].1, "https://api.eu.intercom.io");
        assert_eq!(hosts[2].2, "https://app.au.intercom.com");
    }

    #[test]
    fn a_conversation_opens_in_its_region() {
        let url = conversation_url("https://app.eu.intercom.com/", "k7q2atl5", "215470000000123");
        assert_eq!(url, "https://app.eu.intercom.com/a/apps/k7q2atl5/conversations/215470000000123");
    }
}
