//! Health: four figures and the last thirty days.

use askama::Template;
use atlas_connect::{ConnectionState, DayHealth, DayTone};
use atlas_web::ui;

use super::view::{View, span, state_word};

#[derive(Template)]
#[template(path = "integrations/health.html")]
pub(super) struct HealthPart<'a> {
    pub v: View<'a>,
}

/// A bar of the strip: its place, top, height and ink.
struct Bar {
    x: String,
    y: u8,
    height: u8,
    fill: &'static str,
}

/// A bar is shorter the worse its day was, so that colour is not all that tells.
fn bar((place, day): (usize, &DayHealth)) -> Bar {
    let (height, fill) = match day.tone {
        DayTone::None => (2, "var(--line-strong)"),
        DayTone::Good => (28, "var(--seq-4)"),
        DayTone::Mixed => (18, "var(--warning)"),
        DayTone::Bad => (10, "var(--danger)"),
    };
    Bar { x: format!("{:.1}", place as f64 * 10.2), y: 28 - height, height, fill }
}

impl HealthPart<'_> {
    fn connection(&self) -> &'static str {
        match self.v.state() {
            ConnectionState::Connected => "Live",
            state => state_word(state),
        }
    }
    fn behind(&self) -> String {
        let health = &self.v.d.health;
        if health.waiting == 0 { "0 s".to_owned() } else { span(health.behind_seconds) }
    }
    fn queue(&self) -> String {
        match self.v.d.health.waiting {
            0 => "Queue is empty".to_owned(),
            waiting => format!("{} waiting", ui::plural(waiting, "object", "objects")),
        }
    }
    fn deliveries(&self) -> String {
        let health = &self.v.d.health;
        let again = match health.repeated {
            0 => "none sent again".to_owned(),
            repeated => format!("{} sent again", ui::count(repeated)),
        };
        let refused = match health.rejected {
            0 => "none refused".to_owned(),
            rejected => format!("{} refused", ui::count(rejected)),
        };
        format!("{again}, {refused}")
    }
    fn bars(&self) -> Vec<Bar> {
        self.v.d.health.days.iter().enumerate().map(bar).collect()
    }
    /// The days on which something happened, newest first: the strip as a table.
    fn eventful(&self) -> Vec<&DayHealth> {
        self.v.d.health.days.iter().rev().filter(|day| day.tone != DayTone::None).collect()
    }
    fn day(&self, day: &DayHealth) -> String {
        day.date.strftime("%-d %b").to_string()
    }
    fn first_day(&self) -> String {
        self.v.d.health.days.first().map(|day| self.day(day)).unwrap_or_default()
    }
    fn words(&self) -> String {
        let days = &self.v.d.health.days;
        let count = |tone: DayTone| days.iter().filter(|day| day.tone == tone).count();
        let (good, mixed, bad) = (count(DayTone::Good), count(DayTone::Mixed), count(DayTone::Bad));
        format!(
            "Last 30 days: {good} good, {mixed} with a failure or a refused notice, {bad} without a good sync, {} without any",
            days.len() - good - mixed - bad
        )
    }
    /// The worst day of the strip, in words.
    fn worst(&self) -> Option<String> {
        let last = |tone: DayTone| self.v.d.health.days.iter().rev().find(|day| day.tone == tone);
        let bad = last(DayTone::Bad).map(|day| format!("No sync ended well on {}", self.day(day)));
        bad.or_else(|| {
            let day = last(DayTone::Mixed)?;
            let failed = (day.syncs_failed > 0).then(|| ui::plural(day.syncs_failed, "sync failed", "syncs failed"));
            let refused = (day.rejected > 0).then(|| ui::plural(day.rejected, "notice refused", "notices refused"));
            let what: Vec<String> = failed.into_iter().chain(refused).collect();
            Some(format!("{} on {}", what.join(", "), self.day(day)))
        })
    }
}
