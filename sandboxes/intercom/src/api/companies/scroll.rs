//! `GET /companies/scroll`: walks all companies; one walk at a time, gone after a minute unused.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;

use crate::api::{
    Answer,
    body::Params,
    call::{Call, READ_FIRMS, json},
    error::ApiError,
};
use crate::render::company::CompanyView;
use crate::sandbox::{Sandbox, lock, write};
use crate::settings::Settings;
use crate::world::Slot;

/// A walk that is open.
#[derive(Clone, Debug)]
pub struct Scroll {
    param: String,
    next: Slot,
    pages: u32,
    used_ms: i64,
}

#[derive(Serialize)]
struct ScrollPage<'a> {
    r#type: &'static str,
    data: Vec<CompanyView<'a>>,
    pages: Option<()>,
    total_count: Option<u64>,
    scroll_param: Option<String>,
}

/// One page; an empty one without parameter ends the walk.
pub async fn scroll(State(sandbox): State<Arc<Sandbox>>, call: Call, params: Params) -> Answer {
    call.needs(READ_FIRMS)?;
    let from = match params.get("scroll_param") {
        None => begin(&sandbox, &call.settings)?,
        Some(param) => resume(&sandbox, &call.settings, param)?,
    };
    let world = sandbox.look();
    let lens = call.lens(&world);
    let there = (from..world.companies.len() as Slot).filter(|&slot| !world.companies[slot as usize].deleted);
    let slots: Vec<Slot> = there.take(call.settings.scroll_page_size.max(1)).collect();
    let scroll_param = advance(&sandbox, slots.last().copied());
    let data = slots.into_iter().map(|slot| lens.company(slot)).collect();
    Ok(json(&ScrollPage { r#type: "list", data, pages: None, total_count: None, scroll_param }))
}

fn begin(sandbox: &Sandbox, settings: &Settings) -> Result<Slot, ApiError> {
    let param = write(&sandbox.world).random.uuid();
    let mut open = lock(&sandbox.scroll);
    let now = sandbox.clock.ms();
    if open.as_ref().is_some_and(|s| alive(s, settings, now)) {
        return Err(ApiError::new(400, "scroll_exists", "scroll already exists for this workspace"));
    }
    *open = Some(Scroll { param, next: 0, pages: 1, used_ms: now });
    Ok(0)
}

/// Opens a walk that nobody here asked for; another tool of the workspace holds it until it expires.
pub fn occupy(sandbox: &Sandbox) {
    let param = write(&sandbox.world).random.uuid();
    *lock(&sandbox.scroll) = Some(Scroll { param, next: 0, pages: 1, used_ms: sandbox.clock.ms() });
}

fn resume(sandbox: &Sandbox, settings: &Settings, param: &str) -> Result<Slot, ApiError> {
    let mut open = lock(&sandbox.scroll);
    let now = sandbox.clock.ms();
    let gone = || ApiError::not_found("scroll parameter not found");
    let scroll = open.as_mut().filter(|s| s.param == param && alive(s, settings, now)).ok_or_else(gone)?;
    if settings.scroll404_after > 0 && scroll.pages >= settings.scroll404_after {
        *open = None;
        sandbox.set(|s| s.scroll404_after = 0);
        return Err(gone());
    }
    scroll.pages += 1;
    scroll.used_ms = now;
    Ok(scroll.next)
}

/// Moves the open walk behind the last company shown; with none shown the walk is over.
fn advance(sandbox: &Sandbox, last: Option<Slot>) -> Option<String> {
    let mut open = lock(&sandbox.scroll);
    match (open.as_mut(), last) {
        (Some(scroll), Some(last)) => {
            scroll.next = last + 1;
            Some(scroll.param.clone())
        }
        _ => {
            *open = None;
            None
        }
    }
}

fn alive(scroll: &Scroll, settings: &Settings, now_ms: i64) -> bool {
    now_ms - scroll.used_ms < settings.scroll_expiry * 1000
}
