//! The suite that every connector passes, on each connector against its sandbox.

use std::io::Write;
use std::sync::{Arc, Mutex};

use atlas_connect::testkit::{Suite, leaked};
use atlas_sandbox_intercom::{Options, Running, start};
use serde_json::{Value, json};

async fn sandbox(limit_per_minute: u32) -> (Running, reqwest::Client, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listen = "127.0.0.1:0".parse().unwrap();
    let sandbox =
        start(Options { listen, contacts: 320, companies: 120, conversations: 40, limit_per_minute, ..Options::default() }).await.unwrap();
    let http = reqwest::Client::new();
    let token: Value = http.post(format!("{}/_sandbox/token", sandbox.url)).json(&json!({})).send().await.unwrap().json().await.unwrap();
    (sandbox, http, token["access_token"].as_str().unwrap().to_owned())
}

/// Everything that is logged while a test runs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn intercom_passes_the_shared_suite() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (sandbox, http, token) = sandbox(0).await;
    let suite = Suite::new(atlas_intercom::connector(), &sandbox.url, &token).unwrap();
    for (name, finding) in suite.run().await {
        assert!(finding.is_ok(), "{name}: {finding:?}");
    }
    let truth: Value = http.get(format!("{}/_sandbox/truth", sandbox.url)).send().await.unwrap().json().await.unwrap();
    let id = |list: &str| truth[list][0].as_str().unwrap().to_owned();
    for (kind, list) in [("contact", "contacts"), ("company", "companies"), ("conversation", "conversations")] {
        assert!(suite.gone_arrives(kind, &id(list)).await.is_err(), "the {kind} is there");
        let gone = http.delete(format!("{}/_sandbox/{list}/{}", sandbox.url, id(list))).send().await.unwrap();
        assert!(gone.status().is_success(), "{kind}: {}", gone.text().await.unwrap());
        assert_eq!(suite.gone_arrives(kind, &id(list)).await, Ok("gone".into()), "{kind}");
    }
    let said = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert_eq!(leaked(&said, &[&token, "sandbox-secret"]), Vec::<usize>::new(), "no secret is in the log");
}

#[tokio::test]
async fn intercom_waits_for_the_next_window_and_draws_no_refusal() {
    let (sandbox, _http, token) = sandbox(240).await;
    let suite = Suite::new(atlas_intercom::connector(), &sandbox.url, &token).unwrap();
    let waited = suite.waits(60).await;
    assert!(waited.is_ok(), "{waited:?}");
}
