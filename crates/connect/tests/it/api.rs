//! The operations: every one needs its scope, and credentials are checked field by field.

use atlas_connect::*;
use atlas_kernel::{Error, Role};

use crate::world::{World, person};

#[tokio::test]
async fn every_operation_has_its_scope() {
    let world = World::new(1, 1).await;
    let all = atlas_api::inventory(&operations(&world.conns));
    let listed: Vec<String> = all.iter().map(|o| format!("{} {} {}", o.method, o.path, o.scope)).collect();
    for wanted in [
        "GET /v1/connections connections:read",
        "GET /v1/connections/{provider} connections:read",
        "DELETE /v1/connections/{provider} connections:write",
        "PUT /v1/connections/{provider}/credentials connections:write",
        "POST /v1/connections/{provider}/test connections:write",
        "POST /v1/connections/{provider}/sync connections:write",
        "POST /v1/connections/{provider}/pause connections:write",
        "POST /v1/connections/{provider}/resume connections:write",
        "GET /v1/connections/{provider}/syncs connections:read",
        "GET /v1/connections/{provider}/events connections:read",
    ] {
        assert!(listed.iter().any(|l| l == wanted), "{wanted} is missing in {listed:?}");
    }
}

#[tokio::test]
async fn bad_credentials_are_named_by_field() {
    let world = World::new(1, 1).await;
    let given = |id: &str, secret: Option<&str>, api: Option<&str>, region: Option<&str>| Credentials {
        client_id: id.into(),
        client_secret: secret.map(Secret::new),
        region: region.map(str::to_owned),
        api_base_url: api.map(str::to_owned),
        app_base_url: api.map(str::to_owned),
    };
    let field = |result: Result<(), Error>| match result.unwrap_err() {
        Error::Invalid(fields) => fields[0].field.clone(),
        other => other.code().to_owned(),
    };
    let save = |given| world.conns.save_credentials(&world.owner, "toy", given);
    assert_eq!(field(save(given("", Some("s"), None, None)).await), "clientId");
    assert_eq!(field(save(given("c", None, None, None)).await), "clientSecret");
    assert_eq!(field(save(given("c", Some(" "), None, None)).await), "clientSecret");
    assert_eq!(field(save(given("c", Some("s"), None, Some("mars"))).await), "region");
    assert_eq!(field(save(given("c", Some("s"), Some("file:///etc"), None)).await), "apiBaseUrl");
    assert_eq!(field(save(given("c", Some("s"), Some("http://user:pw@host"), None)).await), "apiBaseUrl");
    let member = person(world.owner.workspace, Role::Member);
    assert_eq!(
        world.conns.save_credentials(&member, "toy", given("c", Some("s"), None, None)).await.unwrap_err().code(),
        "permission_denied"
    );
    assert_eq!(
        world.conns.save_credentials(&world.owner, "nobody", given("c", Some("s"), None, None)).await.unwrap_err().code(),
        "not_found"
    );
    save(given("c", Some("s"), None, Some("eu"))).await.unwrap();
    save(given("c2", None, None, None)).await.unwrap();
    let view = world.view().await;
    assert_eq!((view.client_id.as_deref(), view.api_base_url.as_deref()), (Some("c2"), Some("https://api.toy.example")));
    let other = person(atlas_kernel::WorkspaceId::new(atlas_kernel::Timestamp::UNIX_EPOCH), Role::Owner);
    assert_eq!(world.conns.show(&other, "toy").await.unwrap().client_id, None, "another workspace sees nothing of it");
}
