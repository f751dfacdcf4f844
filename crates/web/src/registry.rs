//! What modules add to one another's pages: places in the sidebar, panels, actions on records, quick actions.

use std::sync::Arc;

use atlas_kernel::{Permission, Ref, Result, Timestamp, WorkspaceId};
use atlas_store::Executor;
use futures::future::BoxFuture;

use crate::Ctx;

/// A place in the sidebar.
#[derive(Clone, Copy, Debug)]
pub struct NavItem {
    /// The group's heading; empty for the pinned places above the groups.
    pub group: &'static str,
    /// What people read.
    pub label: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// Icon name.
    pub icon: &'static str,
    /// Keys, such as `g t`.
    pub key: Option<&'static str>,
    /// Place within the sidebar, low first; groups stand in the order of their first item.
    pub order: i32,
    /// Who sees it.
    pub permission: Permission,
}

/// A named thing that can be done from anywhere.
#[derive(Clone, Copy, Debug)]
pub struct QuickAction {
    /// The verb and object, such as `New task`.
    pub title: &'static str,
    /// The page or form that does it.
    pub href: &'static str,
    /// Whether it opens in the dialog.
    pub modal: bool,
    /// Icon name.
    pub icon: &'static str,
    /// Keys, where there are some.
    pub key: Option<&'static str>,
    /// Who may.
    pub permission: Permission,
}

type PanelFn = for<'a> fn(&'a Ctx, &'a Ref) -> BoxFuture<'a, Result<Option<String>>>;

/// A section that one module shows on another's record page.
#[derive(Clone, Copy)]
pub struct Panel {
    /// The kind of record (id prefix), or a page's name such as `home`.
    pub noun: &'static str,
    /// The section's heading.
    pub title: &'static str,
    /// Low first.
    pub order: i32,
    /// Draws it; none when there is nothing to show.
    pub render: PanelFn,
}

/// A drawn panel.
#[derive(Clone, Debug)]
pub struct RenderedPanel {
    /// The section's heading.
    pub title: &'static str,
    /// Its HTML.
    pub html: ui::Safe,
}
use crate::ui;

type DoneFn = for<'a> fn(&'a dyn Executor, WorkspaceId, &'a [Ref]) -> BoxFuture<'a, Result<Vec<(Ref, (String, String))>>>;

/// Something that can be done with a record of another module, once: afterwards the result is shown instead.
#[derive(Clone, Copy)]
pub struct RecordAction {
    /// The kind of record.
    pub noun: &'static str,
    /// The verb, such as `Create task`.
    pub label: &'static str,
    /// Icon name.
    pub icon: &'static str,
    /// Where it is posted; `{ref}` stands for the record's id.
    pub post: &'static str,
    /// Who may.
    pub permission: Permission,
    /// The records for which it was done already, with label and URL of what came of it.
    pub done: DoneFn,
}

/// An action on one record, as a template shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RenderedAction {
    /// It can be done.
    Offer {
        /// The verb.
        label: &'static str,
        /// Icon name.
        icon: &'static str,
        /// Where to post.
        post: String,
    },
    /// It was done: what came of it.
    Done {
        /// Icon name.
        icon: &'static str,
        /// Its name, such as `ACME-12`.
        label: String,
        /// Where it opens.
        url: String,
    },
}

/// The line at the foot of the sidebar that says how the connections are.
#[derive(Clone, Debug)]
pub struct Health {
    /// `success`, `warning`, `danger` or `idle`.
    pub tone: &'static str,
    /// A few words, such as `Intercom live`.
    pub text: String,
    /// Where it leads.
    pub href: String,
    /// When the last sign of life came.
    pub at: Option<Timestamp>,
}

/// Asks for the health line; none when nothing is connected.
pub type HealthLine = Arc<dyn for<'a> Fn(&'a Ctx) -> BoxFuture<'a, Result<Option<Health>>> + Send + Sync>;
