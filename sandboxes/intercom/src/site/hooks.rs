//! The Developer Hub's Webhooks page: endpoint, topics, ping, delivery log.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{Done, Frame, back, page, page_as, words};
use crate::control::notices;
use crate::sandbox::{Sandbox, lock, read, write};
use crate::webhook::{
    Notice,
    post::{Delivery, Health},
    send, topics,
};

const PATH: &str = "/hub/app/webhooks";
/// Attempts the page shows.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "webhooks.html")]
struct Hooks {
    frame: Frame,
    name: String,
    url: String,
    live: bool,
    verified: Option<bool>,
    topics: Vec<Choice>,
    uninstall_url: String,
    deliveries: Vec<Attempt>,
}

struct Choice {
    name: &'static str,
    on: bool,
}

struct Attempt {
    when: String,
    topic: String,
    attempt: u32,
    answer: String,
    fine: bool,
    ms: u64,
    about: String,
}

/// `GET /hub/app/webhooks`.
pub async fn show(State(sandbox): State<Arc<Sandbox>>, Query(done): Query<Done>) -> Response {
    page(&view(&sandbox, Frame::new("Webhooks", "hub").done(&done), None))
}

fn view(sandbox: &Sandbox, frame: Frame, typed: Option<String>) -> Hooks {
    let app = read(&sandbox.app);
    let hook = &app.hook;
    Hooks {
        frame,
        name: app.name.clone(),
        url: typed.or_else(|| hook.url.clone()).unwrap_or_default(),
        live: hook.live,
        verified: hook.url.as_ref().and(hook.verified.or(Some(false))),
        topics: topics::names().map(|name| Choice { name, on: hook.topics.contains(name) }).collect(),
        uninstall_url: app.uninstall_url.clone().unwrap_or_default(),
        deliveries: sandbox.postman.log().into_iter().take(SHOWN).map(|d| attempt(sandbox, d)).collect(),
    }
}

fn attempt(sandbox: &Sandbox, d: Delivery) -> Attempt {
    Attempt {
        when: words::clock(d.at, &sandbox.zone),
        topic: d.topic,
        attempt: d.attempt,
        fine: d.status.is_some_and(|s| (200..300).contains(&s)),
        answer: d.status.map_or_else(|| d.error.unwrap_or_default(), |s| s.to_string()),
        ms: d.ms,
        about: d.about,
    }
}

/// `POST /hub/app/webhooks`: checks the endpoint by HEAD, then keeps it with the ticked topics.
pub async fn save(
    State(sandbox): State<Arc<Sandbox>>,
    Extension(client): Extension<reqwest::Client>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let url = form.get("url").map(|u| u.trim().to_owned()).filter(|u| !u.is_empty());
    if let Some(url) = &url {
        let answer = send::head(&client, url).await;
        if !answer.as_ref().is_ok_and(|status| (200..300).contains(status)) {
            let said = answer.map_or_else(|error| error, |status| format!("it answered {status}"));
            let frame = Frame::new("Webhooks", "hub").problem(format!("Not saved: the HEAD request failed, {said}."));
            return page_as(StatusCode::UNPROCESSABLE_ENTITY, &view(&sandbox, frame, Some(url.clone())));
        }
    }
    let all = form.contains_key("all");
    let ticked: BTreeSet<&'static str> = topics::names().filter(|name| all || form.contains_key(*name)).collect();
    let mut app = write(&sandbox.app);
    app.hook.verified = url.as_ref().map(|_| true);
    app.hook.live = true;
    app.hook.url = url;
    app.hook.topics = ticked;
    back(PATH, "saved")
}

/// `POST /hub/app/webhooks/ping`.
pub async fn ping(State(sandbox): State<Arc<Sandbox>>) -> Response {
    notices::send_ping(&sandbox);
    back(PATH, "ping")
}

/// `POST /hub/app/webhooks/resend`.
pub async fn resend(State(sandbox): State<Arc<Sandbox>>) -> Response {
    match sandbox.postman.last(None, None) {
        Some(notice) => {
            notices::post(&sandbox, Notice { plain: true, ..notice });
            back(PATH, "resent")
        }
        None => back(PATH, "nothing"),
    }
}

/// `POST /hub/app/webhooks/live`: switches the subscription on again.
pub async fn live(State(sandbox): State<Arc<Sandbox>>) -> Response {
    write(&sandbox.app).hook.live = true;
    *lock(&sandbox.postman.health) = Health::default();
    back(PATH, "live")
}

/// `POST /hub/app/webhooks/uninstall`.
pub async fn uninstall(State(sandbox): State<Arc<Sandbox>>, Form(form): Form<HashMap<String, String>>) -> Response {
    write(&sandbox.app).uninstall_url = form.get("url").map(|u| u.trim().to_owned()).filter(|u| !u.is_empty());
    back(PATH, "saved")
}
