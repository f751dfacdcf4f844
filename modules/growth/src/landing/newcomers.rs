//! People nobody has heard of yet: what is known around them is looked up for many at once, and they are written together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use atlas_connect::{Applied, Arrival, Coming, Landing, Person, What, map_new, mapped_many};
use atlas_kernel::{Ref, Result, UserId};
use atlas_store::{Tx, query, record_event_later};

use super::person::{self, Change};
use super::together::{self, Key, Strangers, Tags};
use super::{line, remember_source, version};
use crate::checks::{email_key, phone_key};
use crate::company;
use crate::contact::{Contact, store};
use crate::ids::CompanyId;
use crate::membership::{self, Claim};
use crate::provenance::Provided;

/// Which handles of people are taken.
const TAKEN: [(&str, &str); 3] = [
    ("own_id", "SELECT own_id FROM contacts WHERE workspace_id = $1 AND own_id IN ({list})"),
    ("email", "SELECT match_key FROM contact_handles WHERE workspace_id = $1 AND kind = 'email' AND match_key IN ({list})"),
    ("phone", "SELECT match_key FROM contact_handles WHERE workspace_id = $1 AND kind = 'phone' AND match_key IN ({list})"),
];

/// What was looked up for the people of a transaction.
struct Around {
    owners: HashMap<String, Option<UserId>>,
    /// The companies that are here, with the name to show.
    companies: HashMap<String, (CompanyId, String)>,
    strangers: Strangers,
    tags: Tags,
}

/// Looks up which of the people that are coming nobody knows, and what they name.
pub(super) async fn prepare(tx: &Tx, coming: &Coming<'_>) -> Result<()> {
    let people = candidates(coming);
    if people.len() < 2 {
        return Ok(());
    }
    let known = known(tx, coming, &people).await?;
    let people: Vec<&Person> = people.into_iter().filter(|person| !known.contains(&person.external_id)).collect();
    let strangers = Strangers::new(coming.connection, people.iter().map(|person| &person.external_id));
    let owners = owners(tx, coming, &people).await?;
    let companies = companies(tx, coming, &people).await?;
    let tags = Tags::look_up(tx, coming.workspace, people.iter().flat_map(|person| &person.tags)).await?;
    tx.keep(Around { owners, companies, strangers, tags });
    Ok(())
}

/// People that only what is in the database can make known: nothing else that is coming speaks of them or of what they name.
fn candidates<'a>(coming: &'a Coming<'a>) -> Vec<&'a Person> {
    let (mut spoken_of, mut companies): (BTreeSet<&str>, BTreeSet<&str>) = (BTreeSet::new(), BTreeSet::new());
    let mut people: BTreeMap<&str, &Person> = BTreeMap::new();
    for landing in &coming.landings {
        match landing {
            Landing::Person(person) => {
                if people.insert(&person.external_id, person).is_some() {
                    spoken_of.insert(&person.external_id);
                }
            }
            Landing::Conversation(conversation) => spoken_of.extend(conversation.people.iter().map(String::as_str)),
            Landing::Company(company) => drop(companies.insert(&company.external_id)),
            _ => return vec![],
        }
    }
    let mut handles: HashMap<Key, usize> = HashMap::new();
    for person in people.values() {
        for handle in handles_of(person) {
            *handles.entry(handle).or_default() += 1;
        }
    }
    let alone = |person: &Person| {
        handles_of(person).iter().all(|handle| handles.get(handle) == Some(&1))
            && !person.companies.iter().any(|id| companies.contains(id.as_str()))
    };
    people.into_values().filter(|person| !spoken_of.contains(person.external_id.as_str()) && alone(person)).collect()
}

/// What a contact could be recognised by, besides the provider's id.
fn handles_of(person: &Person) -> Vec<Key> {
    let own_id = person.own_id.as_deref().map(str::trim).filter(|id| !id.is_empty()).map(|id| ("own_id", id.to_owned()));
    let email = person.email.as_deref().and_then(email_key).map(|key| ("email", key));
    let phone = person.phone.as_deref().and_then(phone_key).map(|key| ("phone", key));
    [own_id, email, phone].into_iter().flatten().collect()
}

/// The ids of those of whom anything is known here.
async fn known(tx: &Tx, coming: &Coming<'_>, people: &[&Person]) -> Result<BTreeSet<String>> {
    let ids: Vec<String> = people.iter().map(|person| person.external_id.clone()).collect();
    let mut known = together::known_by_id(tx, coming, What::Person, "contact", &ids).await?;
    let talked = query(
        "SELECT DISTINCT external_id FROM conversation_people WHERE workspace_id = $1 AND connection_id = $2 AND external_id IN ({list})",
    );
    known.extend(talked.bind(coming.workspace).bind(coming.connection).bind_list(&ids).values::<String>(tx).await?);
    let handles: Vec<Key> = people.iter().flat_map(|person| handles_of(person)).collect();
    let taken = together::taken(tx, coming.workspace, &handles, TAKEN).await?;
    let recognised = people.iter().filter(|person| handles_of(person).iter().any(|handle| taken.contains(handle)));
    known.extend(recognised.map(|person| person.external_id.clone()));
    Ok(known)
}

