//! The provider as Atlas reaches it: the strict sandbox behind calls that take time, fail, and meet changes half way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use atlas_connect::{Loss, Transport};
use atlas_kernel::Clock;
use atlas_sandbox_intercom::{Inside, Options, Posted};
use axum::http::{Request, Response};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::change::Change;
use crate::random::Random;

/// The sandbox's address as Atlas has it; nobody listens there.
pub const ADDRESS: &str = "http://sandbox.local";

/// What goes wrong with some calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Calls whose path begins like this.
    pub path: &'static str,
    /// So many of them go well first.
    pub after: u64,
    /// So many fail.
    pub count: u64,
    /// How.
    pub kind: Trouble,
}

/// How a call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A JSON error of this status.
    Status(u16),
    /// A page of HTML with this status.
    Html(u16),
    /// Too many, with so many seconds to wait; without headers when none.
    TooMany(Option<u64>),
    /// The connection breaks before the call is answered.
    Reset,
    /// No answer.
    Silence,
    /// The call is carried out, and its answer is cut off.
    CutOff,
    /// A list that says it has nothing in it and no more pages.
    Empty,
    /// The call waits until [`Provider::release`], then it is carried out.
    Stall,
}

/// The provider, shared by everybody who calls it or changes it.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    sandbox: Inside,
    clock: Clock,
    script: Mutex<Script>,
    crash: Notify,
    stalled: Notify,
    release: Notify,
}

struct Script {
    calls: u64,
    paths: Vec<String>,
    random: Random,
    /// The least and the most microseconds that a call takes.
    pace: (u64, u64),
    faults: Vec<Fault>,
    /// What happens while a call is under way: after so many more calls, before or after the answer is made.
    meanwhile: Vec<(u64, bool, Change)>,
    crash_after: Option<u64>,
    /// Things the provider refused, such as merging two users: no fault of anybody.
    refused: u64,
}

impl Provider {
    /// A provider on Atlas's clock.
    ///
    /// # Errors
    /// When the sandbox does not take the options.
    pub fn new(options: Options, clock: &Clock, seed: u64) -> Result<Self> {
        let Clock::Manual(micros) = clock else { return Err(anyhow!("a simulation has a clock of its own")) };
        let sandbox = Inside::new(options, micros.clone()).map_err(|e| anyhow!(e))?;
        let script = Script {
            calls: 0,
            paths: vec![],
            random: Random::new(seed, 1),
            pace: (500, 80_000),
            faults: vec![],
            meanwhile: vec![],
            crash_after: None,
            refused: 0,
        };
        Ok(Self(Arc::new(Inner {
            sandbox,
            clock: clock.clone(),
            script: Mutex::new(script),
            crash: Notify::new(),
            stalled: Notify::new(),
            release: Notify::new(),
        })))
    }

    /// How Atlas reaches it.
    pub fn transport(&self) -> Transport {
        let this = self.clone();
        Transport::Inside(Arc::new(move |request| {
            let this = this.clone();
            Box::pin(async move { this.answer(request).await })
        }))
    }

    /// The next calls take from `least` to `most` microseconds.
    pub fn pace(&self, least: u64, most: u64) {
        self.script().pace = (least, most);
    }

    /// Lets calls go wrong.
    pub fn fail(&self, fault: Fault) {
        self.script().faults.push(fault);
    }

    /// Everything works again.
    pub fn mend(&self) {
        let mut script = self.script();
        script.faults.clear();
        script.meanwhile.clear();
        script.crash_after = None;
    }

    /// Something happens at the provider during the call after so many others: before it is answered, or on the way back.
    pub fn meanwhile(&self, after: u64, before_answer: bool, change: Change) {
        let mut script = self.script();
        let at = script.calls + after + 1;
        script.meanwhile.push((at, before_answer, change));
    }

    /// Atlas is killed during the call after so many others.
    pub fn crash_after(&self, calls: u64) {
        let mut script = self.script();
        script.crash_after = Some(script.calls + calls + 1);
    }

