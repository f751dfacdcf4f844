//! The profile: what is changed, what is refused, and the password.

use atlas_identity::{Density, ProfileChange, Theme, authenticate_session, change_password, profile, update_profile};
use atlas_kernel::{Actor, Error};

use crate::both::Place;
use crate::{House, PASSWORD, code, fields};

mod on {
    crate::both!(changes, a_new_password);
}

async fn changes(place: &Place) {
    let house = House::new(place).await;
    let owner = house.owner().await;
    let update = |change: ProfileChange, version| {
        let (house, owner) = (&house, &owner);
        async move {
            house
                .verb(owner, |tx, ann| {
                    let change = change.clone();
                    async move { update_profile(&tx, &ann, &change, version).await }
                })
                .await
        }
    };
    let before = profile(&house.db, &owner).await.unwrap();
    let change = ProfileChange {
        name: Some(" Ann  Doe ".into()),
        time_zone: Some("america/new_york".into()),
        theme: Some(Theme::Dark),
        density: Some(Density::Compact),
        single_keys: Some(false),
    };
    let after = update(change.clone(), Some(before.version)).await.unwrap();
    assert_eq!((after.name.as_str(), after.time_zone.as_str(), after.version), ("Ann Doe", "America/New_York", before.version + 1));
    assert_eq!(after, profile(&house.db, &owner).await.unwrap());
    let (actor, me) = authenticate_session(&house.db, house.ann.cookie.expose(), place.clock.now()).await.unwrap().unwrap();
    assert_eq!(
        (me.theme, me.density, me.single_keys, actor.time_zone.as_str()),
        (Theme::Dark, Density::Compact, false, "America/New_York")
    );
    assert!(matches!(
        update(ProfileChange { theme: Some(Theme::Light), ..ProfileChange::default() }, Some(before.version)).await,
        Err(Error::Stale)
    ));
    // The same again is no change and no event.
    assert_eq!(update(change, None).await.unwrap().version, after.version);
    assert_eq!(house.operations().await, ["profile.updated", "workspace.created"]);
    let bad = ProfileChange { name: Some(String::new()), time_zone: Some("Mars".into()), ..ProfileChange::default() };
    assert_eq!(fields(update(bad, None).await), ["name: required", "timeZone: unknown"]);
    assert_eq!(code(profile(&house.db, &Actor::system(owner.workspace)).await), "unauthenticated");
}

async fn a_new_password(place: &Place) {
    let house = House::new(place).await;
    let other = house.sign_in("ann@example.com", PASSWORD).await.unwrap();
    let owner = house.owner().await;
    let change = |current: &'static str, new: &'static str| change_password(&house.db, &house.gate, &owner, current, new);
    assert_eq!(fields(change("wrong", "a new password").await), ["current: wrong_password"]);
    assert_eq!(fields(change(PASSWORD, "short").await), ["password: too_short"]);
    assert!(house.actor(&other).await.is_some());
    change(PASSWORD, "a new password").await.unwrap();
    assert!(house.actor(&other).await.is_none() && house.actor(&house.ann).await.is_some());
    assert!(house.sign_in("ann@example.com", PASSWORD).await.is_err());
    assert!(house.sign_in("ann@example.com", "a new password").await.is_ok());
    for _ in 0..10 {
        fields(change("wrong", "yet another one").await);
    }
    assert_eq!(code(change("a new password", "yet another one").await), "rate_limit_exceeded");
}
