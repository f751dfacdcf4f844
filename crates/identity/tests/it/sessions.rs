//! Sessions: sliding, seen at most once a minute, listed, ended.

use std::time::Duration;

use atlas_identity::{authenticate_session, list_sessions, revoke_other_sessions, revoke_session, sign_out};
use atlas_kernel::{Role, Timestamp};
use atlas_store::query;

use crate::both::Place;
use crate::{House, PASSWORD, code, until};

mod on {
    crate::both!(what_a_page_is_told, sliding, listed_and_ended, strangers, nothing_secret_is_kept);
}

async fn what_a_page_is_told(place: &Place) {
    let house = House::new(place).await;
    let (actor, me) = authenticate_session(&house.db, house.ann.cookie.expose(), place.clock.now()).await.unwrap().unwrap();
    assert_eq!((actor.workspace, actor.user, actor.role), (house.ann.workspace, Some(me.user), Role::Owner));
    assert_eq!((me.email.as_str(), me.workspace_name.as_str(), me.session), ("ann@example.com", "Acme", house.ann.session));
    assert_eq!((me.theme.as_str(), me.density.as_str(), me.single_keys), ("system", "comfortable", true));
    for stranger in ["", "x", &"x".repeat(43), &house.ann.cookie.expose()[1..], &format!("{}x", house.ann.cookie.expose())] {
        assert!(authenticate_session(&house.db, stranger, place.clock.now()).await.unwrap().is_none());
    }
}

async fn last_seen(house: &House) -> Timestamp {
    query("SELECT last_seen_at FROM sessions WHERE id = $1").bind(house.ann.session).value(&house.db).await.unwrap()
}

async fn sliding(place: &Place) {
    let house = House::new(place).await;
    let began = place.clock.now();
    place.clock.advance(Duration::from_secs(59));
    house.owner().await;
    place.clock.advance(Duration::from_secs(1));
    house.owner().await;
    // The first look, 59 seconds in, wrote nothing: what is seen first is the second one's time.
    until("the minute is noted", async || last_seen(&house).await != began).await;
    assert_eq!(last_seen(&house).await, place.clock.now());
    for _ in 0..3 {
        place.clock.advance(Duration::from_secs(29 * 86_400));
        house.owner().await;
        until("the day is noted", async || last_seen(&house).await == place.clock.now()).await;
    }
    place.clock.advance(Duration::from_secs(30 * 86_400));
    assert!(house.actor(&house.ann).await.is_none());
}

async fn listed_and_ended(place: &Place) {
    let house = House::new(place).await;
    place.clock.advance(Duration::from_secs(5));
    let phone = house.sign_in("ann@example.com", PASSWORD).await.unwrap();
    place.clock.advance(Duration::from_secs(5));
    let laptop = house.sign_in("ann@example.com", PASSWORD).await.unwrap();
    let owner = house.owner().await;
    let list = list_sessions(&house.db, &owner, place.clock.now()).await.unwrap();
    let seen: Vec<_> = list.iter().map(|s| (s.id, s.current, s.ip.as_str(), s.user_agent.as_str())).collect();
    let from = |id, current| (id, current, "192.0.2.7", "Firefox/140");
    assert_eq!(seen, [from(laptop.session, false), from(phone.session, false), from(house.ann.session, true)]);

    house.verb(&owner, |tx, ann| async move { revoke_session(&tx, &ann, phone.session).await }).await.unwrap();
    assert!(house.actor(&phone).await.is_none() && house.actor(&laptop).await.is_some());
    assert_eq!(code(house.verb(&owner, |tx, ann| async move { revoke_session(&tx, &ann, phone.session).await }).await), "not_found");
    assert_eq!(house.verb(&owner, |tx, ann| async move { revoke_other_sessions(&tx, &ann).await }).await.unwrap(), 1);
    assert!(house.actor(&laptop).await.is_none());
    house.verb(&owner, |tx, ann| async move { sign_out(&tx, &ann).await }).await.unwrap();
    assert!(house.actor(&house.ann).await.is_none());
    assert_eq!(house.operations().await.iter().filter(|op| *op == "session.ended").count(), 3);
}

async fn strangers(place: &Place) {
    let house = House::new(place).await;
    let guest = house.member("guest@example.com", Role::Guest).await;
    let anns = house.ann.session;
    assert_eq!(code(house.verb(&guest, |tx, guest| async move { revoke_session(&tx, &guest, anns).await }).await), "not_found");
    assert_eq!(list_sessions(&house.db, &guest, place.clock.now()).await.unwrap().len(), 1);
    assert!(house.actor(&house.ann).await.is_some());
}

async fn nothing_secret_is_kept(place: &Place) {
    let house = House::new(place).await;
    let second = house.sign_in("ann@example.com", PASSWORD).await.unwrap();
    let events: Vec<serde_json::Value> = query("SELECT data FROM events").values(&house.db).await.unwrap();
    let hashes: Vec<Vec<u8>> = query("SELECT secret_hash FROM sessions").values(&house.db).await.unwrap();
    for secret in [second.cookie.expose(), house.ann.cookie.expose(), PASSWORD] {
        assert!(events.iter().all(|data| !data.to_string().contains(secret)));
    }
    assert!(hashes.len() == 2 && hashes.iter().all(|hash| hash.len() == 32 && hash.as_slice() != second.cookie.expose().as_bytes()));
}
