//! The queue of notices: loses, repeats and reorders them on demand, waits while throttled, keeps a log.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::{Notice, send::deliver};
use crate::random::Random;
use crate::sandbox::{Sandbox, lock};

/// Entries kept in the log, and notices kept for sending again.
const KEPT: usize = 500;
/// How long an overtaken notice waits when nothing overtakes it.
const PATIENCE: Duration = Duration::from_millis(400);

/// The queue and what is known about deliveries.
#[derive(Debug)]
pub struct Postman {
    queue: UnboundedSender<Notice>,
    waiting: Mutex<Option<UnboundedReceiver<Notice>>>,
    log: Mutex<VecDeque<Delivery>>,
    kept: Mutex<VecDeque<Notice>>,
    pub health: Mutex<Health>,
    random: Mutex<Random>,
    ids: Mutex<Random>,
}

/// How the receiver has been doing.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Nothing is sent before this time (milliseconds).
    pub paused_until: i64,
    /// Length of the last throttle in milliseconds; grows while 429s go on.
    pub throttle_ms: i64,
    pub errors_in_row: u32,
    pub first_error_at: Option<i64>,
}

/// One attempt, for the log.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// Milliseconds since the epoch.
    pub at: i64,
    pub topic: String,
    pub id: Option<String>,
    pub about: String,
    pub attempt: u32,
    pub status: Option<u16>,
    pub error: Option<String>,
    pub ms: u64,
}

impl Postman {
    /// An idle queue; `work` empties it.
    ///
    /// Ids of notices depend also on the start time: after a restart they must not look like repetitions.
    pub fn new(seed: u64, start_ms: i64) -> Self {
        let (queue, waiting) = unbounded_channel();
        Self {
            queue,
            waiting: Mutex::new(Some(waiting)),
            log: Mutex::new(VecDeque::new()),
            kept: Mutex::new(VecDeque::new()),
            health: Mutex::new(Health::default()),
            random: Mutex::new(Random::new(seed, 0x0905)),
            ids: Mutex::new(Random::new(seed ^ start_ms as u64, 0x1d5)),
        }
    }

    /// The id of the next notice.
    pub fn notice_id(&self) -> String {
        format!("notif_{}", lock(&self.ids).uuid())
    }

    /// The queue's other end, for whoever empties it instead of `work`; once.
    pub fn take_queue(&self) -> Option<UnboundedReceiver<Notice>> {
        lock(&self.waiting).take()
    }

    /// Queues a notice.
    pub fn post(&self, notice: Notice) {
        if notice.id.is_some() && notice.attempts == 0 && !notice.plain {
            let mut kept = lock(&self.kept);
            kept.push_back(notice.clone());
            if kept.len() > KEPT {
                kept.pop_front();
            }
        }
        // The receiver lives as long as the sandbox; a closed queue only means that it stops.
        let _ = self.queue.send(notice);
    }

    /// The last notice, or the last one with that id or topic.
    pub fn last(&self, id: Option<&str>, topic: Option<&str>) -> Option<Notice> {
        let kept = lock(&self.kept);
        let fits = |n: &&Notice| id.is_none_or(|id| n.id.as_deref() == Some(id)) && topic.is_none_or(|t| n.topic == t);
        kept.iter().rev().find(fits).cloned()
    }

    /// Writes an attempt down.
    pub fn record(&self, delivery: Delivery) {
        let mut log = lock(&self.log);
        log.push_back(delivery);
        if log.len() > KEPT {
            log.pop_front();
        }
    }

    /// The last attempts, newest first.
    pub fn log(&self) -> Vec<Delivery> {
        lock(&self.log).iter().rev().cloned().collect()
    }

    /// Forgets log and health.
    pub fn reset(&self) {
        lock(&self.log).clear();
        *lock(&self.health) = Health::default();
    }

    fn chance(&self, rate: f64) -> bool {
        rate > 0.0 && lock(&self.random).chance(rate)
    }
}

/// Empties the queue until the sandbox is gone.
pub async fn work(sandbox: Arc<Sandbox>, client: reqwest::Client) {
    let Some(mut queue) = lock(&sandbox.postman.waiting).take() else { return };
    let mut overtaken: Vec<(u64, Notice)> = Vec::new();
    let mut stored: Vec<Notice> = Vec::new();
    let mut sending = JoinSet::new();
    loop {
        let idle = overtaken.is_empty() && stored.is_empty();
        let next = if idle { queue.recv().await } else { tokio::time::timeout(PATIENCE, queue.recv()).await.unwrap_or(None) };
        let outage = sandbox.settings().webhook_outage;
        let batch = match next {
            Some(notice) if outage => {
                stored.push(notice);
                continue;
            }
            None if outage && !idle => continue,
            Some(notice) if !stored.is_empty() => std::iter::once(notice).chain(stored.drain(..).rev()).collect(),
            None if !stored.is_empty() => stored.drain(..).rev().collect(),
            Some(notice) => batch(&sandbox, notice, &mut overtaken),
            None if overtaken.is_empty() => return,
            None => overtaken.drain(..).map(|(_, notice)| notice).collect(),
        };
        for notice in batch {
            while sending.len() >= sandbox.settings().webhook_concurrency.max(1) {
                sending.join_next().await;
            }
            let pause = lock(&sandbox.postman.health).paused_until;
            sandbox.clock.until(pause).await;
            sending.spawn(deliver(Arc::clone(&sandbox), client.clone(), notice));
        }
    }
}

/// What one notice from the queue turns into: nothing, itself, itself twice, and those it overtook.
fn batch(sandbox: &Sandbox, notice: Notice, overtaken: &mut Vec<(u64, Notice)>) -> Vec<Notice> {
    let (settings, postman) = (sandbox.settings(), &sandbox.postman);
    let mut out = Vec::new();
    let plain = notice.plain || notice.attempts > 0;
    if !plain && postman.chance(settings.drop_rate) {
        sandbox.stats.notices(|n| {
            n.dropped += 1;
            n.pending -= 1;
        });
    } else {
        if !plain && postman.chance(settings.duplicate_rate) {
            sandbox.stats.notices(|n| {
                n.duplicated += 1;
                n.pending += 1;
            });
            out.push(notice.clone());
        }
        if !plain && postman.chance(settings.reorder_rate) {
            sandbox.stats.notices(|n| n.reordered += 1);
            let steps = lock(&postman.random).between(1, 5);
            overtaken.push((steps, notice));
            return out;
        }
        out.push(notice);
    }
    overtaken.retain_mut(|(steps, held)| {
        *steps -= 1;
        if *steps == 0 {
            out.push(held.clone());
        }
        *steps > 0
    });
    out
}
