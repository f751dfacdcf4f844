//! The sync: how far it is, how fast, how long still, listing by listing, and how the rate window is used.

use askama::Template;
use atlas_connect::{Gauge, StreamProgress, StreamState, StreamView, SyncKind, SyncState, SyncView, WindowUse};
use atlas_web::ui::{self, Safe};

use super::view::{View, span};

#[derive(Template)]
#[template(path = "integrations/sync.html")]
pub(super) struct SyncPart<'a> {
    pub v: View<'a>,
}

/// A listing's line.
struct Row<'a> {
    stream: &'a StreamView,
    /// Objects read by the newest sync; none when it did not look.
    done: Option<i64>,
    total: Option<i64>,
    share: i64,
    complete: bool,
    tone: &'static str,
    words: String,
    /// The entry under Troubleshooting that explains it.
    code: Option<&'a str>,
}

impl<'a> SyncPart<'a> {
    fn title(&self) -> &'static str {
        match &self.v.d.connection.sync {
            Some(sync) if sync.kind == SyncKind::First => "Import",
            _ => "Sync",
        }
    }

    fn at_work(&self, sync: &SyncView) -> bool {
        matches!(sync.state, SyncState::Running | SyncState::Waiting)
    }

    fn headline(&self, sync: &SyncView) -> String {
        let first = sync.kind == SyncKind::First;
        match sync.state {
            _ if self.v.d.connection.paused => "Paused".to_owned(),
            SyncState::Running => match sync.streams.iter().find(|stream| stream.state == "running") {
                Some(stream) if first => format!("Importing {}, newest first", stream.label.to_lowercase()),
                Some(stream) => format!("Looking for changes: {}", stream.label.to_lowercase()),
                None if first => "Importing everything, newest first".to_owned(),
                None => "Looking for changes".to_owned(),
            },
            SyncState::Waiting => "Waiting to try again".to_owned(),
            SyncState::Paused => "Paused".to_owned(),
            SyncState::Done => "Up to date".to_owned(),
            SyncState::Failed => "The last sync did not read everything".to_owned(),
            SyncState::Stopped => "Stopped; the next one goes on where it stopped".to_owned(),
        }
    }

    /// Counts, rate and time left, as far as they are known.
    fn pace(&self, sync: &SyncView) -> String {
        let done = match sync.total {
            Some(total) => format!("{} of {}", ui::count(sync.done), ui::count(total)),
            None => ui::count(sync.done),
        };
        let mut words = vec![if sync.done == 0 && sync.ended_at.is_some() { "Nothing new".to_owned() } else { format!("{done} read") }];
        if sync.state == SyncState::Running && !self.v.d.connection.paused {
            words.extend(sync.calls_per_second.map(rate));
            words.extend(sync.seconds_left.map(|seconds| format!("about {} left", span(seconds))));
        } else {
            words.extend(sync.error_code.as_deref().map(|code| format!("stopped by {code}")));
        }
        words.join(", ") + "."
    }

    /// Said to screen readers at the quarters only.
    fn milestone(&self, sync: &SyncView) -> String {
        match (sync.state, sync.percent) {
            (SyncState::Done, _) => format!("{} finished", self.title()),
            (SyncState::Running, Some(percent)) if percent >= 25 => format!("{}: {}% done", self.title(), percent / 25 * 25),
            (SyncState::Running, _) => format!("{} has begun", self.title()),
            _ => String::new(),
        }
    }

    /// Marks of the scale: nothing, half, all.
    fn ticks(&self, total: &i64) -> Vec<(i64, String)> {
        [0, 25, 50, 75, 100].into_iter().map(|share| (share, ui::count(*total * share / 100))).collect()
    }

    fn rows(&self) -> Vec<Row<'a>> {
        let (c, sync) = (&self.v.d.connection, self.v.d.connection.sync.as_ref());
        let progress = |stream: &StreamView| sync.and_then(|sync| sync.streams.iter().find(|p| p.label == stream.label));
        let at_work = sync.is_some_and(|sync| self.at_work(sync));
        c.streams.iter().map(|stream| self.row(stream, progress(stream), at_work)).collect()
    }

    fn row(&self, stream: &'a StreamView, progress: Option<&StreamProgress>, at_work: bool) -> Row<'a> {
        let (state, done) = progress.map_or(("", 0), |p| (p.state.as_str(), p.done));
        let complete = state == "done";
        let total = progress.and_then(|p| p.total).map(|total| total.max(done)).or(complete.then_some(done));
        let share = match total {
            _ if complete => 100,
            Some(total) if total > 0 => (done * 100 / total).clamp(0, 100),
            _ => 0,
        };
        let (tone, words) = match (stream.state, state) {
            (StreamState::Off, _) | (_, "off") => ("danger", "Off".to_owned()),
            (StreamState::Failed, _) | (_, "failed") => ("warning", "Failed, is tried again".to_owned()),
            (_, "done") => ("success", "Complete".to_owned()),
            (_, "running") if at_work => ("busy", "Reading".to_owned()),
            (_, "running") => ("idle", "Begun".to_owned()),
            _ if at_work => ("idle", "Next".to_owned()),
            _ if stream.complete_at.is_some() => ("success", "Complete".to_owned()),
            _ => ("idle", "Not read yet".to_owned()),
        };
        let code = stream.attention.as_ref().map(|attention| attention.code.as_str());
        Row { stream, done: progress.map(|p| p.done), total, share, complete, tone, words, code }
    }

    /// The gauge, once there is something to show.
    fn gauge(&self) -> Option<&'a Gauge> {
        self.v.d.connection.gauge.as_ref().filter(|gauge| gauge.limit > 0 || gauge.ours > 0 || !gauge.windows.is_empty())
    }

    /// What the whole bar stands for.
    fn most(&self, gauge: &Gauge) -> u32 {
        let asked = gauge.ours.saturating_add(gauge.others);
        if gauge.limit > 0 { gauge.limit.max(asked) } else { gauge.budget.max(asked) }
    }

    fn of_most(&self, calls: &u32, gauge: &Gauge) -> u64 {
        (u64::from(*calls) * 100 / u64::from(self.most(gauge).max(1))).min(100)
    }

    /// The limits, and whose they are.
    fn limits(&self, gauge: &Gauge) -> String {
        let window = self.v.d.connector.limits.window.as_secs();
        let ours = format!("Atlas allows itself {} in {window} s.", ui::plural(gauge.budget, "call", "calls"));
        match gauge.limit {
            0 => format!("{} tells its limit with the first answer. {ours}", self.v.name()),
            limit => format!("{} allows {} in {window} s. {ours}", self.v.name(), ui::plural(limit, "call", "calls")),
        }
    }

    fn used(&self, gauge: &Gauge) -> String {
        format!("{} by Atlas, {} by others", ui::count(gauge.ours), ui::count(gauge.others))
    }

    fn wait(&self, gauge: &Gauge) -> String {
        match gauge.waiting_ms {
            ..=0 => "No waiting.".to_owned(),
            ms => format!("Waiting {:.1} s for the next window, with {}.", ms as f64 / 1000.0, ui::plural(gauge.waiting, "call", "calls")),
        }
    }

    fn refusals(&self, gauge: &Gauge) -> String {
        let calls = ui::plural(self.v.d.health.calls, "call", "calls");
        match (gauge.too_many, self.v.d.health.too_many) {
            (0, 0) => format!("{calls} in 24 h, none refused for being too many."),
            (now, day) => format!("{calls} in 24 h, {} refused for being too many.", ui::count(day.max(i64::from(now)))),
        }
    }

    /// The windows before this one, as bars; others' calls stand on ours.
    fn windows(&self, gauge: &Gauge) -> Safe {
        Safe::trusted(gauge.windows.iter().enumerate().map(|(place, window)| bars(place, window)).collect::<String>())
    }

    fn windows_words(&self, gauge: &Gauge) -> String {
        let share = |w: &WindowUse| u64::from(w.ours + w.others) * 100 / u64::from(w.limit.max(w.ours + w.others).max(1));
        let (least, most) = gauge.windows.iter().map(share).fold((100, 0), |(least, most), s| (least.min(s), most.max(s)));
        format!("Last {}: between {least} and {most}% of the limit", ui::plural(gauge.windows.len(), "window", "windows"))
    }
}

