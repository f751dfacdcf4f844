//! Failures as pages: what happened, what was kept, what to do.

use askama::Template;
use atlas_kernel::Error;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::Visitor;
use crate::response::redirect_to;

/// What a page handler answers.
pub type Reply = Result<Response, Failure>;

/// A failed request for a page.
pub struct Failure {
    error: Error,
    back_to: Option<String>,
    partial: bool,
}

impl Failure {
    /// Remembers where to come back to after signing in.
    pub(crate) fn at(mut self, path: &str, query: &str, partial: bool) -> Self {
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        self.back_to = Some(format!("{path}{query}"));
        self.partial = partial;
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, back_to: None, partial: false }
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    status: u16,
    title: &'a str,
    detail: String,
    reference: Option<String>,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if matches!(self.error, Error::Unauthenticated) && !self.partial {
            let back = self.back_to.filter(|to| to != "/").map(|to| format!("?next={}", crate::ui::url_encode(&to)));
            return redirect_to(&format!("/signin{}", back.unwrap_or_default()));
        }
        let status = self.error.status();
        let reference = (status >= 500).then(reference);
        if let Some(reference) = &reference {
            tracing::error!(error = &self.error as &dyn std::error::Error, reference, "a page failed");
        }
        let title = match status {
            401 => "You are signed out",
            403 => "Not allowed",
            404 => "There is no such page",
            409 | 412 => "Somebody was faster",
            413 | 422 => "Not saved",
            429 => "Too many requests",
            507 => "No space left",
            _ => "This did not work",
        };
        let page = FailurePage { status, title, detail: detail(&self.error), reference };
        let html = page.render().unwrap_or_else(|_| "This did not work.".to_owned());
        let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (code, Html(html)).into_response()
    }
}

fn detail(error: &Error) -> String {
    match error {
        Error::NotFound(what) => format!("There is no {what} here. It may have been deleted, or it belongs to another workspace."),
        Error::Invalid(fields) => {
            let lines: Vec<String> = fields.iter().map(|f| format!("{}: {}", f.field, f.message)).collect();
            format!("Nothing was saved. {}.", lines.join("; "))
        }
        other => other.detail(),
    }
}

/// A few characters to quote when asking for help; the log has them too.
fn reference() -> String {
    atlas_kernel::random_bytes::<4>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Any address that no page has.
pub(crate) async fn no_such_page(visitor: Visitor) -> Failure {
    Failure::from(Error::NotFound("page")).at(&visitor.path, &visitor.query, visitor.partial)
}
