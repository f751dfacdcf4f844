//! What readers hand to the committer.

use std::sync::Arc;

use atlas_kernel::Timestamp;
use tokio::sync::oneshot;

use super::pass::Pass;
use super::slots::Slot;
use super::streams::StreamState;
use crate::land::{Hold, Planned};

/// An object heavier than this is landed in several transactions.
pub(crate) const HEAVY: usize = 100;

/// Something to be committed, in order.
pub(crate) enum Piece {
    /// An object, and its place among the calls in flight, which it keeps until it is stored.
    Object { stream: usize, planned: Arc<Planned>, how: How, slot: Option<Slot> },
    /// Objects of a listing that are stored already.
    Skipped { stream: usize, count: i64 },
    /// Objects that could not be fetched; they are looked at again as signals.
    Postponed { stream: usize, object: &'static str, id: String },
    /// Where a listing stands before the objects of its page, and which ones an audit has seen on it.
    Page { stream: usize, pass: Box<Pass>, total: Option<i64>, named: Vec<String> },
    /// A listing was read to its end.
    Complete { stream: usize, began: i64, audit_from: Option<Timestamp> },
    /// A listing cannot be read now.
    Broken { stream: usize, state: StreamState, code: String, message: String },
    /// Answer when everything before this is committed.
    Flush(oneshot::Sender<()>),
}

/// How an object is landed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// As listed.
    Listed {
        /// Whether it is only stored for the time being.
        hold: Hold,
    },
    /// Needed by another one; not counted as listed.
    Needed,
    /// Held before, landed now.
    Release,
}

impl Piece {
    /// How much work committing it is.
    pub fn weight(&self) -> usize {
        match self {
            Self::Object { how: How::Listed { hold: Hold::ForNow }, .. } => 1,
            Self::Object { planned, .. } => planned.weight().min(HEAVY),
            _ => 1,
        }
    }

    /// The object, if it is one, and whether it is only stored for the time being.
    pub fn planned(&self) -> Option<(&Planned, Hold)> {
        match self {
            Self::Object { planned, how: How::Listed { hold }, .. } => Some((planned, *hold)),
            Self::Object { planned, .. } => Some((planned, Hold::No)),
            _ => None,
        }
    }

    /// The listing it belongs to.
    pub fn stream(&self) -> Option<usize> {
        match self {
            Self::Object { stream, .. }
            | Self::Skipped { stream, .. }
            | Self::Postponed { stream, .. }
            | Self::Page { stream, .. }
            | Self::Complete { stream, .. }
            | Self::Broken { stream, .. } => Some(*stream),
            Self::Flush(_) => None,
        }
    }
}
