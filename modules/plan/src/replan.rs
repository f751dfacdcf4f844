//! Planning a workspace anew: by a job after every change of the facts, or within the change itself.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use atlas_jobs::{JobCtx, JobKind, Outcome, Schedule};
use atlas_kernel::{Actor, Error, Result, UserId};
use atlas_planner::{Cause, Event, Minute, Person, Place, Placement, Planner, Span, Task, TaskId, World, WorldError};
use atlas_store::{Tx, record_event};
use serde_json::json;

use crate::calendar::BusyKind;
use crate::facts::{Facts, moment, present, user_id, world};
use crate::plan::{Body, Moved, Revision, State, Undo, store};
use crate::{Planning, RevisionId};

/// So many changes back it is looked for a plan that answered the same facts.
const LOOK_BACK: usize = 40;
/// A change can be taken back for so long.
const KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(30 * 24);

/// Why the plan is made anew.
#[derive(Clone, Debug, Default)]
pub struct Why {
    /// What happened, in words; read off the facts when empty.
    pub said: String,
    /// What happened, for the planner, before the facts are compared.
    pub events: Vec<Event>,
    /// How to take it back.
    pub undo: Vec<Undo>,
    /// Blocks that are accepted with it.
    pub accept: Vec<(TaskId, Vec<Span>)>,
    /// The change that is taken back: what was before it is taken up where the facts are the same again.
    pub back_to: Option<i64>,
}

/// What planning anew did.
#[derive(Clone, Debug)]
pub struct Replanned {
    /// The change; none when nothing differed.
    pub revision: Option<RevisionId>,
    /// The tasks that moved, with where from and where to.
    pub moves: Vec<(TaskId, Moved)>,
    /// The facts it was planned by.
    pub facts: Facts,
    /// The tasks as they lie now.
    pub bodies: BTreeMap<TaskId, Body>,
}

/// The job that plans a workspace anew.
pub fn job(planning: &Planning, name: &'static str) -> JobKind {
    let planning = planning.clone();
    JobKind::new(name, move |ctx: JobCtx, (): ()| {
        let planning = planning.clone();
        async move {
            let (planning, ctx) = (&planning, &ctx);
            ctx.db
                .write(|tx| async move {
                    ctx.fence(&tx).await?;
                    store::forget_before(&tx, ctx.workspace, tx.now() - KEPT).await?;
                    replan(planning, &tx, &Actor::system(ctx.workspace), Why::default()).await.map(|_| ())
                })
                .await?;
            Ok(Outcome::Done)
        }
    })
    .queue("plan")
}

/// The job that finds plans which have fallen behind the clock.
pub fn tick(_planning: &Planning) -> JobKind {
    JobKind::new("plan.tick", |ctx: JobCtx, (): ()| async move {
        let ctx = &ctx;
        ctx.db
            .write(|tx| async move {
                for workspace in store::behind(&tx, present(tx.now())).await? {
                    atlas_module::plannable::changed(&tx, workspace).await?;
                }
                Ok(())
            })
            .await?;
        Ok(Outcome::Done)
    })
}

/// How often plans are held against the clock.
pub fn schedule() -> Schedule {
    Schedule::every("plan.tick", Duration::from_secs(900), "plan.tick")
}

/// What cannot happen with facts that were read carefully.
fn impossible(error: WorldError) -> Error {
    Error::internal(error.to_string())
}

