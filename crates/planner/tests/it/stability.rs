//! The contract: little moves, and less than when planning anew; the frozen zone stands; nothing happens twice.

use atlas_planner::random::Random;
use atlas_planner::{Cause, Due, Event, Person, PersonId, Plan, Planner, Task, TaskId, Trigger, World};
use atlas_planner_testkit::checker::check_frozen;
use atlas_planner_testkit::worlds::{Kind, MONDAY, Team, event_of_kind, team};

use crate::cases;

const SIZE: Team = Team { people: 25, tasks: 900, weeks: 8 };

/// Tasks of the old plan that lie elsewhere in the new one.
fn moved(old: &Plan, new: &Plan) -> usize {
    let stays = |placement: &&atlas_planner::Placement| {
        new.placement(placement.task).is_some_and(|new| new.person == placement.person && new.chunks == placement.chunks)
    };
    old.placements.len() - old.placements.iter().filter(stays).count()
}

#[test]
fn a_sweep_moves_less_than_planning_anew() {
    let base = Planner::new(team(11, SIZE)).unwrap();
    let (world, plan) = (base.world(), base.plan());
    let mut random = Random::seeded(5);
    let (mut events, mut more, mut swept, mut anew) = (0, 0, 0, 0);
    for number in 0..cases(60) as usize {
        let kind = Kind::ALL[number % 5];
        let Some(event) = event_of_kind(&mut random, kind, &world, &plan) else { continue };
        let mut branch = base.branch();
        branch.apply(&event).unwrap();
        let few = moved(&plan, &branch.plan());
        branch.replan_from_scratch();
        let many = moved(&plan, &branch.plan());
        (events, more, swept, anew) = (events + 1, more + usize::from(few > many), swept + few, anew + many);
    }
    assert!(swept * 10 <= anew * 4, "{swept} against {anew}");
    // Planning anew is a stable rule itself and now and then, in one of 400 events, happens to move a few tasks less.
    assert!(more * 100 <= events, "{more} of {events} events moved more");
}

#[test]
fn on_every_event_of_the_benchmark_the_sweep_moves_no_more_than_planning_anew() {
    let base = Planner::new(team(3, Team { people: 60, tasks: 3000, weeks: 10 })).unwrap();
    let (world, plan) = (base.world(), base.plan());
    let mut compared = 0;
    for kind in Kind::ALL {
        let mut random = Random::seeded(103);
        for number in 0..20 {
            let Some(event) = event_of_kind(&mut random, kind, &world, &plan) else { continue };
            let mut branch = base.branch();
            let few = branch.apply(&event).unwrap().moves.len();
            branch.replan_from_scratch();
            let many = moved(&plan, &branch.plan());
            assert!(few <= many, "{kind:?} {number}: {few} moved by the sweep, {many} by planning anew");
            compared += 1;
        }
    }
    assert!(compared >= 90, "only {compared} events were compared");
}

#[test]
fn the_same_event_of_the_benchmark_twice_changes_nothing_the_second_time() {
    for seed in 0..cases(3) {
        let mut planner = Planner::new(team(seed + 40, SIZE)).unwrap();
        let mut random = Random::seeded(seed);
        for number in 0..50 {
            let (world, plan) = (planner.world(), planner.plan());
            let Some(event) = event_of_kind(&mut random, Kind::ALL[number % 5], &world, &plan) else { continue };
            planner.apply(&event).unwrap();
            let (once, score) = (planner.plan(), planner.score());
            let again = planner.apply(&event).unwrap();
            assert_eq!(again.moves, [], "{event:?}, again");
            assert_eq!((planner.plan(), planner.score()), (once, score), "{event:?}, again");
        }
    }
}

#[test]
fn a_meeting_moves_at_most_two_tasks_at_the_median() {
    let base = Planner::new(team(12, SIZE)).unwrap();
    let (world, plan) = (base.world(), base.plan());
    let mut random = Random::seeded(6);
    let mut counts = Vec::new();
    for _ in 0..cases(80) {
        let Some(event) = event_of_kind(&mut random, Kind::Meeting, &world, &plan) else { continue };
        counts.push(base.branch().apply(&event).unwrap().moves.len());
    }
    counts.sort_unstable();
    assert!(counts[counts.len() / 2] <= 2, "{counts:?}");
}

