//! Companies: read by scroll, because lists stop at 10,000 and leave out companies without contacts.

use std::time::Duration;

use atlas_connect::{Answer, Company, Landing, Listing, Object, Request, Stream, What, Window};
use serde_json::Value;

use crate::{fields, paging, scopes};

/// One company by Intercom's id.
pub const OBJECT: Object = Object {
    kind: "company",
    scope: scopes::READ_PEOPLE,
    get: |id| Request::get(format!("/companies/{}", fields::segment(id))),
    identify,
    nested: |_| Vec::new(),
    attach: |_, _, _| None,
    land,
    gone,
};

/// All companies. Intercom has no date filter for them, allows one scroll per app, and forgets it after a minute.
pub const STREAM: Stream = Stream {
    name: "companies",
    label: "Companies",
    object: "company",
    scope: scopes::READ_PEOPLE,
    open: |_| Request::get(SCROLL),
    read,
    detail: false,
    exclusive: Some(Duration::from_secs(60)),
    incremental: false,
    deletions: false,
    order: 10,
};

const SCROLL: &str = "/companies/scroll";

fn identify(company: &Value) -> Option<(String, i64)> {
    Some((fields::id(company, "id")?, fields::version(company)))
}

/// Only a page without data is the end. The token may be the same on every page and may be left out once a scroll is open.
fn read(window: &Window, request: &Request, answer: &Value) -> Result<Listing, String> {
    if answer.get("data").is_some_and(Value::is_null) {
        return Ok(Listing::default());
    }
    let rows = paging::page(answer, &["data", "companies"])?;
    let token = fields::text(answer, "scroll_param").or_else(|| paging::parameter(&request.path, "scroll_param"));
    let next = token.filter(|_| !rows.is_empty()).map(|token| Request::get(format!("{SCROLL}?{}", paging::query("scroll_param", &token))));
    Ok(Listing { items: paging::listed(window, rows, identify), total: fields::number(answer, "total_count"), next })
}

fn land(company: &Value) -> Result<Vec<Landing>, String> {
    let (external_id, _) = identify(company).ok_or("a company without an id")?;
    if fields::flag(company, "deleted") {
        return Ok(vec![Landing::Gone { what: What::Company, external_id }]);
    }
    Ok(vec![Landing::Company(Company {
        external_id,
        own_id: fields::id(company, "company_id"),
        name: fields::text(company, "name"),
        website: fields::text(company, "website"),
        industry: fields::text(company, "industry"),
        size: fields::number(company, "size"),
        plan: company.get("plan").and_then(|plan| fields::text(plan, "name")),
        tags: fields::tag_names(company),
        attributes: fields::attributes(company),
        created_at: fields::moment(company, "created_at"),
        updated_at: fields::moment(company, "updated_at"),
    })])
}

fn gone(id: &str, _: &Answer) -> Vec<Landing> {
    vec![Landing::Gone { what: What::Company, external_id: id.into() }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn next(request: &Request, answer: Value) -> Option<String> {
        read(&Window::History, request, &answer).unwrap().next.map(|next| next.path)
    }

    #[test]
    fn the_scroll_ends_only_on_empty_data() {
        let first = (STREAM.open)(&Window::History);
        assert_eq!(first, Request::get("/companies/scroll"));
        let token = "69352cd2-0000-4000-8000-a13d4e55e9b0";
        let path = format!("/companies/scroll?scroll_param={token}");
        let full = json!({"data": [{"id": "a"}], "scroll_param": token});
        assert_eq!(next(&first, full.clone()), Some(path.clone()));
        let second = Request::get(path.clone());
        assert_eq!(next(&second, full), Some(path.clone()), "the same token again is not the end");
        assert_eq!(next(&second, json!({"data": [{"id": "b"}], "scroll_param": null})), Some(path));
        assert_eq!(next(&second, json!({"data": [], "scroll_param": token})), None);
        assert_eq!(next(&second, json!({"data": [], "scroll_param": null})), None);
        assert_eq!(next(&second, json!({"data": null})), None);
    }

    #[test]
    fn an_answer_without_a_list_is_not_the_end() {
        let first = (STREAM.open)(&Window::History);
        for answer in [json!({}), json!({"data": "x"}), json!([]), json!(null)] {
            assert!(read(&Window::History, &first, &answer).is_err(), "{answer}");
        }
    }

    #[test]
    fn tokens_are_escaped() {
        let first = (STREAM.open)(&Window::History);
        let path = next(&first, json!({"data": [{"id": "a"}], "scroll_param": "a+b/c=&d"})).unwrap();
        assert_eq!(path, "/companies/scroll?scroll_param=a%2Bb%2Fc%3D%26d");
        assert_eq!(paging::parameter(&path, "scroll_param").as_deref(), Some("a+b/c=&d"));
    }

    #[test]
    fn what_intercom_leaves_out_stays_unsaid() {
        let landed = land(&json!({"id": "a", "name": "", "plan": {}, "size": "85", "tags": null})).unwrap();
        let Landing::Company(company) = &landed[0] else { panic!("{landed:?}") };
        assert_eq!((&company.name, &company.plan, company.size), (&None, &None, Some(85)));
        assert!(land(&json!({"name": "Bluepine"})).is_err());
    }
}
