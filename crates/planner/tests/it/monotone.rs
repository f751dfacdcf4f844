//! More room never makes the plan worse: the old plan stays a candidate.

use atlas_planner::random::Random;
use atlas_planner::{Due, Event, PersonId, Planner, Task};
use atlas_planner_testkit::worlds::tangled;

use crate::cases;

#[test]
fn more_time_people_or_patience_never_raises_the_objective() {
    for seed in 0..cases(60) {
        let mut random = Random::seeded(seed);
        let mut planner = Planner::new(tangled(seed + 300, 1 + seed % 4, 4 + seed % 30)).unwrap();
        for _ in 0..6 {
            let event = kinder(&mut random, &planner);
            let before = planner.score();
            planner.apply(&event).unwrap();
            let after = planner.score();
            assert!(after.total() <= before.total(), "world {seed}, {event:?}: {before:?} became {after:?}");
        }
    }
}

/// An event that only adds free time, a candidate, or time until a due date.
fn kinder(random: &mut Random, planner: &Planner) -> Event {
    let world = planner.world();
    let person = &world.people[random.below(world.people.len() as u64) as usize];
    let task = &world.tasks[random.below(world.tasks.len() as u64) as usize];
    if let (Some(meeting), 0) = (person.meetings.first(), random.below(3)) {
        return Event::MeetingRemoved { person: person.id, meeting: meeting.id };
    }
    if random.below(2) == 0 {
        let due = task.due.map(|due| Due { at: due.at + 600, ..due });
        return Event::TaskChanged(Box::new(Task { due, ..task.clone() }));
    }
    let mut more = task.clone();
    let candidate = PersonId(1 + u128::from(random.below(world.people.len() as u64)));
    if !more.candidates.contains(&candidate) {
        more.candidates.push(candidate);
    }
    Event::TaskChanged(Box::new(more))
}

#[test]
fn the_improver_never_makes_it_worse_and_its_plan_is_right() {
    for seed in 0..cases(15) {
        let planner = Planner::new(tangled(seed + 900, 2 + seed % 3, 20 + seed % 20)).unwrap();
        if let Some(proposal) = planner.improved(200, seed) {
            assert!(proposal.after.total() < proposal.before.total());
            assert!(!proposal.changes.moves.is_empty());
            crate::worlds::assert_right(&planner.world(), &proposal.branch.plan(), &format!("improved world {seed}"));
            assert_eq!(planner.score(), proposal.before, "the planner itself is untouched");
        }
    }
}
