//! The pacer against simulated providers, in simulated time: never a "too many" by our own fault, and the window used up.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use atlas_kernel::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::{Lane, Pacer};
use crate::RateReading;

const WINDOW: i64 = 10;

/// A provider whose clock is `ahead_ms` from ours, and whose answers take `there_ms` and `back_ms`.
#[derive(Clone, Copy)]
struct Provider {
    limit: u32,
    ahead_ms: i64,
    there_ms: u64,
    back_ms: u64,
    jitter_ms: u64,
    /// Calls of another app at the beginning of each second.
    others: u32,
    phase_ms: i64,
    dates: bool,
}

struct Counts {
    end: i64,
    used: u32,
    others_second: i64,
    too_many: u32,
    first: i64,
    last: i64,
    windows: Vec<(i64, u32)>,
    /// Calls of each second.
    seconds: std::collections::BTreeMap<i64, u32>,
}

struct Sim {
    provider: Provider,
    started: Instant,
    counts: Mutex<Counts>,
}

const EPOCH_MS: i64 = 1_800_000_000_000;

impl Sim {
    fn new(provider: Provider) -> Arc<Self> {
        let counts = Counts {
            end: 0,
            used: 0,
            others_second: 0,
            too_many: 0,
            first: i64::MAX,
            last: 0,
            windows: vec![],
            seconds: Default::default(),
        };
        Arc::new(Self { provider, started: Instant::now(), counts: Mutex::new(counts) })
    }

    fn now_ms(&self) -> i64 {
        EPOCH_MS + self.provider.phase_ms + self.provider.ahead_ms + self.started.elapsed().as_millis() as i64
    }

    async fn call(&self, n: u64) -> (bool, RateReading, Option<i64>) {
        let jitter = if self.provider.jitter_ms == 0 { 0 } else { n.wrapping_mul(7919) % self.provider.jitter_ms };
        sleep(Duration::from_millis(self.provider.there_ms + jitter)).await;
        let now = self.now_ms();
        let answer = self.count(now);
        sleep(Duration::from_millis(self.provider.back_ms + jitter / 2)).await;
        (answer.0, answer.1, self.provider.dates.then_some(now / 1000))
    }

    fn count(&self, now: i64) -> (bool, RateReading) {
        let mut counts = self.counts.lock().unwrap();
        (counts.first, counts.last) = (counts.first.min(now), now);
        let end = (now / 1000 / WINDOW + 1) * WINDOW;
        if counts.end != end {
            (counts.end, counts.used, counts.others_second) = (end, 0, end - WINDOW - 1);
            counts.windows.push((end, 0));
        }
        while counts.others_second < now / 1000 {
            counts.others_second += 1;
            counts.used += self.provider.others;
        }
        let good = counts.used < self.provider.limit;
        if good {
            counts.used += 1;
            counts.windows.last_mut().unwrap().1 += 1;
            *counts.seconds.entry(now / 1000).or_default() += 1;
        } else {
            counts.too_many += 1;
        }
        let remaining = self.provider.limit.saturating_sub(counts.used);
        (good, RateReading { limit: self.provider.limit, remaining, reset: end })
    }
}

/// Makes `calls` calls with `workers` at once; answers "too many"s, seconds, and the calls of each window.
async fn drive(provider: Provider, per_minute: u32, calls: u64, workers: usize, lane: Lane) -> (u32, f64, Vec<(i64, u32)>) {
    let sim = Sim::new(provider);
    let now = Timestamp::from_millisecond(EPOCH_MS + provider.phase_ms).unwrap();
    let pacer = Pacer::new(Duration::from_secs(WINDOW as u64), per_minute, now);
    let next = Arc::new(Mutex::new(0_u64));
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        let (sim, pacer, next) = (sim.clone(), pacer.clone(), next.clone());
        tasks.spawn(async move {
            loop {
                let n = {
                    let mut next = next.lock().unwrap();
                    *next += 1;
                    *next
                };
                if n > calls {
                    return;
                }
                loop {
                    let permit = pacer.permit(lane).await;
                    let (good, reading, date) = sim.call(n).await;
                    if good {
                        permit.answered(Some(reading), date);
                        break;
                    }
                    permit.refused(Some(reading), None);
                }
            }
        });
    }
    while tasks.join_next().await.is_some() {}
    let seconds = begun.elapsed().as_secs_f64();
    let counts = sim.counts.lock().unwrap();
    (counts.too_many, seconds, counts.windows.clone())
}

