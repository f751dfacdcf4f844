//! The page kit: shell, sessions, forms, toasts, palette, live updates, assets, and helpers for templates.

mod app;
mod assets;
mod clean;
mod ctx;
mod failure;
mod form;
mod live;
mod page;
mod pages;
mod palette;
mod registry;
mod response;
pub mod ui;

pub use app::{App, AppParts, router};
pub use assets::Assets;
pub use ctx::{Ctx, Visitor, session_cookie};
pub use failure::{Failure, Reply};
pub use form::{Form, Query};
pub use page::{Gate, PageBuilder};
pub use pages::{PageInfo, Pages};
pub use registry::{Health, HealthLine, NavItem, Panel, QuickAction, RecordAction, RenderedAction, RenderedPanel};
pub use response::{Redirecting, redirect_to};

/// The cookie that holds a session.
pub const SESSION_COOKIE: &str = "atlas_session";
