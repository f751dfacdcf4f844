//! Random worlds and events: small tangled ones for tests, large plausible ones for measurements.

mod events;
mod tangle;
mod team;

pub use events::{Kind, event_of_kind, random_event};
pub use tangle::tangled;
pub use team::{Team, team};

use atlas_planner::Minute;

/// Monday, 2 March 2026, 07:00 UTC: the clocks of Europe and America change within the following weeks.
pub const MONDAY: Minute = 29_540_580;
