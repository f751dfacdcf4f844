//! The running sandbox: the workspace, the app, the settings and the counters behind one handle.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use jiff::tz::TimeZone;
use tokio::sync::Notify;

use crate::api::companies::scroll::Scroll;
use crate::api::fault::Faults;
use crate::app::App;
use crate::clock::Clock;
use crate::limits::Limiter;
use crate::options::Options;
use crate::render::{Lens, version::Version};
use crate::seed;
use crate::settings::Settings;
use crate::stats::Stats;
use crate::webhook::{self, post::Postman};
use crate::world::World;

/// Everything handlers share. No lock is held across an await.
#[derive(Debug)]
pub struct Sandbox {
    pub options: Options,
    pub clock: Clock,
    pub zone: TimeZone,
    pub world: RwLock<World>,
    pub app: RwLock<App>,
    settings: RwLock<Arc<Settings>>,
    pub stats: Stats,
    pub limiter: Limiter,
    pub faults: Faults,
    pub scroll: Mutex<Option<Scroll>>,
    pub postman: Postman,
    /// Told when the server stops, so that hanging answers end.
    pub closing: Notify,
    /// Calls so far; request ids are made from it.
    pub calls: std::sync::atomic::AtomicU64,
}

impl Sandbox {
    /// Checks what growing a workspace would fail on: the time zone and the version.
    pub fn check(options: &Options) -> Result<(TimeZone, Version), String> {
        let zone = TimeZone::get(&options.timezone).map_err(|_| format!("unknown time zone {}", options.timezone))?;
        let version = Version::parse(&options.app_version).ok_or_else(|| format!("unknown API version {}", options.app_version))?;
        Ok((zone, version))
    }

    /// Grows the workspace; fails on an unknown time zone or version.
    pub fn new(options: Options) -> Result<Self, String> {
        let clock = Clock::new(options.now);
        Self::on(options, clock)
    }

    /// The same on a clock that may be somebody else's.
    pub fn on(options: Options, clock: Clock) -> Result<Self, String> {
        let (zone, version) = Self::check(&options)?;
        Ok(Self {
            world: RwLock::new(seed::grow(&options, clock.ms())),
            app: RwLock::new(App::new(&options, version)),
            settings: RwLock::new(Arc::new(Settings::new(&options))),
            stats: Stats::default(),
            limiter: Limiter::default(),
            faults: Faults::default(),
            scroll: Mutex::new(None),
            postman: Postman::new(options.seed, clock.ms()),
            closing: Notify::new(),
            calls: std::sync::atomic::AtomicU64::new(0),
            clock,
            zone,
            options,
        })
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&read(&self.settings))
    }

    /// Changes the settings.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = write(&self.settings);
        change(Arc::make_mut(&mut settings));
    }

    /// The workspace for reading, with search brought up to its delay.
    pub fn look(&self) -> RwLockReadGuard<'_, World> {
        let now = self.clock.ms();
        let due = |world: &World| world.unindexed.front().is_some_and(|&(due, _)| due <= now);
        let world = read(&self.world);
        if !due(&world) {
            return world;
        }
        drop(world);
        write(&self.world).index_due(now);
        read(&self.world)
    }

    /// Changes the workspace at the clock's present, then posts the notices about what happened.
    pub fn change<T>(&self, verb: impl FnOnce(&mut World) -> T) -> T {
        let settings = self.settings();
        let (result, notices) = {
            let mut world = write(&self.world);
            world.now_ms = self.clock.ms();
            world.search_delay_ms = settings.search_delay_ms;
            let result = verb(&mut world);
            let events = std::mem::take(&mut world.outbox);
            let notices = webhook::notices(&world, &read(&self.app), &settings, &self.postman, &events);
            (result, notices)
        };
        self.stats.notices(|n| n.pending += notices.len() as u64);
        for notice in notices {
            self.postman.post(notice);
        }
        result
    }

    /// Replaces the workspace by a newly grown one.
    pub fn regrow(&self) {
        let fresh = seed::grow(&self.options, self.clock.ms());
        *write(&self.world) = fresh;
        *lock(&self.scroll) = None;
    }

    /// A lens on the workspace for pages and admin answers: newest version, HTML.
    pub fn lens<'w>(&self, world: &'w World) -> Lens<'w> {
        let settings = self.settings();
        Lens { world, version: Version::NEWEST, nested_cap: settings.nested_cap, part_cap: settings.part_cap, plain: false }
    }
}

/// Locks; a thread that panicked while holding the lock does not stop the others.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Locks for reading.
pub fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// Locks for writing.
pub fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
