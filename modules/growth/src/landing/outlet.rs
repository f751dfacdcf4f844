//! The door for what goes out: what contacts and companies say now, and how a decision for the provider reaches them.

use atlas_connect::{Ours, OutRecord, Outlet, Take, What};
use atlas_kernel::{Actor, ConnectionId, Ref, Result, WorkspaceId};
use atlas_store::{Event, Executor, Tx, record_event};
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::settle::in_front;
use super::{company as companies, person};
use crate::company::{self, Company};
use crate::contact::{self, Contact, Status};
use crate::membership;
use crate::provenance::{Mark, Provenance, ProvidedBy};

/// This module's doors for records that are written back.
pub fn outlets() -> Vec<Outlet> {
    vec![
        Outlet { module: "growth", what: What::Person, read: read_contacts, take: take_contact },
        Outlet { module: "growth", what: What::Company, read: read_companies, take: take_company },
    ]
}

fn field(
    name: &'static str,
    value: Value,
    provenance: &Provenance,
    provided: &ProvidedBy,
    connection: ConnectionId,
) -> (&'static str, Ours) {
    let mark = provenance.of(name);
    let said = provided.of(connection).and_then(|said| said.values.get(name));
    let ours = Ours {
        value,
        by: mark.and_then(|mark| mark.by.clone()),
        at: mark.map(|mark| mark.at),
        said: said.map(|said| said.value.clone()),
        said_at: said.map_or(0, |said| said.at),
    };
    (name, ours)
}

fn read_contacts<'a>(
    on: &'a dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    records: &'a [Ref],
) -> BoxFuture<'a, Result<Vec<OutRecord>>> {
    Box::pin(async move {
        let ids: Vec<_> = records.iter().filter_map(Ref::as_id).collect();
        let found = contact::store::find_many(on, workspace, &ids).await?;
        let read = |c: Contact| OutRecord {
            record: c.id.to_ref(),
            label: c.label().to_owned(),
            url: c.url(),
            fields: contact::Field::ALL.iter().map(|f| field(f.as_str(), c.value(*f), &c.provenance, &c.provided, connection)).collect(),
        };
        Ok(found.into_iter().filter(|c| c.status == Status::Active).map(read).collect())
    })
}

fn read_companies<'a>(
    on: &'a dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    records: &'a [Ref],
) -> BoxFuture<'a, Result<Vec<OutRecord>>> {
    Box::pin(async move {
        let ids: Vec<_> = records.iter().filter_map(Ref::as_id).collect();
        let found = company::store::find_many(on, workspace, &ids).await?;
        let read = |c: Company| OutRecord {
            record: c.id.to_ref(),
            label: c.label().to_owned(),
            url: c.url(),
            fields: company::Field::ALL.iter().map(|f| field(f.as_str(), c.value(*f), &c.provenance, &c.provided, connection)).collect(),
        };
        Ok(found.into_iter().filter(|c| c.status == Status::Active).map(read).collect())
    })
}

fn take_contact<'a>(tx: &'a Tx, actor: &'a Actor, connection: ConnectionId, take: Take) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let Some(id) = take.record.as_id() else { return Ok(()) };
        let Some(mut contact) = contact::store::lock(tx, actor.workspace, id).await? else { return Ok(()) };
        let Ok(field) = take.field.parse::<contact::Field>() else { return Ok(()) };
        // A list is compared by its first: that is what the provider holds of it.
        let ours = contact.value(field);
        let value = if ours.is_array() { in_front(&ours, &json!([take.value])) } else { take.value.clone() };
        if value != ours {
            person::write(&mut contact, field, &value, tx.now());
            contact.provenance.set(field.as_str(), Mark::of_connection(connection, tx.now()).because(&take.why));
            contact.version += 1;
            contact.updated_at = tx.now();
            contact::store::save(tx, actor.workspace, &contact).await?;
            let circle = membership::circle(tx, actor.workspace, contact.id).await?;
            let data = decided(contact.label(), &take, &ours, &value);
            record_event(tx, actor, Event::new(tx.now(), "contact.updated", "record", contact.id.to_ref(), data).about(circle)).await?;
        }
        tx.touch(actor.workspace, &contact.id.to_ref());
        tx.touch_topic(actor.workspace, "contacts");
        Ok(())
    })
}

fn take_company<'a>(tx: &'a Tx, actor: &'a Actor, connection: ConnectionId, take: Take) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let Some(id) = take.record.as_id() else { return Ok(()) };
        let Some(mut company) = company::store::lock(tx, actor.workspace, id).await? else { return Ok(()) };
        let Ok(field) = take.field.parse::<company::Field>() else { return Ok(()) };
        let ours = company.value(field);
        if take.value != ours {
            let label = company.label().to_owned();
            companies::write(&mut company, field, &take.value);
            company.provenance.set(field.as_str(), Mark::of_connection(connection, tx.now()).because(&take.why));
            company.version += 1;
            company.updated_at = tx.now();
            company::store::save(tx, actor.workspace, &company).await?;
            if label != company.label() {
                company::jobs::renamed(tx, actor.workspace, company.id).await?;
            }
            let data = decided(company.label(), &take, &ours, &take.value);
            record_event(tx, actor, Event::new(tx.now(), "company.updated", "record", company.id.to_ref(), data)).await?;
        }
        tx.touch(actor.workspace, &company.id.to_ref());
        tx.touch_topic(actor.workspace, "companies");
        Ok(())
    })
}

fn decided(label: &str, take: &Take, before: &Value, after: &Value) -> Value {
    json!({ "verb": "updated", "name": label, "fields": { take.field.clone(): { "before": before, "after": after, "why": take.why } } })
}
