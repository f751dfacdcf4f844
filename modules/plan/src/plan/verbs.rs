//! What can be done with the plan: replan, accept, move, lock, put off, bring back, finish early, run late, fix, take back.

use std::collections::BTreeMap;

use atlas_kernel::{Actor, Error, Ref, Result, Timestamp, UserId};
use atlas_module::plannable::WorkChange;
use atlas_planner::{Action, Event, Fix, Span, TaskId};
use atlas_store::Tx;
use jiff::civil::Time;

use super::{Body, Pin, Undo, Wish, store};
use crate::calendar::{Hours, store as calendar};
use crate::facts::{Facts, local, minute, moment, person_id, present, task_id, user_id};
use crate::hours_set::store as hours_set;
use crate::replan::{Replanned, Seen, Turn, Why, replan};
use crate::{HoursSetId, Planning, RevisionId, may_arrange};

/// The longest piece of extra work that is added at once, minutes.
const EXTRA_LIMIT: i64 = 6000;

/// Plans anew at once.
///
/// # Errors
/// Denied, or whatever the database answers.
pub async fn propose(planning: &Planning, tx: &Tx, actor: &Actor) -> Result<Replanned> {
    actor.may(&crate::PLAN_WRITE)?;
    replan(planning, tx, actor, Why::default()).await
}

/// A task that is in the plan, with its place; whoever arranges it may.
async fn placed(tx: &Tx, actor: &Actor, record: &Ref) -> Result<(TaskId, Body, Turn)> {
    let turn = Turn::take(tx, actor.workspace).await?;
    let id = task_id(record);
    let body = store::body(tx, actor.workspace, id).await?.ok_or(Error::NotFound("task in the plan"))?;
    if let Some(place) = &body.place {
        may_arrange(actor, user_id(place.person))?;
    }
    Ok((id, body, turn))
}

/// Accepts blocks: of these tasks, or of everything a member has until a moment.
///
/// # Errors
/// Denied, or whatever the database answers.
pub async fn accept(
    planning: &Planning,
    tx: &Tx,
    actor: &Actor,
    member: UserId,
    only: Option<&[TaskId]>,
    until: Option<Timestamp>,
) -> Result<Replanned> {
    may_arrange(actor, member)?;
    let turn = Turn::take(tx, actor.workspace).await?;
    let bodies = planning.bodies(tx, actor.workspace).await?;
    let (mut accept, mut undo) = (Vec::new(), Vec::new());
    for (task, body) in bodies.iter() {
        let Some(place) = body.place.as_ref().filter(|place| user_id(place.person) == member) else { continue };
        if only.is_some_and(|only| !only.contains(task)) {
            continue;
        }
        let within = |span: &Span| until.is_none_or(|until| span.from < minute(until));
        let spans: Vec<Span> = place.chunks.iter().map(|chunk| chunk.span).filter(within).filter(|span| !body.is_accepted(*span)).collect();
        if !spans.is_empty() {
            accept.push((*task, spans));
            undo.push(Undo::Accepted(*task, body.accepted.clone()));
        }
    }
    let said = match accept.len() {
        1 => "1 task was accepted".to_owned(),
        count => format!("{count} tasks were accepted"),
    };
    replan(planning, tx, actor, Why { said, undo, accept, turn, ..Why::default() }).await
}

/// Writes a wish and remembers how to take it back.
async fn wish(tx: &Tx, actor: &Actor, task: TaskId, edit: impl FnOnce(&mut Wish)) -> Result<Undo> {
    let before = store::wish(tx, actor.workspace, task).await?;
    let mut after = before.clone().unwrap_or_default();
    edit(&mut after);
    after.pins.sort_by_key(|pin| pin.start);
    store::put_wish(tx, actor.workspace, task, Some(&after)).await?;
    Ok(Undo::Wish(task, before))
}

async fn key_of(planning: &Planning, tx: &Tx, actor: &Actor, record: &Ref) -> Result<String> {
    let work = (planning.source(record)?.these)(tx, actor.workspace, std::slice::from_ref(record)).await?;
    Ok(work.into_iter().next().map_or_else(|| "A task".to_owned(), |work| work.key))
}

