//! The plan: everybody's tasks placed in their working time, with reasons.
#![doc = include_str!("../README.md")]

pub mod calendar;
pub mod facts;
pub mod hours_set;
mod pages;
pub mod plan;
pub mod replan;
mod words;

use std::sync::Arc;

use atlas_kernel::{Actor, Error, Permission, Ref, Result, Role, UserId, WorkspaceId};
use atlas_module::Module;
use atlas_module::plannable::{REPLAN, WorkSource};
use atlas_store::{Executor, Migration};
use atlas_web::{NavItem, QuickAction};

use crate::calendar::import::{self, Reach};

atlas_kernel::kinds! {
    /// A stretch of time that is taken.
    Busy = "busy", BusyId;
    /// One change of the plan.
    Revision = "planrev", RevisionId;
    /// Something somebody should know of their plan.
    Notice = "plannote", NoticeId;
    /// Named hours of the week that tasks may be restricted to.
    HoursSet = "hours", HoursSetId;
    /// A calendar that meetings are read from.
    Calendar = "cal", CalendarId;
}

/// Seeing plans, hours and busy time.
pub const PLAN_READ: Permission = Permission::read("plan:read");
/// Changing one's plan, hours and busy time.
pub const PLAN_WRITE: Permission = Permission::write("plan:write");
/// Changing how the whole workspace is planned.
pub const PLAN_ADMIN: Permission = Permission::admin("plan:write");

/// What everything here works with: the kinds of work that other modules registered. Clones share it.
#[derive(Clone)]
pub struct Planning(Arc<Inner>);

struct Inner {
    sources: Vec<WorkSource>,
    cache: replan::Cache,
    reach: Option<Reach>,
}

impl Planning {
    /// Planning of work from these sources.
    pub fn new(sources: Vec<WorkSource>) -> Self {
        Self::reaching(sources, None)
    }

    /// The same, with calendars at addresses reached so.
    pub fn reaching(sources: Vec<WorkSource>, reach: Option<Reach>) -> Self {
        Self(Arc::new(Inner { sources, cache: replan::Cache::default(), reach }))
    }

    pub(crate) fn reach(&self) -> Result<&Reach> {
        self.0.reach.as_ref().ok_or_else(|| Error::internal("calendars at addresses cannot be reached here"))
    }

    pub(crate) fn sources(&self) -> &[WorkSource] {
        &self.0.sources
    }

    pub(crate) fn cache(&self) -> &replan::Cache {
        &self.0.cache
    }

    pub(crate) fn source(&self, record: &Ref) -> Result<&WorkSource> {
        self.0.sources.iter().find(|source| source.kind == record.kind()).ok_or(Error::NotFound("task"))
    }

    /// The record behind an id or key.
    pub(crate) async fn find(&self, on: &dyn Executor, workspace: WorkspaceId, id_or_key: &str) -> Result<Ref> {
        for source in self.0.sources.iter() {
            match (source.find)(on, workspace, id_or_key).await {
                Err(Error::NotFound(_)) => {}
                found => return found,
            }
        }
        Err(Error::NotFound("task"))
    }
}

/// Whether the actor may arrange this person's time: their own, or as an admin.
pub(crate) fn may_arrange(actor: &Actor, person: UserId) -> Result<()> {
    actor.may(&PLAN_WRITE)?;
    if actor.user == Some(person) || actor.role >= Role::Admin {
        return Ok(());
    }
    Err(Error::Denied { permission: "plan:write", missing_scopes: vec![] })
}

/// The module, as the server registers it, planning the work of these sources and reaching calendars so.
pub fn module(sources: Vec<WorkSource>, reach: Option<Reach>) -> Module {
    let planning = Planning::reaching(sources, reach.clone());
    Module::new("plan")
        .operations(
            [
                plan::api::operations(&planning),
                calendar::api::operations(&planning),
                import::api::operations(&planning),
                hours_set::api::operations(&planning),
            ]
            .concat(),
        )
        .pages(pages::pages(&planning))
        .migrations(migrations())
        .panels(pages::panels())
        .jobs(vec![
            replan::job(&planning, REPLAN),
            replan::tick(),
            import::job::job(reach),
            import::job::tick(),
            plan::offer::job(&planning),
            plan::offer::tick(),
        ])
        .schedules(vec![replan::schedule(), import::job::schedule(), plan::offer::schedule()])
        .nav(vec![NavItem {
            group: "",
            label: "My plan",
            href: "/plan",
            icon: "calendar",
            key: Some("g m"),
            order: 1,
            permission: PLAN_READ,
        }])
        .quick_actions(vec![
            QuickAction { title: "Open my plan", href: "/plan", modal: false, icon: "calendar", key: Some("g m"), permission: PLAN_READ },
            QuickAction {
                title: "Add a meeting or absence",
                href: "/plan/busy/new",
                modal: true,
                icon: "calendar",
                key: None,
                permission: PLAN_WRITE,
            },
        ])
}

/// The tables of this module.
pub fn migrations() -> Vec<Migration> {
    vec![
        Migration { name: "plan/0001_plan", sql: include_str!("../migrations/0001_plan.sql") },
        Migration { name: "plan/0002_calendars", sql: include_str!("../migrations/0002_calendars.sql") },
        Migration { name: "plan/0003_offers", sql: include_str!("../migrations/0003_offers.sql") },
        Migration { name: "plan/0004_hours_sets", sql: include_str!("../migrations/0004_hours_sets.sql") },
        Migration { name: "plan/0005_quiet", sql: include_str!("../migrations/0005_quiet.sql") },
    ]
}
