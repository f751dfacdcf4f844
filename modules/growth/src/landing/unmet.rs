//! Companies nobody has met yet: what is known around them is looked up for many at once, and they are written together.

use std::collections::{BTreeMap, BTreeSet};

use atlas_connect::{Applied, Arrival, Coming, Company as Landed, Landing, What, map_new};
use atlas_kernel::Result;
use atlas_store::{Tx, query, record_event_later};

use super::company::{self, Change};
use super::together::{self, Key, Strangers, Tags};
use super::{matching, remember_source, version};
use crate::company::{Company, store};
use crate::membership;
use crate::provenance::Provided;

/// Which keys of companies are taken.
const TAKEN: [(&str, &str); 3] = [
    ("own_id", "SELECT own_id FROM companies WHERE workspace_id = $1 AND own_id IN ({list})"),
    ("domain", "SELECT domain FROM companies WHERE workspace_id = $1 AND domain IN ({list})"),
    ("name_key", "SELECT name_key FROM companies WHERE workspace_id = $1 AND name_key IN ({list})"),
];

/// What was looked up for the companies of a transaction.
struct Around {
    strangers: Strangers,
    tags: Tags,
}

/// Looks up which of the companies that are coming nobody knows and nobody waits for; answers whether that holds for all of them.
pub(super) async fn prepare(tx: &Tx, coming: &Coming<'_>) -> Result<bool> {
    let all = coming.landings.iter().filter(|landing| matches!(landing, Landing::Company(_))).count();
    let candidates = candidates(coming);
    if candidates.is_empty() {
        return Ok(all == 0);
    }
    let known = known(tx, coming, &candidates).await?;
    let unmet: Vec<&Landed> = candidates.into_iter().filter(|landed| !known.contains(&landed.external_id)).collect();
    let strangers = Strangers::new(coming.connection, unmet.iter().map(|landed| &landed.external_id));
    let tags = Tags::look_up(tx, coming.workspace, unmet.iter().flat_map(|landed| &landed.tags)).await?;
    tx.keep(Around { strangers, tags });
    Ok(unmet.len() == all)
}

/// Companies that only what is in the database can make known: nothing else that is coming speaks of them. What they are called does
/// not matter between them: a company that stands for one of the provider's is never taken for another of its companies.
fn candidates<'a>(coming: &'a Coming<'a>) -> Vec<&'a Landed> {
    let mut companies: BTreeMap<&str, &Landed> = BTreeMap::new();
    let mut spoken_of: BTreeSet<&str> = BTreeSet::new();
    for landing in &coming.landings {
        match landing {
            Landing::Company(landed) => {
                if companies.insert(&landed.external_id, landed).is_some() {
                    spoken_of.insert(&landed.external_id);
                }
            }
            Landing::Person(person) => spoken_of.extend(person.companies.iter().map(String::as_str)),
            Landing::Conversation(_) => {}
            _ => return vec![],
        }
    }
    companies.into_values().filter(|landed| !spoken_of.contains(landed.external_id.as_str())).collect()
}

/// The ids of those of which anything is known here, or for which contacts wait.
async fn known(tx: &Tx, coming: &Coming<'_>, candidates: &[&Landed]) -> Result<BTreeSet<String>> {
    let ids: Vec<String> = candidates.iter().map(|landed| landed.external_id.clone()).collect();
    let mut known = together::known_by_id(tx, coming, What::Company, "company", &ids).await?;
    let waited_for = query(
        "SELECT DISTINCT claim FROM contact_companies WHERE workspace_id = $1 AND company_id IS NULL AND writer = $2 AND claim IN ({list})",
    );
    let waited_for = waited_for.bind(coming.workspace).bind(membership::writer(coming.connection)).bind_list(&ids);
    known.extend(waited_for.values::<String>(tx).await?);
    let keys: Vec<Key> = candidates.iter().flat_map(|landed| matching::company_keys(landed)).collect();
    let taken = together::taken(tx, coming.workspace, &keys, TAKEN).await?;
    let recognised = candidates.iter().filter(|landed| matching::company_keys(landed).iter().any(|key| taken.contains(key)));
    known.extend(recognised.map(|landed| landed.external_id.clone()));
    Ok(known)
}

/// Takes in a company of which nothing is known; none when something may be. The outcome is that of [`company::apply`].
pub(super) async fn apply(tx: &Tx, a: &Arrival, landed: &Landed) -> Result<Option<Applied>> {
    let Some(around) = tx.kept::<Around>().filter(|around| around.strangers.meet(a, &landed.external_id)) else { return Ok(None) };
    let workspace = a.actor.workspace;
    let at = version(landed.updated_at.or(landed.created_at));
    let mut company = Company::blank(a.provider, tx.now());
    let mut said = Provided { provider: a.provider.to_owned(), external_id: landed.external_id.clone(), ..Provided::default() };
    company::settle_fields(tx, a, landed, &mut company, &mut said, at).await?;
    let record = company.id.to_ref();
    around.tags.put(tx, a, &record, &landed.tags, at).await?;
    said.tags_at = Some(at);
    *company.provided.entry(a.connection) = said;
    store::add(tx, workspace, &company);
    map_new(tx, workspace, a.connection, What::Company, &landed.external_id, &record);
    remember_source(tx, workspace, a.connection, &record);
    let change = Change { is_new: true, was_mapped: false, visible: true, changed: vec![], at };
    if let Some(event) = company::news(tx, a, landed, &company, &change) {
        record_event_later(tx, &a.actor, event);
    }
    tx.touch_topic(workspace, "companies");
    Ok(Some(Applied { created: 1, ..Applied::default() }))
}