/// Puts one piece of a task somewhere else, where it then stays.
#[derive(Clone, Debug)]
pub struct Movement {
    /// The piece by its start; the first that has not ended unless said.
    pub piece: Option<Timestamp>,
    /// Where to.
    pub start: Timestamp,
    /// Into whose calendar; the same person's unless said.
    pub person: Option<UserId>,
}

/// Moves one piece by hand.
///
/// # Errors
/// A field error on `start` for the past or `piece` for one that is not there; denied; or whatever the database answers.
pub async fn move_piece(planning: &Planning, tx: &Tx, actor: &Actor, record: &Ref, to: &Movement) -> Result<Replanned> {
    let (task, body, mut turn) = placed(tx, actor, record).await?;
    let place = body.place.ok_or_else(|| Error::conflict("no_place", "This task has no place in the plan yet."))?;
    let now = present(tx.now());
    let found = match to.piece {
        Some(start) => place.chunks.iter().find(|chunk| chunk.span.from == minute(start)),
        None => place.chunks.iter().find(|chunk| chunk.span.until > now),
    };
    let piece = found.ok_or_else(|| Error::field("piece", "unknown", "no block of this task starts then; the plan has changed"))?.span;
    let from = (minute(to.start) + 2).div_euclid(5) * 5;
    if from < now {
        return Err(Error::field("start", "past", "now or later"));
    }
    let user = to.person.unwrap_or(user_id(place.person));
    may_arrange(actor, user)?;
    let mut undo = Vec::new();
    if user != user_id(place.person) {
        let reason = "Moved in the plan".to_owned();
        let change = WorkChange { person: Some(user), reason, ..WorkChange::default() };
        undo.extend(changed_work(planning, tx, actor, &mut turn, record, &change).await?);
    }
    let span = Span::new(from, from + piece.minutes());
    let pin = Pin { user, start: moment(span.from), finish: moment(span.until) };
    undo.push(
        wish(tx, actor, task, |wish| {
            let overlaps = |other: &Pin, span: Span| minute(other.start) < span.until && span.from < minute(other.finish);
            wish.pins.retain(|other| other.user == user && !overlaps(other, piece) && !overlaps(other, span));
            wish.pins.push(pin);
        })
        .await?,
    );
    let said = format!("{} was moved by hand", key_of(planning, tx, actor, record).await?);
    let mut events = Vec::new();
    if body.facts.fixed.iter().any(|fixed| fixed.span == piece) {
        events.push(Event::Unpinned(task));
    }
    events.push(Event::MovedByHand { task, person: person_id(user), to: span });
    replan(planning, tx, actor, Why { said, events, undo, accept: vec![(task, vec![span])], turn, ..Why::default() }).await
}

/// Locks a task where it lies, or lets it go.
///
/// # Errors
/// As [`move_piece`].
pub async fn lock(planning: &Planning, tx: &Tx, actor: &Actor, record: &Ref, locked: bool) -> Result<Replanned> {
    let (task, body, turn) = placed(tx, actor, record).await?;
    let now = present(tx.now());
    let pieces: Vec<Span> =
        body.place.iter().flat_map(|place| &place.chunks).map(|chunk| chunk.span).filter(|span| span.until > now).collect();
    if locked && pieces.is_empty() {
        return Err(Error::conflict("no_place", "This task has no place in the plan yet."));
    }
    let user = body.place.as_ref().map(|place| user_id(place.person));
    let pins = user
        .filter(|_| locked)
        .map(|user| pieces.iter().map(|span| Pin { user, start: moment(span.from), finish: moment(span.until) }).collect());
    let undo = vec![wish(tx, actor, task, |wish| wish.pins = pins.unwrap_or_default()).await?];
    let key = key_of(planning, tx, actor, record).await?;
    let said = if locked { format!("{key} was locked") } else { format!("{key} was unlocked") };
    let accept = if locked { vec![(task, pieces)] } else { vec![] };
    replan(planning, tx, actor, Why { said, undo, accept, turn, ..Why::default() }).await
}