#[test]
fn everybodys_frozen_zone_stands_unless_the_event_hits_it() {
    for seed in 0..cases(4) {
        let mut world = team(seed + 20, SIZE);
        for (index, person) in world.people.iter_mut().enumerate() {
            person.frozen_until = Some(world.now + index as i64 % 5 * 1440);
        }
        let mut planner = Planner::new(world).unwrap();
        let mut random = Random::seeded(seed);
        for number in 0..25 {
            let (world, before) = (planner.world(), planner.plan());
            let Some(event) = event_of_kind(&mut random, Kind::ALL[number % 5], &world, &before) else { continue };
            let changes = planner.apply(&event).unwrap();
            // Hit is whom the event names, whose calendar it changes, and who waits for one of those.
            let hit = |task| {
                let cause = changes.moves.iter().find(|one| one.task == task).map(|one| &one.cause);
                let named = matches!((&event, cause), (_, Some(Cause::Event(Trigger::Task(_) | Trigger::Person(_)))));
                named || matches!(cause, Some(Cause::PushedBack(_) | Cause::NeededBy(_)))
            };
            assert_eq!(check_frozen(&world.people, &before, &planner.plan(), &hit), [], "{event:?}");
        }
    }
}

#[test]
fn urgent_work_waits_for_the_end_of_its_own_persons_frozen_zone() {
    // Monday is ending in Auckland and has just begun in Honolulu; both have Tuesday frozen, each their own.
    let now = MONDAY + 210;
    let mut world = World::new(now);
    let zones = [("Pacific/Auckland", MONDAY + 28 * 60, MONDAY + 37 * 60), ("Pacific/Honolulu", MONDAY + 51 * 60, MONDAY + 60 * 60)];
    for (id, (zone, frozen_until, _)) in (1..).zip(zones) {
        world.people.push(Person { frozen_until: Some(frozen_until), ..Person::new(PersonId(id), zone) });
        world.tasks.push(Task::new(TaskId(id), PersonId(id), 60 * 60));
    }
    let mut planner = Planner::new(world).unwrap();
    for (id, (zone, _, wednesday)) in (1..).zip(zones) {
        let urgent = Task { weight: 12, due: Some(Due { at: now, hard: true }), ..Task::new(TaskId(id + 10), PersonId(id), 60) };
        planner.apply(&Event::TaskChanged(Box::new(urgent))).unwrap();
        assert_eq!(planner.placement(TaskId(id + 10)).unwrap().start(), wednesday, "{zone}");
    }
    // Time that passes names whose zone goes on; the others keep theirs.
    let frozen_until = vec![(PersonId(1), MONDAY + 52 * 60)];
    planner.apply(&Event::TimePassed { now, frozen_until, remaining: vec![] }).unwrap();
    assert_eq!(
        planner.world().people.iter().map(|one| one.frozen_until).collect::<Vec<_>>(),
        [Some(MONDAY + 52 * 60), Some(MONDAY + 51 * 60)]
    );
    let nobody = Event::TimePassed { now, frozen_until: vec![(PersonId(9), now)], remaining: vec![] };
    assert!(planner.apply(&nobody).is_err());
}

#[test]
fn each_task_is_handled_at_most_once_and_causes_lead_to_the_event() {
    let base = Planner::new(team(13, SIZE)).unwrap();
    let (world, plan) = (base.world(), base.plan());
    let mut random = Random::seeded(8);
    for number in 0..cases(100) as usize {
        let Some(event) = event_of_kind(&mut random, Kind::ALL[number % 5], &world, &plan) else { continue };
        let mut branch = base.branch();
        let changes = branch.apply(&event).unwrap();
        assert!(changes.handled <= world.tasks.len());
        for one in &changes.moves {
            let (chain, trigger) = branch.who_moved(one.task);
            assert!(trigger.is_some(), "{event:?}: {:?} after {chain:?}", one.cause);
        }
    }
}

#[test]
fn a_plan_taken_up_again_stays_as_it_is() {
    for seed in 0..cases(5) {
        let mut planner = Planner::new(team(seed + 30, SIZE)).unwrap();
        let mut random = Random::seeded(seed);
        for number in 0..10 {
            if let Some(event) = event_of_kind(&mut random, Kind::ALL[number % 5], &planner.world(), &planner.plan()) {
                planner.apply(&event).unwrap();
            }
        }
        let stored = serde_json::to_string(&(planner.world(), planner.plan())).unwrap();
        let (world, plan) = serde_json::from_str(&stored).unwrap();
        let (resumed, changes) = Planner::resume(world, &plan).unwrap();
        assert_eq!(changes.moves, []);
        assert_eq!(resumed.plan().placements, planner.plan().placements);
    }
}

#[test]
fn an_event_that_names_nobody_known_changes_nothing() {
    let mut planner = Planner::new(team(14, Team { people: 3, tasks: 20, weeks: 2 })).unwrap();
    let before = planner.plan();
    assert!(planner.apply(&Event::TaskDone(TaskId(999))).is_err());
    assert!(planner.apply(&Event::MeetingRemoved { person: PersonId(999), meeting: atlas_planner::MeetingId(1) }).is_err());
    assert_eq!(planner.plan(), before);
}
