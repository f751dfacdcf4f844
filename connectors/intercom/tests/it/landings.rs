//! What each object becomes.

use serde_json::json;

use crate::{json_of, landed};

#[test]
fn a_user_becomes_a_person() {
    insta::assert_json_snapshot!(landed("contact", &json_of!("contact")), @r#"
    [
      {
        "kind": "person",
        "external_id": "6920a1c4e8b7d3f05a9c1e42",
        "own_id": "crm-10023",
        "lead": false,
        "name": "Ada Okafor",
        "email": "ada@bluepine.example",
        "phone": null,
        "location": "Dublin, Ireland",
        "owner": "6810042",
        "companies": [
          "691f5502c9d4e1a7b3860f10"
        ],
        "companies_complete": true,
        "tags": [],
        "tags_complete": true,
        "archived": false,
        "attributes": {
          "plan_tier": "gold",
          "seats": 12
        },
        "created_at": "2026-11-11T22:26:40Z",
        "updated_at": "2026-11-21T22:26:40Z",
        "last_seen_at": "2026-11-21T21:26:40Z"
      }
    ]
    "#);
}

#[test]
fn a_lead_becomes_a_person_without_an_id_of_ours() {
    insta::assert_json_snapshot!(landed("contact", &json_of!("contact_lead")), @r#"
    [
      {
        "kind": "person",
        "external_id": "6920a1c4e8b7d3f05a9c1e77",
        "own_id": null,
        "lead": true,
        "name": "Sam Lee",
        "email": "visitor@example.net",
        "phone": null,
        "location": "Dublin, Ireland",
        "owner": null,
        "companies": [],
        "companies_complete": true,
        "tags": [],
        "tags_complete": true,
        "archived": false,
        "attributes": {},
        "created_at": "2026-11-11T22:26:40Z",
        "updated_at": "2026-11-21T22:26:40Z",
        "last_seen_at": "2026-11-21T21:26:40Z"
      }
    ]
    "#);
}

#[test]
fn a_company_becomes_a_company() {
    insta::assert_json_snapshot!(landed("company", &json_of!("company")), @r#"
    [
      {
        "kind": "company",
        "external_id": "691f5502c9d4e1a7b3860f10",
        "own_id": "crm-acct-77",
        "name": "Bluepine Logistics",
        "website": "https://bluepine.example",
        "industry": "Logistics",
        "size": 85,
        "plan": "Growth",
        "tags": [],
        "attributes": {
          "region_code": "IE"
        },
        "created_at": "2026-11-01T22:26:40Z",
        "updated_at": "2026-11-21T20:26:40Z"
      }
    ]
    "#);
}

#[test]
fn an_admin_becomes_a_teammate() {
    insta::assert_json_snapshot!(landed("admin", &json_of!("admin")), @r#"
    [
      {
        "kind": "teammate",
        "external_id": "6810042",
        "name": "Noor Haddad",
        "email": "noor@northwind.example"
      }
    ]
    "#);
}

#[test]
fn a_conversation_becomes_its_messages() {
    insta::assert_json_snapshot!(landed("conversation", &json_of!("conversation")), @r#"
    [
      {
        "kind": "conversation",
        "external_id": "215470000000123",
        "title": null,
        "state": "open",
        "url": null,
        "people": [
          "6920a1c4e8b7d3f05a9c1e42"
        ],
        "assignee": "6810042",
        "tags": [],
        "created_at": "2026-11-21T21:56:40Z",
        "updated_at": "2026-11-21T22:25:40Z",
        "messages": [
          {
            "external_id": "215470000000123",
            "source_kind": "conversation",
            "at": "2026-11-21T21:56:40Z",
            "author": {
              "side": "customer",
              "external_id": "6920a1c4e8b7d3f05a9c1e42",
              "name": "Ada Okafor",
              "email": "ada@bluepine.example"
            },
            "action": "customer_initiated",
            "internal": false,
            "body": "<p>Checkout shows an error.</p>",
            "redacted": false,
            "attachments": []
          },
          {
            "external_id": "28140001",
            "source_kind": "conversation_part",
            "at": "2026-11-21T22:01:40Z",
            "author": {
              "side": "customer",
              "external_id": "6920a1c4e8b7d3f05a9c1e42",
              "name": "Ada Okafor",
              "email": "ada@bluepine.example"
            },
            "action": "comment",
            "internal": false,
            "body": "<p>It still fails for order 4471.</p>",
            "redacted": false,
            "attachments": []
          },
          {
            "external_id": "28140002",
            "source_kind": "conversation_part",
            "at": "2026-11-21T22:06:40Z",
            "author": {
              "side": "teammate",
              "external_id": "6810042",
              "name": "Noor Haddad",
              "email": "noor@northwind.example"
            },
            "action": "comment",
            "internal": false,
            "body": "<p>Thanks Ada, we are looking at it now.</p>",
            "redacted": false,
            "attachments": []
          },
          {
            "external_id": "28140003",
            "source_kind": "conversation_part",
            "at": "2026-11-21T22:06:50Z",
            "author": {
              "side": "teammate",
              "external_id": "6810042",
              "name": "Noor Haddad",
              "email": "noor@northwind.example"
            },
            "action": "assignment",
            "internal": false,
            "body": null,
            "redacted": false,
            "attachments": []
          },
          {
            "external_id": "28140004",
            "source_kind": "conversation_part",
            "at": "2026-11-21T22:11:40Z",
            "author": {
              "side": "teammate",
              "external_id": "6810042",
              "name": "Noor Haddad",
              "email": "noor@northwind.example"
            },
            "action": "note",
            "internal": true,
            "body": "<p>Follow up with billing: refund order 4471 before Friday.</p>",
            "redacted": false,
            "attachments": []
          },
          {
            "external_id": "28140005",
            "source_kind": "conversation_part",
            "at": "2026-11-21T22:21:40Z",
            "author": {
              "side": "teammate",
              "external_id": "6810042",
              "name": "Noor Haddad",
              "email": "noor@northwind.example"
            },
            "action": "close",
            "internal": false,
            "body": "<p>Closing this now. Reply to reopen.</p>",
            "redacted": false,
            "attachments": []
          },
          {
            "external_id": "28140006",
            "source_kind": "conversation_part",
            "at": "2026-11-21T22:25:40Z",
            "author": {
              "side": "customer",
              "external_id": "6920a1c4e8b7d3f05a9c1e42",
              "name": "Ada Okafor",
              "email": "ada@bluepine.example"
            },
            "action": "open",
            "internal": false,
            "body": "<p>One more thing about the invoice.</p>",
            "redacted": false,
            "attachments": []
          }
        ],
        "stated_parts": 6
      }
    ]
    "#);
}

/// What 2.14 and 2.15 write differently changes nothing in what lands.
#[test]
fn older_versions_land_the_same() {
    let today = json_of!("conversation");
    let mut older = today.clone();
    older["priority"] = json!("not_priority");
    older["team_assignee_id"] = json!(null);
    older["admin_assignee_id"] = json!("6810042");
    older["id"] = json!(215_470_000_000_123_u64);
    for part in older["conversation_parts"]["conversation_parts"].as_array_mut().unwrap() {
        part["id"] = json!(part["id"].as_str().unwrap().parse::<u64>().unwrap());
        part["author"].as_object_mut().unwrap().remove("from_ai_agent");
    }
    assert_eq!(landed("conversation", &older), landed("conversation", &today));

    let today = json_of!("contact");
    let mut older = today.clone();
    older["owner_id"] = json!(6_810_042);
    assert_eq!(landed("contact", &older), landed("contact", &today));
}

/// Ids alone, as notices of deletion carry them, never blank a field: they land as gone, or as an object that says nothing.
#[test]
fn deletions_carry_no_fields() {
    assert_eq!(
        landed("contact", &json!({"type": "contact", "id": "c1", "external_id": "x", "deleted": true})),
        json!([{"kind": "gone", "what": "person", "external_id": "c1"}])
    );
    assert_eq!(
        landed("company", &json!({"id": "co1", "object": "company", "deleted": true})),
        json!([{"kind": "gone", "what": "company", "external_id": "co1"}])
    );
    assert_eq!(
        landed("conversation", &json!({"id": "9", "object": "conversation", "deleted": true})),
        json!([{"kind": "gone", "what": "conversation", "external_id": "9"}])
    );
}
