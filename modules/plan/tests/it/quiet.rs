//! When a better plan is looked for, and what is taken by itself: only where the workspace says so, and never of today.

use std::time::Duration;

use atlas_kernel::{Actor, Error};
use atlas_plan::calendar::{BusyKind, verbs as calendar};
use atlas_plan::plan::quiet::{Found, Quiet};
use atlas_plan::plan::{offer, quiet, store, verbs};
use atlas_plan::replan::Replanned;
use atlas_store::query;
use atlas_work::task::Task;
use atlas_work::task::verbs::NewTask;

use crate::office::{Office, work};

impl Office {
    async fn quiet(&self, who: &Actor, hour: Option<u8>, zone: &str, found: Found) -> atlas_kernel::Result<()> {
        let wanted = &Quiet { hour, zone: zone.into(), found };
        self.db.write(|tx| async move { quiet::set(&tx, who, wanted).await }).await
    }

    /// How many looks wait after it was asked which plans rest.
    async fn asked(&self) -> i64 {
        self.db.write(|tx| async move { offer::ask(&tx).await }).await.unwrap();
        query("SELECT COUNT(*) FROM jobs WHERE kind = 'plan.improve'").value(&self.db).await.unwrap()
    }

    /// What the job does.
    async fn looked(&self) -> Option<Replanned> {
        let (planning, workspace) = (&self.planning, self.ines.workspace);
        offer::look(planning, &self.db, workspace).await.unwrap();
        self.db.write(|tx| async move { offer::take_by_itself(planning, &tx, workspace).await }).await.unwrap()
    }

    async fn offered(&self) -> bool {
        offer::standing(&self.db, self.ines.workspace).await.unwrap().is_some()
    }

    /// A task due on this day that is late though its day is free, since a meeting of these days is gone.
    async fn late_though_free(&self, due: &str, until: &str) -> Task {
        let day = due.parse().unwrap();
        let late = self.task(NewTask { start: Some(day), due: Some(day), ..work("Launch", 240, &self.ines) }).await;
        let (from, until) = (&format!("{due}T09:00:00Z"), &format!("{until}T18:00:00Z"));
        let (meeting, _) = self.busy(&self.ines, BusyKind::Meeting, "Offsite", from, until).await;
        self.plan().await;
        self.task(work("Something else", 30, &self.jonas)).await;
        self.plan().await;
        let (planning, ines) = (&self.planning, &self.ines);
        self.db.write(|tx| async move { calendar::remove(planning, &tx, ines, meeting.id).await }).await.unwrap();
        self.plan().await;
        assert!(self.late(&late).await, "nothing is pulled forward by itself");
        late
    }

    async fn late(&self, task: &Task) -> bool {
        self.body(task).await.place.unwrap().late_minutes > 0
    }
}

#[tokio::test]
async fn a_plan_is_looked_at_in_the_workspaces_hour_by_its_clock_or_whenever_it_rests() {
    let o = Office::new().await;
    o.task(work("One", 60, &o.ines)).await;
    o.plan().await;
    assert_eq!(o.asked().await, 0, "it does not rest yet");
    o.clock.advance(Duration::from_secs(11 * 60));
    // 08:11 by UTC is 21:11 in Auckland.
    o.quiet(&o.ines, Some(8), "Pacific/Auckland", Found::Offered).await.unwrap();
    assert_eq!(o.asked().await, 0, "eight o'clock is hours away there");
    o.quiet(&o.ines, Some(22), "Pacific/Auckland", Found::Offered).await.unwrap();
    assert_eq!(o.asked().await, 0);
    o.clock.advance(Duration::from_secs(49 * 60));
    assert_eq!(o.asked().await, 1, "it is ten there");
    o.db.write(|tx| async move { atlas_jobs::remove_matching(&tx, o.ines.workspace, offer::IMPROVE).await }).await.unwrap();
    offer::look(&o.planning, &o.db, o.ines.workspace).await.unwrap();
    assert_eq!(o.asked().await, 0, "looked at once");

    let other = Office::new().await;
    other.task(work("One", 60, &other.ines)).await;
    other.plan().await;
    other.clock.advance(Duration::from_secs(11 * 60));
    assert_eq!(other.asked().await, 1, "whenever it rests, when nobody has said");
}