/// Plans the workspace anew in the caller's transaction: one change of the plan with its event, or nothing.
///
/// # Errors
/// Whatever the database answers.
pub async fn replan(planning: &Planning, tx: &Tx, actor: &Actor, why: Why) -> Result<Replanned> {
    let workspace = actor.workspace;
    let state = store::lock(tx, workspace).await?;
    let now = present(tx.now());
    let before = store::bodies(tx, workspace).await?;
    let people = store::people(tx, workspace).await?;
    let facts = Facts::load(planning, tx, workspace, tx.now()).await?;
    let worked = work_of_past(tx, workspace, &before, &facts, now).await?;
    let digest = facts.digest();
    let world = facts.world(now, &worked);
    let mut said = why.said.clone();
    let (planner, restored) = if state.revision == 0 {
        (Planner::new(world).map_err(impossible)?, None)
    } else if let Some(earlier) = earlier_plan(tx, workspace, &state, &digest, &before, why.back_to).await? {
        (Planner::resume(world, &store::plan_of(state.rule, &earlier)).map_err(impossible)?.0, Some(earlier))
    } else {
        let old: Vec<Person> = people.values().cloned().collect();
        let old = crate::facts::world(now, world.frozen_until, old, before.values().map(|body| &body.facts), &worked);
        let mut planner = Planner::resume(old, &store::plan_of(state.rule, &before)).map_err(impossible)?.0;
        for event in &why.events {
            planner.apply(event).map_err(impossible)?;
        }
        for event in differences(&planner.world(), &world) {
            if said.is_empty() {
                said = happened(&event, &facts, &before);
            }
            planner.apply(&event).map_err(impossible)?;
        }
        (planner, None)
    };
    if said.is_empty() {
        said = if state.revision == 0 { "Planned for the first time".to_owned() } else { "Time went by".to_owned() };
    }
    if restored.is_some() && why.said.is_empty() {
        "A change was taken back".clone_into(&mut said);
    }
    let draft = Draft { number: state.revision + 1, now, said, restored };
    let (bodies, moves) = draft.bodies(tx, &planner, &facts, &before, &worked, &why)?;
    store::put_worked(tx, workspace, &draft.broken_off(&before, &bodies)).await?;
    store::put_people(tx, workspace, &people, &facts.people).await?;
    let state = State { planned_at: Some(tx.now()), rule: planner.plan().rule, digest, alarms: planner.alarms(), ..state };
    let revision = save(tx, actor, state, &draft, &before, &bodies, &moves, why.undo).await?;
    Ok(Replanned { revision, moves, facts, bodies })
}

/// Keeps accepted blocks that have ended as worked; answers the minutes worked of each task, what runs right now included.
async fn work_of_past(
    tx: &Tx,
    workspace: atlas_kernel::WorkspaceId,
    before: &BTreeMap<TaskId, Body>,
    facts: &Facts,
    now: Minute,
) -> Result<HashMap<TaskId, i64>> {
    let mut ended = Vec::new();
    let mut running = Vec::new();
    for (task, body) in before {
        let Some(place) = &body.place else { continue };
        for chunk in place.chunks.iter().filter(|chunk| chunk.span.from < now) {
            if chunk.span.until <= now && body.is_accepted(chunk.span) {
                ended.push((*task, user_id(place.person), moment(chunk.span.from), moment(chunk.span.until)));
            } else if chunk.span.until > now && !facts.tasks.contains_key(task) {
                ended.push((*task, user_id(place.person), moment(chunk.span.from), moment(now)));
            } else if chunk.span.until > now {
                running.push((*task, now - chunk.span.from));
            }
        }
    }
    store::put_worked(tx, workspace, &ended).await?;
    let mut worked = store::worked_minutes(tx, workspace).await?;
    for (task, minutes) in running {
        *worked.entry(task).or_insert(0) += minutes;
    }
    Ok(worked)
}

/// The plan that last answered these very facts, when a later one answers others: what comes back finds its old place.
async fn earlier_plan(
    tx: &Tx,
    workspace: atlas_kernel::WorkspaceId,
    state: &State,
    digest: &str,
    current: &BTreeMap<TaskId, Body>,
    back_to: Option<i64>,
) -> Result<Option<BTreeMap<TaskId, Body>>> {
    if state.digest == digest && back_to.is_none() {
        return Ok(None);
    }
    let mut bodies = current.clone();
    for revision in store::revisions(tx, workspace, LOOK_BACK).await? {
        for (task, body) in revision.before {
            match body {
                Some(body) => bodies.insert(task, body),
                None => bodies.remove(&task),
            };
        }
        let there = back_to.is_none_or(|number| revision.number == number);
        if there && revision.digest_before == digest {
            return Ok(Some(bodies));
        }
        if back_to == Some(revision.number) {
            break;
        }
    }
    Ok(None)
}

