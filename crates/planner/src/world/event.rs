//! What happens to a world after it was planned.

use serde::{Deserialize, Serialize};

use super::{Meeting, Person, Task, WeeklyHours};
use crate::id::{MeetingId, PersonId, TaskId};
use crate::time::{Minute, Span};

/// One change of the world. The same event twice changes nothing the second time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A task is new, or any of its fields changed.
    TaskChanged(Box<Task>),
    /// A task is gone; what waited for it no longer does.
    TaskRemoved(TaskId),
    /// A task is finished.
    TaskDone(TaskId),
    /// The work left is now this many minutes: running late, or further than thought.
    Remaining {
        /// Which task.
        task: TaskId,
        /// Minutes of work left.
        minutes: u32,
    },
    /// Somebody pinned a piece of the task to this time.
    Pinned {
        /// Which task.
        task: TaskId,
        /// In whose calendar.
        person: PersonId,
        /// When.
        span: Span,
    },
    /// Somebody dragged a planned piece elsewhere; it is pinned there and counts as that piece.
    MovedByHand {
        /// Which task.
        task: TaskId,
        /// In whose calendar it lies now.
        person: PersonId,
        /// When it lies now.
        to: Span,
    },
    /// All pins of the task are lifted.
    Unpinned(TaskId),
    /// "Not today": the task may not start before this moment.
    NotBefore {
        /// Which task.
        task: TaskId,
        /// The moment, such as the next local midnight.
        moment: Minute,
    },
    /// A meeting is new or has moved.
    MeetingAdded {
        /// Whose calendar.
        person: PersonId,
        /// The meeting.
        meeting: Meeting,
    },
    /// A meeting is gone.
    MeetingRemoved {
        /// Whose calendar.
        person: PersonId,
        /// Which meeting.
        meeting: MeetingId,
    },
    /// Somebody is away.
    AbsenceAdded {
        /// Who.
        person: PersonId,
        /// When.
        span: Span,
    },
    /// Somebody is there after all.
    AbsenceRemoved {
        /// Who.
        person: PersonId,
        /// The absence as it was added.
        span: Span,
    },
    /// Somebody's working hours changed.
    HoursChanged {
        /// Who.
        person: PersonId,
        /// The new week.
        hours: WeeklyHours,
    },
    /// A person is new, or anything else about them changed.
    PersonChanged(Box<Person>),
    /// Put this task, and what it waits for, as early as free time allows.
    PullForward(TaskId),
    /// Time went by. Planned work that lies in the past without having been done is planned again.
    TimePassed {
        /// The new present; it never goes back.
        now: Minute,
        /// The new ends of these people's frozen zones; the others keep theirs.
        frozen_until: Vec<(PersonId, Minute)>,
        /// Tasks that were worked on, with the minutes still left.
        remaining: Vec<(TaskId, u32)>,
    },
}
