//! Pages of the plan.

use atlas_web::{Pages, Panel};

use crate::Planning;

/// The pages.
pub fn pages(_: &Planning) -> Pages {
    Pages::new()
}

/// Sections on other pages.
pub fn panels() -> Vec<Panel> {
    vec![]
}