/// The events that lead from one world to another.
fn differences(from: &World, to: &World) -> Vec<Event> {
    let mut events = Vec::new();
    let known: HashMap<_, &Person> = from.people.iter().map(|person| (person.id, person)).collect();
    for person in &to.people {
        match known.get(&person.id) {
            None => events.push(Event::PersonChanged(Box::new(person.clone()))),
            Some(old) if *old == person => {}
            Some(old) => person_differences(old, person, &mut events),
        }
    }
    let known: HashMap<TaskId, &Task> = from.tasks.iter().map(|task| (task.id, task)).collect();
    let wanted: HashSet<TaskId> = to.tasks.iter().map(|task| task.id).collect();
    events.extend(from.tasks.iter().filter(|task| !wanted.contains(&task.id)).map(|task| Event::TaskRemoved(task.id)));
    let changed = to.tasks.iter().filter(|task| known.get(&task.id).is_none_or(|old| old != task));
    events.extend(changed.map(|task| Event::TaskChanged(Box::new(task.clone()))));
    events
}

fn person_differences(old: &Person, new: &Person, events: &mut Vec<Event>) {
    let person = new.id;
    let gone = old.meetings.iter().filter(|one| !new.meetings.iter().any(|other| other.id == one.id));
    events.extend(gone.map(|one| Event::MeetingRemoved { person, meeting: one.id }));
    events.extend(new.meetings.iter().filter(|one| !old.meetings.contains(one)).map(|one| Event::MeetingAdded { person, meeting: *one }));
    events.extend(old.absences.iter().filter(|one| !new.absences.contains(one)).map(|span| Event::AbsenceRemoved { person, span: *span }));
    events.extend(new.absences.iter().filter(|one| !old.absences.contains(one)).map(|span| Event::AbsenceAdded { person, span: *span }));
    let rest = |one: &Person| Person { meetings: vec![], absences: vec![], ..one.clone() };
    if rest(old) != rest(new) {
        events.push(Event::PersonChanged(Box::new(new.clone())));
    }
}

/// An event in words.
fn happened(event: &Event, facts: &Facts, before: &BTreeMap<TaskId, Body>) -> String {
    let busy = |kind: BusyKind, span: Span| {
        let found = facts.busy.values().find(|busy| busy.kind == kind && crate::facts::minute(busy.start_at) == span.from);
        found.map_or_else(|| kind.label().to_owned(), |busy| format!("“{}”", busy.title))
    };
    match event {
        Event::TaskChanged(task) if !before.contains_key(&task.id) => format!("{} was added", facts.key(task.id)),
        Event::TaskChanged(task) => format!("{} was changed", facts.key(task.id)),
        Event::TaskRemoved(_) | Event::TaskDone(_) => "A task is over".to_owned(),
        Event::MeetingAdded { meeting, .. } => format!("{} was added", busy(BusyKind::Meeting, meeting.span)),
        Event::MeetingRemoved { .. } => "A meeting was removed".to_owned(),
        Event::AbsenceAdded { span, .. } => format!("{} was added", busy(BusyKind::Absence, *span)),
        Event::AbsenceRemoved { .. } => "An absence was removed".to_owned(),
        Event::PersonChanged(person) => format!("{}’s hours were changed", facts.name(user_id(person.id))),
        _ => "The plan was changed".to_owned(),
    }
}

struct Draft {
    number: i64,
    now: Minute,
    said: String,
    /// The plan that came back, when one did.
    restored: Option<BTreeMap<TaskId, Body>>,
}

type Moves = Vec<(TaskId, Moved)>;

