//! The modules of this Atlas: one line each; the plan is made from the work of the others.

use atlas_module::Module;

/// The modules of business; administration and documentation are drawn from the others.
pub(crate) fn business(calendars: Option<atlas_plan::calendar::import::Reach>) -> Vec<Module> {
    let mut modules = vec![atlas_growth::module(), atlas_work::module()];
    let sources = modules.iter().flat_map(|module| module.work_sources.iter().copied()).collect();
    modules.push(atlas_plan::module(sources, calendars));
    modules
}
