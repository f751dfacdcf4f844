//! The consent dance: what is refused, what is explained, and that nothing is lost by it.

use std::future::Future;
use std::time::Duration;

use atlas_connect::*;
use atlas_kernel::{Error, Role};
use atlas_store::query;

use crate::world::{World, person, until};

fn code_of<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    result.unwrap_err().code()
}

fn callback(code: &str, state: &Secret) -> Callback {
    Callback { code: Some(Secret::new(code)), state: Some(state.clone()), error: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_explained_and_leave_everything_as_it_was() {
    let world = World::new(3, 3).await;
    assert_eq!(code_of(world.conns.begin(&world.owner, "toy").await), "not_found", "no credentials yet");
    world.credentials("wrong-secret").await.unwrap();
    let state = world.begin().await;
    assert_eq!(world.view().await.state, ConnectionState::Connecting);
    assert_eq!(code_of(world.conns.finish(&world.owner, "toy", callback("code-1=", &state)).await), "code_refused");
    assert_eq!(world.view().await.state, ConnectionState::Disconnected);
    world.credentials("toy-secret").await.unwrap();

    assert_eq!(code_of(world.conns.finish(&world.owner, "toy", callback("code-1=", &state)).await), "state_mismatch", "a state works once");
    let state = world.begin().await;
    let declined = Callback { code: None, state: Some(state), error: Some("access_denied".into()) };
    assert_eq!(code_of(world.conns.finish(&world.owner, "toy", declined).await), "consent_declined");
    let state = world.begin().await;
    assert_eq!(
        code_of(world.conns.finish(&world.owner, "toy", Callback { code: None, state: Some(state), error: None }).await),
        "code_missing"
    );

    let state = world.begin().await;
    let other = person(world.owner.workspace, Role::Admin);
    assert_eq!(code_of(world.conns.finish(&other, "toy", callback("code-1=", &state)).await), "state_mismatch", "another session");
    query("SELECT CAST(1 AS BIGINT)").value::<i64>(&world.db).await.unwrap();
    world.db.write(|tx| async move { query("UPDATE connect_states SET expires_at = $1").bind(tx.now()).run(&tx).await }).await.unwrap();
    assert_eq!(
        code_of(world.conns.finish(&world.owner, "toy", callback("code-1=", &state)).await),
        "state_mismatch",
        "ten minutes are over"
    );
    let guest = person(world.owner.workspace, Role::Guest);
    assert_eq!(code_of(world.conns.begin(&guest, "toy").await), "permission_denied");

    let state = world.begin().await;
    let finished = world.conns.finish(&world.owner, "toy", callback("code-1=", &state)).await.unwrap();
    assert_eq!(finished.account.name, "Account acct-1");
    assert_eq!(world.view().await.state, ConnectionState::Connected);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_workspace_of_the_provider_is_refused() {
    let world = World::connected(4, 4).await;
    world.work().await;
    world.fake.data().account = "acct-2";
    assert_eq!(code_of(world.connect().await), "other_workspace");
    assert_eq!(world.view().await.state, ConnectionState::Connected, "the old access goes on");
    world.matches_truth().await;
}

/// Comes back with a good code, and does something else while the provider takes its time to answer `path`.
async fn finish_while<T>(world: &World, state: &Secret, path: &str, meanwhile: impl Future<Output = T>) -> (Result<Finished, Error>, T) {
    world.fake.data().codes.insert("slow=".into());
    world.fake.data().latency = Duration::from_millis(1_000);
    let finishing = world.conns.finish(&world.owner, "toy", callback("slow=", state));
    let before = world.fake.calls(path);
    let meanwhile = async {
        until(world, |world| async move { world.fake.calls(path) > before }).await;
        world.fake.data().latency = Duration::ZERO;
        meanwhile.await
    };
    tokio::join!(finishing, meanwhile)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_dances_at_once_only_one_decides() {
    let world = World::new(3, 3).await;
    world.credentials("toy-secret").await.unwrap();
    let (first, second) = (world.begin().await, world.begin().await);
    let other = async {
        world.fake.data().account = "acct-2";
        world.fake.data().codes.insert("quick=".into());
        world.conns.finish(&world.owner, "toy", callback("quick=", &second)).await
    };
    let (slow, quick) = finish_while(&world, &first, "/me", other).await;
    // Which of them is first is the provider's to say: its answers come one after the other.
    let (won, lost) = if slow.is_ok() { (slow, quick) } else { (quick, slow) };
    let won = won.unwrap().account.id;
    assert_eq!(code_of(lost), "interrupted", "the rows of one workspace never get the access of another");
    assert_eq!(world.view().await.state, ConnectionState::Connected);
    let accounts: Vec<String> = query("SELECT account_id FROM connections").values(&world.db).await.unwrap();
    assert_eq!(accounts, [won]);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_change_meanwhile_get_no_other_apps_access() {
    let world = World::new(3, 3).await;
    world.credentials("toy-secret").await.unwrap();
    let state = world.begin().await;
    let (slow, changed) = finish_while(&world, &state, "/me", world.credentials("another-secret")).await;
    changed.unwrap();
    assert_eq!(code_of(slow), "interrupted");
    assert_eq!(world.view().await.state, ConnectionState::Disconnected);
    assert_eq!(world.scalar("SELECT COUNT(*) FROM connections WHERE token IS NOT NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_sealed_and_shown_nowhere() {
    let world = World::connected(2, 2).await;
    let view = serde_json::to_string(&world.view().await).unwrap();
    let dump: String = {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = query("SELECT client_secret, token FROM connections").all(&world.db).await.unwrap();
        rows.iter().map(|(a, b)| format!("{}{}", String::from_utf8_lossy(a), String::from_utf8_lossy(b))).collect()
    };
    for secret in ["toy-secret", "tok-acct-1"] {
        assert!(!view.contains(secret) && !dump.contains(secret));
        assert!(!format!("{:?}", Secret::new(secret)).contains(secret));
    }
    assert!(view.contains("\"hasClientSecret\":true"));
}
