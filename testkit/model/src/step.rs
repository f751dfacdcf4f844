//! The steps of a history, grown from a seed.

use crate::change::{Change, What};
use crate::provider::{Fault, Trouble};
use crate::random::Random;
use crate::world::Start;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Something happens at the provider.
    Change(Change),
    /// Something happens there while Atlas calls: during the call after so many others.
    Meanwhile {
        /// So many calls later.
        after: u64,
        /// Before the call is answered, or on the answer's way back.
        before_answer: bool,
        /// What.
        change: Change,
    },
    /// Notices reach Atlas: some are lost, some come twice, in some order, some later.
    Deliver {
        /// Decides which.
        seed: u64,
    },
    /// Calls go wrong from now on.
    Fail(Fault),
    /// Atlas does what is due.
    Work,
    /// Seconds pass, then Atlas does what is due.
    Pass(u64),
    /// Atlas works and is killed during the call after so many.
    Kill(u64),
    /// A person asks for a sync.
    Sync,
    /// The provider's search shows changes of contacts so many milliseconds late.
    Lag(u64),
    /// The provider revokes the token.
    Revoke,
    /// A person connects again.
    Reconnect,
    /// A person renames a contact in Atlas.
    RenameContact {
        /// Which of those there are.
        pick: u64,
        /// A number that no other step has.
        number: u64,
    },
    /// A person renames a task in Atlas.
    RenameTask {
        /// Which of those there are.
        pick: u64,
        /// A number that no other step has.
        number: u64,
    },
}

/// A whole history: how the provider begins, and what happens then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The seed it grew from.
    pub seed: u64,
    /// How the provider begins.
    pub start: Start,
    /// Microseconds that a call takes.
    pub pace: (u64, u64),
    /// Settings of the sandbox: companies on a page of the scroll, rows on a page of a list, items of nested lists.
    pub pages: (u64, u64, u64),
    /// What happens.
    pub steps: Vec<Step>,
}

/// 2026-11-22T00:00:00Z.
const DAY: i64 = 1_795_305_600;

impl Plan {
    /// The history of a seed.
    pub fn new(seed: u64) -> Self {
        let mut r = Random::new(seed, 2);
        let start = Start {
            contacts: r.below(7) as u32,
            companies: r.below(5) as u32,
            conversations: r.below(5) as u32,
            parts: (0, r.below(4) as u32),
            long: 0,
            limit: [0, 0, 600, 1000][r.below(4) as usize],
            at: DAY + r.below(86_400) as i64,
        };
        let start = if start.contacts == 0 { Start { conversations: 0, ..start } } else { start };
        let pace = [(500, 20_000), (500, 80_000), (20_000, 900_000), (200_000, 4_000_000)][r.below(4) as usize];
        let pages = (r.between(1, 3), [2, 3, 150][r.below(3) as usize], [1, 2, 10][r.below(3) as usize]);
        let count = r.between(4, 26);
        let steps = (0..count).map(|number| step(&mut r, number + 1)).collect();
        Self { seed, start, pace, pages, steps }
    }
}

fn step(r: &mut Random, number: u64) -> Step {
    match r.below(100) {
        0..=37 => Step::Change(change(r, number)),
        38..=49 => Step::Meanwhile { after: r.below(12), before_answer: r.percent(50), change: change(r, number) },
        50..=61 => Step::Deliver { seed: r.next() },
        62..=69 => Step::Fail(fault(r)),
        70..=76 => Step::Work,
        77..=83 => Step::Pass([3, 30, 90, 400, 4_000, 30_000, 90_000][r.below(7) as usize]),
        84..=87 => Step::Kill(r.below(25)),
        88..=90 => Step::Sync,
        91 => Step::Lag([0, 5_000, 240_000][r.below(3) as usize]),
        92..=93 => Step::Revoke,
        94..=95 => Step::Reconnect,
        96..=97 => Step::RenameContact { pick: r.next(), number },
        _ => Step::RenameTask { pick: r.next(), number },
    }
}

fn change(r: &mut Random, number: u64) -> Change {
    let what = What::MIXED[r.below(What::MIXED.len() as u64) as usize];
    Change { what, pick: r.below(1000), other: r.below(1000), number }
}

fn fault(r: &mut Random) -> Fault {
    let path = ["/", "/", "/companies/scroll", "/contacts/search", "/contacts", "/conversations/", "/conversations/search", "/me"]
        [r.below(8) as usize];
    let kind = match r.below(9) {
        0 => Trouble::Status(500),
        1 => Trouble::Status(503),
        2 => Trouble::Html(502),
        3 => Trouble::Html(500),
        4 => Trouble::TooMany(None),
        5 => Trouble::TooMany(Some(r.below(20))),
        6 => Trouble::Reset,
        7 => Trouble::Silence,
        _ => Trouble::CutOff,
    };
    let kind = match path {
        // A scroll that the provider forgets half way.
        "/companies/scroll" if r.percent(50) => Trouble::Status(404),
        // Conversations that it does not find, for a while.
        "/conversations/" if r.percent(50) => Trouble::Status(404),
        _ => kind,
    };
    let count = if r.percent(20) { r.between(10, 40) } else { r.between(1, 4) };
    Fault { path, after: r.below(6), count, kind }
}