/// Puts a task off: not before tomorrow.
///
/// # Errors
/// As [`move_piece`].
pub async fn not_today(planning: &Planning, tx: &Tx, actor: &Actor, record: &Ref) -> Result<Replanned> {
    let (task, body, turn) = placed(tx, actor, record).await?;
    let zone = zone_of(tx, actor, &body).await?;
    let today = tx.now().to_zoned(zone.clone()).date();
    let tomorrow = today.tomorrow().map_err(|_| Error::field("day", "invalid", "there is no tomorrow"))?;
    let moment_at = moment(local(tomorrow, Time::midnight(), &zone));
    let undo = wish(tx, actor, task, |wish| {
        wish.not_before = Some(moment_at);
        wish.put_off = Some(today);
        wish.pins.retain(|pin| pin.start >= moment_at);
    });
    let undo = vec![undo.await?];
    let said = format!("{} was put off to tomorrow or later", key_of(planning, tx, actor, record).await?);
    replan(planning, tx, actor, Why { said, undo, turn, ..Why::default() }).await
}

/// Brings a task back that was put off, or takes up earlier time for it.
///
/// # Errors
/// As [`move_piece`].
pub async fn bring_back(planning: &Planning, tx: &Tx, actor: &Actor, record: &Ref) -> Result<Replanned> {
    let (task, _, turn) = placed(tx, actor, record).await?;
    let undo = wish(tx, actor, task, |wish| {
        wish.not_before = None;
        wish.put_off = None;
    });
    let undo = vec![undo.await?];
    let said = format!("{} was brought back", key_of(planning, tx, actor, record).await?);
    let seen = planning.seen(tx, actor.workspace, tx.now()).await?;
    let standing = seen.known.planner(tx, actor.workspace).await?;
    let mut events = Vec::new();
    if let Some(mut one) = standing.and_then(|planner| planner.world().tasks.into_iter().find(|one| one.id == task)) {
        one.earliest_start = seen.facts.tasks.get(&task).and_then(|task| task.earliest_start);
        events.push(Event::TaskChanged(Box::new(one)));
    }
    events.push(Event::PullForward(task));
    replan(planning, tx, actor, Why { said, events, undo, turn, ..Why::default() }).await
}

/// The task is done, early or not.
///
/// # Errors
/// As [`move_piece`]; also when the member may not change the task itself.
pub async fn done(planning: &Planning, tx: &Tx, actor: &Actor, record: &Ref) -> Result<Replanned> {
    let (_, _, mut turn) = placed(tx, actor, record).await?;
    let said = format!("{} was done", key_of(planning, tx, actor, record).await?);
    let change = WorkChange { done: true, ..WorkChange::default() };
    let undo = changed_work(planning, tx, actor, &mut turn, record, &change).await?.into_iter().collect();
    replan(planning, tx, actor, Why { said, undo, turn, ..Why::default() }).await
}

/// The task takes this many minutes more than thought, or less when negative.
///
/// # Errors
/// As [`move_piece`]; a field error on `minutes`.
pub async fn late(planning: &Planning, tx: &Tx, actor: &Actor, record: &Ref, minutes: i64) -> Result<Replanned> {
    if minutes == 0 || minutes.abs() > EXTRA_LIMIT {
        return Err(Error::field("minutes", "out_of_range", "between 1 minute and 100 hours"));
    }
    let (task, _, turn) = placed(tx, actor, record).await?;
    let undo = vec![wish(tx, actor, task, |wish| wish.extra += minutes).await?];
    let said = format!("{} takes {} longer", key_of(planning, tx, actor, record).await?, atlas_web::ui::minutes_label(minutes));
    replan(planning, tx, actor, Why { said, undo, turn, ..Why::default() }).await
}

/// Restricts a task to the hours of this set, or lets it be done at any working time.
///
/// # Errors
/// As [`move_piece`]; a field error on `hoursSet` for one that is not there.
pub async fn restrict(planning: &Planning, tx: &Tx, actor: &Actor, record: &Ref, hours: Option<HoursSetId>) -> Result<Replanned> {
    actor.may(&crate::PLAN_WRITE)?;
    let (task, _, turn) = placed(tx, actor, record).await?;
    let key = key_of(planning, tx, actor, record).await?;
    let said = match hours {
        None => format!("{key} may be done at any working time"),
        Some(id) => {
            let unknown = || Error::field("hoursSet", "unknown", "no such hours in this workspace");
            let set = hours_set::one(tx, actor.workspace, id).await?.ok_or_else(unknown)?;
            format!("{key} was restricted to “{}”", set.name)
        }
    };
    let before = store::wish(tx, actor.workspace, task).await?.and_then(|wish| wish.hours);
    let undo = if before == hours { vec![] } else { vec![wish(tx, actor, task, |wish| wish.hours = hours).await?] };
    replan(planning, tx, actor, Why { said, undo, turn, ..Why::default() }).await
}

