//! Playing a history: step by step, then quiet, then everything compared.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use atlas_connect::ConnectionState;
use atlas_growth::ContactId;
use atlas_growth::contact;
use atlas_sandbox_intercom::Posted;
use atlas_store::query;
use atlas_work::{TaskId, task};
use serde_json::json;

use crate::compare::{self, Compared};
use crate::random::Random;
use crate::step::{Plan, Step};
use crate::world::World;

/// What is left out on purpose, so that the check can be seen to fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Planted {
    /// Nothing.
    #[default]
    Nothing,
    /// The audit at the end, which finds what was missed.
    NoReconcile,
    /// The truth has one part more than the provider ever showed.
    PartTooMany,
    /// A contact's field is changed behind Atlas's back.
    WrongField,
    /// A part's event is told twice under another name.
    SecondEvent,
    /// A task is lost.
    LostTask,
}

/// How a history ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What differs; nothing when all is well.
    pub differences: Vec<String>,
    /// What was compared.
    pub compared: Compared,
    /// Calls that Atlas made.
    pub calls: u64,
}

/// Names that people gave in Atlas.
#[derive(Default)]
pub(crate) struct Edits {
    pub contacts: BTreeMap<String, String>,
    pub tasks: BTreeMap<String, String>,
}

/// Plays a history.
///
/// # Errors
/// When the simulation itself breaks, or Atlas's work does not end.
pub async fn play(plan: &Plan, planted: Planted) -> Result<Outcome> {
    let mut world = World::connected(plan.seed, plan.start).await?;
    let (scroll, page, nested) = plan.pages;
    world.provider.set(json!({ "scrollPageSize": scroll, "mostPerPage": page, "nestedCap": nested })).await?;
    world.provider.pace(plan.pace.0, plan.pace.1);
    // What is written in the second of the connection may be history or not: the provider's times are whole seconds.
    world.clock.advance(Duration::from_secs(2));
    let (mut bag, mut edits) = (vec![], Edits::default());
    for step in &plan.steps {
        take(&mut world, step, &mut bag, &mut edits).await?;
    }
    quiet(&world, planted).await?;
    plant(&world, planted).await?;
    let (mut differences, compared) = compare::compare(&world, &edits, planted).await?;
    differences.extend(compare::replayed(&world).await?);
    Ok(Outcome { differences, compared, calls: world.provider.calls() })
}

async fn take(world: &mut World, step: &Step, bag: &mut Vec<Posted>, edits: &mut Edits) -> Result<()> {
    match step {
        Step::Change(change) => world.provider.change(change).await,
        Step::Meanwhile { after, before_answer, change } => world.provider.meanwhile(*after, *before_answer, change.clone()),
        Step::Deliver { seed } => deliver(world, *seed, bag).await?,
        Step::Fail(fault) => world.provider.fail(fault.clone()),
        Step::Work => drop(world.work().await?),
        Step::Pass(seconds) => drop(world.pass(Duration::from_secs(*seconds)).await?),
        Step::Kill(calls) => drop(world.work_until_killed(*calls).await?),
        Step::Sync => drop(world.conns.sync(&world.owner, "intercom").await),
        Step::Lag(ms) => drop(world.provider.set(json!({ "searchDelayMs": ms })).await?),
        Step::Revoke => drop(world.provider.set(json!({ "revokeToken": true })).await?),
        Step::Reconnect => drop(world.connect().await),
        Step::RenameContact { pick, number } => rename_contact(world, *pick, *number, edits).await?,
        Step::RenameTask { pick, number } => rename_task(world, *pick, *number, edits).await?,
    }
    // Something passes between any two steps.
    world.clock.advance(Duration::from_millis(350));
    Ok(())
}

