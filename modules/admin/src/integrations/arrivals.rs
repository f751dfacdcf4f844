//! Permissions, and what arrives: topics with when they were last seen, and how to check them.

use askama::Template;
use atlas_connect::{ScopeState, ScopeView, TopicState, TopicView};
use atlas_web::ui::{self, Safe};

use super::view::{View, span};

#[derive(Template)]
#[template(path = "integrations/arrivals.html")]
pub(super) struct Arrivals<'a> {
    pub v: View<'a>,
}

impl<'a> Arrivals<'a> {
    fn scope(&self, scope: &ScopeView) -> (&'static str, &'static str) {
        match scope.state {
            ScopeState::Granted => ("success", "Granted"),
            ScopeState::Missing => ("danger", "Missing"),
            ScopeState::NotChecked => ("idle", "Not checked"),
        }
    }
    /// Why a scope is as it is, from the last test.
    fn why(&self, scope: &ScopeView) -> Option<&'a str> {
        let report = self.v.d.last_test.as_ref().filter(|_| scope.state != ScopeState::Granted)?;
        report.scopes.iter().find(|s| s.scope == scope.scope).map(|s| s.detail.as_str())
    }
    fn installation(&self) -> bool {
        self.v.d.connector.webhook.as_ref().is_some_and(|webhook| webhook.installation.is_some())
    }
    fn missing(&self) -> usize {
        self.v.d.connection.scopes.iter().filter(|scope| scope.state == ScopeState::Missing).count()
    }

    /// The topics that set-up asks for, and all that ever arrived.
    fn shown(&self) -> Vec<&'a TopicView> {
        self.v.d.connection.topics.iter().filter(|topic| topic.required || topic.first_at.is_some()).collect()
    }
    /// Topics that are useful and have not arrived.
    fn further(&self) -> Vec<&'a TopicView> {
        self.v.d.connection.topics.iter().filter(|topic| !topic.required && topic.first_at.is_none()).collect()
    }
    fn topic(&self, topic: &TopicView) -> (&'static str, &'static str) {
        match topic.state {
            TopicState::Seen => ("success", "Seen"),
            TopicState::Quiet => ("idle", "Quiet"),
            TopicState::Wanted if topic.required && self.v.has_access() => ("warning", "Wanted"),
            TopicState::Wanted => ("idle", "Wanted"),
            TopicState::Unknown => ("idle", "Ignored"),
        }
    }
    /// How the same changes come while a topic does not arrive.
    fn meanwhile(&self, topic: &TopicView) -> Option<String> {
        let stream = self.v.d.connection.streams.iter().find(|stream| stream.stream == topic.covered_by)?;
        let waits = topic.state == TopicState::Wanted && self.v.has_access();
        waits.then(|| format!("{} are looked at every {}", stream.label, span(self.v.d.connection.poll_seconds)))
    }
    fn never_seen(&self) -> Vec<&'a str> {
        let never = self.v.d.connection.topics.iter().filter(|topic| topic.required && topic.first_at.is_none());
        never.map(|topic| topic.topic.as_str()).collect()
    }
    /// Whether any notice ever arrived.
    fn arriving(&self) -> bool {
        self.v.d.connection.topics.iter().any(|topic| topic.first_at.is_some())
    }
    /// What is honest to say of webhooks, in the connector's words.
    fn note(&self) -> Safe {
        let docs = &self.v.d.connector.docs;
        ui::markdown(&docs.webhooks_note.replace("{webhook_url}", &self.v.d.connection.webhook_url))
    }
}
