//! A sandbox inside another program: no sockets, no tasks of its own, and somebody else's clock. For tests that own time.

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use tokio::sync::mpsc::UnboundedReceiver;
use tower::ServiceExt;

use crate::clock::Clock;
use crate::options::Options;
use crate::sandbox::{Sandbox, read};
use crate::server;
use crate::webhook::{Notice, sign};

/// A sandbox that is called like a function.
pub struct Inside {
    sandbox: Arc<Sandbox>,
    router: Router,
    queue: Mutex<Option<UnboundedReceiver<Notice>>>,
}

/// A notice as it would be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    pub topic: String,
    /// The id of the object.
    pub about: String,
    pub body: String,
    /// The value of `X-Hub-Signature`.
    pub signature: String,
}

impl Inside {
    /// Grows a workspace whose clock is `micros`, microseconds since the epoch.
    ///
    /// # Errors
    /// When the options name an unknown time zone or version.
    ///
    /// # Panics
    /// When TLS cannot be set up.
    pub fn new(options: Options, micros: Arc<AtomicI64>) -> Result<Self, String> {
        // Making a client reads the machine's certificates; nobody here sends anything.
        static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
        let client = CLIENT.get_or_init(|| server::client().expect("TLS can be set up")).clone();
        let sandbox = Arc::new(Sandbox::on(options, Clock::given(micros))?);
        let queue = Mutex::new(sandbox.postman.take_queue());
        Ok(Self { router: server::router(&sandbox, client), sandbox, queue })
    }

    /// Answers one call, to the imitated API, its pages or `/_sandbox/`. A body that breaks off is an error.
    ///
    /// # Errors
    /// When the sandbox was told to break the answer off.
    pub async fn call(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, String> {
        let Ok(answer) = self.router.clone().oneshot(request.map(Body::from)).await;
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.map_err(|e| e.to_string())?;
        Ok(Response::from_parts(parts, body.to_vec()))
    }

    /// The notices that have come up since this was asked last, in order; whoever asks delivers them.
    pub fn notices(&self) -> Vec<Posted> {
        let mut held = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(queue) = held.as_mut() else { return Vec::new() };
        let (now, secret) = (self.sandbox.clock.seconds(), read(&self.sandbox.app).client_secret.clone());
        let mut posted = Vec::new();
        while let Ok(mut notice) = queue.try_recv() {
            notice.attempts += 1;
            notice.first_sent_at.get_or_insert(now);
            let body = notice.body(now);
            let signature = sign::hub(&secret, body.as_bytes());
            posted.push(Posted { topic: notice.topic, about: notice.about, signature, body });
        }
        self.sandbox.stats.notices(|n| n.pending -= posted.len() as u64);
        posted
    }
}
