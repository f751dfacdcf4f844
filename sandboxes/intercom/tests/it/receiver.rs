//! An endpoint that keeps what it is sent and answers as told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

/// One request that arrived.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub method: Method,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Arrival {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }
}

/// The endpoint.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    arrivals: Arc<Mutex<Vec<Arrival>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
    words: Arc<Mutex<String>>,
}

impl Receiver {
    /// Starts on a free port.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
        let url = format!("http://{}/hook", listener.local_addr().expect("address"));
        let receiver = Self { url, arrivals: Arc::default(), answers: Arc::default(), words: Arc::default() };
        let app = Router::new().fallback(take).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        receiver
    }

    /// Statuses of the next POSTs; afterwards 200.
    pub fn answer(&self, statuses: &[u16]) {
        self.answers.lock().expect("lock").extend(statuses);
    }

    /// Body of the answers from now on.
    pub fn say(&self, words: &str) {
        *self.words.lock().expect("lock") = words.to_owned();
    }

    /// The POSTs so far.
    pub fn posts(&self) -> Vec<Arrival> {
        self.arrivals.lock().expect("lock").iter().filter(|a| a.method == Method::POST).cloned().collect()
    }

    /// The HEADs so far.
    pub fn heads(&self) -> usize {
        self.arrivals.lock().expect("lock").iter().filter(|a| a.method == Method::HEAD).count()
    }

    /// Waits until so many POSTs arrived.
    pub async fn wait(&self, count: usize) -> Vec<Arrival> {
        for _ in 0..500 {
            let posts = self.posts();
            if posts.len() >= count {
                return posts;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("only {} of {count} notices arrived: {:?}", self.posts().len(), self.topics());
    }

    /// Topics of the POSTs so far.
    pub fn topics(&self) -> Vec<String> {
        self.posts().iter().map(|p| p.json()["topic"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

async fn take(State(receiver): State<Receiver>, method: Method, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let status = if method == Method::POST { receiver.answers.lock().expect("lock").pop_front() } else { None };
    receiver.arrivals.lock().expect("lock").push(Arrival { method, headers, body });
    let words = receiver.words.lock().expect("lock").clone();
    (StatusCode::from_u16(status.unwrap_or(200)).expect("status"), words)
}
