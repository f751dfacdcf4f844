//! Nouns: how any record's id becomes a name and a link, whichever module owns it.

use std::collections::HashMap;
use std::sync::Arc;

use atlas_kernel::{Ref, Result, WorkspaceId};
use futures::future::BoxFuture;

use crate::Executor;

/// What there is to say of a record to somebody who only has its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name to show.
    pub label: String,
    /// Where it opens.
    pub url: String,
    /// Icon name.
    pub icon: &'static str,
    /// Its words, when it has some worth quoting (a message, a note).
    pub text: Option<String>,
    /// The records it belongs to, such as a message's conversation and contact.
    pub related: Vec<Ref>,
}

/// Names records of one kind; ids that are not there (or of another workspace) are left out.
pub type Describe = for<'a> fn(&'a dyn Executor, WorkspaceId, &'a [Ref]) -> BoxFuture<'a, Result<Vec<(Ref, Named)>>>;

/// A kind of record, as registered by the module that owns it.
#[derive(Clone, Copy)]
pub struct Noun {
    /// The id prefix.
    pub kind: &'static str,
    /// What people read, such as `Contact`.
    pub label: &'static str,
    /// Names records of this kind; ids that are not there (or of another workspace) are left out.
    pub describe: Describe,
}

/// All registered kinds of records.
#[derive(Clone, Default)]
pub struct Nouns(Arc<Vec<Noun>>);

impl Nouns {
    /// The registry of these nouns.
    pub fn new(nouns: Vec<Noun>) -> Self {
        Self(Arc::new(nouns))
    }

    /// Whether any module owns ids of this prefix.
    pub fn knows(&self, kind: &str) -> bool {
        self.0.iter().any(|noun| noun.kind == kind)
    }

    /// Names all these records, one query a kind.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub async fn describe(&self, on: &dyn Executor, workspace: WorkspaceId, refs: &[Ref]) -> Result<HashMap<Ref, Named>> {
        let mut named = HashMap::new();
        for noun in self.0.iter() {
            let mut mine: Vec<Ref> = refs.iter().filter(|r| r.kind() == noun.kind).cloned().collect();
            mine.sort();
            mine.dedup();
            if !mine.is_empty() {
                named.extend((noun.describe)(on, workspace, &mine).await?);
            }
        }
        Ok(named)
    }
}
