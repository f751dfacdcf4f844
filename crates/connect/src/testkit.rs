//! The suite that every connector passes before it is called live: facts that agree, and a provider that is read to its end.

mod facts;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use atlas_kernel::{Clock, ConnectionId, Result, Timestamp};

use crate::connection::Secret;
use crate::fetch::{self, Content};
use crate::halt::Halts;
use crate::http::{Http, Transport};
use crate::land::plan;
use crate::line::{Line, Trouble};
use crate::pacer::{Grants, Lane, Pacer};
use crate::{Connector, FailureClass, Listed, Object, Request, Stream, Window};

pub use self::facts::check_facts;

/// A listing longer than this in a test does not end.
const MOST_PAGES: usize = 2_000;

/// Runs a connector against a provider, usually its sandbox.
pub struct Suite {
    connector: Arc<Connector>,
    line: Line,
    pacer: Pacer,
}

/// What one check came to: its name, and what was seen or what is wrong.
pub type Finding = (String, Result<String, String>);

impl Suite {
    /// A suite that calls `base_url` with `token`; addresses of the local network are allowed.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(connector: Connector, base_url: &str, token: &str) -> Result<Self> {
        let connector = Arc::new(connector);
        let now = Clock::System.now();
        let pacer = Pacer::shared(connector.limits.window, connector.limits.per_minute, &Clock::System, Grants::alone());
        let halt = Halts::default().of(ConnectionId::new(now));
        let http = Http::new(true, Transport::Network)?;
        let line = Line::new(connector.clone(), base_url, Secret::new(token), http, pacer.clone(), halt, Clock::System);
        Ok(Self { connector, line, pacer })
    }

    /// Everything that needs no help from the provider; [`Suite::gone_arrives`] and [`Suite::waits`] want preparation.
    pub async fn run(&self) -> Vec<Finding> {
        let mut findings = vec![("facts agree".to_owned(), check_facts(&self.connector).map(|()| "they do".to_owned()))];
        findings.push(("whoami".to_owned(), self.whoami().await));
        for stream in self.connector.streams.clone() {
            findings.push((format!("{}: paging ends and a cursor resumes", stream.name), self.paging_resumes(&stream).await));
            if !stream.deletions {
                findings.push((format!("{}: the same object lands the same", stream.name), self.lands_the_same(&stream).await));
            }
        }
        findings
    }

    async fn whoami(&self) -> Result<String, String> {
        let good = self.line.call(Lane::People, &(self.connector.whoami.request)()).await.map_err(said)?;
        let account = (self.connector.whoami.read)(&good.value)?;
        if account.id.is_empty() { Err("the account has no id".to_owned()) } else { Ok("the account has an id".to_owned()) }
    }

    /// Reads a listing twice: straight, and with each cursor written down as JSON and read back before it is used.
    ///
    /// # Errors
    /// What differs, or what does not end.
    pub async fn paging_resumes(&self, stream: &Stream) -> Result<String, String> {
        let straight = self.read(stream, Request::clone).await?;
        let through_json = |request: &Request| {
            let json = serde_json::to_string(request).expect("a request is plain JSON");
            serde_json::from_str(&json).expect("what was written can be read")
        };
        let resumed = self.read(stream, through_json).await?;
        if straight.keys().ne(resumed.keys()) {
            return Err(format!("{} objects straight, {} with cursors written down", straight.len(), resumed.len()));
        }
        Ok(format!("{} objects", straight.len()))
    }

    async fn read(&self, stream: &Stream, keep: impl Fn(&Request) -> Request) -> Result<BTreeMap<String, Listed>, String> {
        let window = Window::History;
        let (mut found, mut next, mut pages) = (BTreeMap::new(), Some((stream.open)(&window)), 0);
        while let Some(request) = next {
            let request = keep(&request);
            let good = self.line.call(Lane::Bulk, &request).await.map_err(said)?;
            let page = (stream.read)(&window, &request, &good.value)?;
            found.extend(page.items.into_iter().map(|item| (item.id.clone(), item)));
            next = page.next;
            pages += 1;
            if pages > MOST_PAGES {
                return Err(format!("no end after {MOST_PAGES} pages"));
            }
        }
        Ok(found)
    }

    /// Fetches the first objects of a listing twice and lands them: the second run must be a no-op.
    ///
    /// # Errors
    /// Which object differs, or cannot be read.
    pub async fn lands_the_same(&self, stream: &Stream) -> Result<String, String> {
        let object = self.object(stream.object)?;
        let listed = self.read(stream, Request::clone).await?;
        for id in listed.keys().take(5) {
            let first = fetch::fetch(&self.line, Lane::Bulk, object, id).await.map_err(said)?;
            let second = fetch::fetch(&self.line, Lane::Bulk, object, id).await.map_err(said)?;
            let live_since = Some(Timestamp::UNIX_EPOCH);
            let (first, second) =
                (plan(&first, live_since).map_err(|e| e.to_string())?, plan(&second, live_since).map_err(|e| e.to_string())?);
            if let Some(why) = &first.note {
                return Err(format!("a {} cannot be read: {why}", object.kind));
            }
            if first.landings.is_empty() || first.landings != second.landings {
                return Err(format!("a {} lands as something else the second time", object.kind));
            }
        }
        Ok(format!("{} objects", listed.len().min(5)))
    }

    /// An object that the provider has deleted is understood as gone.
    ///
    /// # Errors
    /// When it is still there, or its absence means nothing to the connector.
    pub async fn gone_arrives(&self, kind: &str, id: &str) -> Result<String, String> {
        let object = self.object(kind)?;
        let fetched = fetch::fetch(&self.line, Lane::People, object, id).await.map_err(said)?;
        match fetched.content {
            Content::Present { .. } => Err(format!("the {kind} is still there")),
            Content::Gone(answer) if (object.gone)(id, &answer).is_empty() => Err(format!("nobody is told that the {kind} is gone")),
            Content::Gone(_) => Ok("gone".to_owned()),
        }
    }

    /// Makes calls for longer than one window allows: they wait, and none is refused.
    ///
    /// # Errors
    /// When an answer said "too many", or a call failed.
    pub async fn waits(&self, calls: usize) -> Result<String, String> {
        let request = (self.connector.whoami.request)();
        let begun = std::time::Instant::now();
        let all = (0..calls).map(|_| self.line.call(Lane::Bulk, &request));
        futures::future::try_join_all(all).await.map_err(said)?;
        match self.pacer.gauge().too_many {
            0 => Ok(format!("{calls} calls in {:?}", begun.elapsed())),
            refused => Err(format!("{refused} answers said too many")),
        }
    }

    fn object(&self, kind: &str) -> Result<Object, String> {
        self.connector.objects.iter().find(|o| o.kind == kind).copied().ok_or_else(|| format!("no kind of object is called {kind}"))
    }
}

/// Which of the secrets occur in what was logged, each named by its place in the list, never repeated.
pub fn leaked(log: &str, secrets: &[&str]) -> Vec<usize> {
    secrets.iter().enumerate().filter(|(_, secret)| !secret.is_empty() && log.contains(**secret)).map(|(place, _)| place).collect()
}

/// Waits between tries of a test that watches something arrive.
pub const LOOK_AGAIN: Duration = Duration::from_millis(50);

fn said(trouble: Trouble) -> String {
    match trouble {
        Trouble::Halted => "stopped".to_owned(),
        Trouble::Failed(failure, answer) => {
            let class: FailureClass = failure.class;
            format!("status {}: {} ({class:?})", answer.status, failure.code)
        }
    }
}