/// The members behind the colleagues that own these people at the provider.
async fn owners(tx: &Tx, coming: &Coming<'_>, people: &[&Person]) -> Result<HashMap<String, Option<UserId>>> {
    let named: BTreeSet<String> = people.iter().filter_map(|person| line(person.owner.as_deref(), 200)).collect();
    if named.is_empty() {
        return Ok(HashMap::new());
    }
    let ask =
        query("SELECT external_id, user_id FROM teammates WHERE workspace_id = $1 AND connection_id = $2 AND external_id IN ({list})");
    let ask = ask.bind(coming.workspace).bind(coming.connection).bind_list(&named);
    let found: Vec<(String, Option<UserId>)> = ask.all(tx).await?;
    let mut owners: HashMap<String, Option<UserId>> = named.into_iter().map(|name| (name, None)).collect();
    owners.extend(found);
    Ok(owners)
}

async fn companies(tx: &Tx, coming: &Coming<'_>, people: &[&Person]) -> Result<HashMap<String, (CompanyId, String)>> {
    let named: BTreeSet<&String> = people.iter().flat_map(|person| &person.companies).collect();
    let named: Vec<String> = named.into_iter().cloned().collect();
    let mapped = mapped_many(tx, coming.workspace, coming.connection, What::Company, &named).await?;
    let ids: BTreeSet<CompanyId> = mapped.values().filter_map(Ref::as_id).collect();
    let names = company::store::names(tx, coming.workspace, &ids.into_iter().collect::<Vec<_>>()).await?;
    let here = |record: Ref| record.as_id().map(|id: CompanyId| (id, names.get(&id).cloned().unwrap_or_default()));
    Ok(mapped.into_iter().filter_map(|(external_id, record)| Some((external_id, here(record)?))).collect())
}

/// Takes in a person of whom nothing is known; none when something may be. The outcome is that of [`person::apply`].
pub(super) async fn apply(tx: &Tx, a: &Arrival, person: &Person) -> Result<Option<Applied>> {
    let Some(around) = tx.kept::<Around>().filter(|around| around.strangers.meet(a, &person.external_id)) else { return Ok(None) };
    let workspace = a.actor.workspace;
    let at = version(person.updated_at.or(person.created_at));
    let mut contact = Contact::blank(a.provider, tx.now());
    let mut said = Provided { provider: a.provider.to_owned(), external_id: person.external_id.clone(), ..Provided::default() };
    person::settle_fields(tx, a, person, &mut contact, &mut said, at).await?;
    let owner = line(person.owner.as_deref(), 200).and_then(|owner| around.owners.get(&owner).copied());
    person::settle_owner(tx, a, person, &mut contact, &mut said, (at, owner)).await?;
    person::settle_times(&mut contact, person, a.provider);
    let record = contact.id.to_ref();
    around.tags.put(tx, a, &record, &person.tags, at).await?;
    if person.tags_complete {
        said.tags_at = Some(at);
    }
    let companies = join_companies(tx, a, person, &contact, &mut said, at, &around);
    contact.company = companies.first().map(|(id, _)| *id);
    *contact.provided.entry(a.connection) = said;
    store::add(tx, workspace, &contact, companies.first().map(|(_, name)| name.as_str()));
    map_new(tx, workspace, a.connection, What::Person, &person.external_id, &record);
    remember_source(tx, workspace, a.connection, &record);
    let companies = companies.into_iter().map(|(id, _)| id).collect();
    let change = Change { is_new: true, was_mapped: false, visible: true, changed: vec![], companies, at };
    if let Some(event) = person::news(tx, a, person, &contact, &change) {
        record_event_later(tx, &a.actor, event);
    }
    person::touch(tx, workspace, &contact, true);
    Ok(Some(Applied { created: 1, ..Applied::default() }))
}

/// Writes down the companies that the provider names; answers those that are here, the one to show first in front.
fn join_companies(
    tx: &Tx,
    a: &Arrival,
    person: &Person,
    contact: &Contact,
    said: &mut Provided,
    at: i64,
    around: &Around,
) -> Vec<(CompanyId, String)> {
    let writer = membership::writer(a.connection);
    let named: BTreeSet<&String> = person.companies.iter().collect();
    let claim = |claim: &String| {
        let company_id = around.companies.get(claim).map(|(id, _)| *id);
        Claim { writer: writer.clone(), claim: claim.clone(), company_id, said_at: at }
    };
    let claims: Vec<Claim> = named.into_iter().map(claim).collect();
    membership::say_first(tx, a.actor.workspace, contact.id, &claims);
    if person.companies_complete {
        said.companies_at = Some(at);
    }
    let names: HashMap<CompanyId, &String> =
        claims.iter().filter_map(|claim| around.companies.get(&claim.claim)).map(|(id, name)| (*id, name)).collect();
    membership::companies(&claims).into_iter().map(|id| (id, names.get(&id).copied().cloned().unwrap_or_default())).collect()
}
