//! The descriptor a module hands to the server: what is not said is empty.

pub mod plannable;

use atlas_api::Operation;
use atlas_connect::{Intake, Outlet};
use atlas_jobs::{JobKind, Schedule};
use atlas_store::{Migration, Noun};
use atlas_web::{NavItem, Pages, Panel, QuickAction, RecordAction};
use plannable::WorkSource;

/// One vertical slice of the product, described.
pub struct Module {
    /// Its word, such as `work`.
    pub name: &'static str,
    /// What can be done over REST, and over MCP where marked.
    pub operations: Vec<Operation>,
    /// Its pages.
    pub pages: Pages,
    /// Its background work.
    pub jobs: Vec<JobKind>,
    /// When some of that work starts by itself.
    pub schedules: Vec<Schedule>,
    /// Its tables.
    pub migrations: Vec<Migration>,
    /// The kinds of records it owns.
    pub nouns: Vec<Noun>,
    /// Sections it shows on other modules' pages.
    pub panels: Vec<Panel>,
    /// Actions it offers on other modules' records.
    pub record_actions: Vec<RecordAction>,
    /// Its places in the sidebar.
    pub nav: Vec<NavItem>,
    /// What it can do from anywhere.
    pub quick_actions: Vec<QuickAction>,
    /// Its doors for what connectors bring.
    pub intakes: Vec<Intake>,
    /// Its kinds of records that are work for people, to be planned.
    pub work_sources: Vec<WorkSource>,
    /// Its doors for records that are written back.
    pub outlets: Vec<Outlet>,
}

macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident: $ty:ty;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $name: $ty) -> Self {
            self.$name.extend($name);
            self
        }
    )*};
}

impl Module {
    /// A module that can do nothing yet.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            operations: vec![],
            pages: Pages::new(),
            jobs: vec![],
            schedules: vec![],
            migrations: vec![],
            nouns: vec![],
            panels: vec![],
            record_actions: vec![],
            nav: vec![],
            quick_actions: vec![],
            intakes: vec![],
            work_sources: vec![],
            outlets: vec![],
        }
    }

    /// Adds pages.
    #[must_use]
    pub fn pages(mut self, pages: Pages) -> Self {
        self.pages = self.pages.merge(pages);
        self
    }

    parts! {
        /// Adds operations.
        operations: Vec<Operation>;
        /// Adds background work.
        jobs: Vec<JobKind>;
        /// Adds schedules.
        schedules: Vec<Schedule>;
        /// Adds tables.
        migrations: Vec<Migration>;
        /// Adds kinds of records.
        nouns: Vec<Noun>;
        /// Adds sections on other modules' pages.
        panels: Vec<Panel>;
        /// Adds actions on other modules' records.
        record_actions: Vec<RecordAction>;
        /// Adds places in the sidebar.
        nav: Vec<NavItem>;
        /// Adds quick actions.
        quick_actions: Vec<QuickAction>;
        /// Adds doors for what connectors bring.
        intakes: Vec<Intake>;
        /// Adds kinds of records that are work for people.
        work_sources: Vec<WorkSource>;
        /// Adds doors for records that are written back.
        outlets: Vec<Outlet>;
    }
}
