//! Two members, a manual clock, and tasks of the work module, planned within the test.

use atlas_kernel::{Actor, Clock, Timestamp};
use atlas_module::plannable::REPLAN;
use atlas_plan::Planning;
use atlas_plan::calendar::verbs::NewBusy;
use atlas_plan::calendar::{Busy, BusyKind};
use atlas_plan::facts::{minute, task_id};
use atlas_plan::plan::{Bodies, Body, store};
use atlas_plan::replan::{Replanned, outside};
use atlas_planner::Span;
use atlas_store::{Db, Tx};
use atlas_work::task::Task;
use atlas_work::task::change::TaskChange;
use atlas_work::task::verbs::{self as tasks, NewTask};
use futures::future::BoxFuture;

/// A Tuesday morning, Dublin on winter time.
pub const NOW: &str = "2026-11-24T08:00:00Z";

pub struct Office {
    pub db: Db,
    pub clock: Clock,
    pub ines: Actor,
    pub jonas: Actor,
    pub planning: Planning,
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl Office {
    pub async fn new() -> Self {
        let clock = Clock::manual(at(NOW));
        let mut migrations = atlas_jobs::migrations();
        migrations.extend(atlas_identity::migrations());
        migrations.extend(atlas_work::migrations());
        migrations.extend(atlas_plan::migrations());
        let db = atlas_testkit::database_at(atlas_testkit::fresh_location(), clock.clone(), &migrations).await;
        let (ines, jonas) = atlas_testkit::workspace_of_two(&db, "Europe/Dublin").await;
        let planning = Self::elsewhere();
        Self { db, clock, ines, jonas, planning }
    }

    pub async fn task(&self, new: NewTask) -> Task {
        let (new, ines) = (&new, &self.ines);
        self.db.write(|tx| async move { tasks::create(&tx, ines, new.clone()).await }).await.unwrap().task
    }

    pub async fn edit(&self, task: &Task, change: TaskChange) {
        let (change, ines, id) = (&change, &self.ines, task.id);
        self.db.write(|tx| async move { tasks::edit(&tx, ines, &atlas_store::Nouns::default(), id, change, None).await }).await.unwrap();
    }

    /// What the job does, and that it is then over.
    pub async fn plan(&self) -> Replanned {
        self.plan_with(&self.planning).await
    }

    pub async fn plan_with(&self, planning: &Planning) -> Replanned {
        let workspace = self.ines.workspace;
        let over = move |tx: Tx| -> BoxFuture<'static, atlas_kernel::Result<()>> {
            Box::pin(async move { atlas_jobs::remove_matching(&tx, workspace, REPLAN).await.map(|_| ()) })
        };
        outside(planning, &self.db, &Actor::system(workspace), &over).await.unwrap()
    }

    /// Planning in another process, which knows nothing.
    pub fn elsewhere() -> Planning {
        Planning::new(atlas_work::module().work_sources)
    }

    pub async fn busy(&self, whose: &Actor, kind: BusyKind, title: &str, start: &str, end: &str) -> (Busy, Replanned) {
        let new = &NewBusy { member: whose.user.unwrap(), kind, title: title.into(), start: at(start), end: at(end) };
        let (planning, ines) = (&self.planning, &self.ines);
        self.db.write(|tx| async move { atlas_plan::calendar::verbs::add(planning, &tx, ines, new.clone()).await }).await.unwrap()
    }

    pub async fn bodies(&self) -> Bodies {
        store::bodies(&self.db, self.ines.workspace).await.unwrap()
    }

    pub async fn body(&self, task: &Task) -> Body {
        let body = self.bodies().await.remove(&task_id(&task.id.to_ref())).expect("the task is in the plan");
        Body::clone(&body)
    }

    /// The blocks of a task.
    pub async fn blocks(&self, task: &Task) -> Vec<Span> {
        self.body(task).await.place.expect("it has a place").chunks.iter().map(|chunk| chunk.span).collect()
    }
}

/// A task of so many minutes for a member.
pub fn work(title: &str, minutes: i64, member: &Actor) -> NewTask {
    NewTask { title: title.into(), estimate: Some(minutes), assignees: member.user.into_iter().collect(), ..NewTask::default() }
}

pub fn span(from: &str, until: &str) -> Span {
    Span::new(minute(at(from)), minute(at(until)))
}
