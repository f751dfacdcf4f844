//! The modules of this Atlas: one line each.

use atlas_module::Module;

/// The modules of business; administration and documentation are drawn from the others.
pub(crate) fn business() -> Vec<Module> {
    vec![atlas_growth::module(), atlas_work::module()]
}
