//! What a change costs in a big workspace: reading, planning and writing apart.
//!
//! `cargo xtask bench plan`; on `TEST_DATABASE_URL` when it is set, else on SQLite.

#[path = "../tests/it/office.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod office;

use std::time::{Duration, Instant};

use atlas_kernel::{Actor, Role};
use atlas_plan::calendar::{BusyKind, verbs::NewBusy};
use atlas_plan::plan::{explain, verbs};
use atlas_plan::replan::{Replanned, Took};
use atlas_planner::random::Random;
use atlas_store::watch_queries;
use atlas_work::task::change::TaskChange;
use atlas_work::task::verbs::{self as tasks, NewTask};
use atlas_work::task::{Priority, Task};

use crate::office::{NOW, Office, at};

fn option(name: &str, otherwise: usize) -> usize {
    let mut given = std::env::args().skip_while(|arg| arg != name).skip(1);
    given.next().map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} takes a number")))
}

#[tokio::main]
async fn main() {
    let (count, people, rounds) = (option("--tasks", 10_000), option("--people", 200), option("--events", 20));
    let o = Office::new().await;
    let people = members(&o, people).await;
    let tasks = fill(&o, &people, count).await;
    let planned = o.plan().await;
    println!("{count} tasks, {} people: {} placed; first plan {}", people.len(), planned.bodies.len(), split(planned.took));
    drop(planned);
    events(&o, &people, &tasks, rounds).await;
    pages(&o, &tasks).await;
}

fn split(took: Took) -> String {
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    format!("reading {:.1} ms, planning {:.1} ms, writing {:.1} ms", ms(took.reading), ms(took.planning), ms(took.writing))
}

async fn members(o: &Office, many: usize) -> Vec<Actor> {
    let mut all = vec![o.ines.clone(), o.jonas.clone()];
    let zones = ["Europe/Dublin", "Europe/Berlin", "America/New_York", "Asia/Tokyo"];
    while all.len() < many {
        let (n, workspace) = (all.len(), o.ines.workspace);
        let (name, email, zone) = (&format!("Member {n}"), &format!("member{n}@kestrel.test"), zones[n % zones.len()]);
        all.push(
            o.db.write(|tx| async move { atlas_identity::put_member(&tx, workspace, Role::Member, name, email, zone).await })
                .await
                .unwrap(),
        );
    }
    all
}

/// About fifty tasks a head, some waiting for others, some due.
async fn fill(o: &Office, people: &[Actor], count: usize) -> Vec<Task> {
    let begun = Instant::now();
    let mut random = Random::seeded(11);
    let mut all: Vec<Task> = Vec::with_capacity(count);
    while all.len() < count {
        let mut news = Vec::new();
        for n in all.len()..(all.len() + 250).min(count) {
            let mut new =
                office::work(&format!("Task {n}"), 30 + 30 * random.below(12) as i64, &people[random.below(people.len() as u64) as usize]);
            new.priority = Some(Priority::ALL[random.below(5) as usize]);
            if random.below(3) == 0 {
                new.due = Some(at(NOW).to_zoned(jiff::tz::TimeZone::UTC).date() + jiff::Span::new().days(1 + random.below(120) as i64));
            }
            if !all.is_empty() && random.below(4) == 0 {
                new.blocked_by = vec![all[random.below(all.len() as u64) as usize].key.clone()];
            }
            news.push(new);
        }
        let (ines, news): (&Actor, &Vec<NewTask>) = (&o.ines, &news);
        let made = o.db.write(|tx| async move {
            let mut made = Vec::new();
            for new in news {
                made.push(tasks::create(&tx, ines, new.clone()).await?.task);
            }
            Ok(made)
        });
        all.extend(made.await.unwrap());
    }
    eprintln!("{count} tasks made in {:.1} s", begun.elapsed().as_secs_f64());
    all
}

/// Each kind of change so often: the median of each step.
async fn events(o: &Office, people: &[Actor], tasks: &[Task], rounds: usize) {
    let mut random = Random::seeded(5);
    for kind in ["a task's estimate, by the job", "a meeting, by its verb", "30 minutes longer, by its verb"] {
        let (mut took, mut moved, mut statements) = (Vec::new(), 0, 0);
        for _ in 0..rounds {
            let task = &tasks[random.below(tasks.len() as u64) as usize];
            let person = &people[random.below(people.len() as u64) as usize];
            let minutes = 30 + 30 * random.below(16) as i64;
            let hours = i64::try_from(random.below(60)).unwrap();
            let (done, queries) = watch_queries(change(o, kind, task, person, minutes, hours)).await;
            took.push(done.took);
            moved += done.moves.len();
            statements += queries.len();
        }
        let middle = |of: fn(&Took) -> Duration| {
            let mut times: Vec<Duration> = took.iter().map(of).collect();
            times.sort();
            times[times.len() / 2]
        };
        let middle = Took { reading: middle(|t| t.reading), planning: middle(|t| t.planning), writing: middle(|t| t.writing) };
        println!("{kind}: {}; {:.1} moved, {} statements each", split(middle), moved as f64 / rounds as f64, statements / rounds);
    }
}

async fn change(o: &Office, kind: &str, task: &Task, person: &Actor, minutes: i64, hours: i64) -> Replanned {
    let (planning, ines) = (&o.planning, &o.ines);
    match kind.split(',').next() {
        Some("a task's estimate") => {
            o.edit(task, TaskChange { estimate_minutes: Some(Some(minutes)), ..TaskChange::default() }).await;
            o.plan().await
        }
        Some("a meeting") => {
            let start = at(NOW) + jiff::SignedDuration::from_hours(hours);
            let end = start + jiff::SignedDuration::from_mins(60);
            let new = &NewBusy { member: person.user.unwrap(), kind: BusyKind::Meeting, title: "Call".into(), start, end };
            o.db.write(|tx| async move { atlas_plan::calendar::verbs::add(planning, &tx, ines, new.clone()).await }).await.unwrap().1
        }
        _ => {
            let record = &task.id.to_ref();
            o.db.write(|tx| async move { verbs::late(planning, &tx, ines, record, 30).await }).await.unwrap()
        }
    }
}

/// What a page and an explanation read: the first time, and when the plan is known.
async fn pages(o: &Office, tasks: &[Task]) {
    let elsewhere = Office::elsewhere();
    for what in ["cold", "warm"] {
        let begun = Instant::now();
        let (_, queries) = watch_queries(elsewhere.look(&o.db, o.ines.workspace, at(NOW))).await;
        println!("a page's facts, {what}: {:.1} ms, {} statements", begun.elapsed().as_secs_f64() * 1000.0, queries.len());
    }
    for what in ["cold", "warm"] {
        let begun = Instant::now();
        explain::explain(&elsewhere, &o.db, &o.ines, &tasks[0].id.to_ref(), at(NOW)).await.unwrap();
        println!("an explanation, {what}: {:.1} ms", begun.elapsed().as_secs_f64() * 1000.0);
    }
}
