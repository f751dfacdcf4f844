//! Notices: signed by Intercom, read as hints that something changed.

mod signals;
mod topics;

use atlas_connect::{HookNotice, Installation, Webhook};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha1::Sha1;
use sha2::Sha256;

use crate::fields;

pub use topics::canonical_topic;

const NOTICE_SIGNATURE: &str = "x-hub-signature";
const BODY_SIGNATURE: &str = "x-body-signature";

/// How Intercom calls us. It has no call that subscribes: topics are chosen on its Developer Hub page.
pub fn webhook() -> Webhook {
    let installation = Installation {
        signature: BODY_SIGNATURE,
        verify: verify_body_signature,
        removed_from: read_uninstall,
        asked_for: read_health_check,
    };
    Webhook {
        signature: NOTICE_SIGNATURE,
        verify,
        read,
        topics: topics::topics(),
        hub_url: crate::docs::DEVELOPER_HUB,
        installation: Some(installation),
    }
}

/// Whether `X-Hub-Signature` is `sha1=` and the HMAC-SHA1 of the raw body under the app's client secret.
fn verify(secret: &[u8], headers: &dyn Fn(&str) -> Option<String>, body: &[u8]) -> bool {
    let signed = headers(NOTICE_SIGNATURE).and_then(|value| hex::decode(value.strip_prefix("sha1=")?).ok());
    let key = Some(secret).filter(|secret| !secret.is_empty());
    let mac = key.and_then(|key| Hmac::<Sha1>::new_from_slice(key).ok());
    // `verify_slice` compares in constant time and refuses other lengths.
    mac.zip(signed).is_some_and(|(mac, signed)| mac.chain_update(body).verify_slice(&signed).is_ok())
}

/// Whether `X-Body-Signature` is the HMAC-SHA256 of the raw body, as hexadecimal digits without a prefix.
///
/// Intercom signs its uninstall notifications and installation health checks this way. Never true for an empty secret;
/// a notification without the header proves nothing, so ask `GET /me` before acting on it.
pub fn verify_body_signature(secret: &[u8], headers: &dyn Fn(&str) -> Option<String>, body: &[u8]) -> bool {
    let signed = headers(BODY_SIGNATURE).and_then(|value| hex::decode(value).ok());
    let key = Some(secret).filter(|secret| !secret.is_empty());
    let mac = key.and_then(|key| Hmac::<Sha256>::new_from_slice(key).ok());
    mac.zip(signed).is_some_and(|(mac, signed)| mac.chain_update(body).verify_slice(&signed).is_ok())
}

/// The workspace that uninstalled the app.
///
/// A health check is signed alike and names its workspace otherwise (`workspace_id`): sent to the wrong address it ends nothing.
pub fn read_uninstall(body: &[u8]) -> Option<String> {
    fields::id(&serde_json::from_slice(body).ok()?, "app_id")
}

/// The workspace whose health is asked for.
pub fn read_health_check(body: &[u8]) -> Option<String> {
    fields::id(&serde_json::from_slice(body).ok()?, "workspace_id")
}

/// Reads a notice whose signature was right. Names of API 1.x become today's; topics nobody knows bring no signals.
fn read(body: &[u8]) -> Result<HookNotice, String> {
    let notice: Value = serde_json::from_slice(body).map_err(|_| "the notice is not JSON")?;
    let named = fields::text(&notice, "topic").ok_or("the notice names no topic")?;
    let topic = canonical_topic(&named);
    let item = notice.get("data").and_then(|data| data.get("item"));
    Ok(HookNotice {
        // Pings may carry an id and may repeat it; they are never deduplicated.
        id: fields::id(&notice, "id").filter(|_| topic != "ping"),
        account: fields::id(&notice, "app_id").unwrap_or_default(),
        at: fields::number(&notice, "created_at").unwrap_or(0),
        signals: item.map(|item| signals::signals(topic, item)).unwrap_or_default(),
        topic: topic.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn signed(digest: &str) -> impl Fn(&str) -> Option<String> {
        let value = digest.to_owned();
        move |name| (name == "x-hub-signature").then(|| value.clone())
    }

    #[test]
    fn an_empty_secret_never_verifies() {
        let body = b"{}";
        let digest = hex::encode(Hmac::<Sha1>::new_from_slice(b"").unwrap().chain_update(body).finalize().into_bytes());
        assert!(!verify(b"", &signed(&format!("sha1={digest}")), body));
        let digest = hex::encode(Hmac::<Sha256>::new_from_slice(b"").unwrap().chain_update(body).finalize().into_bytes());
        assert!(!verify_body_signature(b"", &|_| Some(digest.clone()), body));
    }

    #[test]
    fn nothing_but_a_full_digest_verifies() {
        for value in ["", "sha1=", "sha1=zz", "sha1=9b0e", "SHA1=9b0e9554f36cfb06ec6b0252518e249cf9465e59", "é"] {
            assert!(!verify(b"secret", &signed(value), b"{}"), "{value}");
        }
        assert!(!verify(b"secret", &|_| None, b"{}"));
    }

    #[test]
    fn pings_have_no_id() {
        for id in [json!(null), json!("notif_1")] {
            let notice = read(json!({"topic": "ping", "id": id, "data": {"item": {"type": "ping"}}}).to_string().as_bytes()).unwrap();
            assert_eq!((notice.id, notice.signals.len()), (None, 0));
        }
    }

    #[test]
    fn unreadable_notices_say_why() {
        assert_eq!(read(b"<html>").unwrap_err(), "the notice is not JSON");
        assert_eq!(read(b"{}").unwrap_err(), "the notice names no topic");
        assert!(read(br#"{"topic":"conversation.user.created"}"#).unwrap().signals.is_empty());
    }

    #[test]
    fn old_names_are_todays() {
        let read = |topic: &str| read(json!({"topic": topic, "data": {"item": {"id": "a"}}}).to_string().as_bytes()).unwrap();
        assert_eq!(read("contact.created").topic, "contact.lead.created");
        assert_eq!(read("user.created").topic, "contact.user.created");
        assert_eq!(read("user.created").signals.len(), 1);
        assert_eq!(read("brand.new").signals, []);
    }

    #[test]
    fn each_call_names_the_workspace_in_its_own_way() {
        let (uninstall, health) = (br#"{"app_id":"k7q2atl5"}"#, br#"{"workspace_id":"k7q2atl5"}"#);
        assert_eq!((read_uninstall(uninstall).as_deref(), read_health_check(uninstall)), (Some("k7q2atl5"), None));
        assert_eq!((read_uninstall(health), read_health_check(health).as_deref()), (None, Some("k7q2atl5")));
        assert_eq!((read_uninstall(b"[]"), read_health_check(b"<html>")), (None, None));
    }
}
