//! Failed password checks: counted here and in the database, so that several nodes and a full disk make no difference.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use atlas_kernel::{Error, Result, Timestamp, UserId};
use atlas_store::{Db, Tx, query};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};

/// How long failures count.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// So many failures of one person from one address,
const OF_PAIR: i64 = 10;
/// from one address, whoever it tried to be (offices share one),
const OF_ADDRESS: i64 = 100;
/// and of one person from anywhere, are allowed within the window.
const OF_PERSON: i64 = 100;
/// No more subjects than this are remembered in memory.
const MOST: usize = 20_000;

/// Who tries, and from where: the subjects that failures count against, with how many each may have.
#[derive(Clone, Debug)]
pub(crate) struct Knock(Vec<(String, i64)>);

impl Knock {
    /// Somebody signing in as `email` from `address`.
    pub(crate) fn at_the_door(email: &str, address: &str) -> Self {
        Self(vec![
            (subject(&["pair", email, address]), OF_PAIR),
            (subject(&["address", address]), OF_ADDRESS),
            (subject(&["person", email]), OF_PERSON),
        ])
    }

    /// Somebody signed in who gives their password again.
    pub(crate) fn inside(user: UserId) -> Self {
        Self(vec![(subject(&["inside", &user.to_string()]), OF_PAIR)])
    }

    fn subjects(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(subject, _)| subject.as_str())
    }

    fn allowed(&self, subject: &str) -> i64 {
        self.0.iter().find(|(known, _)| known == subject).map_or(i64::MAX, |(_, allowed)| *allowed)
    }
}

/// Neither e-mails nor addresses are kept, only what tells them apart.
fn subject(parts: &[&str]) -> String {
    hex::encode(&Sha256::digest(parts.join("\0").as_bytes())[..16])
}

#[derive(Clone, Copy)]
struct Count {
    failures: i64,
    since: Timestamp,
}

impl Count {
    fn wait(self, allowed: i64, now: Timestamp) -> Option<u64> {
        let left = WINDOW - now.duration_since(self.since);
        let blocked = self.failures >= allowed && left.is_positive();
        blocked.then(|| left.as_secs().unsigned_abs() + 1)
    }
}

#[derive(Default)]
pub(crate) struct Failures(Mutex<HashMap<String, Count>>);

impl std::fmt::Debug for Failures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Failures")
    }
}

impl Failures {
    fn counts(&self) -> MutexGuard<'_, HashMap<String, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses what this process remembers, without asking the database.
    pub(crate) fn refuse_remembered(&self, knock: &Knock, now: Timestamp) -> Result<()> {
        let counts = self.counts();
        let wait = knock.0.iter().filter_map(|(subject, allowed)| counts.get(subject)?.wait(*allowed, now)).max();
        refused(wait)
    }

    /// Refuses what any process has counted.
    pub(crate) async fn refuse(&self, db: &Db, knock: &Knock) -> Result<()> {
        let now = db.clock().now();
        self.refuse_remembered(knock, now)?;
        let ask = query("SELECT subject, failures, window_start FROM sign_in_failures WHERE subject IN ({list})");
        let counted: Vec<(String, i64, Timestamp)> = ask.bind_list(knock.subjects()).all(db).await?;
        let waits = counted.into_iter().filter_map(|(subject, failures, since)| {
            let count = Count { failures, since };
            let wait = count.wait(knock.allowed(&subject), now)?;
            self.counts().insert(subject, count);
            Some(wait)
        });
        refused(waits.max())
    }

    /// Counts one more failure, in memory first: that works even when the database cannot be written.
    pub(crate) async fn count(&self, db: &Db, knock: &Knock) -> Result<()> {
        self.remember(knock, db.clock().now());
        db.write(|tx| async move {
            for subject in knock.subjects() {
                count_one(&tx, subject).await?;
            }
            Ok(())
        })
        .await
    }

    fn remember(&self, knock: &Knock, now: Timestamp) {
        let mut counts = self.counts();
        if counts.len() >= MOST {
            counts.retain(|_, count| now.duration_since(count.since) < WINDOW);
        }
        if counts.len() >= MOST {
            counts.clear();
        }
        for subject in knock.subjects() {
            let count = counts.entry(subject.to_owned()).or_insert(Count { failures: 0, since: now });
            if now.duration_since(count.since) >= WINDOW {
                *count = Count { failures: 0, since: now };
            }
            count.failures += 1;
        }
    }

    /// The right password clears what the pair has failed before; nothing is written when there is nothing to clear.
    pub(crate) async fn forgive(&self, db: &Db, knock: &Knock) -> Result<()> {
        let Some((subject, _)) = knock.0.first() else { return Ok(()) };
        self.counts().remove(subject);
        let counted = query("SELECT COUNT(*) FROM sign_in_failures WHERE subject = $1").bind(subject).value::<i64>(db).await?;
        if counted > 0 {
            let clear = |tx: Tx| async move { query("DELETE FROM sign_in_failures WHERE subject = $1").bind(subject).run(&tx).await };
            db.write(clear).await?;
        }
        Ok(())
    }
}

async fn count_one(tx: &Tx, subject: &str) -> Result<()> {
    let outdated = tx.now().checked_sub(WINDOW).unwrap_or(Timestamp::MIN);
    let upsert = query(
        "INSERT INTO sign_in_failures (subject, failures, window_start) VALUES ($1, 1, $2) ON CONFLICT (subject) DO UPDATE SET \
         failures = CASE WHEN sign_in_failures.window_start <= $3 THEN 1 ELSE sign_in_failures.failures + 1 END, \
         window_start = CASE WHEN sign_in_failures.window_start <= $3 THEN excluded.window_start ELSE sign_in_failures.window_start END",
    );
    upsert.bind(subject).bind(tx.now()).bind(outdated).run(tx).await.map(|_| ())
}

fn refused(wait: Option<u64>) -> Result<()> {
    wait.map_or(Ok(()), |retry_after| Err(Error::RateLimited { retry_after }))
}

/// Deletes counts that count no more.
pub(crate) async fn forget_old(tx: &Tx) -> Result<u64> {
    let outdated = tx.now().checked_sub(WINDOW).unwrap_or(Timestamp::MIN);
    query("DELETE FROM sign_in_failures WHERE window_start <= $1").bind(outdated).run(tx).await
}
