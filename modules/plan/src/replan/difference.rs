//! What differs between the facts a plan answers and those of now: as events for the planner, and in words.

use std::collections::{HashMap, HashSet};

use atlas_planner::{Event, Person, Span, Task, TaskId, World};

use crate::calendar::BusyKind;
use crate::facts::{Facts, minute, user_id};
use crate::plan::Bodies;

/// The events that lead from one world to another.
pub(super) fn differences(from: &World, to: &World) -> Vec<Event> {
    let mut events = Vec::new();
    let known: HashMap<_, &Person> = from.people.iter().map(|person| (person.id, person)).collect();
    for person in &to.people {
        match known.get(&person.id) {
            None => events.push(Event::PersonChanged(Box::new(person.clone()))),
            Some(old) if *old == person => {}
            Some(old) => person_differences(old, person, &mut events),
        }
    }
    let known: HashMap<TaskId, &Task> = from.tasks.iter().map(|task| (task.id, task)).collect();
    let wanted: HashSet<TaskId> = to.tasks.iter().map(|task| task.id).collect();
    events.extend(from.tasks.iter().filter(|task| !wanted.contains(&task.id)).map(|task| Event::TaskRemoved(task.id)));
    let changed = to.tasks.iter().filter(|task| known.get(&task.id).is_none_or(|old| old != task));
    events.extend(changed.map(|task| Event::TaskChanged(Box::new(task.clone()))));
    events
}

fn person_differences(old: &Person, new: &Person, events: &mut Vec<Event>) {
    let person = new.id;
    let gone = old.meetings.iter().filter(|one| !new.meetings.iter().any(|other| other.id == one.id));
    events.extend(gone.map(|one| Event::MeetingRemoved { person, meeting: one.id }));
    events.extend(new.meetings.iter().filter(|one| !old.meetings.contains(one)).map(|one| Event::MeetingAdded { person, meeting: *one }));
    events.extend(old.absences.iter().filter(|one| !new.absences.contains(one)).map(|span| Event::AbsenceRemoved { person, span: *span }));
    events.extend(new.absences.iter().filter(|one| !old.absences.contains(one)).map(|span| Event::AbsenceAdded { person, span: *span }));
    let rest = |one: &Person| Person { meetings: vec![], absences: vec![], ..one.clone() };
    if rest(old) != rest(new) {
        events.push(Event::PersonChanged(Box::new(new.clone())));
    }
}

/// An event in words.
pub(super) fn happened(event: &Event, facts: &Facts, before: &Bodies) -> String {
    let busy = |kind: BusyKind, span: Span| {
        let found = facts.busy.values().find(|busy| busy.kind == kind && minute(busy.start_at) == span.from);
        found.map_or_else(|| kind.label().to_owned(), |busy| format!("“{}”", busy.title))
    };
    match event {
        Event::TaskChanged(task) if !before.contains_key(&task.id) => format!("{} was added", facts.key(task.id)),
        Event::TaskChanged(task) => format!("{} was changed", facts.key(task.id)),
        Event::TaskRemoved(_) | Event::TaskDone(_) => "A task is over".to_owned(),
        Event::MeetingAdded { meeting, .. } => format!("{} was added", busy(BusyKind::Meeting, meeting.span)),
        Event::MeetingRemoved { .. } => "A meeting was removed".to_owned(),
        Event::AbsenceAdded { span, .. } => format!("{} was added", busy(BusyKind::Absence, *span)),
        Event::AbsenceRemoved { .. } => "An absence was removed".to_owned(),
        Event::PersonChanged(person) => format!("{}’s hours were changed", facts.name(user_id(person.id))),
        _ => "The plan was changed".to_owned(),
    }
}
