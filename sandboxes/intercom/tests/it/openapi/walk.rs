//! Calls every path of the sandbox, with success and with errors, and collects what is not described.

mod change;
mod look;

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::Value;

use super::description::{Description, Problem};
use crate::client::{Box, options, read, with};
use crate::receiver::Receiver;

/// Paths the description does not have: `/subscriptions` ended with API 1.x.
const UNDESCRIBED: &str = "/subscriptions";
const ADMIN: &str = "6810042";

/// What was called and what was found.
pub struct Walk {
    sandbox: Box,
    description: Description,
    pub problems: BTreeSet<Problem>,
    pub answers: usize,
    seen: BTreeMap<String, BTreeSet<u16>>,
}

/// Method and path of every route, read from the router's source.
fn routes() -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for line in include_str!("../../../src/api.rs").lines() {
        let Some((path, handlers)) = line.trim().strip_prefix(".route(\"").and_then(|rest| rest.split_once('"')) else { continue };
        for (word, method) in [("get(", "GET"), ("post(", "POST"), ("put(", "PUT"), ("delete(", "DELETE")] {
            let called = handlers.match_indices(word).any(|(at, _)| !handlers[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
            if called && !path.starts_with(UNDESCRIBED) {
                routes.insert(format!("{method} {}", normal(path)));
            }
        }
    }
    routes
}

fn normal(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "{id}" } else { part }).collect::<Vec<_>>().join("/")
}

impl Walk {
    /// Routes that are not described, were not called, or answered only one way.
    pub fn missing(&self) -> Vec<String> {
        let seen = |route: &str, wanted: fn(&u16) -> bool| self.seen.get(route).is_some_and(|s| s.iter().any(wanted));
        let complete = |route: &&String| {
            self.description.operations.contains(*route)
                && seen(route, |s| *s < 300)
                && seen(route, |s| *s == 401)
                && seen(route, |s| *s == 403)
        };
        routes().iter().filter(|r| !complete(r)).cloned().collect()
    }

    /// How many operations were called.
    pub fn operations(&self) -> usize {
        self.seen.len()
    }

    async fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> Value {
        let mut request = self.sandbox.call(method.clone(), path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let (status, answer) = read(request.send().await.expect("answer")).await;
        self.note(&method, path, status.as_u16(), &answer);
        answer
    }

    fn note(&mut self, method: &Method, path: &str, status: u16, answer: &Value) {
        let operation = operation(method, path);
        self.problems.extend(self.description.check(&operation, status, answer));
        self.seen.entry(operation).or_default().insert(status);
        self.answers += 1;
    }

    async fn get(&mut self, path: &str) -> Value {
        self.send(Method::GET, path, None).await
    }

    async fn post(&mut self, path: &str, body: Value) -> Value {
        self.send(Method::POST, path, Some(body)).await
    }

    async fn put(&mut self, path: &str, body: Value) -> Value {
        self.send(Method::PUT, path, Some(body)).await
    }

    async fn delete(&mut self, path: &str) -> Value {
        self.send(Method::DELETE, path, None).await
    }
}

/// The route a path belongs to; literal parts win over parameters.
fn operation(method: &Method, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |route: &&String| {
        let (verb, template) = route.split_once(' ').expect("method and path");
        let names: Vec<&str> = template.split('/').collect();
        verb == method.as_str() && names.len() == parts.len() && names.iter().zip(&parts).all(|(n, p)| *n == "{id}" || n == p)
    };
    let routes = routes();
    let found = routes.iter().filter(fits).min_by_key(|r| r.matches("{id}").count());
    found.unwrap_or_else(|| panic!("{method} {path} is no route")).clone()
}

fn id(value: &Value) -> String {
    value["id"].as_str().map_or_else(|| value["id"].to_string(), str::to_owned)
}

/// Walks over everything.
pub async fn walk() -> Walk {
    let receiver = Receiver::start().await;
    let small = atlas_sandbox_intercom::Options { webhook_url: Some(receiver.url.clone()), long_conversation: 520, ..options() };
    let sandbox = with(small).await;
    let mut walk = Walk { sandbox, description: Description::load(), problems: BTreeSet::new(), answers: 0, seen: BTreeMap::new() };
    look::readings(&mut walk).await;
    let user = change::people(&mut walk).await;
    change::firms(&mut walk, &user).await;
    change::talks(&mut walk, &user).await;
    change::office(&mut walk, &user).await;
    look::notices(&mut walk, &receiver).await;
    look::refusals(&mut walk).await;
    walk
}