    /// Atlas is not killed after all.
    pub fn spare(&self) {
        self.script().crash_after = None;
    }

    /// Waits for that moment.
    pub async fn crashed(&self) {
        self.0.crash.notified().await;
    }

    /// Waits until a call is stalled.
    pub async fn stalled(&self) {
        self.0.stalled.notified().await;
    }

    /// Lets the stalled call go on.
    pub fn release(&self) {
        self.0.release.notify_one();
    }

    /// Calls that Atlas made whose method and address begin like this.
    pub fn calls_to(&self, beginning: &str) -> usize {
        self.script().paths.iter().filter(|path| path.starts_with(beginning)).count()
    }

    /// Calls that Atlas made.
    pub fn calls(&self) -> u64 {
        self.script().calls
    }

    /// Methods and addresses of the calls that Atlas made, in order.
    pub fn paths(&self) -> Vec<String> {
        self.script().paths.clone()
    }

    /// Changes that the provider refused.
    pub fn refused(&self) -> u64 {
        self.script().refused
    }

    /// The notices that have come up.
    pub fn notices(&self) -> Vec<Posted> {
        self.0.sandbox.notices()
    }

    /// Changes how the sandbox behaves.
    ///
    /// # Errors
    /// When it does not know a setting.
    pub async fn set(&self, settings: Value) -> Result<Value> {
        self.control("POST", "/_sandbox/settings", settings).await
    }

