//! A value that is edited in place: shown as text, a field while it is edited.

use askama::Template;
use atlas_web::ui::{Safe, escape};

use super::Choice;

/// What edits a value.
#[derive(Clone, Debug)]
pub(crate) enum Control {
    /// One line; the input's type and its `inputmode`.
    Text { value: String, kind: &'static str },
    /// One of these.
    Select(Vec<Choice>),
    /// A record found by typing: its id, its name, where options come from.
    Combo { value: String, text: String, options: &'static str },
    /// An amount and its currency.
    Money { amount: String, currency: String },
}

/// A value that is edited in place.
#[derive(Template, Clone, Debug)]
#[template(path = "parts/cell.html")]
pub(crate) struct Cell {
    /// The element's id.
    pub id: String,
    /// What the value is, such as `Role`.
    pub label: &'static str,
    /// Where a change is posted.
    pub action: String,
    /// The value as shown.
    pub shown: Safe,
    /// Nothing is written.
    pub empty: bool,
    /// What edits it.
    pub control: Control,
    /// The value as it was when the page was drawn, to notice that somebody else changed it.
    pub was: String,
    /// What is wrong with the value sent.
    pub error: Option<String>,
    /// The key that opens it.
    pub key: Option<&'static str>,
    /// Who wrote it, as a title.
    pub title: Option<String>,
    /// The record's name, shown as its heading.
    pub heading: bool,
    /// The reader may not change it.
    pub locked: bool,
}

impl Cell {
    /// A cell that shows `text` and edits it as one line.
    pub(crate) fn text(id: String, label: &'static str, action: String, text: &str) -> Self {
        Self {
            id,
            label,
            action,
            shown: Safe::trusted(escape(text)),
            empty: text.is_empty(),
            control: Control::Text { value: text.to_owned(), kind: "text" },
            was: text.to_owned(),
            error: None,
            key: None,
            title: None,
            heading: false,
            locked: false,
        }
    }

    /// The same with another control, comparing by `was`.
    #[must_use]
    pub(crate) fn control(mut self, control: Control, was: impl Into<String>) -> Self {
        self.control = control;
        self.was = was.into();
        self
    }

    /// The same showing this markup.
    #[must_use]
    pub(crate) fn shown(mut self, shown: Safe) -> Self {
        self.shown = shown;
        self
    }

    /// The same with an error, kept open with what was typed.
    #[must_use]
    pub(crate) fn refused(mut self, error: impl Into<String>, typed: &str) -> Self {
        if let Control::Text { value, .. } = &mut self.control {
            typed.clone_into(value);
        }
        self.error = Some(error.into());
        self
    }
}
