//! Notices: every signature vector, and every notice of the fixtures.

use atlas_connect::{HookNotice, Webhook};
use atlas_intercom::{connector, read_health_check, read_uninstall, verify_body_signature};
use serde_json::Value;

use crate::{fixture, json_of};

fn webhook() -> Webhook {
    connector().webhook.unwrap()
}

fn header<'a>(name: &'a str, value: &'a str) -> impl Fn(&str) -> Option<String> + 'a {
    move |asked| asked.eq_ignore_ascii_case(name).then(|| value.to_owned())
}

fn said<'a>(vector: &'a Value, key: &str) -> &'a str {
    vector[key].as_str().unwrap()
}

#[test]
fn every_signature_vector_is_judged_right() {
    let file = json_of!("signature_vectors");
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 7);
    for vector in vectors {
        let value = said(vector, "header_value");
        let (secret, body) = (said(vector, "client_secret").as_bytes(), said(vector, "body").as_bytes());
        let verify = webhook().verify;
        assert_eq!(verify(secret, &header("X-Hub-Signature", value), body), vector["valid"], "{}", vector["name"]);
        assert!(!verify(b"", &header("X-Hub-Signature", value), body), "an empty secret");
        assert!(!verify(secret, &header("X-Body-Signature", value), body), "the wrong header");
        assert!(!verify(secret, &|_| None, body), "no header");
    }
}

#[test]
fn uninstall_notifications_are_signed_another_way() {
    let vector = &json_of!("signature_vectors")["uninstall_and_health_check"];
    let (secret, body, value) = (said(vector, "client_secret").as_bytes(), said(vector, "body").as_bytes(), said(vector, "header_value"));
    assert!(verify_body_signature(secret, &header("X-Body-Signature", value), body));
    assert!(!verify_body_signature(secret, &header("X-Body-Signature", value), b"{\"app_id\":\"other\"}"));
    assert!(!verify_body_signature(b"other", &header("X-Body-Signature", value), body));
    assert!(!verify_body_signature(b"", &header("X-Body-Signature", value), body));
    assert!(!(webhook().verify)(secret, &header("X-Hub-Signature", value), body));
    assert_eq!(read_uninstall(fixture!("uninstall_notification").as_bytes()).as_deref(), Some("k7q2atl5"));
    assert_eq!(read_health_check(fixture!("health_check_request").as_bytes()).as_deref(), Some("k7q2atl5"));
}

#[test]
fn notices_become_hints() {
    let check = |body: &str, topic: &str, at: i64, expect: &[(&str, &str)]| {
        let notice: HookNotice = (webhook().read)(body.as_bytes()).unwrap();
        assert_eq!((notice.topic.as_str(), notice.account.as_str(), notice.at), (topic, "k7q2atl5", at));
        assert!(notice.id.is_some_and(|id| id.starts_with("notif_")));
        let found: Vec<_> = notice.signals.iter().map(|signal| (signal.object.as_str(), signal.id.as_str())).collect();
        assert_eq!(found, expect, "{topic}");
    };
    let talk = ("conversation", "215470000000123");
    let ada = ("contact", "6920a1c4e8b7d3f05a9c1e42");
    check(fixture!("webhook_conversation_user_created"), "conversation.user.created", 1_795_298_200, &[ada, talk]);
    check(fixture!("webhook_conversation_user_replied"), "conversation.user.replied", 1_795_298_500, &[talk]);
    check(fixture!("webhook_conversation_admin_replied"), "conversation.admin.replied", 1_795_298_800, &[talk]);
    check(fixture!("webhook_conversation_admin_noted"), "conversation.admin.noted", 1_795_299_100, &[talk]);
    check(fixture!("webhook_conversation_admin_closed"), "conversation.admin.closed", 1_795_299_700, &[talk]);
    check(fixture!("webhook_contact_user_created"), "contact.user.created", 1_795_300_000, &[ada]);
    check(fixture!("webhook_contact_lead_created"), "contact.lead.created", 1_795_300_000, &[("contact", "6920a1c4e8b7d3f05a9c1e77")]);
}

#[test]
fn a_ping_has_no_id_and_no_signals() {
    let notice = (webhook().read)(fixture!("webhook_ping").as_bytes()).unwrap();
    assert_eq!((notice.id, notice.topic.as_str(), notice.signals.len()), (None, "ping", 0));
}

/// The opening message has the same id in a notice and in the fetched conversation.
#[test]
fn messages_keep_their_ids_between_notice_and_fetch() {
    let item = json_of!("webhook_conversation_user_replied")["data"]["item"].clone();
    let ids = |value: &Value| -> Vec<String> {
        let landed = crate::landed("conversation", value);
        landed[0]["messages"].as_array().unwrap().iter().map(|m| format!("{}/{}", said(m, "source_kind"), said(m, "external_id"))).collect()
    };
    let fetched = ids(&json_of!("conversation"));
    assert_eq!(ids(&item), ["conversation/215470000000123", "conversation_part/28140001"]);
    assert!(ids(&item).iter().all(|id| fetched.contains(id)));
}