async fn changed_work(
    planning: &Planning,
    tx: &Tx,
    actor: &Actor,
    turn: &mut Turn,
    record: &Ref,
    change: &WorkChange,
) -> Result<Option<Undo>> {
    let source = planning.source(record)?;
    turn.touch(record);
    let event = (source.change)(tx, actor, record, change).await?;
    Ok(event.map(|event| Undo::Work(source.kind.to_owned(), event)))
}

async fn zone_of(tx: &Tx, actor: &Actor, body: &Body) -> Result<jiff::tz::TimeZone> {
    let people = store::people(tx, actor.workspace).await?;
    let zone = body.place.as_ref().and_then(|place| people.get(&user_id(place.person))).map(|person| person.zone.clone());
    Ok(zone.and_then(|zone| jiff::tz::TimeZone::get(&zone).ok()).unwrap_or_else(|| actor.zone()))
}

/// Applies the fix with this number of those offered for a late task; `expected` is what the caller saw it do.
///
/// # Errors
/// A conflict `plan_changed` when that fix is no longer what is offered there; denied; or whatever the database answers.
pub async fn apply_fix(planning: &Planning, tx: &Tx, actor: &Actor, record: &Ref, expected: &str) -> Result<Replanned> {
    let (task, _, mut turn) = placed(tx, actor, record).await?;
    let seen = planning.seen(tx, actor.workspace, tx.now()).await?;
    let fix = find_fix(&seen, tx, actor, task, expected).await?;
    let said = fix_words(&fix, &seen.facts, actor, tx.now());
    let undo = fix_facts(planning, tx, actor, &mut turn, &fix, &seen.facts).await?;
    replan(planning, tx, actor, Why { said, events: fix.events, undo, turn, ..Why::default() }).await
}

fn fix_words(fix: &Fix, facts: &Facts, actor: &Actor, now: Timestamp) -> String {
    let zone = actor.zone();
    let reader = crate::words::Reader { today: now.to_zoned(zone.clone()).date(), zone };
    crate::words::action(&fix.action, facts, &reader)
}

async fn find_fix(seen: &Seen, tx: &Tx, actor: &Actor, task: TaskId, expected: &str) -> Result<Fix> {
    let gone = || Error::conflict("plan_changed", "The plan changed meanwhile, and this fix is no longer what it was. Nothing was done.");
    let planner = seen.known.planner(tx, actor.workspace).await?.ok_or_else(gone)?;
    let fixes = planner.branch().fixes(task, super::explain::FIXES).map_err(|error| Error::internal(error.to_string()))?;
    fixes
        .into_iter()
        .find(|fix| super::explain::fix_name(fix) == expected && super::explain::may_be_done(fix, &seen.facts))
        .ok_or_else(gone)
}

