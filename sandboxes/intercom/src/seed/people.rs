//! Invites the people: users and leads with names, addresses, phones, companies, tags and notes.

use serde_json::{Map, json};

use super::{IDS, PEOPLE, SPAN, names, places::PLACES};
use crate::options::Options;
use crate::random::Random;
use crate::world::{
    Slot, World,
    contact::Contact,
    office::{About, Note, Tagged},
};

/// The first contact has more tags and companies than a nested list shows.
const MANY_TAGS: u32 = 25;
const MANY_COMPANIES: u32 = 12;

const NOTES: [&str; 8] = [
    "Prefers phone calls in the morning.",
    "Renewal is decided by the finance team; send the quote in May.",
    "Met at the Dublin event, wants a reference from another logistics company.",
    "Asked for the security questionnaire. Sent on Monday.",
    "Speaks German and English.",
    "Uses the old import file; help them to move.",
    "Do not offer discounts before talking to Léonie.",
    "Their office moved, the new address is on the last invoice.",
];

/// Fills the table of contacts, oldest first.
pub fn invite(world: &mut World, options: &Options) {
    let mut random = Random::new(options.seed, PEOPLE);
    let now = world.now();
    let step = SPAN as f64 / f64::from(options.contacts.max(1));
    for number in 0..options.contacts {
        let at = now - SPAN + (step * (f64::from(number) + random.below(1000) as f64 / 1000.0)) as i64;
        let contact = person(&mut random, world, options, number, at.min(now - 60));
        register(world, contact);
        employ(&mut random, world, options, number);
        decorate(&mut random, world, number);
    }
}

fn person(random: &mut Random, world: &World, options: &Options, number: u32, at: i64) -> Contact {
    let lead = number >= options.companies.max(1) && random.chance(0.12);
    let name = if random.chance(0.04) {
        (*random.pick(&names::WHOLE)).to_owned()
    } else {
        format!("{} {}", random.pick(&names::GIVEN), random.pick(&names::FAMILY))
    };
    let place = random.below(PLACES.len() as u64) as u8;
    let phone = random.chance(0.45).then(|| format!("{}{:06}", PLACES[place as usize].dial, random.below(1_000_000)));
    let twin = (lead && random.chance(0.12)).then(|| world.contacts[random.below(u64::from(number)) as usize].email.clone());
    let email =
        twin.flatten().or_else(|| (!random.chance(if lead { 0.3 } else { 0.03 })).then(|| address(random, world, options, &name, number)));
    let anonymous = lead && random.chance(0.25);
    let mut random_id = Random::new(options.seed, IDS + u64::from(number));
    let custom = if lead { Map::new() } else { custom(random) };
    let seen = at + random.below((world.now() - at).max(1) as u64) as i64;
    Contact {
        id: random_id.hex(24),
        lead,
        external_id: if lead { Some(random_id.uuid()) } else { random.chance(0.85).then(|| format!("crm-{}", 10_000 + number)) },
        phone: phone.or_else(|| email.is_none().then(|| format!("+353855{number:06}")).filter(|_| !lead)),
        email,
        name: (!anonymous).then_some(name),
        owner: random.chance(0.5).then(|| world.admins[random.below(world.admins.len() as u64) as usize].id),
        created_at: at,
        updated_at: seen,
        signed_up_at: (!lead).then_some(at),
        last_seen_at: Some(seen),
        unsubscribed: random.chance(0.05),
        custom,
        place,
        ..Contact::default()
    }
}

fn custom(random: &mut Random) -> Map<String, serde_json::Value> {
    let tiers = ["bronze", "silver", "gold"];
    let mut map = Map::new();
    if random.chance(0.6) {
        map.insert("plan_tier".into(), json!(random.pick(&tiers)));
        map.insert("seats".into(), json!(random.between(1, 90)));
    }
    if random.chance(0.1) {
        map.insert("renewal_note".into(), json!("Bitte die Rechnung an „Einkauf“ senden"));
    }
    map
}

fn address(random: &mut Random, world: &World, options: &Options, name: &str, number: u32) -> String {
    let local = names::ascii(name).replacen('-', ".", 1);
    let local = if local.is_empty() { format!("contact{number}") } else { local };
    let home = home_company(options, number).and_then(|c| world.companies[c as usize].website.as_deref());
    let public = ["example.com", "example.net", "example.org"];
    let host = home.and_then(|w| w.strip_prefix("https://")).unwrap_or_else(|| public[random.below(3) as usize]);
    let plain = format!("{local}@{host}");
    if world.user_by_email.contains_key(&plain) { format!("{local}.{number}@{host}") } else { plain }
}

/// Company of the first people: each company gets one, so that it is listed.
fn home_company(options: &Options, number: u32) -> Option<Slot> {
    (number < options.companies).then_some(number)
}

fn register(world: &mut World, contact: Contact) {
    let slot = world.contacts.len() as Slot;
    world.contact_by_id.insert(contact.id.clone(), slot);
    if let Some(key) = &contact.external_id {
        world.contact_by_external_id.insert(key.clone(), slot);
    }
    if let Some(key) = contact.email.as_ref().filter(|_| !contact.lead) {
        world.user_by_email.entry(key.to_lowercase()).or_insert(slot);
    }
    world.contacts.push(contact);
}

fn employ(random: &mut Random, world: &mut World, options: &Options, number: u32) {
    if options.companies == 0 || world.contacts[number as usize].lead {
        return;
    }
    let home = home_company(options, number);
    let company = home.or_else(|| random.chance(0.85).then(|| random.below(u64::from(options.companies)) as Slot));
    let many = if number == 0 { MANY_COMPANIES.min(options.companies) } else { 0 };
    for company in company.into_iter().chain(0..many) {
        world.attach(number, company);
    }
}

fn decorate(random: &mut Random, world: &mut World, number: u32) {
    let count = match number {
        0 => u64::from(MANY_TAGS),
        _ if random.chance(0.3) => random.between(1, 3),
        _ => 0,
    };
    let first = random.below(names::TAGS.len() as u64);
    let at = world.contacts[number as usize].updated_at;
    let tags = (0..count).map(|i| Tagged { tag: ((first + i) % names::TAGS.len() as u64) as u32, at, by: 0 }).collect();
    world.contacts[number as usize].tags = tags;
    let notes = match number {
        1 => 12,
        _ if random.chance(0.12) => random.between(1, 3),
        _ => 0,
    };
    for _ in 0..notes {
        let contact = &mut world.contacts[number as usize];
        let created_at = contact.created_at + random.below((contact.updated_at - contact.created_at).max(1) as u64) as i64;
        contact.notes.push(world.notes.len() as u32);
        let admin = random.below(world.admins.len() as u64) as usize;
        let body = format!("<p>{}</p>", random.pick(&NOTES));
        world.notes.push(Note { id: world.next.note, created_at, about: About::Contact(number), admin, body });
        world.next.note += 1;
    }
}
