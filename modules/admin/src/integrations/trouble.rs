//! Troubleshooting: what the last test found, and every error of the connector with its remedy.

use askama::Template;
use atlas_connect::{Check, CheckState, ErrorRemedy, TestReport};
use atlas_web::ui;

use super::attention::provider_word;
use super::view::{View, remedy};

#[derive(Template)]
#[template(path = "integrations/trouble.html")]
pub(super) struct Trouble<'a> {
    pub v: View<'a>,
}

impl<'a> Trouble<'a> {
    fn tone(&self, check: &Check) -> (&'static str, &'static str) {
        match check.state {
            CheckState::Passed => ("success", "Passed"),
            CheckState::Failed => ("danger", "Failed"),
            CheckState::NotChecked => ("idle", "Not checked"),
        }
    }

    /// Permissions that the test could not check, in a sentence.
    fn unchecked(&self, report: &TestReport) -> Option<String> {
        let scopes: Vec<&str> =
            report.scopes.iter().filter(|s| s.state == atlas_connect::ScopeState::NotChecked).map(|s| s.label.as_str()).collect();
        (!scopes.is_empty()).then(|| format!("Permissions not checked: {}", scopes.join(", ")))
    }

    /// The errors, what holds now first.
    fn errors(&self) -> Vec<(&'a ErrorRemedy, bool)> {
        let mut all: Vec<_> = self.v.d.connector.errors.iter().map(|error| (error, self.is_current(error))).collect();
        all.sort_by_key(|(_, current)| !current);
        all
    }

    fn is_current(&self, error: &ErrorRemedy) -> bool {
        let attention = self.v.d.connection.attention.iter().map(|a| a.code.as_str());
        let codes = attention.chain(self.v.problem).chain(self.v.problem.and_then(provider_word));
        codes.into_iter().any(|code| remedy(&self.v.d.connector, code).is_some_and(|known| known.code == error.code))
    }
}
