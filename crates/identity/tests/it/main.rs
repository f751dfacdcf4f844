//! Identity against real databases: set-up, sign-in, sessions, roles, invitations, tokens, profile, vault.

mod both;
mod invitations;
mod members;
mod profile;
mod sessions;
mod set_up;
mod sign_in;
mod tokens;
mod vault;

use std::time::Duration;

use atlas_identity::{Acceptance, Gate, Origin, SetUp, SignedIn, accept_invitation, authenticate_session, invite, set_up, sign_in};
use atlas_kernel::{Actor, Error, Result, Role, UserId};
use atlas_store::{Db, Tx, query};

use crate::both::Place;

fn migrations_under_test() -> Vec<atlas_store::Migration> {
    atlas_identity::migrations()
}

const PASSWORD: &str = "correct horse battery";

/// A set-up Atlas with its owner, Ann.
struct House {
    db: Db,
    gate: Gate,
    ann: SignedIn,
}

fn origin() -> Origin {
    Origin { ip: "192.0.2.7".into(), user_agent: "Firefox/140".into() }
}

fn set_up_form() -> SetUp {
    SetUp {
        workspace: "Acme".into(),
        name: "Ann Smith".into(),
        email: "Ann@Example.com".into(),
        password: PASSWORD.into(),
        time_zone: "Europe/Dublin".into(),
    }
}

impl House {
    async fn new(place: &Place) -> Self {
        let (db, gate) = (place.node().await, Gate::new());
        let ann = set_up(&db, &gate, &set_up_form(), &origin()).await.unwrap();
        Self { db, gate, ann }
    }

    async fn actor(&self, of: &SignedIn) -> Option<Actor> {
        let now = self.db.clock().now();
        authenticate_session(&self.db, of.cookie.expose(), now).await.unwrap().map(|(actor, _)| actor)
    }

    async fn owner(&self) -> Actor {
        self.actor(&self.ann).await.unwrap()
    }

    async fn sign_in(&self, email: &str, password: &str) -> Result<SignedIn> {
        sign_in(&self.db, &self.gate, email, password, &origin()).await
    }

    /// Somebody new in the workspace, invited by its owner.
    async fn join(&self, email: &'static str, role: Role) -> SignedIn {
        let owner = &self.owner().await;
        let (_, link) = self.db.write(|tx| async move { invite(&tx, owner, email, role).await }).await.unwrap();
        let with = Acceptance { name: email.split('@').next().unwrap().into(), password: PASSWORD.into(), time_zone: "UTC".into() };
        accept_invitation(&self.db, &self.gate, link.expose(), &with, &origin()).await.unwrap()
    }

    async fn member(&self, email: &'static str, role: Role) -> Actor {
        let signed_in = self.join(email, role).await;
        self.actor(&signed_in).await.unwrap()
    }

    /// Runs a verb as `actor` in a transaction of its own.
    async fn verb<T: Send, Fut>(&self, actor: &Actor, verb: impl Fn(Tx, Actor) -> Fut + Send + Sync) -> Result<T>
    where
        Fut: Future<Output = Result<T>> + Send,
    {
        let verb = &verb;
        self.db.write(|tx| verb(tx, actor.clone())).await
    }

    /// What was recorded, by name.
    async fn operations(&self) -> Vec<String> {
        query("SELECT operation FROM events ORDER BY operation").values(&self.db).await.unwrap()
    }
}

fn person(actor: &Actor) -> UserId {
    actor.user.unwrap()
}

/// `field: code` of every field error.
fn fields<T: std::fmt::Debug>(result: Result<T>) -> Vec<String> {
    match result {
        Err(Error::Invalid(fields)) => fields.into_iter().map(|f| format!("{}: {}", f.field, f.code)).collect(),
        other => panic!("field errors expected, not {other:?}"),
    }
}

fn code<T: std::fmt::Debug>(result: Result<T>) -> &'static str {
    result.expect_err("an error").code()
}

/// Polls what happens beside a request.
async fn until<F: Future<Output = bool>>(what: &str, check: impl Fn() -> F) {
    let polling = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), polling).await.unwrap_or_else(|_| panic!("{what}: not within 20 s"));
}