/// Notices on their way: some are lost, some come twice, in some order, some later.
async fn deliver(world: &World, seed: u64, bag: &mut Vec<Posted>) -> Result<()> {
    let mut r = Random::new(seed, 3);
    bag.extend(world.provider.notices());
    let mut later = vec![];
    while !bag.is_empty() {
        let place = if r.percent(70) { 0 } else { r.below(bag.len() as u64) as usize };
        let notice = bag.remove(place);
        match r.below(100) {
            0..=14 => {}
            15..=29 => later.push(notice),
            30..=49 => {
                world.deliver(&notice).await?;
                world.deliver(&notice).await?;
            }
            50..=54 => {
                world.deliver(&notice).await?;
                later.push(notice);
            }
            _ => drop(world.deliver(&notice).await?),
        }
    }
    *bag = later;
    Ok(())
}

async fn rename_contact(world: &World, pick: u64, number: u64, edits: &mut Edits) -> Result<()> {
    let sql = "SELECT id FROM contacts WHERE workspace_id = $1 AND status = 'active' ORDER BY id";
    let all: Vec<ContactId> = query(sql).bind(world.owner.workspace).values(&world.db).await?;
    let Some(id) = all.get(pick as usize % all.len().max(1)).copied() else { return Ok(()) };
    let name = format!("Named by Ann {number}");
    let edit = &contact::Edit { name: Some(name.clone()), ..contact::Edit::default() };
    let edited = world.db.write(|tx| async move { contact::verbs::edit(&tx, &world.owner, id, edit.clone(), None).await }).await;
    if edited.is_ok() {
        edits.contacts.insert(id.to_string(), name);
    }
    Ok(())
}

async fn rename_task(world: &World, pick: u64, number: u64, edits: &mut Edits) -> Result<()> {
    let sql = "SELECT id FROM work_tasks WHERE workspace_id = $1 ORDER BY id";
    let all: Vec<TaskId> = query(sql).bind(world.owner.workspace).values(&world.db).await?;
    let Some(id) = all.get(pick as usize % all.len().max(1)).copied() else { return Ok(()) };
    let title = format!("Titled by Ann {number}");
    let change = &task::change::TaskChange { title: Some(title.clone()), ..Default::default() };
    let nouns = &atlas_store::Nouns::new(vec![]);
    let edited = world.db.write(|tx| async move { task::verbs::edit(&tx, &world.owner, nouns, id, change, None).await }).await;
    if edited.is_ok() {
        edits.tasks.insert(id.to_string(), title);
    }
    Ok(())
}

/// Everything works again, nobody changes anything, what is on its way is lost, and one audit runs.
async fn quiet(world: &World, planted: Planted) -> Result<()> {
    world.provider.mend();
    world.provider.notices();
    world.provider.set(json!({ "searchDelayMs": 0, "nestedCap": 10, "limitPerMinute": 0 })).await?;
    // What waits for its next try, such as a sync that met a provider which was down.
    for _ in 0..3 {
        if world.view().await?.state != ConnectionState::Connected {
            world.connect().await?;
        }
        world.pass(Duration::from_secs(700)).await?;
    }
    if planted != Planted::NoReconcile {
        world.audit().await?;
    }
    Ok(())
}

async fn plant(world: &World, planted: Planted) -> Result<()> {
    let sql = match planted {
        Planted::WrongField => "UPDATE contacts SET phones = '[\"000\"]', name = 'Somebody else' WHERE origin = 'intercom'",
        Planted::SecondEvent => {
            "INSERT INTO events SELECT workspace_id, $1, at, recorded_at, operation, kind, actor_user, actor_name, actor_via, record, data, \
             reason, connection_id, source_provider, source_kind, NULL FROM events WHERE operation = 'conversation.message' LIMIT 1"
        }
        Planted::LostTask => "DELETE FROM work_tasks",
        Planted::Nothing | Planted::NoReconcile | Planted::PartTooMany => return Ok(()),
    };
    let mut statement = query(sql);
    if planted == Planted::SecondEvent {
        statement = statement.bind(atlas_kernel::EventId::new(world.clock.now()));
    }
    let statement = &statement;
    world.db.write(|tx| async move { statement.clone().run(&tx).await.map(drop) }).await?;
    Ok(())
}
