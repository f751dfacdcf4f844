//! What stands still: the rest of everybody's own today and their own next working day.

use std::time::Duration;

use atlas_kernel::{Actor, Role};
use atlas_plan::calendar::BusyKind;
use atlas_work::task::Priority;
use atlas_work::task::verbs::NewTask;

use crate::office::{Office, span, work};

async fn member(o: &Office, name: &str, zone: &str) -> Actor {
    let (workspace, email) = (o.ines.workspace, &format!("{name}@kestrel.test"));
    o.db.write(|tx| async move { atlas_identity::put_member(&tx, workspace, Role::Member, name, email, zone).await }).await.unwrap()
}

/// A task that cannot wait, planned after everything else.
async fn urgent_start(o: &Office, who: &Actor) -> atlas_planner::Minute {
    let passed = Some("2026-11-20".parse().unwrap());
    let urgent = NewTask { priority: Some(Priority::Urgent), due: passed, hard_deadline: true, ..work("Urgent", 60, who) };
    let task = o.task(urgent).await;
    o.plan().await;
    o.blocks(&task).await[0].from
}

fn minute(text: &str) -> atlas_planner::Minute {
    span(text, text).from
}

#[tokio::test]
async fn each_member_has_their_own_rest_of_today_and_next_working_day() {
    let o = Office::new().await;
    let auckland = member(&o, "auckland", "Pacific/Auckland").await;
    let honolulu = member(&o, "honolulu", "Pacific/Honolulu").await;
    for who in [&auckland, &honolulu] {
        o.task(work("Long", 3000, who)).await;
    }
    // Tuesday ends in Auckland and begins in Honolulu; what is urgent waits until Thursday in both.
    o.clock.advance(Duration::from_secs(150 * 60));
    o.plan().await;
    assert_eq!(urgent_start(&o, &auckland).await, minute("2026-11-25T20:00:00Z"));
    assert_eq!(urgent_start(&o, &honolulu).await, minute("2026-11-26T19:00:00Z"));
}

#[tokio::test]
async fn neither_a_weekend_nor_a_day_off_counts() {
    let o = Office::new().await;
    o.clock.advance(Duration::from_secs(72 * 3600));
    o.busy(&o.jonas, BusyKind::Absence, "Away", "2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z").await;
    for who in [&o.ines, &o.jonas] {
        o.task(work("Long", 3000, who)).await;
    }
    o.plan().await;
    assert_eq!(urgent_start(&o, &o.ines).await, minute("2026-12-01T09:00:00Z"), "Monday is the next working day");
    assert_eq!(urgent_start(&o, &o.jonas).await, minute("2026-12-02T09:00:00Z"), "Tuesday is, after a day off");
}