/// Changes the facts as the fix says, each in the module that owns it.
async fn fix_facts(planning: &Planning, tx: &Tx, actor: &Actor, turn: &mut Turn, fix: &Fix, facts: &Facts) -> Result<Vec<Undo>> {
    let record = |task: TaskId| facts.work.get(&task).map(|work| work.record.clone()).ok_or(Error::NotFound("task"));
    let reason = "A fix in the plan".to_owned();
    let mut change = async |task: TaskId, change: WorkChange| changed_work(planning, tx, actor, turn, &record(task)?, &change).await;
    let none = WorkChange { reason, ..WorkChange::default() };
    let step = match fix.action {
        Action::GiveTo { task, person } => {
            may_arrange(actor, user_id(person))?;
            change(task, WorkChange { person: Some(user_id(person)), ..none }).await?
        }
        Action::DropMeeting { person, meeting } => {
            may_arrange(actor, user_id(person))?;
            let busy = facts.busy.get(&meeting).ok_or(Error::NotFound("meeting"))?;
            calendar::remove_busy(tx, actor.workspace, busy.id).await?;
            Some(Undo::Busy(busy.id, Some(busy.clone())))
        }
        Action::Cut { task, minutes } => Some(wish(tx, actor, task, |wish| wish.extra -= i64::from(minutes)).await?),
        Action::Prioritise(task) => {
            let weight = fix.events.iter().find_map(|event| if let Event::TaskChanged(task) = event { Some(task.weight) } else { None });
            Some(wish(tx, actor, task, |wish| wish.weight = weight).await?)
        }
        Action::Postpone(task) => {
            let until = fix.events.iter().find_map(|event| match event {
                Event::NotBefore { moment, .. } => Some(*moment),
                _ => None,
            });
            Some(wish(tx, actor, task, |wish| wish.not_before = until.map(moment)).await?)
        }
        Action::ShiftDue(at) => {
            let task = fix_task(fix).ok_or(Error::NotFound("task"))?;
            let zone = facts
                .tasks
                .get(&task)
                .and_then(|task| task.candidates.first())
                .map_or_else(|| actor.zone(), |one| facts.zone(user_id(*one)));
            let local = moment(at).to_zoned(zone);
            change(task, WorkChange { due: Some((local.date(), Some(local.time()))), ..none }).await?
        }
        Action::AnyHours(task) => Some(wish(tx, actor, task, |wish| wish.hours = None).await?),
        Action::Split(task) => change(task, WorkChange { splittable: Some(true), ..none }).await?,
        Action::LiftCap(person) => {
            let user = user_id(person);
            may_arrange(actor, user)?;
            let before = calendar::hours(tx, actor.workspace, user).await?;
            let full = Hours { cap: 100, ..before.clone().unwrap_or_default() };
            calendar::put_hours(tx, actor.workspace, user, &full).await?;
            Some(Undo::Hours(user, before))
        }
        Action::PullForward(_) => None,
    };
    Ok(step.into_iter().collect())
}

/// The task whose due date a fix shifts.
fn fix_task(fix: &Fix) -> Option<TaskId> {
    fix.events.iter().find_map(|event| if let Event::TaskChanged(task) = event { Some(task.id) } else { None })
}

/// Takes a change of the plan back: its facts first, then every block that can be where it was.
///
/// # Errors
/// Not found; a conflict `undone_already`; denied; or whatever the database answers.
pub async fn undo(planning: &Planning, tx: &Tx, actor: &Actor, id: RevisionId) -> Result<Replanned> {
    actor.may(&crate::PLAN_WRITE)?;
    store::lock(tx, actor.workspace).await?;
    let revision = store::revision(tx, actor.workspace, id).await?.ok_or(Error::NotFound("change of the plan"))?;
    if !revision.is_of(actor) {
        return Err(Error::Denied { permission: "plan:write", missing_scopes: vec![] });
    }
    if revision.undone {
        return Err(Error::conflict("undone_already", "This change was taken back before. Nothing was done."));
    }
    let mut restored: BTreeMap<TaskId, Body> = BTreeMap::new();
    for step in revision.undo.iter().rev() {
        match step {
            Undo::Busy(_, Some(busy)) => calendar::put_busy(tx, actor.workspace, busy).await?,
            Undo::Busy(id, None) => calendar::remove_busy(tx, actor.workspace, *id).await?,
            Undo::Wish(task, wish) => store::put_wish(tx, actor.workspace, *task, wish.as_ref()).await?,
            Undo::HoursSet(set) => crate::hours_set::verbs::bring_back(tx, actor, set).await?,
            Undo::Hours(user, hours) => calendar::put_hours(tx, actor.workspace, *user, &hours.clone().unwrap_or_default()).await?,
            Undo::Offer => {}
            Undo::Accepted(task, spans) => {
                if let Some(mut body) = store::body(tx, actor.workspace, *task).await? {
                    body.accepted.clone_from(spans);
                    restored.insert(*task, body);
                }
            }
            Undo::Work(kind, event) => {
                let source = planning.sources().iter().find(|source| source.kind == kind).ok_or(Error::NotFound("task"))?;
                (source.undo)(tx, actor, *event).await?;
            }
        }
    }
    let rows: BTreeMap<TaskId, Option<&Body>> = restored.iter().map(|(task, body)| (*task, Some(body))).collect();
    store::put_bodies(tx, actor.workspace, &rows).await?;
    store::mark_undone(tx, actor.workspace, id).await?;
    let said = format!("Taken back: {}", revision.said);
    replan(planning, tx, actor, Why { said, back_to: Some(revision.number), ..Why::default() }).await
}
