//! The search for short schedules: two populations, one pushed left and one pushed right, that breed each other.
//!
//! After Debels and Vanhoucke (2005): a child takes the busiest stretch of one parent and the rest of the other, and is
//! built in the opposite direction of its parents, so that each child is one schedule and is justified as well.

use super::Project;
use super::decode::Decoder;
use crate::random::Random;

/// A schedule and what it took to find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// When each activity starts.
    pub starts: Vec<u32>,
    /// When the last one ends.
    pub makespan: u32,
    /// Schedules that were built.
    pub schedules: u32,
}

/// One member of a population: a schedule counted from the end it was built from.
#[derive(Clone)]
struct Member {
    starts: Vec<u32>,
    length: u32,
}

/// The best schedule found within this many schedules; the same seed finds the same one.
///
/// It stops early when a lower bound is met.
pub fn solve(project: &Project, schedules: u32, seed: u64) -> Solution {
    let mut search = Search {
        decoder: Decoder::new(project),
        random: Random::seeded(seed),
        left: schedules,
        best: Member { starts: Vec::new(), length: u32::MAX },
    };
    search.run(schedules);
    Solution { makespan: search.best.length, starts: search.best.starts, schedules: schedules - search.left }
}

struct Search {
    decoder: Decoder,
    random: Random,
    left: u32,
    /// The best schedule so far, counted from the start.
    best: Member,
}

impl Search {
    fn run(&mut self, schedules: u32) {
        let size = population(schedules, self.decoder.len());
        let mut current = self.first_population(size);
        let mut turned = false;
        while self.left > 0 && !self.is_optimal() {
            current = self.breed(&current, !turned);
            turned = !turned;
        }
    }

    fn is_optimal(&self) -> bool {
        self.best.length <= self.decoder.lower_bound
    }

    /// Sampled by latest finish with random bias, each justified to the right and back.
    fn first_population(&mut self, size: usize) -> Vec<Member> {
        let mut members = Vec::with_capacity(size);
        let spread = (self.decoder.lower_bound / 2).max(1);
        while members.len() < size && self.left > 0 && !self.is_optimal() {
            let bias = |random: &mut Random| random.below(u64::from(spread)) as i64;
            let noise: Vec<i64> = (0..self.decoder.len()).map(|_| bias(&mut self.random)).collect();
            let keys: Vec<i64> = self.decoder.latest_finish.iter().zip(&noise).map(|(finish, noise)| i64::from(*finish) + noise).collect();
            let keys = if members.is_empty() { self.decoder.latest_finish.iter().map(|finish| i64::from(*finish)).collect() } else { keys };
            let starts = if members.len().is_multiple_of(2) { self.decoder.parallel(&keys) } else { self.decoder.forward(&keys) };
            let mut member = self.counted(starts, false);
            for turned in [true, false] {
                if self.left > 0 {
                    member = self.built(&self.decoder.keys_from_end(&member.starts), turned);
                }
            }
            members.push(member);
        }
        members
    }

    /// The next population, built in the other direction.
    fn breed(&mut self, parents: &[Member], turned: bool) -> Vec<Member> {
        let mut children = Vec::with_capacity(parents.len());
        let best = parents.iter().map(|member| member.length).min().unwrap_or(0);
        for index in 0..parents.len() {
            let mut chosen: Option<Member> = None;
            for first in [true, false] {
                if self.left == 0 || self.is_optimal() {
                    break;
                }
                // A better one at random takes its place as a parent.
                let rival = self.random.below(parents.len() as u64) as usize;
                let own = if parents[rival].length < parents[index].length { rival } else { index };
                let other = self.tournament(parents, own);
                let (mother, father) = if first { (own, other) } else { (other, own) };
                let keys = self.cross(&parents[mother], &parents[father]);
                let child = self.built(&keys, turned);
                if chosen.as_ref().is_none_or(|chosen| child.length < chosen.length) {
                    chosen = Some(child);
                }
            }
            let Some(child) = chosen else { break };
            // The best line is not lost: its member is only turned around when its child is worse.
            let keep = parents[index].length == best && child.length > best && self.left > 0;
            children.push(if keep { self.built(&self.decoder.keys_from_end(&parents[index].starts), turned) } else { child });
        }
        children
    }

