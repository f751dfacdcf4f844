//! A pass: one reading of a listing from its first page to its last, kept so that it can be taken up in the middle.

use atlas_kernel::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Request, Stream, Window};

/// A pass under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pass {
    /// What is read.
    pub window: Window,
    /// The call for the page at work.
    pub request: Request,
    /// Objects of earlier pages whose calls were under way.
    #[serde(default)]
    pub leftovers: Vec<String>,
    /// The provider's time at which the pass began, Unix seconds: the next one reads from here.
    pub began: i64,
    /// When an audit began to read the whole listing, by our clock: what it has not named at its end is asked after.
    #[serde(default)]
    pub audit_from: Option<Timestamp>,
    /// Objects dealt with before the page at work.
    #[serde(default)]
    pub done_before: i64,
    /// Pages read.
    #[serde(default)]
    pub pages: i64,
    /// Times the listing had to be started again.
    #[serde(default)]
    pub restarts: i64,
    /// A page of it may be lost for good: at its end it is read once more.
    #[serde(default)]
    pub gap: bool,
}

/// A listing that has to be started again this often is given up for now.
pub(crate) const MOST_RESTARTS: i64 = 20;

impl Pass {
    /// A pass from the first page on.
    pub fn open(stream: &Stream, window: Window, began: i64) -> Self {
        let request = (stream.open)(&window);
        Self { window, request, leftovers: vec![], began, audit_from: None, done_before: 0, pages: 0, restarts: 0, gap: false }
    }

    /// A pass over everything there is, at whose end what it did not name is asked after.
    pub fn audit(stream: &Stream, began: i64, now: Timestamp) -> Self {
        Self { audit_from: Some(now), ..Self::open(stream, Window::History, began) }
    }

    /// The same pass at its next page.
    pub fn at(&self, request: Request) -> Self {
        Self { request, pages: self.pages + 1, leftovers: vec![], ..self.clone() }
    }

    /// The same pass from its first page again, because the provider forgot where it was.
    pub fn restart(&mut self, stream: &Stream) {
        self.request = (stream.open)(&self.window);
        self.restarts += 1;
        (self.pages, self.done_before, self.gap) = (0, 0, false);
    }

    /// The same pass, taken up by another run. A listing of which there can be only one is kept by the provider, and went on with
    /// every call: the page whose answer nobody stored does not come again.
    pub fn taken_up(self, stream: &Stream) -> Self {
        Self { gap: self.gap || stream.exclusive.is_some(), ..self }
    }
}
