//! What a handler knows besides its input.

use atlas_kernel::{Actor, Error, Result};
use atlas_store::{Db, Nouns};

/// Who calls, and what the handler works with.
#[derive(Clone)]
pub struct Ctx {
    /// Who calls; the permission of the operation is checked already.
    pub actor: Actor,
    /// The database, to read from.
    pub db: Db,
    /// How records of other modules are named.
    pub nouns: Nouns,
    /// The id of this call, as in the answer's `x-request-id`.
    pub request_id: String,
    /// The version that `If-Match` demands, if it does.
    pub if_match: Option<i64>,
}

impl Ctx {
    /// Holds `If-Match` against the version just read.
    ///
    /// # Errors
    /// [`Error::Stale`] when the caller demands another version.
    pub fn demand_version(&self, version: i64) -> Result<()> {
        match self.if_match {
            Some(demanded) if demanded != version => Err(Error::Stale),
            _ => Ok(()),
        }
    }
}
