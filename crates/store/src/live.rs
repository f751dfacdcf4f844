//! Live notices: which topics changed, told to open pages and idle workers after each commit.

use atlas_kernel::WorkspaceId;
use serde::{Deserialize, Serialize};

use crate::tx::Touched;

/// What one committed transaction touched in one workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The workspace; none when only workers are woken.
    #[serde(rename = "w")]
    pub workspace: Option<WorkspaceId>,
    /// Record ids and list names (`contacts`); `*` stands for "too many to name".
    #[serde(rename = "t")]
    pub topics: Vec<String>,
    /// Whether new jobs are waiting.
    #[serde(rename = "j", default)]
    pub jobs: bool,
}

/// PostgreSQL carries at most 8,000 bytes in a notification; more topics than this become `*`.
const MOST_TOPICS: usize = 200;

impl Notice {
    pub(crate) fn from_touched(touched: &Touched) -> Vec<Self> {
        let mut notices: Vec<Self> = Vec::new();
        for (workspace, topic) in &touched.topics {
            match notices.last_mut() {
                Some(last) if last.workspace == Some(*workspace) => last.topics.push(topic.clone()),
                _ => notices.push(Self { workspace: Some(*workspace), topics: vec![topic.clone()], jobs: false }),
            }
        }
        for notice in notices.iter_mut().filter(|n| n.topics.len() > MOST_TOPICS) {
            notice.topics = vec!["*".to_owned()];
        }
        if touched.jobs {
            notices.push(Self { workspace: None, topics: vec![], jobs: true });
        }
        notices
    }

    pub(crate) fn encode(&self) -> String {
        serde_json::to_string(self).expect("a notice is plain JSON")
    }

    /// Whether a page that watches `topics` is concerned.
    pub fn concerns(&self, workspace: WorkspaceId, topics: &[String]) -> bool {
        self.workspace == Some(workspace) && self.topics.iter().any(|topic| topic == "*" || topics.iter().any(|watched| watched == topic))
    }
}
