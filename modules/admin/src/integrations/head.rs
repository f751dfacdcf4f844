//! The head of a connection page: its state in a word, whose it is, and what can be done.

use askama::Template;
use atlas_web::ui;

use super::view::{View, icon, state_word, tone};

#[derive(Template)]
#[template(path = "integrations/head.html")]
pub(super) struct Head<'a> {
    pub v: View<'a>,
}

impl Head<'_> {
    fn tone(&self) -> &'static str {
        tone(self.v.state(), !self.v.d.connection.attention.is_empty())
    }
    fn state(&self) -> &'static str {
        state_word(self.v.state())
    }
    fn icon(&self) -> &'static str {
        icon(self.v.d.connector.category)
    }

    /// Account, region, version and who granted access, as far as they are known.
    fn facts(&self) -> String {
        let c = &self.v.d.connection;
        let mut facts = vec![];
        if let Some(account) = &c.account {
            facts.push(format!("Workspace {}", account.name));
        }
        if self.v.has_credentials() {
            facts.extend(self.v.region());
        }
        let version = self.v.d.connector.headers.iter().find(|(name, _)| name.ends_with("version"));
        facts.extend(version.map(|(_, value)| format!("API {value}")));
        if let (Some(person), true) = (c.account.as_ref().and_then(|a| a.person.as_deref()), self.v.has_access()) {
            facts.push(format!("granted by {person}"));
        }
        facts.join(" · ")
    }
}
