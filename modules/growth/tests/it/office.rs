//! A small workspace to test in: two members, a connection, a clock that moves when told to.

use std::sync::atomic::{AtomicUsize, Ordering};

use atlas_connect::{Applied, Arrival, Coming, Landing, Purged};
use atlas_growth::{company, contact, deal};
use atlas_kernel::{Actor, Clock, ConnectionId, Ref, Result, Role, SessionId, Timestamp, Via, WorkspaceId};
use atlas_store::{Db, Dialect, EventQuery, EventRow, Executor, Nouns, Query, Take, events_about};
use futures::future::BoxFuture;

/// A small workspace.
#[derive(Clone)]
pub struct Office {
    pub db: Db,
    pub ws: WorkspaceId,
    pub ines: Actor,
    pub mara: Actor,
    pub connection: ConnectionId,
}

/// The wall clock of these tests at their beginning.
pub fn noon() -> Timestamp {
    atlas_testkit::noon()
}

pub async fn open() -> Office {
    let mut migrations = atlas_jobs::migrations();
    migrations.extend(atlas_identity::migrations());
    migrations.extend(mapping_tables());
    migrations.extend(atlas_growth::migrations());
    let db = atlas_testkit::database_at(atlas_testkit::fresh_location(), Clock::manual(noon()), &migrations).await;
    workspace_in(&db, "Kestrel").await
}

/// Another workspace in the same database.
pub async fn workspace_in(db: &Db, name: &str) -> Office {
    let ws = WorkspaceId::new(noon());
    let ines = member(db, ws, &format!("Ines of {name}"), &format!("ines@{}.example", name.to_lowercase()), Role::Owner).await;
    let mara = member(db, ws, &format!("Mara of {name}"), &format!("mara@{}.example", name.to_lowercase()), Role::Member).await;
    let connection = ConnectionId::new(noon());
    Office { db: db.clone(), ws, ines, mara, connection }
}

/// The engine's table of mappings, when its own migrations are not at hand.
fn mapping_tables() -> Vec<atlas_store::Migration> {
    atlas_connect::migrations()
}

async fn member(db: &Db, ws: WorkspaceId, name: &str, email: &str, role: Role) -> Actor {
    let put = db.write(|tx| async move { atlas_identity::put_member(&tx, ws, role, name, email, "Europe/Dublin").await });
    Actor { via: Via::Session(SessionId::new(noon())), ..put.await.unwrap() }
}

impl Office {
    pub fn guest(&self) -> Actor {
        Actor { role: Role::Guest, ..self.mara.clone() }
    }

    pub fn nouns(&self) -> Nouns {
        Nouns::new(atlas_growth::module().nouns)
    }

    pub async fn contact(&self, edit: contact::Edit) -> contact::Contact {
        let (ines, edit) = (&self.ines, &edit);
        self.db.write(|tx| async move { contact::verbs::create(&tx, ines, edit.clone()).await }).await.unwrap()
    }

    pub async fn named(&self, name: &str) -> contact::Contact {
        self.contact(contact::Edit { name: Some(name.into()), ..Default::default() }).await
    }

    pub async fn change(&self, id: atlas_growth::ContactId, edit: contact::Edit) -> contact::Contact {
        let (ines, edit) = (&self.ines, &edit);
        self.db.write(|tx| async move { contact::verbs::edit(&tx, ines, id, edit.clone(), None).await }).await.unwrap()
    }

    pub async fn company(&self, name: &str) -> company::Company {
        let (ines, edit) = (&self.ines, &company::Edit { name: Some(name.into()), ..Default::default() });
        self.db.write(|tx| async move { company::verbs::create(&tx, ines, edit.clone()).await }).await.unwrap()
    }

    pub async fn deal(&self, edit: deal::Edit) -> deal::Deal {
        let (ines, edit) = (&self.ines, &edit);
        self.db.write(|tx| async move { deal::verbs::create(&tx, ines, edit.clone(), None).await }).await.unwrap()
    }