    /// A call of the control interface.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn control(&self, method: &str, path: &str, body: Value) -> Result<Value> {
        let body = if body.is_null() { vec![] } else { body.to_string().into_bytes() };
        let request = Request::builder().method(method).uri(format!("{ADDRESS}{path}")).header("content-type", "application/json");
        let answer = self.0.sandbox.call(request.body(body)?).await.map_err(|e| anyhow!(e))?;
        let (status, text) = (answer.status(), String::from_utf8_lossy(answer.body()).into_owned());
        if !status.is_success() {
            return Err(anyhow!("{method} {path}: {status} {text}"));
        }
        serde_json::from_str(&text).with_context(|| format!("{method} {path} answers no JSON"))
    }

    /// A call of the imitated API with a token of one's own, beside Atlas.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn read(&self, token: &str, path: &str) -> Result<Value> {
        let request = Request::get(format!("{ADDRESS}{path}"));
        let request = request.header("authorization", format!("Bearer {token}")).header("intercom-version", "2.16");
        let answer = self.0.sandbox.call(request.body(vec![])?).await.map_err(|e| anyhow!(e))?;
        if !answer.status().is_success() {
            return Err(anyhow!("{path}: {} {}", answer.status(), String::from_utf8_lossy(answer.body())));
        }
        serde_json::from_slice(answer.body()).with_context(|| format!("{path} answers no JSON"))
    }

    /// A form sent to a page, such as the consent; answers where it leads.
    ///
    /// # Errors
    /// When it leads nowhere.
    pub async fn submit(&self, path: &str, form: &str) -> Result<String> {
        let request = Request::post(format!("{ADDRESS}{path}")).header("content-type", "application/x-www-form-urlencoded");
        let answer = self.0.sandbox.call(request.body(form.as_bytes().to_vec())?).await.map_err(|e| anyhow!(e))?;
        let location = answer.headers().get("location").and_then(|v| v.to_str().ok()).map(str::to_owned);
        location.ok_or_else(|| anyhow!("{path}: {} {}", answer.status(), String::from_utf8_lossy(answer.body())))
    }

    /// Makes a change; one that the provider refuses is none.
    pub async fn change(&self, change: &Change) {
        if change.make(self).await.is_err() {
            self.script().refused += 1;
        }
    }

    async fn answer(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Loss> {
        let path = request.uri().path().to_owned();
        let (took, crash, fault, before, after) = self.begin(&request, &path);
        self.0.clock.advance(Duration::from_micros(took / 2));
        if crash {
            self.0.crash.notify_one();
            futures::future::pending::<()>().await;
        }
        for change in &before {
            self.change(change).await;
        }
        let answer = match fault {
            Some(Trouble::Reset) => Err(Loss::Connect),
            Some(Trouble::Silence) => {
                self.0.clock.advance(Duration::from_secs(30));
                Err(Loss::Timeout)
            }
            Some(Trouble::Status(status)) => Ok(error(status, None)),
            Some(Trouble::TooMany(wait)) => Ok(error(429, wait)),
            Some(Trouble::Html(status)) => Ok(page(status)),
            Some(Trouble::Empty) => Ok(empty()),
            Some(Trouble::Stall) => {
                self.0.stalled.notify_one();
                self.0.release.notified().await;
                self.0.sandbox.call(request).await.map_err(|_| Loss::Broken)
            }
            Some(Trouble::CutOff) => self.0.sandbox.call(request).await.map_or(Err(Loss::Broken), |_| Err(Loss::Broken)),
            None => self.0.sandbox.call(request).await.map_err(|_| Loss::Broken),
        };
        for change in &after {
            self.change(change).await;
        }
        self.0.clock.advance(Duration::from_micros(took.div_ceil(2)));
        answer
    }

    /// Counts a call, and says what will become of it.
    fn begin(&self, request: &Request<Vec<u8>>, path: &str) -> (u64, bool, Option<Trouble>, Vec<Change>, Vec<Change>) {
        let mut script = self.script();
        script.calls += 1;
        script.paths.push(format!("{} {}", request.method(), request.uri()));
        let (calls, (least, most)) = (script.calls, script.pace);
        let took = script.random.between(least, most);
        let crash = script.crash_after.is_some_and(|at| at <= calls);
        if crash {
            script.crash_after = None;
        }
        let due: Vec<_> = script.meanwhile.iter().filter(|(at, _, _)| *at <= calls).cloned().collect();
        script.meanwhile.retain(|(at, _, _)| *at > calls);
        let (before, after): (Vec<_>, Vec<_>) = due.into_iter().partition(|(_, before, _)| *before);
        let only = |changes: Vec<(u64, bool, Change)>| changes.into_iter().map(|(_, _, change)| change).collect();
        (took, crash, strike(&mut script.faults, path), only(before), only(after))
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Uses the first fault up that this path meets.
fn strike(faults: &mut Vec<Fault>, path: &str) -> Option<Trouble> {
    let place = faults.iter().position(|fault| path.starts_with(fault.path))?;
    let fault = &mut faults[place];
    if fault.after > 0 {
        fault.after -= 1;
        return None;
    }
    fault.count = fault.count.saturating_sub(1);
    let kind = fault.kind;
    if fault.count == 0 {
        faults.remove(place);
    }
    Some(kind)
}

fn error(status: u16, retry_after: Option<u64>) -> Response<Vec<u8>> {
    let code = match status {
        404 => "not_found",
        429 => "rate_limit_exceeded",
        _ => "server_error",
    };
    let body = json!({ "type": "error.list", "request_id": "r", "errors": [{ "code": code, "message": "On purpose" }] });
    let mut answer = Response::new(body.to_string().into_bytes());
    *answer.status_mut() = status.try_into().unwrap_or_default();
    if let Some(wait) = retry_after {
        answer.headers_mut().insert("retry-after", wait.into());
    }
    answer
}

fn empty() -> Response<Vec<u8>> {
    let body = json!({ "type": "list", "data": [], "conversations": [], "total_count": 0, "pages": { "type": "pages", "page": 1, "total_pages": 0 } });
    Response::new(body.to_string().into_bytes())
}

fn page(status: u16) -> Response<Vec<u8>> {
    let mut answer = Response::new(b"<!doctype html><html><body><h1>Bad gateway</h1></body></html>".to_vec());
    *answer.status_mut() = status.try_into().unwrap_or_default();
    answer
}
