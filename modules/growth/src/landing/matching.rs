//! Which record here is the one a provider speaks of: stored mapping, own id, e-mail, phone, or none yet.

use atlas_connect::{Arrival, Company as Landed, Person, What, mapped};
use atlas_kernel::{ConnectionId, Result};
use atlas_store::Tx;

use crate::checks::{domain, email_key, phone_key};
use crate::company::{self, Company};
use crate::contact::{self, Contact, Status};
use crate::provenance::ProvidedBy;

/// The contact a person is, and whether the mapping said so.
pub(super) async fn person(tx: &Tx, a: &Arrival, person: &Person) -> Result<Option<(Contact, bool)>> {
    let workspace = a.actor.workspace;
    let known = mapped(tx, workspace, a.connection, What::Person, &person.external_id).await?;
    if let Some(id) = known.and_then(|record| record.as_id())
        && let Some(contact) = surviving(tx, a, id).await?
    {
        return Ok(Some((contact, true)));
    }
    if let Some(own_id) = person.own_id.as_deref().map(str::trim).filter(|id| !id.is_empty()) {
        let found = contact::store::by_own_id(tx, workspace, own_id).await?;
        if let Some(contact) = the_one(found, a.connection, &person.external_id) {
            return Ok(Some((contact, false)));
        }
    }
    if let Some(key) = person.email.as_deref().and_then(email_key) {
        let found = contact::store::by_handle(tx, workspace, "email", &key).await?;
        if let Some(contact) = the_one(found, a.connection, &person.external_id) {
            return Ok(Some((contact, false)));
        }
    }
    if let Some(key) = person.phone.as_deref().and_then(phone_key).filter(|key| key.len() >= 7) {
        let found = contact::store::by_handle(tx, workspace, "phone", &key).await?;
        if let Some(contact) = the_one(found, a.connection, &person.external_id) {
            return Ok(Some((contact, false)));
        }
    }
    Ok(None)
}

/// The contact with this id, or the one it became part of.
async fn surviving(tx: &Tx, a: &Arrival, id: crate::ids::ContactId) -> Result<Option<Contact>> {
    let mut found = contact::store::lock(tx, a.actor.workspace, id).await?;
    for _ in 0..8 {
        match found.as_ref().and_then(|contact| contact.merged_into) {
            Some(next) => found = contact::store::lock(tx, a.actor.workspace, next).await?,
            None => break,
        }
    }
    Ok(found)
}

/// The only active candidate, else the only archived one; those that stand for another person there are none.
fn the_one(found: Vec<Contact>, connection: ConnectionId, external_id: &str) -> Option<Contact> {
    let free = found.into_iter().filter(|contact| is_free(&contact.provided, connection, external_id));
    let (mut active, mut archived): (Vec<Contact>, Vec<Contact>) =
        free.filter(|contact| contact.status != Status::Merged).partition(|contact| contact.status == Status::Active);
    match (active.len(), archived.len()) {
        (1, _) => active.pop(),
        (0, 1) => archived.pop(),
        _ => None,
    }
}

fn is_free(provided: &ProvidedBy, connection: ConnectionId, external_id: &str) -> bool {
    provided.of(connection).is_none_or(|said| said.external_id.is_empty() || said.external_id == external_id)
}

/// The company a provider speaks of, and whether the mapping said so: mapping, own id, domain, name, or none yet.
pub(super) async fn company(tx: &Tx, a: &Arrival, landed: &Landed) -> Result<Option<(Company, bool)>> {
    let workspace = a.actor.workspace;
    let known = mapped(tx, workspace, a.connection, What::Company, &landed.external_id).await?;
    if let Some(id) = known.and_then(|record| record.as_id())
        && let Some(company) = company::store::lock(tx, workspace, id).await?
    {
        return Ok(Some((company, true)));
    }
    for (column, value) in company_keys(landed) {
        let found = company::store::by(tx, workspace, column, &value).await?;
        let free = found.into_iter().filter(|c| is_free(&c.provided, a.connection, &landed.external_id));
        let (mut active, mut archived): (Vec<Company>, Vec<Company>) = free.partition(|c| c.status == Status::Active);
        match (active.len(), archived.len()) {
            (1, _) => return Ok(active.pop().map(|company| (company, false))),
            (0, 1) => return Ok(archived.pop().map(|company| (company, false))),
            _ => {}
        }
    }
    Ok(None)
}

/// What a company is recognised by besides the provider's id, the surest first: the column, and what it has to be.
pub(super) fn company_keys(landed: &Landed) -> Vec<(&'static str, String)> {
    let own_id = landed.own_id.as_deref().map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned);
    let domain = landed.website.as_deref().and_then(domain);
    let name = landed.name.as_deref().map(atlas_store::fold).filter(|name| !name.is_empty());
    [("own_id", own_id), ("domain", domain), ("name_key", name)].into_iter().filter_map(|(column, value)| Some((column, value?))).collect()
}
