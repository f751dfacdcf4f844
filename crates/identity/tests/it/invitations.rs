//! Invitations: who may invite whom, and that a link works once, for a week.

use std::time::Duration;

use atlas_identity::{Acceptance, Origin, accept_invitation, find_invitation, invite, list_invitations, revoke_invitation};
use atlas_kernel::{Error, Role};
use atlas_store::query;

use crate::both::Place;
use crate::{House, PASSWORD, code, fields, origin};

mod on {
    crate::both!(a_link_works_once, two_at_once, who_may_invite, replaced_and_taken_back, known_people_give_their_password);
}

fn bob() -> Acceptance {
    Acceptance { name: "Bob".into(), password: PASSWORD.into(), time_zone: "Europe/Prague".into() }
}

async fn a_link_works_once(place: &Place) {
    let house = House::new(place).await;
    let owner = house.owner().await;
    let (waiting, link) =
        house.verb(&owner, |tx, ann| async move { invite(&tx, &ann, "Bob@Example.com", Role::Member).await }).await.unwrap();
    assert_eq!((waiting.email.as_str(), waiting.role, waiting.invited_by.as_str()), ("bob@example.com", Role::Member, "Ann Smith"));
    let offer = find_invitation(&house.db, link.expose(), place.clock.now()).await.unwrap().unwrap();
    assert_eq!((offer.workspace_name.as_str(), offer.known), ("Acme", false));
    assert_eq!(list_invitations(&house.db, &owner, place.clock.now()).await.unwrap().len(), 1);

    let weak = Acceptance { name: " ".into(), password: "bob@example.com".into(), time_zone: "x".into() };
    let found = fields(accept_invitation(&house.db, &house.gate, link.expose(), &weak, &origin()).await);
    assert_eq!(found, ["name: required", "password: guessable", "timeZone: unknown"]);
    let signed_in = accept_invitation(&house.db, &house.gate, link.expose(), &bob(), &origin()).await.unwrap();
    let actor = house.actor(&signed_in).await.unwrap();
    assert_eq!((actor.name.as_str(), actor.role, actor.workspace), ("Bob", Role::Member, owner.workspace));
    assert_eq!(code(accept_invitation(&house.db, &house.gate, link.expose(), &bob(), &origin()).await), "not_found");
    assert!(find_invitation(&house.db, link.expose(), place.clock.now()).await.unwrap().is_none());
    assert!(list_invitations(&house.db, &owner, place.clock.now()).await.unwrap().is_empty());
    let taken = house.verb(&owner, |tx, ann| async move { invite(&tx, &ann, "bob@example.com", Role::Guest).await }).await;
    assert_eq!(fields(taken), ["email: already_member"]);
    assert_eq!(house.operations().await, ["invitation.created", "member.joined", "workspace.created"]);
}

async fn two_at_once(place: &Place) {
    let house = House::new(place).await;
    let owner = house.owner().await;
    let (_, link) = house.verb(&owner, |tx, ann| async move { invite(&tx, &ann, "bob@example.com", Role::Member).await }).await.unwrap();
    let (with, origin) = (bob(), origin());
    let accept = || accept_invitation(&house.db, &house.gate, link.expose(), &with, &origin);
    let (a, b) = tokio::join!(accept(), accept());
    assert!(a.is_ok() != b.is_ok());
    let people: i64 = query("SELECT COUNT(*) FROM users").value(&house.db).await.unwrap();
    assert_eq!(people, 2);
}

async fn who_may_invite(place: &Place) {
    let house = House::new(place).await;
    let admin = house.member("admin@example.com", Role::Admin).await;
    let member = house.member("member@example.com", Role::Member).await;
    let ask =
        |actor, role| house.verb(actor, move |tx, actor| async move { invite(&tx, &actor, "new@example.com", role).await.map(|_| ()) });
    assert!(matches!(ask(&member, Role::Guest).await, Err(Error::Denied { permission: "members:write", .. })));
    assert!(matches!(ask(&admin, Role::Owner).await, Err(Error::Denied { permission: "owners:write", .. })));
    ask(&admin, Role::Admin).await.unwrap();
    let bad = house.verb(&admin, |tx, actor| async move { invite(&tx, &actor, "nonsense", Role::Guest).await }).await;
    assert_eq!(fields(bad), ["email: invalid"]);
    // An owner's invitation of an owner is not an admin's to take back.
    let owner = house.owner().await;
    let (to_owner, _) =
        house.verb(&owner, |tx, ann| async move { invite(&tx, &ann, "boss@example.com", Role::Owner).await }).await.unwrap();
    let refused = house.verb(&admin, |tx, actor| async move { revoke_invitation(&tx, &actor, to_owner.id).await }).await;
    assert_eq!(code(refused), "permission_denied");
}

async fn replaced_and_taken_back(place: &Place) {
    let house = House::new(place).await;
    let owner = house.owner().await;
    let ask = || house.verb(&owner, |tx, ann| async move { invite(&tx, &ann, "bob@example.com", Role::Member).await });
    let ((_, first), (second, link)) = (ask().await.unwrap(), ask().await.unwrap());
    let offered = async |secret: &str| find_invitation(&house.db, secret, place.clock.now()).await.unwrap().is_some();
    assert!(!offered(first.expose()).await && offered(link.expose()).await);
    house.verb(&owner, |tx, ann| async move { revoke_invitation(&tx, &ann, second.id).await }).await.unwrap();
    assert!(!offered(link.expose()).await);
    let (_, old) = ask().await.unwrap();
    place.clock.advance(Duration::from_secs(7 * 86_400));
    assert!(!offered(old.expose()).await);
    assert_eq!(code(accept_invitation(&house.db, &house.gate, old.expose(), &bob(), &origin()).await), "not_found");
    assert!(!offered("").await && !offered(&"x".repeat(43)).await);
}

async fn known_people_give_their_password(place: &Place) {
    let house = House::new(place).await;
    let password = house.gate.hash("zoe's own password").await.unwrap();
    let zoe = atlas_identity::NewOwner { name: "Zoe".into(), email: "zoe@example.com".into(), password, time_zone: "UTC".into() };
    let elsewhere = &atlas_identity::NewWorkspace { name: "Zenith".into(), owner: zoe };
    let created = house.db.write(|tx| async move { atlas_identity::create_workspace(&tx, elsewhere).await }).await.unwrap();
    let owner = house.owner().await;
    let (_, link) = house.verb(&owner, |tx, ann| async move { invite(&tx, &ann, "zoe@example.com", Role::Guest).await }).await.unwrap();
    assert!(find_invitation(&house.db, link.expose(), place.clock.now()).await.unwrap().unwrap().known);
    let wrong = accept_invitation(&house.db, &house.gate, link.expose(), &bob(), &origin()).await;
    assert_eq!(fields(wrong), ["password: wrong_credentials"]);
    for _ in 0..9 {
        fields(accept_invitation(&house.db, &house.gate, link.expose(), &bob(), &origin()).await);
    }
    let right = Acceptance { name: "Somebody else".into(), password: "zoe's own password".into(), time_zone: String::new() };
    assert_eq!(code(accept_invitation(&house.db, &house.gate, link.expose(), &right, &origin()).await), "rate_limit_exceeded");
    let elsewhere = Origin { ip: "203.0.113.9".into(), ..origin() };
    let joined = accept_invitation(&house.db, &house.gate, link.expose(), &right, &elsewhere).await.unwrap();
    let actor = house.actor(&joined).await.unwrap();
    assert_eq!((actor.user, actor.name.as_str(), actor.workspace), (Some(created.owner), "Zoe", owner.workspace));
}