const CALM: Provider =
    Provider { limit: 167, ahead_ms: 0, there_ms: 50, back_ms: 50, jitter_ms: 0, others: 0, phase_ms: 3_000, dates: true };

/// Full windows between the first and the last are used to at least this share of `cap`.
fn assert_used(windows: &[(i64, u32)], cap: u32, share: f64, what: &str) {
    let inner = &windows[1..windows.len() - 1];
    for (end, used) in inner {
        assert!(f64::from(*used) >= f64::from(cap) * share, "{what}: {used} of {cap} in the window to {end}: {windows:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_sync_stays_within_the_bound_without_a_single_refusal() {
    for (limit, per_minute) in [(167, 1_000), (1_667, 10_000)] {
        for (there, back, jitter) in [(0, 0, 0), (50, 50, 0), (150, 150, 40), (500, 500, 0), (900, 100, 200), (0, 1_000, 0)] {
            for phase_ms in [0, 3_000, 9_900] {
                for ahead_ms in [0, -2_300, 41_700] {
                    let provider = Provider { limit, ahead_ms, there_ms: there, back_ms: back, jitter_ms: jitter, phase_ms, ..CALM };
                    let calls = u64::from(limit) * 4 - 30;
                    let (too_many, seconds, windows) = drive(provider, per_minute, calls, 256, Lane::Bulk).await;
                    let what = format!("limit {limit}, {there}+{back}±{jitter} ms, phase {phase_ms}, ahead {ahead_ms}");
                    assert_eq!(too_many, 0, "{what}");
                    let answer = (there + back + jitter * 2) as f64 / 1000.0;
                    assert!(seconds <= 40.0 * 1.03 + 2.0 * answer, "{what}: {seconds:.1} s");
                    let budget = per_minute / 6;
                    assert_used(&windows, budget.min(limit), 0.95, &what);
                }
            }
        }
    }
}

/// Makes `calls` calls with as many in flight as the pacer finds sensible; answers "too many"s, and seconds from the first
/// call to the last as the provider sees them.
async fn drive_sensibly(provider: Provider, per_minute: u32, calls: u64) -> (u32, f64) {
    let sim = Sim::new(provider);
    let now = Timestamp::from_millisecond(EPOCH_MS + provider.phase_ms).unwrap();
    let pacer = Pacer::new(Duration::from_secs(WINDOW as u64), per_minute, now);
    let mut tasks = JoinSet::new();
    for n in 0..calls {
        while tasks.len() >= pacer.sensible_in_flight() {
            tasks.join_next().await;
        }
        let (sim, pacer) = (sim.clone(), pacer.clone());
        tasks.spawn(async move {
            let permit = pacer.permit(Lane::Bulk).await;
            let (_, reading, date) = sim.call(n).await;
            permit.answered(Some(reading), date);
        });
    }
    while tasks.join_next().await.is_some() {}
    let counts = sim.counts.lock().unwrap();
    (counts.too_many, (counts.last - counts.first) as f64 / 1_000.0)
}

#[tokio::test(start_paused = true)]
async fn the_last_window_ends_soon_after_it_began() {
    for (limit, per_minute, calls) in [(167, 1_000, 635), (1_667, 10_000, 3_900)] {
        for answer_ms in [0, 100, 300, 1_000] {
            let provider = Provider { limit, there_ms: answer_ms / 2, back_ms: answer_ms / 2, phase_ms: 0, ..CALM };
            let (too_many, seconds) = drive_sensibly(provider, per_minute, calls).await;
            let bound = (calls / u64::from(per_minute / 6)) as f64 * 10.0 + answer_ms as f64 / 1_000.0;
            let what = format!("{per_minute} a minute, answers of {answer_ms} ms: {seconds:.2} s, bound {bound:.2} s");
            assert_eq!(too_many, 0, "{what}");
            assert!(seconds <= bound * 1.03, "{what}");
        }
    }
}

/// The calls of a history beside a listing whose pages come one after the other: the pages keep up with the windows.
#[tokio::test(start_paused = true)]
async fn a_long_listing_does_not_wait_behind_the_calls_for_objects() {
    let (objects, pages) = (615, 20);
    for answer_ms in [0, 300, 1_000] {
        let sim = Sim::new(Provider { limit: 167, there_ms: answer_ms / 2, back_ms: answer_ms / 2, phase_ms: 0, ..CALM });
        let pacer = Pacer::new(Duration::from_secs(WINDOW as u64), 1_000, Timestamp::from_millisecond(EPOCH_MS).unwrap());
        let call = |n: u64, lane| {
            let (sim, pacer) = (sim.clone(), pacer.clone());
            async move {
                let permit = pacer.permit(lane).await;
                let (_, reading, date) = sim.call(n).await;
                permit.answered(Some(reading), date);
            }
        };
        let listing = async {
            for n in 0..pages {
                call(n, Lane::Bulk.of_pages()).await;
            }
        };
        let fetching = async {
            let mut tasks = JoinSet::new();
            for n in pages..pages + objects {
                while tasks.len() >= pacer.sensible_in_flight() {
                    tasks.join_next().await;
                }
                tasks.spawn(call(n, Lane::Bulk));
            }
            while tasks.join_next().await.is_some() {}
        };
        tokio::join!(listing, fetching);
        let counts = sim.counts.lock().unwrap();
        let (too_many, seconds) = (counts.too_many, (counts.last - counts.first) as f64 / 1_000.0);
        let bound = 30.0 + answer_ms as f64 / 1_000.0;
        assert_eq!(too_many, 0);
        assert!(seconds <= bound * 1.03, "answers of {answer_ms} ms: {seconds:.2} s, bound {bound:.2} s");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_date_header_the_window_alone_is_enough() {
    for ahead_ms in [0, 4_321, -7_777] {
        let provider = Provider { dates: false, ahead_ms, ..CALM };
        let (too_many, _, windows) = drive(provider, 1_000, 1_000, 32, Lane::Bulk).await;
        assert_eq!(too_many, 0);
        assert_used(&windows[1..], 166, 0.95, "no dates");
    }
}

#[tokio::test(start_paused = true)]
async fn what_other_apps_use_is_left_to_them() {
    let provider = Provider { others: 5, ..CALM };
    let (too_many, _, windows) = drive(provider, 1_000, 800, 32, Lane::Bulk).await;
    assert!(too_many <= 7, "{too_many} in {windows:?}: only calls that crossed another app's may be refused");
    assert_used(&windows, 117, 0.9, "with others");
}

#[tokio::test(start_paused = true)]
async fn a_budget_below_the_limit_is_kept() {
    let provider = Provider { limit: 1_667, ..CALM };
    let (too_many, seconds, windows) = drive(provider, 1_000, 600, 64, Lane::Bulk).await;
    assert_eq!(too_many, 0);
    assert!(windows.iter().all(|(_, used)| *used <= 166), "{windows:?}");
    assert!(seconds > 20.0);
}

#[tokio::test(start_paused = true)]
async fn people_go_ahead_of_bulk_and_find_room() {
    let sim = Sim::new(CALM);
    let pacer = Pacer::new(Duration::from_secs(10), 1_000, Timestamp::from_millisecond(EPOCH_MS + 3_000).unwrap());
    let mut bulk = JoinSet::new();
    for n in 0..400 {
        let (sim, pacer) = (sim.clone(), pacer.clone());
        bulk.spawn(async move {
            let permit = pacer.permit(Lane::Bulk).await;
            let (_, reading, date) = sim.call(n).await;
            permit.answered(Some(reading), date);
        });
    }
    sleep(Duration::from_millis(4_500)).await;
    let gauge = pacer.gauge();
    assert!(gauge.waiting > 0 && gauge.waiting_ms > 0, "bulk waits: {gauge:?}");
    for n in 0..8 {
        let begun = Instant::now();
        let permit = pacer.permit(Lane::People).await;
        assert!(begun.elapsed() < Duration::from_millis(20), "a person waited {:?}", begun.elapsed());
        let (good, reading, date) = sim.call(n).await;
        assert!(good);
        permit.answered(Some(reading), date);
    }
    while bulk.join_next().await.is_some() {}
    assert_eq!(sim.counts.lock().unwrap().too_many, 0);
}

/// Notices come all the time while a history is read: after the first window, in which nobody knows of them, hardly one waits,
/// and the history still takes what they leave.
#[tokio::test(start_paused = true)]
async fn steady_notices_find_room_in_every_second_of_a_window_that_a_history_uses_up() {
    for (limit, per_minute, every_ms) in [(167, 1_000, 250), (1_667, 10_000, 20), (1_667, 10_000, 500)] {
        let sim = Sim::new(Provider { limit, phase_ms: 0, ..CALM });
        let pacer = Pacer::new(Duration::from_secs(10), per_minute, Timestamp::from_millisecond(EPOCH_MS).unwrap());
        let call = |n: u64, lane| {
            let (sim, pacer) = (sim.clone(), pacer.clone());
            async move {
                let asked = Instant::now();
                let permit = pacer.permit(lane).await;
                let waited = asked.elapsed().as_millis();
                let (good, reading, date) = sim.call(n).await;
                assert!(good);
                permit.answered(Some(reading), date);
                waited
            }
        };
        let mut bulk = JoinSet::new();
        (0..u64::from(limit) * 6).for_each(|n| drop(bulk.spawn(call(n, Lane::Bulk))));
        let mut notices = JoinSet::new();
        for n in 0..50_000 / every_ms {
            let first_window = n * every_ms < 10_000;
            let notice = call(n, Lane::People);
            notices.spawn(async move { notice.await * u128::from(!first_window) });
            sleep(Duration::from_millis(every_ms)).await;
        }
        let mut waits = notices.join_all().await;
        waits.sort_unstable();
        let what = format!("limit {limit}, a notice every {every_ms} ms");
        assert!(waits[waits.len() * 95 / 100] < 500, "{what}: {waits:?}");
        while bulk.join_next().await.is_some() {}
        let counts = sim.counts.lock().unwrap();
        assert_eq!(counts.too_many, 0, "{what}");
        assert_used(&counts.windows[..5], limit, 0.97, &what);
        // In the second window, those of the first go that had to wait.
        let third_window = counts.windows[2].0 - WINDOW;
        let most = counts.seconds.range(third_window..third_window + 30).map(|(_, calls)| *calls).max();
        assert!(most.unwrap() <= limit / 4, "{what}: {most:?} calls in a second");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_tells_nothing_is_paced_by_the_budget() {
    let pacer = Pacer::new(Duration::from_secs(10), 600, Timestamp::UNIX_EPOCH);
    let begun = Instant::now();
    for n in 0..250 {
        let permit = pacer.permit(Lane::Incremental).await;
        sleep(Duration::from_millis(5)).await;
        permit.answered(None, Some(n / 30));
    }
    assert!((20.0..32.0).contains(&begun.elapsed().as_secs_f64()), "{:?}", begun.elapsed());
}
