//! What the plan's memory benchmark needs: many members with very many tasks that nobody has planned yet.

use std::time::Instant;

use anyhow::{Context, Result};
use atlas_kernel::{Actor, Clock, Role, UserId, WorkspaceId};
use atlas_module::plannable::REPLAN;
use atlas_store::{Db, Tx, query};
use atlas_work::task::Priority;
use atlas_work::task::verbs::{self as tasks, NewTask};
use jiff::ToSpan;

use crate::app;
use crate::config::Config;

const ZONES: [&str; 4] = ["Europe/Dublin", "Europe/Berlin", "America/New_York", "Asia/Tokyo"];

/// Fills the first workspace with so many members and tasks: some due, some waiting for others, one to eight hours each.
///
/// # Errors
/// When there is no workspace yet; whatever the database answers.
pub async fn seed(config: &Config, people: usize, count: usize) -> Result<()> {
    let db = app::database(config, Clock::System).await?;
    let workspace: Option<(WorkspaceId,)> = query("SELECT id FROM workspaces LIMIT 1").first(&db).await?;
    let (workspace,) = workspace.context("make an owner first: atlas admin create-owner")?;
    let begun = Instant::now();
    let mut members: Vec<UserId> = query("SELECT user_id FROM memberships WHERE workspace_id = $1").bind(workspace).values(&db).await?;
    while members.len() < people {
        let n = members.len();
        members.push(db.write(|tx| async move { member(&tx, workspace, n).await }).await?);
    }
    seed_tasks(&db, workspace, &members, count).await?;
    // The server is to begin without a plan, so that its memory before the first one can be read.
    db.write(|tx| async move { atlas_jobs::remove_matching(&tx, workspace, REPLAN).await }).await?;
    eprintln!("{count} tasks of {people} people in {:.1} s", begun.elapsed().as_secs_f64());
    db.close().await;
    Ok(())
}

async fn member(tx: &Tx, workspace: WorkspaceId, n: usize) -> atlas_kernel::Result<UserId> {
    let (name, email) = (format!("Member {n}"), format!("member{n}@acme.example"));
    let member = atlas_identity::put_member(tx, workspace, Role::Member, &name, &email, ZONES[n % ZONES.len()]).await?;
    member.person()
}

async fn seed_tasks(db: &Db, workspace: WorkspaceId, members: &[UserId], count: usize) -> Result<()> {
    let (actor, mut keys) = (&Actor::system(workspace), Vec::with_capacity(count));
    while keys.len() < count {
        let news: Vec<NewTask> = (keys.len()..(keys.len() + 250).min(count)).map(|n| new_task(n, members, &keys, db)).collect();
        let news = &news;
        let made = db.write(|tx| async move {
            let mut made = Vec::new();
            for new in news {
                made.push(tasks::create(&tx, actor, new.clone()).await?.task.key);
            }
            Ok(made)
        });
        keys.extend(made.await?);
    }
    Ok(())
}

/// The task of this number; primes stand in for chance, so that every run has the same ones.
fn new_task(n: usize, members: &[UserId], keys: &[String], db: &Db) -> NewTask {
    let today = db.clock().now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let days = i64::try_from(1 + n * 31 % 120).unwrap_or(1);
    NewTask {
        title: format!("Task {n}"),
        estimate: Some(30 + 30 * i64::try_from(n * 17 % 12).unwrap_or(0)),
        assignees: vec![members[n * 7919 % members.len()]],
        priority: Some(Priority::ALL[n * 13 % 5]),
        due: n.is_multiple_of(3).then(|| today + days.days()),
        blocked_by: if n % 4 == 1 && !keys.is_empty() { vec![keys[n * 104_729 % keys.len()].clone()] } else { vec![] },
        ..NewTask::default()
    }
}