impl Draft {
    /// The tasks as they lie now, with what was accepted and how they moved.
    fn bodies(
        &self,
        tx: &Tx,
        planner: &Planner,
        facts: &Facts,
        before: &BTreeMap<TaskId, Body>,
        worked: &HashMap<TaskId, i64>,
        why: &Why,
    ) -> Result<(BTreeMap<TaskId, Body>, Moves)> {
        let plan = planner.plan();
        let mut places: HashMap<TaskId, Placement> = plan.placements.into_iter().map(|place| (place.task, place)).collect();
        let mut unplaced: HashMap<TaskId, _> = plan.unplaced.into_iter().map(|one| (one.task, one.reason)).collect();
        let mut moves = Vec::new();
        let mut bodies = BTreeMap::new();
        for (id, task) in &facts.tasks {
            let old = before.get(id);
            let base = self.restored.as_ref().unwrap_or(before).get(id);
            let mut body = Body {
                facts: task.clone(),
                place: places.remove(id),
                unplaced: unplaced.remove(id),
                accepted: vec![],
                moved: base.and_then(|base| base.moved.clone()),
            };
            if let (Some(place), Some(old)) = (&mut body.place, old.and_then(|old| old.place.as_ref())) {
                self.keep_begun(place, old);
            }
            if worked.get(id).is_some_and(|minutes| *minutes > 0) && task.remaining.is_none() {
                body.place.iter_mut().for_each(|place| place.estimate_is_default = true);
            }
            let spans: Vec<Span> = body.place.iter().flat_map(|place| place.chunks.iter().map(|chunk| chunk.span)).collect();
            let wanted = why.accept.iter().filter(|(task, _)| task == id).flat_map(|(_, spans)| spans);
            let accepted: Vec<Span> = base.iter().flat_map(|base| &base.accepted).chain(wanted).copied().collect();
            body.accepted = spans.into_iter().filter(|span| accepted.contains(span)).collect();
            if let Some(old) = old
                && let Some(moved) = self.moved(tx, planner, *id, old, &body)
            {
                if self.restored.is_none() {
                    body.moved = Some(moved.clone());
                }
                moves.push((*id, moved));
            }
            bodies.insert(*id, body);
        }
        Ok((bodies, moves))
    }

    /// A block that runs right now keeps its beginning.
    fn keep_begun(&self, place: &mut Placement, old: &Placement) {
        if place.person != old.person {
            return;
        }
        let running = old.chunks.iter().find(|chunk| chunk.span.from < self.now && chunk.span.until > self.now);
        if let (Some(running), Some(first)) = (running, place.chunks.first_mut())
            && first.span.from == self.now
        {
            first.span.from = running.span.from;
        }
    }

    /// Blocks that ran until now and do not go on: what was worked of them stays worked.
    fn broken_off(&self, before: &BTreeMap<TaskId, Body>, bodies: &BTreeMap<TaskId, Body>) -> Vec<store::Worked> {
        let mut broken = Vec::new();
        for (task, old) in before {
            let Some(old) = &old.place else { continue };
            let Some(running) = old.chunks.iter().find(|chunk| chunk.span.from < self.now && chunk.span.until > self.now) else { continue };
            let goes_on = bodies
                .get(task)
                .and_then(|body| body.place.as_ref())
                .is_some_and(|place| place.person == old.person && place.chunks.iter().any(|chunk| chunk.span.from == running.span.from));
            if !goes_on && bodies.contains_key(task) {
                broken.push((*task, user_id(old.person), moment(running.span.from), moment(self.now)));
            }
        }
        broken
    }

    fn moved(&self, tx: &Tx, planner: &Planner, task: TaskId, old: &Body, new: &Body) -> Option<Moved> {
        let ahead = |body: &Body| {
            let place = body.place.as_ref()?;
            let spans = place.chunks.iter().map(|chunk| chunk.span).filter(|span| span.until > self.now);
            let spans: Vec<Span> = spans.map(|span| Span::new(span.from.max(self.now), span.until)).collect();
            Some((place.person, spans))
        };
        let (was, is) = (ahead(old), ahead(new));
        if was == is {
            return None;
        }
        let spot = |body: &Body| body.place.as_ref().and_then(|place| Some((user_id(place.person), moment(body.span()?.from))));
        let by = match planner.last_cause(task) {
            Some(Cause::TimeTaken(_) | Cause::PushedBack(_) | Cause::NeededBy(_)) => planner.who_moved(task).0,
            _ => vec![],
        };
        Some(Moved { revision: self.number, at: tx.now(), said: self.said.clone(), by, from: spot(old), to: spot(new) })
    }
}

