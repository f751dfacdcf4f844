//! What operators read: every call with its id and operation, no input and no secrets.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::app::App;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn calls_are_told_without_what_they_carry() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE).with_writer(lines.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let app = App::new().await;
    let headers = [("idempotency-key", "planted-key"), ("x-request-id", "trace-1"), ("cookie", "atlas_session=planted-cookie")];
    let made = app.call_with("POST", "/v1/widgets", Some(json!({"name": "planted-name"})), &headers).await;
    assert_eq!(made.status, 201);
    app.call("POST", "/v1/widgets", Some(json!({"name": 1, "planted-field": 2}))).await;
    app.call("GET", "/v1/widgets?cursor=planted-query", None).await;
    app.call("POST", "/v1/widgets/seal", None).await;
    app.call("POST", "/v1/widgets/crash", Some(json!({}))).await;
    drop(guard);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let ours: Vec<&str> = text.lines().filter(|line| line.contains("\"target\":\"atlas_api")).collect();
    assert_eq!(ours.iter().filter(|line| line.contains("call answered")).count(), 5);
    assert!(
        ours[0].contains("trace-1") && ours[0].contains("widgets.create") && ours[0].contains("\"http.response.status_code\":201"),
        "{}",
        ours[0]
    );
    assert!(ours[0].contains("\"workspace.id\":\"ws_") && ours[0].contains("\"actor.id\":\"user_"), "{}", ours[0]);
    assert!(ours.iter().any(|line| line.contains("ERROR") && line.contains("a secret of the inside")), "faults tell their cause");
    for line in ours {
        assert!(!line.contains("planted") && !line.contains("atlas_pat_") && !line.contains("sesame"), "{line}");
    }
}
