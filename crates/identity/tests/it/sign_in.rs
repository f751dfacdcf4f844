//! Signing in, and how guessing is slowed down on one node and on several.

use std::time::Duration;

use atlas_identity::{Gate, Origin, sign_in, sweep};
use atlas_kernel::Error;
use atlas_store::query;

use crate::both::Place;
use crate::{House, PASSWORD, fields, origin};

mod on {
    crate::both!(right_and_wrong, guessing_is_slowed_down, guessing_on_two_nodes, one_address_many_people, a_burst_of_guesses);
}

async fn right_and_wrong(place: &Place) {
    let house = House::new(place).await;
    assert_eq!(fields(house.sign_in("ann@example.com", "wrong").await), ["password: wrong_credentials"]);
    assert_eq!(fields(house.sign_in("nobody@example.com", PASSWORD).await), ["password: wrong_credentials"]);
    assert_eq!(fields(house.sign_in("", PASSWORD).await), ["email: required"]);
    let signed_in = house.sign_in(" ANN@example.com ", PASSWORD).await.unwrap();
    assert_eq!(signed_in.cookie.expose().len(), 43);
    assert!(!format!("{signed_in:?}").contains(signed_in.cookie.expose()));
    assert_eq!(house.operations().await, ["session.created", "workspace.created"]);
}

async fn guessing_is_slowed_down(place: &Place) {
    let house = House::new(place).await;
    for _ in 0..9 {
        assert_eq!(fields(house.sign_in("ann@example.com", "guess").await), ["password: wrong_credentials"]);
    }
    // The right one forgets the wrong ones.
    house.sign_in("ann@example.com", PASSWORD).await.unwrap();
    for _ in 0..10 {
        fields(house.sign_in("ann@example.com", "guess").await);
    }
    let refused = house.sign_in("ann@example.com", PASSWORD).await;
    assert!(matches!(refused, Err(Error::RateLimited { retry_after: 600..=601 })), "{refused:?}");
    let elsewhere = Origin { ip: "198.51.100.1".into(), ..origin() };
    sign_in(&house.db, &house.gate, "ann@example.com", PASSWORD, &elsewhere).await.unwrap();
    place.clock.advance(Duration::from_secs(400));
    let refused = house.sign_in("ann@example.com", PASSWORD).await;
    assert!(matches!(refused, Err(Error::RateLimited { retry_after: 200..=201 })), "{refused:?}");
    place.clock.advance(Duration::from_secs(201));
    house.sign_in("ann@example.com", PASSWORD).await.unwrap();
    house.db.write(|tx| async move { sweep(&tx).await }).await.unwrap();
    let counted: i64 = query("SELECT COUNT(*) FROM sign_in_failures").value(&house.db).await.unwrap();
    assert_eq!(counted, 0);
}

async fn guessing_on_two_nodes(place: &Place) {
    let house = House::new(place).await;
    let (other, gate) = (place.node().await, Gate::new());
    for _ in 0..5 {
        fields(house.sign_in("ann@example.com", "guess").await);
        fields(sign_in(&other, &gate, "ann@example.com", "guess", &origin()).await);
    }
    assert!(matches!(house.sign_in("ann@example.com", PASSWORD).await, Err(Error::RateLimited { .. })));
    assert!(matches!(sign_in(&other, &gate, "ann@example.com", PASSWORD, &origin()).await, Err(Error::RateLimited { .. })));
    // Neither e-mails nor addresses are kept.
    let subjects: Vec<String> = query("SELECT subject FROM sign_in_failures").values(&other).await.unwrap();
    assert!(subjects.iter().all(|subject| subject.len() == 32 && !subject.contains('@') && !subject.contains('.')));
}

async fn one_address_many_people(place: &Place) {
    let house = House::new(place).await;
    fields(house.sign_in("someone@example.com", "guess").await);
    // Bring the address to its limit without a hundred costly guesses.
    house.db.write(|tx| async move { query("UPDATE sign_in_failures SET failures = failures + 98").run(&tx).await }).await.unwrap();
    house.sign_in("ann@example.com", PASSWORD).await.unwrap();
    fields(house.sign_in("other@example.com", "guess").await);
    assert!(matches!(house.sign_in("ann@example.com", PASSWORD).await, Err(Error::RateLimited { .. })));
}

/// Guesses sent all at once are not all tried.
async fn a_burst_of_guesses(place: &Place) {
    let house = House::new(place).await;
    let guesses = (0..40).map(|_| house.sign_in("ann@example.com", "guess"));
    let mut tried = 0;
    for guess in futures::future::join_all(guesses).await {
        match guess {
            Err(Error::Invalid(_)) => tried += 1,
            Err(Error::RateLimited { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!((10..=14).contains(&tried), "{tried} tried");
}
