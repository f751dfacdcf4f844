//! Obtaining one object of a listing: fetched whole, planned, and with what it needs that nobody has seen.

use std::sync::Arc;

use atlas_kernel::Timestamp;

use super::run::Run;
use super::slots::Slot;
use crate::fetch::{self, Content, Fetched};
use crate::land::{Hold, Planned, plan, plan_gone};
use crate::line::Trouble;
use crate::{Answer, Failure, FailureClass, Listed, Object};

/// A fetched object, what it needs first, and its place among the calls in flight.
pub(crate) struct Ready {
    pub needed: Vec<Arc<Planned>>,
    pub object: Arc<Planned>,
    pub hold: Hold,
    pub slot: Option<Slot>,
}

/// Gets one object whole, and what it needs that was never seen; a listed one was `read` from its listing's page then.
pub(crate) async fn obtain(
    run: &Arc<Run>,
    index: usize,
    object: Object,
    id: &str,
    mut listed: Option<Listed>,
    read: Timestamp,
) -> Result<Ready, Trouble> {
    let stream = &run.streams[index];
    let shared = match &mut listed {
        Some(item) if !stream.detail && !stream.deletions => {
            let attached = run.line.shared().attach(&run.line, run.lane, object, &item.id, &mut item.value, read).await?;
            (0..attached.calls).for_each(|_| run.called(index));
            attached.done
        }
        _ => vec![],
    };
    let lacks = |item: &Listed| (object.nested)(&item.value).iter().any(|request| !shared.contains(request));
    let calls = listed.as_ref().is_none_or(|item| stream.detail || lacks(item));
    let mut slot = if calls && !stream.deletions { Some(run.slots.take(run.line.pacer().sensible_in_flight()).await) } else { None };
    let started = run.line.now();
    let fetched = match listed {
        Some(item) if stream.deletions => return deleted(object, &item, started),
        Some(item) if !calls => whole(object, item, started),
        Some(item) if !stream.detail => fetch::complete(&run.line, run.lane, object, id, item.value, (started, read)).await?,
        _ => fetch::fetch(&run.line, run.lane, object, id).await?,
    };
    if calls {
        run.called(index);
    }

    let hold = run.hold(index);
    let planned = planned(run, &fetched)?;
    let needed = if hold != Hold::No { vec![] } else { needed(run, &planned).await? };
    if let Some(slot) = &mut slot {
        slot.answered();
    }
    Ok(Ready { needed, object: Arc::new(planned), hold, slot })
}

/// An object that the listing, and the answers it shares with others, gave whole.
fn whole(object: Object, item: Listed, started: Timestamp) -> Fetched {
    let version = (object.identify)(&item.value).map_or(0, |(_, version)| version);
    Fetched { object, id: item.id, started, by_id: false, content: Content::Present { value: item.value, version } }
}

fn planned(run: &Run, fetched: &Fetched) -> Result<Planned, Trouble> {
    plan(fetched, run.connection.live_since).map_err(|_| unstorable())
}

/// What an object hangs on and was never seen; what has been looked for once in this run is not looked for again.
pub(crate) async fn needed(run: &Run, planned: &Planned) -> Result<Vec<Arc<Planned>>, Trouble> {
    if run.met.all(&planned.needs) {
        return Ok(vec![]);
    }
    let needed = run.conns.fetch_needs(&run.line, run.lane, &run.connection, planned).await?;
    if needed.is_empty() {
        run.met.add(&planned.needs);
    }
    Ok(needed)
}

fn deleted(object: Object, item: &Listed, started: Timestamp) -> Result<Ready, Trouble> {
    let answer = Answer { status: 404, ..Default::default() };
    let landings = (object.gone)(&item.id, &answer);
    let planned = plan_gone(object, &item.id, landings, started).map_err(|_| unstorable())?;
    Ok(Ready { needed: vec![], object: Arc::new(planned), hold: Hold::No, slot: None })
}

/// JSON that came in can be written again; should it not, the object is looked at as one that could not be fetched.
pub(crate) fn unstorable() -> Trouble {
    Trouble::Failed(ours("object_unstorable", "the object cannot be written as JSON"), Box::default())
}

/// A failure of ours or the connector's, in the provider's words' place.
pub(crate) fn ours(code: &str, message: &str) -> Failure {
    Failure { class: FailureClass::Provider, code: code.into(), message: message.into(), scope: None }
}
