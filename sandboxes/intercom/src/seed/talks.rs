//! Holds the conversations: who wrote when about what, with running totals but without the parts themselves.

use super::{
    SPAN, TALKS,
    history::{self, History},
    phrases,
};
use crate::options::Options;
use crate::random::Random;
use crate::world::{
    Slot, World,
    conversation::{Conversation, Rating, Source},
    office::Tagged,
    part::{Author, State},
};

/// Parts of the extra long conversation when the sizes are large.
const LONG: u32 = 1_200;
/// Number of conversations from which one is extra long by itself.
const LARGE: u32 = 1_000;

/// Fills the table of conversations, oldest first.
pub fn hold(world: &mut World, options: &Options) {
    if world.contacts.is_empty() {
        return;
    }
    let mut random = Random::new(options.seed, TALKS);
    let now = world.now();
    let step = SPAN as f64 / f64::from(options.conversations.max(1));
    let (low, high) = (u64::from(options.parts_min), u64::from(options.parts_max.max(options.parts_min)));
    for number in 0..options.conversations {
        let at = now - SPAN + (step * (f64::from(number) + random.below(1000) as f64 / 1000.0)) as i64;
        let mut count = random.between(low, high) as u32;
        if number == options.conversations / 2 {
            count = long_count(options, count);
        }
        let conversation = conversation(&mut random, world, number, at.min(now - 120), count);
        world.next.part += u64::from(count);
        world.next.conversation += 1;
        world.next.source += 1;
        world.conversation_by_id.insert(conversation.id, number);
        world.conversations.push(conversation);
    }
    remember_exchanges(world);
}

fn long_count(options: &Options, usual: u32) -> u32 {
    match options.long_conversation {
        0 if options.conversations >= LARGE => LONG,
        0 => usual,
        wanted => wanted,
    }
}

fn conversation(random: &mut Random, world: &World, number: u32, at: i64, count: u32) -> Conversation {
    let known = world.contacts.partition_point(|c| c.created_at <= at).max(1) as u64;
    let contact = if random.chance(0.04) { 0 } else { random.below(known) as Slot };
    let topic = random.below(phrases::TOPICS.len() as u64) as u8;
    let length = random.between(20 * 60, 5 * 86_400) as i64;
    let history = History {
        number,
        first_part: world.next.part,
        count,
        start: at,
        end: (at + length).min(world.now() - 1),
        contact,
        name: first_name(world, contact),
        topic,
    };
    let by_mail = random.chance(0.25);
    let by_admin = random.chance(0.06);
    let author = if by_admin { Author::Admin(random.below(world.admins.len() as u64) as u32) } else { Author::Contact(contact) };
    let company = world.contacts[contact as usize].companies.first().copied();
    let mut conversation = Conversation {
        id: world.next.conversation,
        title: by_mail.then(|| phrases::TOPICS[topic as usize].subject.to_owned()),
        created_at: at,
        updated_at: at,
        waiting_since: (!by_admin).then_some(at),
        source: source(world, &history, by_mail, author),
        contacts: vec![contact],
        company: company.filter(|_| random.chance(0.3)),
        team: random.chance(0.3).then_some(world.teams[0].id),
        priority: random.chance(0.05),
        tags: if random.chance(0.15) { vec![Tagged { tag: random.below(world.tags.len() as u64) as u32, at, by: 0 }] } else { Vec::new() },
        ..Conversation::default()
    };
    if !by_admin {
        conversation.tally.first_contact_reply_at = Some(at);
        conversation.tally.last_contact_reply_at = Some(at);
    }
    for beat in history::beats(world.seed, world.admins.len() as u32, &history) {
        conversation.track(&beat);
    }
    if conversation.state == State::Closed && random.chance(0.25) {
        conversation.rating = Some(Rating { score: random.between(1, 5) as u8, remark: None, at: conversation.updated_at });
    }
    conversation.history = Some(history);
    conversation
}

fn source(world: &World, history: &History, by_mail: bool, author: Author) -> Source {
    let (subject, body) = phrases::opening(world, history, matches!(author, Author::Admin(_)));
    Source {
        id: world.next.source,
        kind: if by_mail { "email" } else { "conversation" },
        subject: if by_mail { subject } else { String::new() },
        body,
        author: Some(author),
        url: (!by_mail).then(|| "https://shop.harbourlane.example/account".to_owned()),
        redacted: false,
    }
}

fn first_name(world: &World, contact: Slot) -> String {
    let name = world.contacts[contact as usize].name.as_deref().unwrap_or("there");
    name.split(' ').next().unwrap_or(name).to_owned()
}

/// Writes the last exchanges onto the contacts.
fn remember_exchanges(world: &mut World) {
    for conversation in &world.conversations {
        for &contact in &conversation.contacts {
            let person = &mut world.contacts[contact as usize];
            person.last_replied_at = person.last_replied_at.max(conversation.tally.last_contact_reply_at);
            person.last_contacted_at = person.last_contacted_at.max(conversation.tally.last_admin_reply_at);
            let last = person.last_replied_at.max(person.last_contacted_at).unwrap_or(0);
            person.updated_at = person.updated_at.max(last);
        }
    }
}
