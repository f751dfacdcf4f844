//! Every operation and every page, enumerated: who is refused, and that the OpenAPI document has them all.

use atlas_api::inventory;
use atlas_kernel::{Role, Scopes};
use serde_json::json;

use crate::world::{token, world};

/// Pages that anybody may open. This list only shrinks.
const PUBLIC: &[&str] = &[
    "GET /signin",
    "POST /signin",
    "GET /setup",
    "POST /setup",
    "GET /invitations/{secret}",
    "POST /invitations/{secret}",
    "GET /docs",
    "GET /docs/api",
    "GET /docs/integrations",
    "GET /docs/quick-actions",
    "GET /docs/shortcuts",
    "GET /docs/modules",
    "GET /docs/settings",
    "GET /docs/errors",
    "GET /docs/errors/{code}",
    "GET /docs/connectors",
    "GET /docs/connectors/{connector}",
    "GET /docs/shots/{file}",
    "GET /v1/docs",
    "GET /plan/feed/{workspace}/{secret}",
];

/// A path with something in place of each parameter.
fn filled(path: &str) -> String {
    let mut out = String::new();
    for part in path.split('/').skip(1) {
        out.push('/');
        out.push_str(if part == "{provider}" || part == "{connector}" {
            "intercom"
        } else if part.starts_with('{') {
            "nothing"
        } else {
            part
        });
    }
    if out.is_empty() { "/".to_owned() } else { out }
}

#[tokio::test]
async fn every_operation_refuses_the_unauthorised() {
    let w = world().await;
    let actor = atlas_identity::find_actor(&w.atlas.db, "ann@acme.example").await.unwrap().unwrap();
    let narrow = token(&w.atlas, &actor, Scopes::Only(vec!["profile:read".into()])).await;
    let operations = inventory(&w.atlas.operations);
    assert!(operations.len() > 60, "only {} operations", operations.len());
    for operation in &operations {
        let (method, path) = (operation.method.as_str(), filled(operation.path));
        let body = (method != "GET").then(|| json!({}));
        for wrong in [None, Some("atlas_pat_wrong"), Some("")] {
            let answer = w.call(method, &path, wrong, body.clone()).await;
            assert_eq!(answer.status, 401, "{} with {wrong:?}: {}", operation.name, answer.text);
        }
        if operation.scope != "profile:read" {
            let answer = w.call(method, &path, Some(&narrow), body.clone()).await;
            assert_eq!(answer.status, 403, "{}: {}", operation.name, answer.text);
            assert_eq!(answer.json()["missingScopes"], json!([operation.scope]), "{}", operation.name);
        }
        if operation.least_role > Role::Guest {
            let answer = w.call(method, &path, Some(&w.guest), body).await;
            assert_eq!(answer.status, 403, "{} as guest: {}", operation.name, answer.text);
            assert!(answer.text.contains(operation.scope), "{} names the permission: {}", operation.name, answer.text);
        }
    }
}

#[tokio::test]
async fn every_page_refuses_the_signed_out() {
    let w = world().await;
    let mut public: Vec<String> = vec![];
    for page in &w.atlas.pages {
        if page.public {
            public.push(format!("{} {}", page.method, page.path));
            continue;
        }
        let answer = w.page(page.method, &filled(page.path), false).await;
        let to = answer.headers.get("location").and_then(|v| v.to_str().ok()).unwrap_or_default();
        assert!(answer.status == 303 && to.starts_with("/signin"), "{} {} answered {} {to}", page.method, page.path, answer.status);
    }
    let mut expected: Vec<String> = PUBLIC.iter().map(|p| (*p).to_owned()).collect();
    public.sort();
    expected.sort();
    assert_eq!(public, expected);
}

#[tokio::test]
async fn forms_from_other_sites_are_refused() {
    let w = world().await;
    for page in w.atlas.pages.iter().filter(|page| page.method == "POST") {
        let request = axum::http::Request::builder()
            .method("POST")
            .uri(filled(page.path))
            .header("host", "127.0.0.1:7400")
            .header("origin", "https://evil.example")
            .header("sec-fetch-site", "cross-site")
            .header("cookie", &w.cookie)
            .body(axum::body::Body::empty())
            .unwrap();
        let response = tower::ServiceExt::oneshot(w.atlas.router.clone(), request).await.unwrap();
        assert_eq!(response.status().as_u16(), 403, "{}", page.path);
    }
}

#[tokio::test]
async fn the_document_has_every_operation() {
    let w = world().await;
    let document = w.call("GET", "/v1/openapi.json", None, None).await.json();
    for operation in inventory(&w.atlas.operations) {
        let described = &document["paths"][operation.path][operation.method.to_lowercase()];
        assert_eq!(described["operationId"], operation.name, "{}", operation.path);
        assert_eq!(described["x-required-scopes"], json!([operation.scope]), "{}", operation.name);
    }
}
