//! Tokens: shown once, checked scopes, no more than their person or maker, gone when revoked or too old.

use std::time::Duration;

use atlas_identity::{NewToken, TOKENS_WRITE, authenticate_token, create_token, list_tokens, revoke_token};
use atlas_kernel::{Actor, Error, Permission, Role, Scopes, Timestamp, TokenId, Via};
use atlas_store::query;

use crate::both::Place;
use crate::{House, code, fields, until};

mod on {
    crate::both!(made_used_and_revoked, scopes, no_escalation, expiry);
}

const KNOWN: &[&str] = &["contacts:read", "contacts:write", "tasks:read", "tokens:write"];

fn only(scopes: &[&str]) -> NewToken {
    NewToken { name: "cli".into(), scopes: Scopes::Only(scopes.iter().map(|s| (*s).to_owned()).collect()), expires_at: None }
}

async fn make(house: &House, actor: &Actor, new: NewToken) -> atlas_kernel::Result<(TokenId, String)> {
    let made = house
        .verb(actor, |tx, actor| {
            let new = new.clone();
            async move { create_token(&tx, &actor, new, KNOWN).await }
        })
        .await;
    made.map(|(info, secret)| (info.id, secret.expose().to_owned()))
}

async fn made_used_and_revoked(place: &Place) {
    let house = House::new(place).await;
    let owner = house.owner().await;
    let (id, secret) = make(&house, &owner, only(&["tasks:read", "contacts:read", "tasks:read"])).await.unwrap();
    assert!(secret.starts_with("atlas_pat_") && secret.len() == 53);
    let actor = authenticate_token(&house.db, &secret, place.clock.now()).await.unwrap().unwrap();
    assert_eq!((actor.user, actor.role, actor.workspace), (owner.user, Role::Owner, owner.workspace));
    assert!(actor.may(&Permission::read("contacts:read")).is_ok());
    assert!(
        matches!(actor.may(&Permission::write("contacts:write")), Err(Error::Denied { missing_scopes, .. }) if missing_scopes == ["contacts:write"])
    );
    let used = async || -> Option<Timestamp> { list_tokens(&house.db, &owner).await.unwrap()[0].last_used_at };
    until("the use is noted", async || used().await == Some(place.clock.now())).await;
    let listed = list_tokens(&house.db, &owner).await.unwrap().remove(0);
    assert_eq!((listed.id, listed.prefix.as_str()), (id, &secret[..14]));
    assert_eq!(listed.scopes, Scopes::Only(vec!["contacts:read".into(), "tasks:read".into()]));

    let kept: Vec<serde_json::Value> = query("SELECT data FROM events").values(&house.db).await.unwrap();
    assert!(kept.iter().all(|data| !data.to_string().contains(&secret[14..])));
    house.verb(&owner, |tx, ann| async move { revoke_token(&tx, &ann, id).await }).await.unwrap();
    assert!(authenticate_token(&house.db, &secret, place.clock.now()).await.unwrap().is_none());
    assert_eq!(code(house.verb(&owner, |tx, ann| async move { revoke_token(&tx, &ann, id).await }).await), "not_found");
    for stranger in ["", "atlas_pat_", "Bearer x", &secret[10..], &secret.replace("pat", "pta")] {
        assert!(authenticate_token(&house.db, stranger, place.clock.now()).await.unwrap().is_none());
    }
}

async fn scopes(place: &Place) {
    let house = House::new(place).await;
    let owner = house.owner().await;
    assert_eq!(fields(make(&house, &owner, only(&["contacts:read", "x:read", "y"])).await), ["scopes[1]: unknown", "scopes[2]: unknown"]);
    assert_eq!(fields(make(&house, &owner, only(&[])).await), ["scopes: required"]);
    let nameless = NewToken { name: " ".into(), ..only(&["tasks:read"]) };
    assert_eq!(fields(make(&house, &owner, nameless).await), ["name: required"]);
    let (_, all) = make(&house, &owner, NewToken { scopes: Scopes::All, ..only(&[]) }).await.unwrap();
    let actor = authenticate_token(&house.db, &all, place.clock.now()).await.unwrap().unwrap();
    assert!(actor.may(&Permission::admin("members:write")).is_ok());
}

async fn no_escalation(place: &Place) {
    let house = House::new(place).await;
    let owner = house.owner().await;
    let (_, secret) = make(&house, &owner, only(&["tokens:write", "tasks:read"])).await.unwrap();
    let token = authenticate_token(&house.db, &secret, place.clock.now()).await.unwrap().unwrap();
    assert!(matches!(token.via, Via::Token(..)));
    for more in [only(&["contacts:read"]), NewToken { scopes: Scopes::All, ..only(&[]) }] {
        assert_eq!(code(make(&house, &token, more).await), "missing_scope");
    }
    make(&house, &token, only(&["tasks:read"])).await.unwrap();
    let guest = house.member("guest@example.com", Role::Guest).await;
    assert!(
        matches!(make(&house, &guest, only(&["tasks:read"])).await, Err(Error::Denied { permission, .. }) if permission == TOKENS_WRITE.scope)
    );
    // Somebody else's token looks as if it were not there.
    let member = house.member("member@example.com", Role::Member).await;
    let (theirs, _) = make(&house, &member, only(&["tasks:read"])).await.unwrap();
    assert_eq!(code(house.verb(&owner, |tx, ann| async move { revoke_token(&tx, &ann, theirs).await }).await), "not_found");
    assert_eq!(list_tokens(&house.db, &member).await.unwrap().len(), 1);
}

async fn expiry(place: &Place) {
    let house = House::new(place).await;
    let owner = house.owner().await;
    let at =
        |seconds: i64| NewToken { expires_at: Some(place.clock.now() + jiff::SignedDuration::from_secs(seconds)), ..only(&["tasks:read"]) };
    assert_eq!(fields(make(&house, &owner, at(0)).await), ["expiresAt: past"]);
    let (_, secret) = make(&house, &owner, at(60)).await.unwrap();
    assert!(authenticate_token(&house.db, &secret, place.clock.now()).await.unwrap().is_some());
    place.clock.advance(Duration::from_secs(60));
    assert!(authenticate_token(&house.db, &secret, place.clock.now()).await.unwrap().is_none());
}
