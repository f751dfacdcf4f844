//! What an object will be landed as: worked out before the transaction, by pure functions.

use atlas_kernel::{Result, Timestamp};
use serde_json::Value;

use crate::fetch::{Content, Fetched};
use crate::raw;
use crate::versions::{ObjectState, Version};
use crate::{Conversation, Landing, Message, Object, What};

/// Messages given to the modules at once; a longer conversation arrives in several records.
const MESSAGES_AT_ONCE: usize = 60;

/// Another object that this one hangs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    pub what: What,
    pub id: String,
}

/// An object, ready to be landed.
#[derive(Clone)]
pub(crate) struct Planned {
    pub object: Object,
    pub id: String,
    pub version: i64,
    pub started: Timestamp,
    pub state: ObjectState,
    pub hash: Vec<u8>,
    pub body: Vec<u8>,
    /// Landing records, and whether each is history.
    pub landings: Vec<(bool, Landing)>,
    pub needs: Vec<Need>,
    pub note: Option<String>,
    pub by_id: bool,
    carried: i64,
    stated: i64,
}

/// Plans a fetched object. What happened before `live_since` is history.
pub(crate) fn plan(fetched: &Fetched, live_since: Option<Timestamp>) -> Result<Planned> {
    match &fetched.content {
        Content::Present { value, version } => {
            let planned = plan_value(fetched.object, &fetched.id, value, *version, fetched.started, live_since)?;
            Ok(Planned { by_id: fetched.by_id, ..planned })
        }
        Content::Gone(answer) => {
            let landings = (fetched.object.gone)(&fetched.id, answer);
            plan_gone(fetched.object, &fetched.id, landings, fetched.started)
        }
    }
}

/// Plans an object from its JSON.
pub(crate) fn plan_value(
    object: Object,
    id: &str,
    value: &Value,
    version: i64,
    started: Timestamp,
    live_since: Option<Timestamp>,
) -> Result<Planned> {
    let body = serde_json::to_vec(value).map_err(atlas_kernel::Error::internal)?;
    let (landings, note) = match (object.land)(value) {
        Ok(landings) => (landings, None),
        Err(why) => (vec![], Some(why)),
    };
    let state = if note.is_some() { ObjectState::Unreadable } else { ObjectState::Present };
    let (carried, stated) = parts_of(&landings);
    let needs = needs_of(&landings);
    let landings = landings.into_iter().flat_map(|l| split(l, live_since)).collect();
    let hash = raw::hash(&body);
    Ok(Planned { object, id: id.to_owned(), version, started, state, hash, body, landings, needs, note, by_id: false, carried, stated })
}

/// Plans what is gone.
pub(crate) fn plan_gone(object: Object, id: &str, landings: Vec<Landing>, started: Timestamp) -> Result<Planned> {
    let body = serde_json::to_vec(&landings).map_err(atlas_kernel::Error::internal)?;
    let hash = raw::hash(&body);
    let needs = needs_of(&landings);
    let landings = landings.into_iter().map(|l| (false, l)).collect();
    let state = ObjectState::Gone;
    Ok(Planned {
        object,
        id: id.to_owned(),
        version: 0,
        started,
        state,
        hash,
        body,
        landings,
        needs,
        note: None,
        by_id: false,
        carried: 0,
        stated: 0,
    })
}

impl Planned {
    /// How much work landing it is: one, and one a message.
    pub fn weight(&self) -> usize {
        let messages = |l: &Landing| if let Landing::Conversation(c) = l { c.messages.len() } else { 0 };
        1 + self.landings.iter().map(|(_, l)| messages(l)).sum::<usize>()
    }

    /// Whether the provider took words away that earlier answers had.
    pub fn takes_words_away(&self) -> bool {
        self.landings.iter().any(|(_, landing)| match landing {
            Landing::Conversation(conversation) => conversation.messages.iter().any(|message| message.redacted),
            Landing::Gone { what, .. } => matches!(what, What::Conversation | What::Message),
            _ => false,
        })
    }