fn rate(calls: f64) -> String {
    if calls < 10.0 { format!("{calls:.1} calls a second") } else { format!("{calls:.0} calls a second") }
}

fn bars(place: usize, window: &WindowUse) -> String {
    let most = f64::from(window.limit.max(window.ours + window.others).max(1));
    let height = |calls: u32| f64::from(calls) * 34.0 / most;
    let (ours, others) = (height(window.ours), height(window.others));
    let bar = |y: f64, height: f64, fill: &str| {
        format!("<rect x=\"{}\" y=\"{y:.1}\" width=\"9\" height=\"{height:.1}\" fill=\"var({fill})\"/>", place * 12)
    };
    bar(34.0 - ours, ours, "--seq-4") + &if window.others > 0 { bar(34.0 - ours - others, others, "--chart-muted") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_drawn_ours_below_others_above() {
        let drawn = bars(2, &WindowUse { end: 0, ours: 50, others: 25, limit: 100 });
        assert_eq!(
            drawn,
            "<rect x=\"24\" y=\"17.0\" width=\"9\" height=\"17.0\" fill=\"var(--seq-4)\"/><rect x=\"24\" y=\"8.5\" width=\"9\" height=\"8.5\" fill=\"var(--chart-muted)\"/>"
        );
        assert_eq!((rate(3.25).as_str(), rate(96.4).as_str()), ("3.2 calls a second", "96 calls a second"));
    }
}