#[expect(clippy::too_many_arguments, reason = "one transaction's worth of a plan")]
async fn save(
    tx: &Tx,
    actor: &Actor,
    state: State,
    draft: &Draft,
    before: &BTreeMap<TaskId, Body>,
    bodies: &BTreeMap<TaskId, Body>,
    moves: &Moves,
    undo: Vec<Undo>,
) -> Result<Option<RevisionId>> {
    let ids: HashSet<TaskId> = before.keys().chain(bodies.keys()).copied().collect();
    let changed: Vec<TaskId> = ids.into_iter().filter(|id| before.get(id) != bodies.get(id)).collect();
    let digest_before = store::state(tx, actor.workspace).await?.digest;
    if changed.is_empty() && digest_before == state.digest && undo.is_empty() {
        store::put_state(tx, actor.workspace, &state).await?;
        return Ok(None);
    }
    store::put_state(tx, actor.workspace, &State { revision: draft.number, ..state }).await?;
    store::put_bodies(tx, actor.workspace, &changed.iter().map(|id| (*id, bodies.get(id).cloned())).collect()).await?;
    let revision = Revision {
        id: RevisionId::new(tx.now()),
        number: draft.number,
        at: tx.now(),
        by: actor.user,
        said: draft.said.clone(),
        digest_before,
        before: changed.iter().map(|id| (*id, before.get(id).cloned())).collect(),
        undo,
        moves: moves.iter().map(|(task, _)| *task).collect(),
        undone: false,
    };
    store::put_revision(tx, actor.workspace, &revision).await?;
    tell(tx, actor, &revision, bodies, moves).await?;
    Ok(Some(revision.id))
}

/// One event for the change; the tasks that moved show it in their history.
async fn tell(tx: &Tx, actor: &Actor, revision: &Revision, bodies: &BTreeMap<TaskId, Body>, moves: &Moves) -> Result<()> {
    let count = moves.len();
    let change = format!("{}: {}", revision.said, crate::words::moved_words(moves, &|_: UserId| jiff::tz::TimeZone::UTC, tx.now()));
    let data = json!({ "verb": "planned", "name": "the plan", "to": "", "change": change, "moved": count });
    let mut event = atlas_store::Event::new(tx.now(), "plan.changed", "plan", revision.id, data);
    let shown = moves.iter().take(50).filter(|(task, _)| bodies.contains_key(task));
    event = event.about(shown.map(|(task, _)| atlas_kernel::Ref::new("task", store::row_id(*task))));
    record_event(tx, actor, event).await?;
    tx.touch_topic(actor.workspace, "plan");
    Ok(())
}

/// The planner as it stands, to ask it why and to try things out; nothing is written.
///
/// # Errors
/// Whatever the database answers.
pub async fn standing(on: &dyn atlas_store::Executor, workspace: atlas_kernel::WorkspaceId) -> Result<Option<Planner>> {
    let state = store::state(on, workspace).await?;
    let Some(at) = state.planned_at else { return Ok(None) };
    let bodies = store::bodies(on, workspace).await?;
    let people: Vec<Person> = store::people(on, workspace).await?.into_values().collect();
    let now = present(at);
    let mut worked = store::worked_minutes(on, workspace).await?;
    for (task, body) in &bodies {
        let begun = body.place.iter().flat_map(|place| &place.chunks).filter(|chunk| chunk.span.from < now && chunk.span.until > now);
        begun.for_each(|chunk| *worked.entry(*task).or_insert(0) += now - chunk.span.from);
    }
    let frozen_until = crate::facts::frozen_until(&people, now);
    let world = world(now, frozen_until, people, bodies.values().map(|body| &body.facts), &worked);
    Planner::resume(world, &store::plan_of(state.rule, &bodies)).map(|(planner, _)| Some(planner)).map_err(impossible)
}

/// Where a task is going, for a what-if.
pub fn place_of(place: &Option<Place>) -> Option<(UserId, jiff::Timestamp)> {
    let place = place.as_ref()?;
    Some((user_id(place.person), moment(place.chunks.first()?.span.from)))
}