    fn tournament(&mut self, parents: &[Member], except: usize) -> usize {
        let mut pick = || {
            let index = self.random.below(parents.len() as u64 - u64::from(parents.len() > 1)) as usize;
            if index >= except && parents.len() > 1 { index + 1 } else { index }
        };
        let (a, b) = (pick(), pick());
        if parents[a].length <= parents[b].length { a } else { b }
    }

    /// The father's busiest stretch inside the mother; a mother like her father is stirred.
    fn cross(&mut self, mother: &Member, father: &Member) -> Vec<i64> {
        let (start, end) = self.busiest(father);
        let shift = i64::from(mother.length.max(father.length)) + 1;
        let durations = &self.decoder.durations;
        let finish = |member: &Member, activity: usize| member.starts[activity] + durations[activity];
        let mut same = true;
        let mut keys: Vec<i64> = (0..durations.len())
            .map(|activity| {
                let (his, hers) = (finish(father, activity), finish(mother, activity));
                same &= his == hers;
                // Built from the other end: what finishes last goes first.
                if his > start && his <= end {
                    -i64::from(his)
                } else if hers <= start {
                    -i64::from(hers) + shift
                } else {
                    -i64::from(hers) - shift
                }
            })
            .collect();
        if same || self.random.below(100) < MUTATION {
            let spread = if same { u64::from(mother.length / 2) } else { u64::from(mother.length / 8) };
            for key in &mut keys {
                if same && self.random.below(3) == 0 || self.random.below(20) == 0 {
                    *key += self.random.below(2 * spread + 1) as i64 - spread as i64;
                }
            }
        }
        keys
    }

    /// A stretch of 15 to 60 percent of the schedule, the busier of two at random.
    fn busiest(&mut self, member: &Member) -> (u32, u32) {
        let (least, most) = (u64::from(member.length) * 15 / 100, u64::from(member.length) * 60 / 100);
        let length = (least.max(1) + self.random.below(most - least + 1)) as u32;
        let work = |start: u32| -> u32 {
            let overlap = |activity: usize| {
                let (from, until) = (member.starts[activity], member.starts[activity] + self.decoder.durations[activity]);
                until.min(start + length).saturating_sub(from.max(start)) * self.decoder.load[activity]
            };
            (0..self.decoder.durations.len()).map(overlap).sum()
        };
        let latest = u64::from(member.length.saturating_sub(length)) + 1;
        let tries = [self.random.below(latest) as u32, self.random.below(latest) as u32];
        let start = if work(tries[0]) >= work(tries[1]) { tries[0] } else { tries[1] };
        (start, start + length)
    }

    fn built(&mut self, keys: &[i64], turned: bool) -> Member {
        let starts = if turned { self.decoder.backward(keys) } else { self.decoder.forward(keys) };
        self.counted(starts, turned)
    }

    /// Counts a schedule and remembers it when it is the best.
    fn counted(&mut self, starts: Vec<u32>, turned: bool) -> Member {
        self.left -= 1;
        let length = self.decoder.makespan(&starts);
        if length < self.best.length {
            self.best.length = length;
            self.best.starts = if turned { self.decoder.turn(&starts, length) } else { starts.clone() };
        }
        Member { starts, length }
    }
}

/// Percentage of children that are stirred a little.
const MUTATION: u64 = 30;

/// Members for this many schedules. Small projects need more variety, large ones more generations.
fn population(schedules: u32, activities: usize) -> usize {
    let base = match schedules {
        0..=200 => 6,
        201..=2_000 => 35,
        2_001..=10_000 => 100,
        _ => 500,
    };
    if activities <= 45 { base * 3 / 2 } else { base }
}
