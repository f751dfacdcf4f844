//! Forms that make records: fields drawn from values, errors at their fields, filled again when they fail.

use std::collections::HashMap;

use askama::Template;
use atlas_kernel::FieldError;
use atlas_web::ui;

/// One choice of a select.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

impl Choice {
    pub(crate) fn new(value: impl Into<String>, label: impl Into<String>, chosen: bool) -> Self {
        Self { value: value.into(), label: label.into(), chosen }
    }
}

/// How a field is filled in.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// One line, of this input type.
    Line(&'static str),
    /// Several lines.
    Lines,
    /// One of these.
    Select(Vec<Choice>),
    /// A record found by typing: its name, and where options come from.
    Combo { text: String, options: &'static str },
    /// Yes or no.
    Tick,
}

/// One field of a form.
#[derive(Clone, Debug)]
pub(crate) struct FormField {
    pub name: &'static str,
    pub label: &'static str,
    pub value: String,
    pub kind: Kind,
    pub hint: &'static str,
    pub error: Option<String>,
    pub needed: bool,
    pub wide: bool,
    pub first: bool,
}

impl FormField {
    /// An optional line of text.
    pub(crate) fn line(name: &'static str, label: &'static str, value: &str) -> Self {
        Self {
            name,
            label,
            value: value.to_owned(),
            kind: Kind::Line("text"),
            hint: "",
            error: None,
            needed: false,
            wide: false,
            first: false,
        }
    }

    #[must_use]
    pub(crate) fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }

    #[must_use]
    pub(crate) fn needed(mut self) -> Self {
        self.needed = true;
        self
    }

    #[must_use]
    pub(crate) fn wide(mut self) -> Self {
        self.wide = true;
        self
    }
}

/// A form that makes or changes a record.
#[derive(Template, Clone, Debug)]
#[template(path = "parts/form.html")]
pub(crate) struct Form {
    pub id: &'static str,
    pub action: String,
    pub fields: Vec<FormField>,
    pub hidden: Vec<(&'static str, String)>,
    pub submit: &'static str,
    pub cancel: String,
    pub failure: Option<String>,
}

impl Form {
    /// The same with each error at its field; those of no field stand above.
    #[must_use]
    pub(crate) fn refused(mut self, errors: Vec<FieldError>, names: &[(&str, &'static str)]) -> Self {
        let names: HashMap<&str, &str> = names.iter().copied().collect();
        let mut rest = Vec::new();
        for error in errors {
            let root = error.field.split('[').next().unwrap_or_default().to_owned();
            let name = names.get(root.as_str()).copied().unwrap_or(&root).to_owned();
            let message = ui::sentence(&error.message);
            match self.fields.iter_mut().find(|field| field.name == name) {
                Some(field) => field.error = Some(message),
                None => rest.push(message),
            }
        }
        self.failure = (!rest.is_empty()).then(|| rest.join(" "));
        self
    }
}

/// A form with its heading: a page of its own, or the inside of the dialog.
#[derive(Template)]
#[template(path = "parts/form_page.html")]
pub(crate) struct FormPage<'a> {
    pub title: &'a str,
    pub form: &'a Form,
    pub partial: bool,
}