#[tokio::test]
async fn what_is_found_in_the_hour_is_taken_by_itself_and_once_taken_back_only_offered() {
    let o = Office::new().await;
    let late = o.late_though_free("2026-12-01", "2026-12-01").await;
    assert!(o.looked().await.is_none() && o.offered().await, "offered when nobody has said");
    o.quiet(&o.ines, Some(3), "Europe/Dublin", Found::Taken).await.unwrap();
    assert!(o.looked().await.is_none(), "it is eight");
    o.clock.advance(Duration::from_secs(19 * 3600));
    o.plan().await;
    let before = o.bodies().await;
    let taken = o.looked().await.expect("it is three");
    assert!(!o.late(&late).await && !o.offered().await);
    let change = store::revisions(&o.db, o.ines.workspace, 1).await.unwrap().remove(0);
    assert_eq!((change.said.as_str(), change.by), ("A better plan was taken by itself, with 1 move", None));
    assert!(change.may_be_taken_back_by(&o.ines) && !change.may_be_taken_back_by(&o.jonas));

    let (planning, ines, jonas, id) = (&o.planning, &o.ines, &o.jonas, taken.revision.unwrap());
    let refused = o.db.write(|tx| async move { verbs::undo(planning, &tx, jonas, id).await }).await;
    assert!(matches!(refused, Err(Error::Denied { .. })));
    o.db.write(|tx| async move { verbs::undo(planning, &tx, ines, id).await }).await.unwrap();
    for (task, body) in &before {
        assert_eq!(o.bodies().await[task].place, body.place);
    }
    assert!(o.looked().await.is_none() && o.late(&late).await, "somebody did not want it");
    assert!(o.offered().await);
}

#[tokio::test]
async fn nothing_of_today_and_nothing_locked_moves_by_itself() {
    let o = Office::new().await;
    o.quiet(&o.ines, None, "UTC", Found::Taken).await.unwrap();
    let today = o.late_though_free("2026-11-24", "2026-11-25").await;
    assert!(o.looked().await.is_none(), "it would lie in today");
    assert!(o.offered().await && o.late(&today).await);

    let o = Office::new().await;
    o.quiet(&o.ines, None, "UTC", Found::Taken).await.unwrap();
    let locked = o.late_though_free("2026-12-01", "2026-12-01").await;
    let (planning, ines, record) = (&o.planning, &o.ines, &locked.id.to_ref());
    o.db.write(|tx| async move { verbs::lock(planning, &tx, ines, record, true).await }).await.unwrap();
    assert!(o.looked().await.is_none() && o.late(&locked).await);
    o.db.write(|tx| async move { verbs::lock(planning, &tx, ines, record, false).await }).await.unwrap();
    assert!(o.looked().await.is_some() && !o.late(&locked).await, "let go it may move");
}

#[tokio::test]
async fn what_stood_as_an_offer_is_taken_in_its_time_unless_it_was_put_away() {
    let o = Office::new().await;
    o.late_though_free("2026-12-01", "2026-12-01").await;
    assert!(o.looked().await.is_none() && o.offered().await);
    let ines = &o.ines;
    o.db.write(|tx| async move { offer::dismiss(&tx, ines).await }).await.unwrap();
    o.clock.advance(Duration::from_secs(11 * 60));
    o.quiet(&o.ines, None, "UTC", Found::Taken).await.unwrap();
    assert_eq!(o.asked().await, 0, "put away it stays");
    let other = Office::new().await;
    other.late_though_free("2026-12-01", "2026-12-01").await;
    assert!(other.looked().await.is_none() && other.offered().await);
    other.clock.advance(Duration::from_secs(11 * 60));
    other.quiet(&other.ines, None, "UTC", Found::Taken).await.unwrap();
    assert_eq!(other.asked().await, 1);
    assert!(other.looked().await.is_some());
}

#[tokio::test]
async fn only_admins_set_it_and_what_cannot_be_is_refused() {
    let o = Office::new().await;
    let refused = o.quiet(&o.jonas, Some(3), "UTC", Found::Taken).await;
    assert!(matches!(refused, Err(Error::Denied { permission: "plan:write", .. })));
    for (hour, zone) in [(Some(24), "UTC"), (Some(3), "Kestrel/Moon")] {
        assert!(matches!(o.quiet(&o.ines, hour, zone, Found::Offered).await, Err(Error::Invalid(_))));
    }
    assert_eq!(quiet::of(&o.db, o.ines.workspace).await.unwrap(), Quiet::default());
    let told = "SELECT COUNT(*) FROM events WHERE operation = 'plan.quiet_set'";
    o.quiet(&o.ines, Some(3), "Europe/Dublin", Found::Taken).await.unwrap();
    assert_eq!(query(told).value::<i64>(&o.db).await.unwrap(), 1);
    let elsewhere = quiet::of(&o.db, atlas_kernel::WorkspaceId::new(o.clock.now())).await.unwrap();
    assert_eq!(elsewhere, Quiet::default(), "another workspace has its own");
}