    /// What tells the modules that the object is there after all.
    pub fn back(&self) -> Vec<(bool, Landing)> {
        let what = |landing: &Landing| match landing {
            Landing::Person(one) if one.external_id == self.id => Some(What::Person),
            Landing::Company(one) if one.external_id == self.id => Some(What::Company),
            Landing::Conversation(one) if one.external_id == self.id => Some(What::Conversation),
            _ => None,
        };
        let found = self.landings.iter().find_map(|(_, landing)| what(landing));
        found.map(|what| (false, Landing::Back { what, external_id: self.id.clone() })).into_iter().collect()
    }

    /// The same object, stored without being landed.
    pub fn unreadable(&self, code: &str) -> Self {
        Self { state: ObjectState::Unreadable, note: Some(code.to_owned()), landings: vec![], ..self.clone() }
    }

    /// The object's line after landing.
    pub fn line(&self, seq: i64, state: ObjectState, before: Option<&Version>) -> Version {
        // All new parts came with this answer when there are no more of them than it carried; the older ones were complete.
        let grown = before
            .filter(|b| b.state != ObjectState::Gone && b.stored_parts >= b.stated_parts && self.stated - b.stated_parts <= self.carried);
        let stored = if grown.is_some() { self.stated } else { self.carried.min(self.stated) };
        Version {
            object: self.object.kind.to_owned(),
            external_id: self.id.clone(),
            version: if state == ObjectState::Gone { before.map_or(0, |b| b.version) } else { self.version },
            fetched_at: self.started,
            seq,
            hash: self.hash.clone(),
            state,
            stored_parts: stored,
            stated_parts: self.stated,
            note: self.note.clone(),
        }
    }
}

/// Parts that the answer carried and parts that the provider says there are, the opening message not counted.
fn parts_of(landings: &[Landing]) -> (i64, i64) {
    let of = |landing: &Landing| match landing {
        Landing::Conversation(c) => {
            let carried = i64::try_from(c.messages.len().saturating_sub(1)).unwrap_or(i64::MAX);
            (carried, c.stated_parts.unwrap_or(carried))
        }
        _ => (0, 0),
    };
    landings.iter().map(of).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

/// The people and companies that landing records speak of.
fn needs_of(landings: &[Landing]) -> Vec<Need> {
    let need = |what: What, id: &String| Need { what, id: id.clone() };
    let mut needs: Vec<Need> = landings
        .iter()
        .flat_map(|landing| match landing {
            Landing::Person(p) => p.companies.iter().map(|id| need(What::Company, id)).collect(),
            Landing::Conversation(c) => c.people.iter().map(|id| need(What::Person, id)).collect(),
            Landing::Merged { into, .. } => vec![need(What::Person, into)],
            _ => vec![],
        })
        .filter(|need| !need.id.is_empty())
        .collect();
    needs.sort_by(|a, b| (a.what, &a.id).cmp(&(b.what, &b.id)));
    needs.dedup();
    needs
}

/// History apart from what is live, long conversations in several records.
fn split(landing: Landing, live_since: Option<Timestamp>) -> Vec<(bool, Landing)> {
    let is_history = |at: Option<Timestamp>| live_since.is_none_or(|since| at.is_none_or(|at| at < since));
    match landing {
        Landing::Conversation(conversation) if !conversation.messages.is_empty() => {
            let (old, new): (Vec<Message>, Vec<Message>) = conversation.messages.iter().cloned().partition(|m| is_history(m.at));
            let part = |messages: &[Message]| Landing::Conversation(Conversation { messages: messages.to_vec(), ..conversation.clone() });
            let old = old.chunks(MESSAGES_AT_ONCE).map(|m| (true, part(m)));
            let new = new.chunks(MESSAGES_AT_ONCE).map(|m| (false, part(m)));
            old.chain(new).collect()
        }
        Landing::Conversation(conversation) => vec![(is_history(conversation.created_at), Landing::Conversation(conversation))],
        Landing::Person(person) => vec![(is_history(person.updated_at.or(person.created_at)), Landing::Person(person))],
        Landing::Company(company) => vec![(is_history(company.updated_at.or(company.created_at)), Landing::Company(company))],
        other => vec![(false, other)],
    }
}
