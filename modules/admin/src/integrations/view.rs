//! What every part of a connection page is drawn from, and the words and tones they share.

use askama::Template;
use atlas_connect::{ConnectionState, Connector, Detail, ErrorRemedy};
use atlas_kernel::{Error, Timestamp};
use atlas_web::Ctx;
use atlas_web::ui::{self, Safe};

/// A connection, seen by a member.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub ctx: &'a Ctx,
    pub d: &'a Detail,
    /// Whether the member may change connections.
    pub may_write: bool,
    /// What went wrong on the way back from the provider's consent page.
    pub problem: Option<&'a str>,
}

impl<'a> View<'a> {
    pub fn new(ctx: &'a Ctx, d: &'a Detail) -> Self {
        Self { ctx, d, may_write: ctx.actor.may(&atlas_connect::CONNECTIONS_WRITE).is_ok(), problem: None }
    }

    /// The same after a try to connect that came to this; a code that nobody knows is left out.
    pub fn after(self, code: &'a str) -> Self {
        let problem = Some(code).filter(|code| super::attention::words_of(&self.d.connector, code).is_some());
        Self { problem, ..self }
    }

    /// Where the page is.
    pub fn base(&self) -> String {
        base(&self.d.connection.slug)
    }

    pub fn name(&self) -> &'static str {
        self.d.connector.name
    }

    /// The connection's name: the provider's, and for a further connection whose it is.
    pub fn title(&self) -> String {
        self.d.connection.title()
    }

    pub fn ago(&self, at: &Timestamp) -> Safe {
        ui::relative_time(*at, self.ctx.now(), &self.ctx.actor.zone())
    }

    pub fn state(&self) -> ConnectionState {
        self.d.connection.state
    }

    /// Whether there is access, working or not.
    pub fn has_access(&self) -> bool {
        matches!(self.state(), ConnectionState::Connected | ConnectionState::NeedsAttention)
    }

    pub fn has_credentials(&self) -> bool {
        self.d.connection.has_client_secret && self.d.connection.client_id.is_some()
    }

    /// Whether the data of an ended connection is going right now.
    pub fn removing(&self) -> bool {
        let c = &self.d.connection;
        c.purge_started_at.is_some() || c.purge_due_at.is_some_and(|due| due <= self.ctx.now())
    }

    /// What open pages hear of this connection by.
    pub fn topics(&self) -> String {
        self.d.connection.id.map_or_else(|| "connections".to_owned(), |id| format!("{id} connections"))
    }

    /// Where apps, scopes and subscriptions are made at the provider, in the region in use.
    pub fn developer_pages(&self) -> Option<String> {
        let hub = self.d.connector.webhook.as_ref()?.hub_url;
        let regions = &self.d.connector.oauth.regions;
        let chosen = self.d.connection.app_base_url.as_deref().or_else(|| regions.first().map(|r| r.app))?;
        let Some(home) = regions.iter().find(|region| hub.starts_with(region.app)) else { return Some(hub.to_owned()) };
        let known = regions.iter().any(|region| region.app == chosen && region.app.starts_with("https://"));
        // A provider at another address has its pages where it likes: its front page leads there.
        Some(if known { hub.replacen(home.app, chosen, 1) } else { format!("{chosen}/") })
    }

    /// The region in the words of the connector.
    pub fn region(&self) -> Option<String> {
        let id = self.d.connection.region.as_deref()?;
        let known = self.d.connector.oauth.regions.iter().find(|region| region.id == id);
        Some(known.map_or_else(|| "hosts of your own".to_owned(), |region| region.label.to_owned()))
    }

    /// The topics that set-up asks for, one a line.
    pub fn wanted_topics(&self) -> String {
        let wanted = self.d.connection.topics.iter().filter(|topic| topic.required);
        wanted.map(|topic| topic.topic.as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// Where the page of a connection is.
pub(super) fn base(slug: &str) -> String {
    format!("/settings/integrations/{slug}")
}

/// A rendered part.
pub(super) fn part(template: &impl Template) -> Result<Safe, Error> {
    Ok(Safe::trusted(template.render().map_err(Error::internal)?))
}

/// The tone of a connection's dot.
pub(super) fn tone(state: ConnectionState, attention: bool) -> &'static str {
    match state {
        ConnectionState::Connected if attention => "warning",
        ConnectionState::Connected => "success",
        ConnectionState::NeedsAttention => "danger",
        ConnectionState::Connecting => "busy",
        ConnectionState::Disconnected | ConnectionState::Disabled => "idle",
    }
}

/// The connection's state in a word.
pub(super) fn state_word(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Connected => "Connected",
        ConnectionState::NeedsAttention => "Needs attention",
        ConnectionState::Connecting => "Connecting",
        ConnectionState::Disconnected => "Disconnected",
        ConnectionState::Disabled => "Disabled",
    }
}

/// What a code means to a person, when the connector knows it.
pub(super) fn remedy<'c>(connector: &'c Connector, code: &str) -> Option<&'c ErrorRemedy> {
    let named = connector.errors.iter().find(|error| error.code == code);
    named.or_else(|| connector.errors.iter().find(|error| error.aliases.contains(&code)))
}

/// The picture of a connector, by its category.
pub(super) fn icon(category: &str) -> &'static str {
    match category {
        "CRM" | "Support" | "Chat" => "message-circle",
        "Mail" => "mail",
        "Calendar" => "calendar",
        "Files" => "files",
        _ => "plug",
    }
}

/// A length of time as people say it: `40 s`, `6 min`, `2 h 10`.
pub(super) fn span(seconds: i64) -> String {
    match seconds {
        ..90 => format!("{} s", seconds.max(0)),
        90..5400 => format!("{} min", (seconds + 30) / 60),
        _ => ui::minutes_label((seconds + 30) / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_say_them() {
        let said: Vec<String> = [-3, 0, 89, 90, 3600, 7800].into_iter().map(span).collect();
        assert_eq!(said, ["0 s", "0 s", "89 s", "2 min", "60 min", "2 h 10"]);
    }
}
