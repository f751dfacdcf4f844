//! The setup checklist: the descriptor's steps with true facts, the subscription at the provider, and the next thing to press.

use askama::Template;
use atlas_connect::{ConnectionState, TopicState};
use atlas_kernel::Timestamp;
use atlas_web::ui;

use super::view::{View, span};

#[derive(Template)]
#[template(path = "integrations/setup.html")]
pub(super) struct Setup<'a> {
    pub v: View<'a>,
    steps: Vec<Step>,
    /// Whether this section carries the page's filled button.
    filled: bool,
}

/// One line of the checklist.
struct Step {
    title: String,
    done: bool,
    /// The first that is open.
    now: bool,
    /// What is known when it is done, or how it is done.
    words: String,
    /// When that was.
    at: Option<Timestamp>,
    press: Press,
}

/// What can be pressed at a step.
enum Press {
    Nothing,
    /// A page of Atlas or of the provider.
    Go {
        href: String,
        label: String,
        outside: bool,
    },
    /// A form without fields.
    Do {
        action: String,
        label: String,
    },
    /// Words to take to the provider.
    Copy(Vec<(String, &'static str)>),
}

/// The steps of every connector's checklist, in order.
#[derive(Clone, Copy)]
enum Place {
    App,
    RedirectUrl,
    Keys,
    Stored,
    Consent,
    Test,
    Further,
}

const PLACES: [Place; 6] = [Place::App, Place::RedirectUrl, Place::Keys, Place::Stored, Place::Consent, Place::Test];

impl<'a> Setup<'a> {
    pub fn new(v: View<'a>) -> Self {
        let mut steps: Vec<Step> =
            v.d.checklist
                .iter()
                .enumerate()
                .map(|(n, item)| {
                    let place = PLACES.get(n).copied().unwrap_or(Place::Further);
                    let (words, at) = if item.done { done(&v, place) } else { (open(&v, place), None) };
                    let press = if item.done { Press::Nothing } else { press(&v, place) };
                    Step { title: item.text.to_owned(), done: item.done, now: false, words, at, press }
                })
                .collect();
        steps.extend(subscription(&v));
        if let Some(first) = steps.iter_mut().find(|step| !step.done) {
            first.now = true;
        }
        let filled = v.may_write && v.d.connection.attention.is_empty() && v.problem.is_none();
        Self { v, steps, filled }
    }

    /// Steps done, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        (self.steps.iter().filter(|step| step.done).count(), self.steps.len())
    }

    fn lede(&self) -> String {
        match self.progress() {
            (done, all) if done == all => "Everything is set up.".to_owned(),
            (done, all) => format!("{done} of {all} done."),
        }
    }

    /// Buttons stand at the step that is next, and at words to copy.
    fn shows(&self, step: &Step) -> bool {
        step.now && self.v.may_write
    }
}

/// What is known of a step that is done.
fn done(v: &View, place: Place) -> (String, Option<Timestamp>) {
    let c = &v.d.connection;
    let client = c.client_id.as_deref().unwrap_or_default();
    match place {
        Place::App => (format!("Its client id is {client}."), None),
        Place::RedirectUrl => ("The consent came back to it".to_owned(), c.connected_at),
        Place::Keys => ("Both are here.".to_owned(), None),
        Place::Stored => ("Stored sealed. They also verify every notice.".to_owned(), None),
        Place::Consent => {
            let account = c.account.as_ref();
            let whose = account.map_or_else(|| "Access was granted".to_owned(), |a| format!("Workspace {}", a.name));
            let person = account.and_then(|a| a.person.as_deref()).map(|p| format!(", granted by {p}")).unwrap_or_default();
            (whose + &person, c.connected_at)
        }
        Place::Test | Place::Further => match &v.d.last_test {
            Some(test) => {
                let ms = test.latency_ms.map(|ms| format!(", answered in {ms} ms")).unwrap_or_default();
                (format!("Nothing failed{ms}"), Some(test.at))
            }
            None => (String::new(), None),
        },
    }
}

/// How a step that is open is done.
fn open(v: &View, place: Place) -> String {
    let name = v.name();
    match place {
        Place::App => format!("On {name}’s own pages; the guide shows each click."),
        Place::RedirectUrl if v.has_credentials() => "Known once the consent comes back to it.".to_owned(),
        Place::RedirectUrl => "Copy it from Credentials below.".to_owned(),
        Place::Keys => format!("{name} shows them beside the app."),
        Place::Stored => "Under Credentials below.".to_owned(),
        Place::Consent if v.state() == ConnectionState::Connecting => format!("{name} has been asked, and has not answered yet."),
        Place::Consent => format!("{name} asks you whether Atlas may."),
        Place::Test if v.d.last_test.as_ref().is_some_and(|test| !test.ok) => {
            "The last test found something; see Permissions and Troubleshooting.".to_owned()
        }
        Place::Test | Place::Further => "Checks token, workspace, every permission, our own address and the clocks.".to_owned(),
    }
}

fn press(v: &View, place: Place) -> Press {
    let below = |label: &str| Press::Go { href: "#credentials".into(), label: label.into(), outside: false };
    match place {
        Place::App => match v.developer_pages() {
            Some(href) => Press::Go { href, label: format!("Open {}’s developer pages", v.name()), outside: true },
            None => below("Show credentials"),
        },
        Place::RedirectUrl => Press::Copy(vec![(v.d.connection.redirect_url.clone(), "Copy redirect URL")]),
        Place::Keys | Place::Stored => below("Paste credentials"),
        Place::Consent if v.has_credentials() => {
            Press::Go { href: format!("{}/connect", v.base()), label: "Connect".into(), outside: false }
        }
        Place::Test if v.has_access() => Press::Do { action: format!("{}/test", v.base()), label: "Test connection".into() },
        Place::Consent | Place::Test | Place::Further => Press::Nothing,
    }
}

/// Subscribing by hand, for providers without a call for it: done when a notice has arrived, as nothing else proves it.
fn subscription(v: &View) -> Option<Step> {
    let webhook = v.d.connector.webhook.as_ref()?;
    let c = &v.d.connection;
    let wanted = c.topics.iter().filter(|topic| topic.required);
    let (seen, all) = wanted.fold((0, 0), |(seen, all), topic| (seen + usize::from(topic.first_at.is_some()), all + 1));
    let first = c.topics.iter().filter_map(|topic| topic.first_at).min();
    let arriving = c.topics.iter().any(|topic| topic.state == TopicState::Seen);
    let words = match first {
        Some(_) if arriving => format!("{seen} of {all} topics have been seen; signatures are checked. First notice"),
        Some(_) => format!("{seen} of {all} topics have been seen, none within a day. First notice"),
        None => format!(
            "Enter the webhook URL and the {} there. Until notices arrive, Atlas looks for changes every {}: nothing is missing, only later.",
            ui::plural(all, "topic", "topics"),
            span(c.poll_seconds)
        ),
    };
    let press = match (first, webhook.hub_url.is_empty()) {
        (None, _) => Press::Copy(vec![(c.webhook_url.clone(), "Copy webhook URL"), (v.wanted_topics(), "Copy topics")]),
        (Some(_), _) => Press::Nothing,
    };
    Some(Step { title: format!("Subscribe in {}", v.name()), done: first.is_some(), now: false, words, at: first, press })
}
