//! Roles: who may change whom, and that an owner always remains.

use atlas_identity::{all_people, change_role, create_token, list_members, member_names, nouns, remove_member};
use atlas_kernel::{Role, Scopes, UserId, WorkspaceId};
use atlas_store::Nouns;

use crate::both::Place;
use crate::{House, PASSWORD, code, person};

mod on {
    crate::both!(who_may_change_whom, the_last_owner, two_owners_step_down_at_once, removal, names);
}

async fn who_may_change_whom(place: &Place) {
    let house = House::new(place).await;
    let owner = house.owner().await;
    let admin = house.member("admin@example.com", Role::Admin).await;
    let member = house.member("member@example.com", Role::Member).await;
    let guest = house.member("guest@example.com", Role::Guest).await;
    let change = |actor, of: UserId, to| house.verb(actor, move |tx, actor| async move { change_role(&tx, &actor, of, to).await });
    let remove = |actor, of: UserId| house.verb(actor, move |tx, actor| async move { remove_member(&tx, &actor, of).await });

    for weak in [&member, &guest] {
        assert_eq!(code(change(weak, person(&guest), Role::Owner).await), "permission_denied");
        assert_eq!(code(remove(weak, person(&admin)).await), "permission_denied");
    }
    change(&admin, person(&member), Role::Admin).await.unwrap();
    change(&admin, person(&member), Role::Guest).await.unwrap();
    assert_eq!(code(change(&admin, person(&member), Role::Owner).await), "permission_denied");
    assert_eq!(code(change(&admin, person(&owner), Role::Member).await), "permission_denied");
    assert_eq!(code(remove(&admin, person(&owner)).await), "permission_denied");
    assert_eq!(code(change(&admin, UserId::new(place.clock.now()), Role::Guest).await), "not_found");
    change(&owner, person(&admin), Role::Owner).await.unwrap();
    let roles: Vec<_> = list_members(&house.db, &guest).await.unwrap().into_iter().map(|m| format!("{} {}", m.name, m.role)).collect();
    assert_eq!(roles, ["admin owner", "Ann Smith owner", "guest guest", "member guest"]);
}

async fn the_last_owner(place: &Place) {
    let house = House::new(place).await;
    let owner = house.owner().await;
    let ann = person(&owner);
    for role in [Role::Admin, Role::Guest] {
        assert_eq!(code(house.verb(&owner, move |tx, actor| async move { change_role(&tx, &actor, ann, role).await }).await), "last_owner");
    }
    assert_eq!(code(house.verb(&owner, move |tx, actor| async move { remove_member(&tx, &actor, ann).await }).await), "last_owner");
    house.verb(&owner, move |tx, actor| async move { change_role(&tx, &actor, ann, Role::Owner).await }).await.unwrap();
    house.join("second@example.com", Role::Owner).await;
    house.verb(&owner, move |tx, actor| async move { change_role(&tx, &actor, ann, Role::Guest).await }).await.unwrap();
}

async fn two_owners_step_down_at_once(place: &Place) {
    let house = House::new(place).await;
    let one = house.owner().await;
    for _ in 0..5 {
        let second = house.member("second@example.com", Role::Owner).await;
        let step_down = |actor: atlas_kernel::Actor| {
            let db = house.db.clone();
            tokio::spawn(async move {
                let actor = &actor;
                db.write(|tx| async move { change_role(&tx, actor, person(actor), Role::Member).await }).await
            })
        };
        let (a, b) = tokio::join!(step_down(one.clone()), step_down(second.clone()));
        let ended: Vec<bool> = [a, b].into_iter().map(|r| r.unwrap().is_ok()).collect();
        assert_eq!(ended.iter().filter(|ok| **ok).count(), 1);
        // Back to where it was, for another race.
        let (left, other) = if ended[0] { (second.clone(), one.clone()) } else { (one.clone(), second.clone()) };
        house
            .verb(&left, |tx, left| {
                let other = person(&other);
                async move { change_role(&tx, &left, other, Role::Owner).await }
            })
            .await
            .unwrap();
        house
            .verb(&one, |tx, one| {
                let second = person(&second);
                async move { remove_member(&tx, &one, second).await }
            })
            .await
            .unwrap();
    }
}

async fn removal(place: &Place) {
    let house = House::new(place).await;
    let owner = house.owner().await;
    let signed_in = house.join("bob@example.com", Role::Member).await;
    let bob = house.actor(&signed_in).await.unwrap();
    let new = || atlas_identity::NewToken { name: "cli".into(), scopes: Scopes::All, expires_at: None };
    let (_, token) = house.verb(&bob, |tx, bob| async move { create_token(&tx, &bob, new(), &[]).await }).await.unwrap();
    house
        .verb(&owner, |tx, ann| {
            let bob = person(&bob);
            async move { remove_member(&tx, &ann, bob).await }
        })
        .await
        .unwrap();
    assert!(house.actor(&signed_in).await.is_none());
    assert!(atlas_identity::authenticate_token(&house.db, token.expose(), place.clock.now()).await.unwrap().is_none());
    assert_eq!(code(house.sign_in("bob@example.com", PASSWORD).await), "no_workspace");
    assert_eq!(all_people(&house.db, owner.workspace).await.unwrap().len(), 1);
    // What Bob did keeps his name, and he can come back.
    assert_eq!(member_names(&house.db, owner.workspace, &[person(&bob)]).await.unwrap()[&person(&bob)], "bob");
    let back = house.member("bob@example.com", Role::Guest).await;
    assert_eq!((back.user, back.role), (bob.user, Role::Guest));
    // Anybody may leave.
    house.verb(&back, |tx, back| async move { remove_member(&tx, &back, person(&back)).await }).await.unwrap();
    assert_eq!(all_people(&house.db, owner.workspace).await.unwrap().len(), 1);
}

async fn names(place: &Place) {
    let house = House::new(place).await;
    let owner = house.owner().await;
    let refs = [person(&owner).to_ref(), UserId::new(place.clock.now()).to_ref()];
    let named = Nouns::new(nouns()).describe(&house.db, owner.workspace, &refs).await.unwrap();
    assert_eq!((named.len(), named[&refs[0]].label.as_str()), (1, "Ann Smith"));
    let elsewhere = WorkspaceId::new(place.clock.now());
    assert!(member_names(&house.db, elsewhere, &[person(&owner)]).await.unwrap().is_empty());
    assert!(all_people(&house.db, elsewhere).await.unwrap().is_empty());
}
