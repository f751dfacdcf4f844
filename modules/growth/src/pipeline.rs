//! A pipeline: the ordered stages that deals go through.

use std::collections::BTreeMap;

use atlas_kernel::{Error, Result, Timestamp};

use crate::checks::Checks;
use crate::ids::{PipelineId, StageId};

pub mod api;
pub mod store;
pub mod verbs;
pub mod web;

atlas_kernel::text_enum! {
    /// What being in a stage means.
    pub enum StageKind {
        /// Still to be decided.
        Open = "open",
        /// Sold.
        Won = "won",
        /// Not sold.
        Lost = "lost",
    }
}
atlas_store::text_column!(StageKind);

atlas_store::row! {
    /// One stage of a pipeline.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Stage {
        /// The stage's id.
        pub id: StageId,
        /// The pipeline it belongs to.
        pub pipeline_id: PipelineId,
        /// The name.
        pub name: String,
        /// What being in it means.
        pub kind: StageKind,
        /// How likely a deal in it is won, in percent.
        pub likelihood: i64,
    }
}

/// The ordered stages that deals go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline {
    /// The pipeline's id.
    pub id: PipelineId,
    /// The name.
    pub name: String,
    /// Goes up by one with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// The stages, in order.
    pub stages: Vec<Stage>,
}

/// A stage as somebody wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageWish {
    /// The stage to change; none makes a new one.
    pub id: Option<StageId>,
    /// The name.
    pub name: String,
    /// What being in it means.
    pub kind: StageKind,
    /// How likely a deal in it is won, in percent; 100 for won and 0 for lost, whatever is said.
    pub likelihood: i64,
}

/// Where the deals of stages that go are moved: from, to.
pub type Moves = BTreeMap<StageId, StageId>;

/// A pipeline has at most this many stages.
pub const MOST_STAGES: usize = 20;

impl Pipeline {
    /// The stage with this id.
    pub fn stage(&self, id: StageId) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == id)
    }

    /// The stage new deals begin in.
    pub fn first_open(&self) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.kind == StageKind::Open)
    }

    /// The stages as wishes, to be changed and set again.
    pub fn wishes(&self) -> Vec<StageWish> {
        let wish =
            |stage: &Stage| StageWish { id: Some(stage.id), name: stage.name.clone(), kind: stage.kind, likelihood: stage.likelihood };
        self.stages.iter().map(wish).collect()
    }

    /// The stages that are there and not among these wishes.
    pub fn dropped(&self, wishes: &[StageWish]) -> Vec<StageId> {
        self.stages.iter().map(|stage| stage.id).filter(|id| !wishes.iter().any(|wish| wish.id == Some(*id))).collect()
    }
}

/// What a new pipeline begins with.
pub(crate) fn usual_stages() -> Vec<StageWish> {
    let stage = |name: &str, kind, likelihood| StageWish { id: None, name: name.to_owned(), kind, likelihood };
    vec![
        stage("Lead", StageKind::Open, 10),
        stage("Qualified", StageKind::Open, 25),
        stage("Proposal", StageKind::Open, 50),
        stage("Negotiation", StageKind::Open, 75),
        stage("Won", StageKind::Won, 100),
        stage("Lost", StageKind::Lost, 0),
    ]
}

/// Stages as wished, checked: named, each name once, at least one open, ids of this pipeline.
///
/// # Errors
/// Every field that cannot be accepted, such as `stages[2].name`.
pub(crate) fn checked(pipeline: Option<&Pipeline>, wishes: Vec<StageWish>) -> Result<Vec<StageWish>> {
    let mut checks = Checks::default();
    let mut kept: Vec<StageWish> = Vec::new();
    for (place, mut wish) in wishes.into_iter().enumerate() {
        let name = format!("stages[{place}].name");
        wish.name = checks.required(&name, &wish.name, 60);
        if kept.iter().any(|other| other.name.to_lowercase() == wish.name.to_lowercase()) {
            checks.refuse(name, "duplicate", "another stage has this name");
        }
        if let Some(id) = wish.id
            && (pipeline.and_then(|p| p.stage(id)).is_none() || kept.iter().any(|other| other.id == Some(id)))
        {
            checks.refuse(format!("stages[{place}].id"), "unknown", "this pipeline has no such stage, or it is named twice");
        }
        if !(0..=100).contains(&wish.likelihood) {
            checks.refuse(format!("stages[{place}].likelihood"), "out_of_range", "between 0 and 100 percent");
        }
        wish.likelihood = match wish.kind {
            StageKind::Open => wish.likelihood,
            StageKind::Won => 100,
            StageKind::Lost => 0,
        };
        kept.push(wish);
    }
    if !kept.iter().any(|wish| wish.kind == StageKind::Open) {
        checks.refuse("stages", "no_open_stage", "at least one stage must be open");
    }
    if kept.len() > MOST_STAGES {
        checks.refuse("stages", "too_many", format!("at most {MOST_STAGES} stages"));
    }
    checks.done()?;
    Ok(kept)
}

/// Where the deals of `stage` go when it is removed, when there are some.
///
/// # Errors
/// A conflict naming how many deals are in the way; a field error when the target is not one of the kept stages.
pub(crate) fn target(stage: &Stage, deals: i64, moves: &Moves, kept: &[StageWish]) -> Result<Option<StageId>> {
    match moves.get(&stage.id) {
        Some(to) if kept.iter().any(|wish| wish.id == Some(*to)) => Ok(Some(*to)),
        Some(_) => Err(Error::field("moveDealsTo", "unknown", "the deals must go to a stage that stays in this pipeline")),
        None if deals == 0 => Ok(None),
        None => {
            let deals = if deals == 1 { "One deal is".to_owned() } else { format!("{deals} deals are") };
            let detail = format!("{deals} in {}. The stage was kept. Say which stage they go to.", stage.name);
            Err(Error::conflict("stage_not_empty", detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(wishes: Vec<StageWish>) -> Vec<String> {
        match checked(None, wishes) {
            Err(Error::Invalid(fields)) => fields.into_iter().map(|f| f.field).collect(),
            _ => vec![],
        }
    }

    #[test]
    fn stages_are_named_once_and_one_is_open() {
        assert!(fields(usual_stages()).is_empty());
        let mut twice = usual_stages();
        twice[1].name = " lead ".into();
        twice[2].name = String::new();
        assert_eq!(fields(twice), ["stages[1].name", "stages[2].name"]);
        let closed: Vec<_> = usual_stages().into_iter().filter(|s| s.kind != StageKind::Open).collect();
        assert_eq!(fields(closed), ["stages"]);
    }
}
