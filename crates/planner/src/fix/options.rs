//! The single changes worth trying for one late task.

use super::Action;
use crate::board::{Job, Standing};
use crate::plan::Reason;
use crate::planner::Planner;
use crate::world::{Due, Event, Person, Task};

/// Meetings, and other tasks, that are tried at most.
const NEAREST: usize = 8;

impl Planner {
    /// Each change with its events.
    pub(super) fn options(&self, job: Job) -> Vec<(Action, Vec<Event>)> {
        let id = self.board.tasks[job as usize].id;
        let pull = Event::PullForward(id);
        let mut options = vec![(Action::PullForward(id), vec![pull.clone()])];
        let mut behind = vec![job];
        behind.extend(
            self.board
                .graph
                .ancestors(job)
                .into_iter()
                .filter(|before| self.board.jobs[*before as usize].standing == Standing::Active)
                .take(NEAREST),
        );
        for one in &behind {
            options.extend(self.other_people(*one, &pull));
            options.extend(self.less_work(*one, &pull));
        }
        options.extend(self.meetings(job, &pull));
        options.extend(self.others_wait(job, &pull));
        options.extend(self.other_rules(job, &pull));
        options
    }

    fn edited(&self, job: Job, edit: impl FnOnce(&mut Task)) -> Event {
        let mut task = Task::clone(&self.board.tasks[job as usize]);
        edit(&mut task);
        Event::TaskChanged(Box::new(task))
    }

    fn other_people(&self, job: Job, pull: &Event) -> Vec<(Action, Vec<Event>)> {
        let (rules, current) = (&self.board.jobs[job as usize], self.board.spots[job as usize].person);
        let task = self.board.tasks[job as usize].id;
        let others = rules.choices.iter().filter(|choice| choice.person != current);
        others
            .map(|choice| {
                let person = self.board.people[choice.person as usize].id;
                (Action::GiveTo { task, person }, vec![self.edited(job, |task| task.candidates = vec![person]), pull.clone()])
            })
            .collect()
    }

    fn less_work(&self, job: Job, pull: &Event) -> Vec<(Action, Vec<Event>)> {
        let task = &self.board.tasks[job as usize];
        let work = task.remaining.unwrap_or(self.board.settings.default_estimate);
        let cuts = [120, work / 2].into_iter().filter(|cut| *cut > 0 && *cut < work);
        cuts.map(|minutes| {
            (Action::Cut { task: task.id, minutes }, vec![Event::Remaining { task: task.id, minutes: work - minutes }, pull.clone()])
        })
        .collect()
    }

    fn meetings(&self, job: Job, pull: &Event) -> Vec<(Action, Vec<Event>)> {
        let spot = &self.board.spots[job as usize];
        let person = &self.board.people[spot.person as usize];
        let finish = self.board.grid.minute(spot.finish);
        let mut meetings: Vec<_> =
            person.meetings.iter().filter(|one| one.span.until > self.board.now_minute && one.span.from < finish).collect();
        meetings.sort_by_key(|one| std::cmp::Reverse((one.span.minutes(), one.span.from)));
        let drop = |meeting: crate::MeetingId| Event::MeetingRemoved { person: person.id, meeting };
        meetings
            .iter()
            .take(NEAREST)
            .map(|one| (Action::DropMeeting { person: person.id, meeting: one.id }, vec![drop(one.id), pull.clone()]))
            .collect()
    }

    /// Tasks in the way wait until the late one is finished.
    fn others_wait(&self, job: Job, pull: &Event) -> Vec<(Action, Vec<Event>)> {
        let Some(why) = self.not_earlier(job) else { return Vec::new() };
        let moment = self.board.grid.minute(self.board.spots[job as usize].finish);
        let mut seen = Vec::new();
        for blocker in why.blockers.iter().rev() {
            if let Reason::Busy(other) = blocker.reason
                && !seen.contains(&other)
            {
                seen.push(other);
            }
        }
        seen.into_iter().take(NEAREST).map(|task| (Action::Postpone(task), vec![Event::NotBefore { task, moment }, pull.clone()])).collect()
    }

    fn other_rules(&self, job: Job, pull: &Event) -> Vec<(Action, Vec<Event>)> {
        let (task, spot) = (&self.board.tasks[job as usize], &self.board.spots[job as usize]);
        let finish = self.board.grid.minute(spot.finish);
        let mut options = vec![
            (Action::Prioritise(task.id), vec![self.edited(job, |task| task.weight = (task.weight * 4).max(8)), pull.clone()]),
            (Action::ShiftDue(finish), vec![self.edited(job, |task| task.due = task.due.map(|due| Due { at: finish, ..due }))]),
        ];
        if !task.splittable {
            options.push((Action::Split(task.id), vec![self.edited(job, |task| task.splittable = true), pull.clone()]));
        }
        if task.hours.is_some() {
            options.push((Action::AnyHours(task.id), vec![self.edited(job, |task| task.hours = None), pull.clone()]));
        }
        let person = &self.board.people[spot.person as usize];
        if person.daily_cap_percent < 100 {
            let full = Person { daily_cap_percent: 100, ..Person::clone(person) };
            options.push((Action::LiftCap(person.id), vec![Event::PersonChanged(Box::new(full)), pull.clone()]));
        }
        options
    }
}
