//! What needs a person, each with its code, the remedy and the button that mends it; and what became of the data.

use askama::Template;
use atlas_connect::{Attention, ConnectionState, Connector, FailureClass};
use atlas_kernel::Timestamp;
use atlas_web::ui;

use super::view::{View, remedy};

#[derive(Template)]
#[template(path = "integrations/attention.html")]
pub(super) struct AttentionPart<'a> {
    pub v: View<'a>,
}

/// What mends it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mend {
    /// Consent at the provider once more.
    Reconnect,
    /// A change at the provider, then consent once more.
    Provider,
    /// A sync, which tries again what was refused.
    Sync,
    /// A look at how it is.
    Test,
}

/// What needs a person.
struct Notice {
    code: String,
    title: String,
    remedy: String,
    stopped: Option<String>,
    since: Option<Timestamp>,
    mend: Mend,
    /// Everything has stopped.
    total: bool,
}

impl<'a> AttentionPart<'a> {
    fn is_empty(&self) -> bool {
        let c = &self.v.d.connection;
        self.notices().is_empty() && c.purge_due_at.is_none() && self.removed_at().is_none()
    }
    fn removing(&self) -> bool {
        self.v.removing()
    }
    /// When the data of the last connection was removed, while there is no other.
    fn removed_at(&self) -> Option<&'a Timestamp> {
        let c = &self.v.d.connection;
        let ended = c.state == ConnectionState::Disconnected && !c.has_client_secret;
        c.receipt.as_ref().filter(|_| ended).map(|receipt| &receipt.finished_at)
    }
    fn moment(&self, at: &Timestamp) -> String {
        at.to_zoned(self.v.ctx.actor.zone()).strftime("%-d %b at %H:%M").to_string()
    }

    fn notices(&self) -> Vec<Notice> {
        let mut notices: Vec<Notice> = self.v.problem.and_then(|code| self.problem(code)).into_iter().collect();
        notices.extend(self.v.d.connection.attention.iter().map(|attention| self.notice(attention)));
        notices
    }

    fn notice(&self, attention: &Attention) -> Notice {
        let total = attention.affects.iter().any(|what| what == "everything");
        let class = remedy(&self.v.d.connector, &attention.code).map(|known| known.class);
        Notice {
            code: attention.code.clone(),
            title: attention.title.clone(),
            remedy: attention.remedy.clone(),
            stopped: Some(if total { "Everything".to_owned() } else { attention.affects.join(", ") }),
            since: attention.since,
            mend: mend(class, self.v.state()),
            total,
        }
    }

    /// What the last try to connect came to.
    fn problem(&self, code: &str) -> Option<Notice> {
        let (title, words) = words_of(&self.v.d.connector, code)?;
        let (title, remedy) = (title.to_owned(), words.to_owned());
        Some(Notice { code: code.to_owned(), title, remedy, stopped: None, since: None, mend: Mend::Reconnect, total: false })
    }

    /// The one filled button of the page is here when something needs a person.
    fn filled(&self, index: &usize) -> bool {
        *index == 0 && self.v.may_write
    }

    fn connect_word(&self) -> &'static str {
        if self.v.d.connection.connected_at.is_some() { "Reconnect" } else { "Connect" }
    }
}

/// The name and remedy of what went wrong while connecting; none for a code that nobody knows.
pub(super) fn words_of(connector: &Connector, code: &str) -> Option<(&'static str, &'static str)> {
    let known = remedy(connector, code).or_else(|| remedy(connector, provider_word(code)?));
    known.map(|known| (known.title, known.remedy)).or_else(|| general_words(code))
}

fn mend(class: Option<FailureClass>, state: ConnectionState) -> Mend {
    match (class, state) {
        (_, ConnectionState::NeedsAttention) | (Some(FailureClass::Auth), _) => Mend::Reconnect,
        (Some(FailureClass::Scope), _) => Mend::Provider,
        (Some(FailureClass::Plan), _) => Mend::Sync,
        _ => Mend::Test,
    }
}

/// The codes of connecting by the names under which connectors explain them.
pub(super) fn provider_word(code: &str) -> Option<&'static str> {
    match code {
        "code_missing" => Some("missing_code"),
        "code_refused" => Some("invalid_grant"),
        "other_workspace" => Some("account_mismatch"),
        _ => None,
    }
}

/// The codes of connecting that are ours, for connectors that do not explain them.
fn general_words(code: &str) -> Option<(&'static str, &'static str)> {
    Some(match code {
        "consent_declined" | "code_missing" => {
            ("Access was declined", "Nothing was connected and nothing was changed. Connect again when you are ready.")
        }
        "state_mismatch" => (
            "The sign-in did not begin here",
            "The answer belongs to another browser or an older attempt, so it was not used. Connect again in this browser.",
        ),
        "code_refused" => {
            ("The sign-in code was refused", "Check that client id and client secret are those of your app, save them, and connect again.")
        }
        "other_workspace" => (
            "Another workspace",
            "Access was granted to another workspace than the one whose data is here. Nothing was changed. Grant it there, or disconnect and remove the data first.",
        ),
        "connected_already" => (
            "Connected here already",
            "Another connection of this workspace is to the same workspace of the provider. Nothing was changed. Grant access to another one.",
        ),
        "account_unreadable" => (
            "The workspace could not be read",
            "Access was granted, but the provider did not say whose it is. Nothing was changed. Connect again.",
        ),
        "provider_unreachable" => ("The provider could not be reached", "Nothing was changed. Check the region, then connect again."),
        "interrupted" => ("The connection was changed meanwhile", "Nothing was kept of this attempt. Connect again."),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_button_is_the_one_that_mends_it() {
        assert_eq!(mend(Some(FailureClass::Auth), ConnectionState::NeedsAttention), Mend::Reconnect);
        assert_eq!(mend(None, ConnectionState::NeedsAttention), Mend::Reconnect);
        assert_eq!(mend(Some(FailureClass::Scope), ConnectionState::Connected), Mend::Provider);
        assert_eq!(mend(Some(FailureClass::Plan), ConnectionState::Connected), Mend::Sync);
        assert_eq!(mend(Some(FailureClass::Transient), ConnectionState::Connected), Mend::Test);
    }

    #[test]
    fn only_known_codes_become_words() {
        assert!(general_words("code_refused").is_some());
        assert!(general_words("<script>").is_none() && provider_word("<script>").is_none());
    }
}
