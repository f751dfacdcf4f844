//! Failures, permissions and whose token it is.

use atlas_connect::{Answer, FailureClass, Landing};

use crate::{fixture, json_of, object};

fn check(status: u16, body: &str, class: FailureClass, code: &str, remedy: &str) {
    let connector = atlas_intercom::connector();
    let failure = (connector.classify)(&Answer { status, body: body.into(), headers: vec![] });
    assert_eq!((failure.class, failure.code.as_str()), (class, code), "{status}");
    let row = connector.errors.iter().find(|row| row.code == code || row.aliases.contains(&code));
    assert_eq!(row.map(|row| row.code), Some(remedy), "{status} {code}");
}

#[test]
fn every_error_of_the_fixtures_has_its_class_and_remedy() {
    use FailureClass::*;
    check(400, fixture!("error_400_invalid_sort_order"), Input, "invalid_sort_order", "parameter_invalid");
    check(400, fixture!("error_400_scroll_exists"), Conflict, "scroll_exists", "scroll_exists");
    check(401, fixture!("error_401_token_revoked"), Auth, "token_revoked", "token_revoked");
    check(401, fixture!("error_401_unauthorized"), Auth, "unauthorized", "token_revoked");
    check(401, fixture!("error_401_token_unauthorized"), Scope, "token_unauthorized", "missing_scope");
    check(403, fixture!("error_403_missing_scope"), Scope, "forbidden", "missing_scope");
    check(403, fixture!("error_403_plan_restricted"), Plan, "api_plan_restricted", "api_plan_restricted");
    check(404, fixture!("error_404_company"), Gone, "company_not_found", "not_found");
    check(404, fixture!("error_404_contact"), Gone, "not_found", "not_found");
    check(409, fixture!("error_409_contact_conflict"), Conflict, "conflict", "conflict");
    check(410, fixture!("error_410_contact_merged"), Gone, "contact_merged", "contact_merged");
    check(429, fixture!("error_429_rate_limit"), Rate, "rate_limit_exceeded", "rate_limit_exceeded");
    check(500, fixture!("error_500_server_error"), Transient, "server_error", "server_error");
}

#[test]
fn broken_answers_have_a_class_and_a_remedy_too() {
    use FailureClass::*;
    let page = "<!doctype html><h1>Bad gateway</h1>";
    check(0, "connection reset", Transient, "no_answer", "no_answer");
    check(200, r#"{"type":"list","data":[{"#, Transient, "unreadable_answer", "unreadable_answer");
    check(404, page, Gone, "http_404", "not_found");
    check(429, page, Rate, "http_429", "rate_limit_exceeded");
    for (status, code) in [(500, "http_500"), (502, "http_502"), (503, "http_503"), (504, "http_504"), (408, "http_408")] {
        check(status, page, Transient, code, "server_error");
    }
    check(401, r#"{"errors":[{"code":"unauthorized","message":"Unauthorized Code"}]}"#, Auth, "unauthorized_code", "unauthorized_code");
    check(404, r#"{"errors":[{"code":"not_found","message":"scroll parameter not found"}]}"#, Restart, "scroll_expired", "scroll_expired");
    check(
        401,
        r#"{"errors":[{"code":"unauthorized","message":"Unauthorized Client"}]}"#,
        Auth,
        "unauthorized_client",
        "wrong_client_secret",
    );
}

#[test]
fn the_missing_scope_is_named() {
    let classify = atlas_intercom::connector().classify;
    let failure = classify(&Answer { status: 403, body: fixture!("error_403_missing_scope").into(), headers: vec![] });
    assert_eq!(failure.scope.as_deref(), Some("read_conversations"));
}

#[test]
fn a_merged_contact_is_followed() {
    let link = ("link".to_owned(), r#"</contacts/6920a1c4e8b7d3f05a9c1e42>; rel="canonical""#.to_owned());
    let answer = Answer { status: 410, body: fixture!("error_410_contact_merged").into(), headers: vec![link] };
    let landed = (object("contact").gone)("6920a1c4e8b7d3f05a9c1e77", &answer);
    assert_eq!(landed, [Landing::Merged { from: "6920a1c4e8b7d3f05a9c1e77".into(), into: "6920a1c4e8b7d3f05a9c1e42".into() }]);
}

#[test]
fn gone_needs_no_answer() {
    for object in atlas_intercom::connector().objects {
        let landed = (object.gone)("x", &Answer::default());
        assert!(matches!(&landed[..], [Landing::Gone { external_id, .. }] if external_id == "x"), "{}", object.kind);
    }
}

#[test]
fn me_tells_the_workspace() {
    let account = (atlas_intercom::connector().whoami.read)(&json_of!("me")).unwrap();
    insta::assert_json_snapshot!(account, @r#"
    {
      "id": "k7q2atl5",
      "name": "Northwind Support",
      "region": "US",
      "time_zone": "Europe/Dublin",
      "person": "Noor Haddad"
    }
    "#);
}
