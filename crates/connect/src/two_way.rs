//! Two-way: which side's value of a field holds, what is written to the provider, and what a person has to decide.
//!
//! Nothing goes out unless a person chose so for a field. A change is judged against the value that both sides last had in
//! common, so a field that one side left alone never fights. See `docs/connectors/two-way.md`.

mod api;
mod batch;
mod conflicts;
mod decide;
mod judge;
mod outlet;
mod preview;
mod push;
mod receive;
mod rules;
mod send;
mod state;
mod writes;

pub use self::batch::{BatchId, BatchKind, BatchState, BatchView};
pub use self::conflicts::{ConflictDecision, ConflictId, ConflictView, record_conflicts};
pub use self::decide::{ConflictRule, Direction};
pub use self::outlet::{Ours, OutRecord, Outlet, Take};
pub use self::preview::{FieldChange, FieldCount, Preview};
pub use self::push::changed;
pub use self::receive::{Case, Taken, receive};
pub use self::rules::{FieldChoice, FieldRule, FieldView, FieldsChange, Rules};
pub use self::writes::{WriteId, WriteState, WriteView};

pub(crate) use self::api::operations;
pub(crate) use self::batch::{JOB as BATCH_JOB, work as batch_work};
pub(crate) use self::push::wake;
pub(crate) use self::rules::rules;
pub(crate) use self::send::{JOB as WRITE_JOB, work as write_work};
pub(crate) use self::state::sweep;
