//! Grows a whole workspace from a number: the same seed and sizes give the same people, companies and conversations.

pub mod attributes;
pub mod firms;
pub mod history;
pub mod names;
pub mod people;
pub mod phrases;
pub mod places;
pub mod talks;

use std::collections::{HashMap, VecDeque};

use crate::options::Options;
use crate::random::Random;
use crate::world::{
    NextIds, World,
    index::Index,
    office::{Admin, Tag, Team, Workspace},
};

/// How far back the data reaches: about 18 months, in seconds.
const SPAN: i64 = 548 * 86_400;
/// Each kind of thing draws from its own stream, so that sizes do not disturb each other.
const LIVE: u64 = 1;
const PEOPLE: u64 = 2;
const FIRMS: u64 = 3;
const TALKS: u64 = 4;
const BEATS: u64 = 1 << 32;
const WORDS: u64 = 1 << 33;
const IDS: u64 = 1 << 34;

const FIRST_CONVERSATION: u64 = 215_470_000_000_001;
const FIRST_SOURCE: u64 = 403_918_001;
const FIRST_PART: u64 = 28_140_001;
const FIRST_NOTE: u64 = 17_495_001;
const FIRST_TAG: u64 = 7_522_901;

/// The workspace as it stands at `now_ms`.
pub fn grow(options: &Options, now_ms: i64) -> World {
    let mut world = empty(options, now_ms);
    firms::found(&mut world, options);
    people::invite(&mut world, options);
    talks::hold(&mut world, options);
    build_indexes(&mut world);
    world
}

fn empty(options: &Options, now_ms: i64) -> World {
    let now = now_ms.div_euclid(1000);
    World {
        seed: options.seed,
        workspace: Workspace {
            id: options.workspace_id.clone(),
            name: "Harbour Lane Support".to_owned(),
            created_at: now - 2 * SPAN,
            timezone: options.timezone.clone(),
            region: options.region.clone(),
        },
        admins: admins(),
        teams: vec![Team { id: 814_865, name: "Support".into() }, Team { id: 814_866, name: "Billing".into() }],
        tags: tags(),
        attributes: attributes::attributes(now - SPAN),
        notes: Vec::new(),
        contacts: Vec::new(),
        companies: Vec::new(),
        conversations: Vec::new(),
        contact_by_id: HashMap::new(),
        contact_by_external_id: HashMap::new(),
        user_by_email: HashMap::new(),
        company_by_id: HashMap::new(),
        company_by_company_id: HashMap::new(),
        conversation_by_id: HashMap::new(),
        deleted_conversations: Vec::new(),
        contacts_of_company: HashMap::new(),
        contacts_by_creation: Index::default(),
        found_by_creation: Index::default(),
        found_by_update: Index::default(),
        conversations_by_creation: Index::default(),
        conversations_by_update: Index::default(),
        companies_by_request: Index::default(),
        unindexed: VecDeque::new(),
        search_delay_ms: 0,
        now_ms,
        outbox: Vec::new(),
        next: NextIds {
            conversation: FIRST_CONVERSATION,
            part: FIRST_PART,
            source: FIRST_SOURCE,
            note: FIRST_NOTE,
            tag: FIRST_TAG + names::TAGS.len() as u64,
            attribute: attributes::next_id(),
        },
        random: Random::new(options.seed, LIVE),
    }
}

fn admins() -> Vec<Admin> {
    let rows = names::ADMINS.iter().enumerate();
    rows.map(|(place, (name, job))| Admin {
        id: 6_810_042 + 35 * place as u64,
        name: (*name).to_owned(),
        email: format!("{}@harbourlane.example", names::ascii(name.split(' ').next().unwrap_or(name))),
        job_title: (*job).to_owned(),
        away: place == 1,
        teams: vec![if place % 3 == 2 { 814_866 } else { 814_865 }],
    })
    .collect()
}

fn tags() -> Vec<Tag> {
    let rows = names::TAGS.iter().enumerate();
    rows.map(|(place, name)| Tag { id: FIRST_TAG + place as u64, name: (*name).to_owned(), deleted: false }).collect()
}

fn build_indexes(world: &mut World) {
    let slots = 0u32..;
    world.contacts_by_creation = Index::build(slots.clone().zip(&world.contacts).map(|(s, c)| (c.created_at, s)).collect());
    world.found_by_creation = world.contacts_by_creation.clone();
    world.found_by_update = Index::build(slots.clone().zip(&world.contacts).map(|(s, c)| (c.updated_at, s)).collect());
    for contact in &mut world.contacts {
        contact.indexed = Some((contact.created_at, contact.updated_at));
    }
    let talks = || slots.clone().zip(&world.conversations);
    world.conversations_by_creation = Index::build(talks().map(|(s, c)| (c.created_at, s)).collect());
    world.conversations_by_update = Index::build(talks().map(|(s, c)| (c.updated_at, s)).collect());
}
