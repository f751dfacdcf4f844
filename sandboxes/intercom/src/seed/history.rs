//! The parts of a generated conversation, made from its number each time somebody reads it.
//!
//! Keeping a million parts would cost memory and start time; the seed already contains them.

use super::{BEATS, phrases};
use crate::random::Random;
use crate::world::{
    Slot, World,
    conversation::Conversation,
    part::{Author, Part, State},
};

/// How to make the generated parts of one conversation again.
#[derive(Clone, Debug)]
pub struct History {
    /// Number of the conversation among the generated ones.
    pub number: u32,
    pub first_part: u64,
    pub count: u32,
    pub start: i64,
    pub end: i64,
    pub contact: Slot,
    /// How admins address the customer; kept, so that the words stay when the contact is renamed.
    pub name: String,
    /// Row of `phrases::TOPICS`.
    pub topic: u8,
}

/// One part without its words.
#[derive(Clone, Copy, Debug)]
pub struct Beat {
    /// The provider's `part_type`.
    pub kind: &'static str,
    pub at: i64,
    pub author: Author,
    /// Place in `World::admins`.
    pub assigned_to: Option<u32>,
    /// Whether the part has a body.
    pub talks: bool,
}

/// The generated parts with their words; empty for conversations made by hand.
pub fn parts(world: &World, conversation: &Conversation) -> Vec<Part> {
    let Some(history) = &conversation.history else { return Vec::new() };
    let mut state = Conversation::default();
    let beats = beats(world.seed, world.admins.len() as u32, history);
    let numbered = beats.into_iter().zip(history.first_part..);
    numbered
        .map(|(beat, id)| {
            state.track(&beat);
            let body = beat.talks.then(|| phrases::body(world, history, &beat, id));
            Part {
                id,
                kind: beat.kind,
                body,
                created_at: beat.at,
                updated_at: beat.at,
                author: beat.author,
                assigned_to: beat.assigned_to,
                state: state.state,
                redacted: false,
            }
        })
        .collect()
}

/// What happens in a conversation, oldest first.
pub fn beats(seed: u64, admins: u32, history: &History) -> Vec<Beat> {
    let mut random = Random::new(seed, BEATS + u64::from(history.number));
    let times = times(&mut random, history);
    let mut scene = Scene {
        contact: Author::Contact(history.contact),
        owner: random.below(u64::from(admins.max(1))) as u32,
        admins,
        state: State::Open,
        customer_last: true,
        ends_closed: random.chance(0.64),
    };
    let last = times.len().saturating_sub(1);
    times.into_iter().enumerate().map(|(i, at)| scene.next(&mut random, i, i == last, at)).collect()
}

/// Rising times between start and end, the last one at the end.
fn times(random: &mut Random, history: &History) -> Vec<i64> {
    let mut at = 0u64;
    let steps: Vec<u64> = (0..history.count)
        .map(|_| {
            let gap = random.between(1, 100);
            at += gap * gap;
            at
        })
        .collect();
    let span = (history.end - history.start).max(0) as u128;
    steps.iter().map(|&step| history.start + (u128::from(step) * span / u128::from(at.max(1))) as i64).collect()
}

struct Scene {
    contact: Author,
    owner: u32,
    admins: u32,
    state: State,
    customer_last: bool,
    ends_closed: bool,
}

impl Scene {
    fn next(&mut self, random: &mut Random, index: usize, last: bool, at: i64) -> Beat {
        let admin = Author::Admin(self.owner);
        let (kind, author, talks) = match self.state {
            State::Closed if random.chance(0.3) => ("note", admin, true),
            State::Closed => ("open", self.contact, true),
            State::Snoozed if random.chance(0.5) => ("timer_unsnooze", Author::Bot, false),
            State::Snoozed => ("open", self.contact, true),
            State::Open if last && self.ends_closed => ("close", admin, random.chance(0.5)),
            State::Open if index == 0 && random.chance(0.35) => ("assignment", Author::Bot, false),
            State::Open => self.turn(random),
        };
        let assigned_to = (kind == "assignment").then(|| self.take_over(random, index));
        self.state = match kind {
            "close" => State::Closed,
            "snoozed" => State::Snoozed,
            "open" | "timer_unsnooze" => State::Open,
            _ => self.state,
        };
        if talks && kind != "note" {
            self.customer_last = author == self.contact;
        }
        Beat { kind, at, author, assigned_to, talks }
    }

    /// An ordinary turn of an open conversation.
    fn turn(&mut self, random: &mut Random) -> (&'static str, Author, bool) {
        let admin = Author::Admin(self.owner);
        match random.below(100) {
            0..=11 => ("note", admin, true),
            12..=15 => ("assignment", admin, false),
            16..=17 => ("snoozed", admin, false),
            18..=20 => ("close", admin, random.chance(0.6)),
            21..=22 => ("conversation_attribute_updated_by_admin", admin, false),
            23 => ("comment", Author::Bot, true),
            _ if self.customer_last == random.chance(0.8) => ("comment", admin, true),
            _ => ("comment", self.contact, true),
        }
    }

    fn take_over(&mut self, random: &mut Random, index: usize) -> u32 {
        if index > 0 {
            self.owner = random.below(u64::from(self.admins.max(1))) as u32;
        }
        self.owner
    }
}
