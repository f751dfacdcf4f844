//! Whatever an answer holds, reading it does not panic.

use atlas_connect::{Answer, Window};
use atlas_intercom::connector;
use proptest::prelude::*;
use serde_json::{Map, Number, Value};

/// Keys that the connector looks for, so that arbitrary values reach deep places.
const KEYS: &[&str] = &[
    "id",
    "type",
    "data",
    "companies",
    "contacts",
    "conversations",
    "admins",
    "tags",
    "pages",
    "next",
    "page",
    "total_pages",
    "per_page",
    "starting_after",
    "scroll_param",
    "updated_at",
    "created_at",
    "deleted_at",
    "total_count",
    "has_more",
    "url",
    "name",
    "email",
    "owner_id",
    "external_id",
    "company_id",
    "location",
    "city",
    "country",
    "custom_attributes",
    "source",
    "author",
    "body",
    "redacted",
    "attachments",
    "conversation_parts",
    "part_type",
    "state",
    "snoozed_until",
    "admin_assignee_id",
    "assignee",
    "plan",
    "size",
    "deleted",
    "role",
    "title",
    "subject",
    "app",
    "id_code",
    "item",
    "topic",
    "app_id",
    "merged_from",
    "contact",
    "company",
    "errors",
    "code",
    "message",
    "delivered_as",
    "conversation_id",
];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|float| Number::from_f64(float).map_or(Value::Null, Value::Number)),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "contact",
            "lead",
            "admin",
            "team",
            "note",
            "<p>x</p>",
            "https://x/y?page=2&starting_after=a",
            "0",
            "-1",
            "9223372036854775807"
        ])
        .prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(5, 60, 6, |inner| {
        let entry = (prop::sample::select(KEYS), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::Array),
            prop::collection::vec(entry, 0..8)
                .prop_map(|pairs| Value::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Map<_, _>>())),
        ]
    })
}

fn window() -> impl Strategy<Value = Window> {
    prop_oneof![Just(Window::History), any::<i64>().prop_map(Window::Since)]
}

proptest! {
    #[test]
    fn listings_never_panic(answer in value(), window in window()) {
        for stream in connector().streams {
            let request = (stream.open)(&window);
            if let Ok(listing) = (stream.read)(&window, &request, &answer) {
                prop_assert_ne!(listing.next, Some(request), "{} would read the same page for ever", stream.name);
                for item in listing.items {
                    prop_assert!(!item.id.is_empty());
                }
            }
        }
    }

    #[test]
    fn objects_never_panic(answer in value(), nested in value(), id in ".{0,8}") {
        for object in connector().objects {
            prop_assert!((object.get)(&id).path.starts_with('/'));
            let _ = (object.land)(&answer);
            let _ = (object.gone)(&id, &Answer { status: 410, body: answer.to_string(), headers: vec![("link".into(), id.clone())] });
            let mut value = answer.clone();
            for call in (object.nested)(&answer) {
                prop_assert_eq!(call.method.as_str(), "GET");
                prop_assert!(call.path.starts_with('/') && !call.path.starts_with("//"));
                if let Some(next) = (object.attach)(&mut value, &call, &nested) {
                    prop_assert_ne!(next, call);
                }
            }
            prop_assert_eq!((object.identify)(&value).map(|i| i.0), (object.identify)(&answer).map(|i| i.0), "attaching keeps the id");
        }
    }

    #[test]
    fn failures_and_notices_never_panic(status in any::<u16>(), body in ".{0,200}", answer in value()) {
        let connector = connector();
        for body in [body, answer.to_string()] {
            let failure = (connector.classify)(&Answer { status, body: body.clone(), headers: vec![] });
            prop_assert!(!failure.code.is_empty() && failure.message.chars().count() <= 300);
            let webhook = connector.webhook.as_ref().unwrap();
            let _ = (webhook.read)(body.as_bytes());
            let unsigned = (webhook.verify)(b"secret", &|_| Some(body.clone()), body.as_bytes());
            prop_assert!(!unsigned);
            let _ = atlas_intercom::read_uninstall(body.as_bytes());
        }
        let _ = (connector.whoami.read)(&answer);
    }
}
