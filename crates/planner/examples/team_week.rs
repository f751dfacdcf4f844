//! A small team's week: plan it, let something happen, ask why, and ask what would help.

use atlas_planner::{Dependency, Due, Event, Meeting, MeetingId, Person, PersonId, Plan, Planner, Span, Task, TaskId, World, WorldError};

/// Monday, 2 March 2026, 07:00 UTC.
const MONDAY: i64 = 29_540_580;
const ANA: PersonId = PersonId(1);
const BEN: PersonId = PersonId(2);

fn main() -> Result<(), WorldError> {
    for alarm in atlas_planner::alarms(world())? {
        println!("alarm before planning: {alarm:?}");
    }
    let mut planner = Planner::new(world())?;
    show("the plan", &planner.plan());

    let meeting = Meeting { id: MeetingId(7), span: Span::new(MONDAY + 120, MONDAY + 180) };
    let changes = planner.apply(&Event::MeetingAdded { person: ANA, meeting })?;
    println!("\na meeting for Ana moves {} tasks", changes.moves.len());
    show("the plan now", &planner.plan());

    let late = planner.plan().placements.into_iter().find(|placement| placement.late_minutes > 0);
    if let Some(late) = late {
        println!("\ntask {} is {} working minutes late, because:", late.task.0, late.late_minutes);
        for link in planner.why_late(late.task)? {
            println!("  task {} adds {} minutes and waits for {:?}", link.task.0, link.minutes, link.reason);
        }
        println!("what would help:");
        for fix in planner.fixes(late.task, 3)? {
            println!("  {:?}: {} minutes late, {} tasks move", fix.action, fix.late_after, fix.moved);
        }
    }
    Ok(())
}

fn world() -> World {
    let mut world = World::new(MONDAY);
    world.people = vec![Person::new(ANA, "Europe/Madrid"), Person::new(BEN, "America/New_York")];
    let due = |days: i64| Some(Due { at: MONDAY + days * 1440 + 600, hard: false });
    world.tasks = vec![
        Task { due: due(0), weight: 4, ..Task::new(TaskId(1), ANA, 300) },
        Task { after: vec![Dependency::on(TaskId(1))], due: due(1), candidates: vec![ANA, BEN], ..Task::new(TaskId(2), ANA, 480) },
        Task { after: vec![Dependency::on(TaskId(2))], due: due(1), weight: 8, ..Task::new(TaskId(3), BEN, 240) },
        Task::new(TaskId(4), BEN, 360),
    ];
    world
}

fn show(title: &str, plan: &Plan) {
    println!("{title}:");
    for placement in &plan.placements {
        let pieces: Vec<String> =
            placement.chunks.iter().map(|chunk| format!("{}-{}", clock(chunk.span.from), clock(chunk.span.until))).collect();
        println!("  task {} by person {}: {} ({:?})", placement.task.0, placement.person.0, pieces.join(", "), placement.reason);
    }
}

/// Day and UTC time, such as `Mon 09:30`.
fn clock(minute: i64) -> String {
    let day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][((minute.div_euclid(1440) + 3) % 7) as usize];
    format!("{day} {:02}:{:02}", minute.rem_euclid(1440) / 60, minute % 60)
}