    pub async fn note(&self, subject: &Ref, body: &str) -> atlas_growth::note::Note {
        let ines = &self.ines;
        self.db.write(|tx| async move { atlas_growth::note::verbs::write(&tx, ines, subject, body).await }).await.unwrap()
    }

    pub async fn reload(&self, id: atlas_growth::ContactId) -> contact::Contact {
        contact::store::find(&self.db, self.ws, id).await.unwrap().expect("the contact is there")
    }

    pub async fn arrive(&self, landing: impl Into<Landing>) -> Applied {
        self.arrives(landing.into(), true).await
    }

    /// Several records in one transaction, as a sync lands them.
    pub async fn arrive_together(&self, landings: &[Landing]) -> Vec<Applied> {
        let done = self.db.write(|tx| async move {
            let coming = Coming { workspace: self.ws, connection: self.connection, landings: landings.iter().collect() };
            (atlas_growth::intake().prepare)(&tx, &coming).await?;
            let mut applied = vec![];
            for landing in landings {
                let actor = Actor::connection(self.ws, self.connection, "intercom", "Intercom");
                let (connection, rules, landing) = (self.connection, Default::default(), landing.clone());
                let arrival = Arrival { actor, connection, provider: "intercom", history: true, rules, landing };
                applied.push((atlas_growth::intake().apply)(&tx, &arrival).await?);
            }
            Ok(applied)
        });
        done.await.unwrap()
    }

    pub async fn arrives(&self, landing: Landing, history: bool) -> Applied {
        let actor = Actor::connection(self.ws, self.connection, "intercom", "Intercom");
        let arrival = &Arrival { actor, connection: self.connection, provider: "intercom", history, rules: Default::default(), landing };
        self.db.write(|tx| async move { (atlas_growth::intake().apply)(&tx, arrival).await }).await.unwrap()
    }

    pub async fn purge(&self) -> Vec<Purged> {
        let mut all: Vec<Purged> = Vec::new();
        loop {
            let step =
                self.db.write(|tx| async move { (atlas_growth::intake().purge)(&tx, self.ws, self.connection, 5).await }).await.unwrap();
            if step.iter().all(|purged| purged.count == 0) {
                return all;
            }
            all.extend(step);
        }
    }

    pub async fn mapped(&self, what: atlas_connect::What, external_id: &str) -> Option<Ref> {
        atlas_connect::mapped(&self.db, self.ws, self.connection, what, external_id).await.unwrap()
    }

    pub async fn events(&self, subject: &Ref) -> Vec<EventRow> {
        let ask = EventQuery { limit: 200, ..Default::default() };
        events_about(&self.db, self.ws, subject, &ask).await.unwrap().data
    }

    pub async fn operations(&self, subject: &Ref) -> Vec<String> {
        self.events(subject).await.into_iter().map(|event| event.operation).collect()
    }
}

/// Counts the queries that run through it.
pub struct Counting<'a> {
    inner: &'a Db,
    pub ran: AtomicUsize,
}

impl<'a> Counting<'a> {
    pub fn new(inner: &'a Db) -> Self {
        Self { inner, ran: AtomicUsize::new(0) }
    }
    pub fn count(&self) -> usize {
        self.ran.load(Ordering::SeqCst)
    }
}

impl Executor for Counting<'_> {
    fn each<'a>(&'a self, query: Query, take: Take<'a>) -> BoxFuture<'a, Result<()>> {
        self.ran.fetch_add(1, Ordering::SeqCst);
        self.inner.each(query, take)
    }
    fn execute(&self, query: Query) -> BoxFuture<'_, Result<u64>> {
        self.inner.execute(query)
    }
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }
}

/// The names of the fields an error refuses.
pub fn refused<T: std::fmt::Debug>(result: Result<T>) -> Vec<String> {
    match result {
        Err(atlas_kernel::Error::Invalid(fields)) => fields.into_iter().map(|field| field.field).collect(),
        other => panic!("a refusal of fields expected, not {other:?}"),
    }
}

/// A moment of the provider's, minutes after the tests begin.
pub fn minute(n: i64) -> Timestamp {
    Timestamp::from_second(noon().as_second() - 86_400 + n * 60).unwrap()
}
