//! The provider's error object, and how the workspace's refusals become one.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::search::Refused;
use crate::world::refusal::Refusal;

/// An error answer; the guard adds the request id.
#[derive(Clone, Debug)]
pub struct ApiError {
    pub status: StatusCode,
    pub code: String,
    pub message: String,
    /// `Link` header of a merged contact.
    pub link: Option<String>,
    /// Answer with an HTML page instead of the object.
    pub html: bool,
}

impl ApiError {
    /// An error with that status, code and text.
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, code: code.to_owned(), message: message.into(), link: None, html: false }
    }

    /// 404 `not_found`.
    pub fn not_found(message: &str) -> Self {
        Self::new(404, "not_found", message)
    }

    /// 400 `parameter_invalid`.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "parameter_invalid", message)
    }

    /// The body with its request id.
    pub fn render(&self, request_id: &str) -> Response {
        if self.html {
            return html_page(self.status);
        }
        let body = json!({
            "type": "error.list",
            "request_id": request_id,
            "errors": [{ "code": self.code, "message": self.message }],
        });
        let mut response = (self.status, axum::Json(body)).into_response();
        if let Some(link) = self.link.as_deref().and_then(|l| HeaderValue::from_str(l).ok()) {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}

/// A page as a proxy in front of the API would send.
pub fn html_page(status: StatusCode) -> Response {
    let reason = status.canonical_reason().unwrap_or("Error");
    let code = status.as_u16();
    let page = format!(
        "<!DOCTYPE html>\n<html>\n<head><title>{code} {reason}</title></head>\n<body>\n<h1>{reason}</h1>\n<p>The page you were looking for could not be shown ({code}).</p>\n</body>\n</html>\n"
    );
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

impl IntoResponse for ApiError {
    /// The error travels to the guard as an extension; the guard writes the body.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoContact => Self::not_found("User Not Found"),
            Refusal::NoCompany => Self::new(404, "company_not_found", "Company Not Found"),
            Refusal::NoConversation | Refusal::NoTag | Refusal::NoNote => Self::not_found("Resource Not Found"),
            Refusal::DeletedConversation => Self { html: true, ..Self::not_found("Resource Not Found") },
            Refusal::NoAdmin => Self::new(404, "admin_not_found", "Admin not found"),
            Refusal::NoPart => Self::new(404, "conversation_part_or_message_not_found", "Conversation part or message not found"),
            Refusal::Merged(canonical) => Self {
                link: Some(format!("</contacts/{canonical}>; rel=\"canonical\"")),
                ..Self::new(410, "contact_merged", "This contact has been merged. See the 'Link' header for the canonical contact.")
            },
            Refusal::Duplicate { id, archived } => {
                let kind = if archived { "An archived contact" } else { "A contact" };
                Self::new(409, "conflict", format!("{kind} matching those details already exists with id={id}"))
            }
            Refusal::TooManyCompanies => {
                Self::new(400, "contact_company_limit_exceeded", "Contact has reached the maximum of 1000 company associations")
            }
            Refusal::Invalid { code, message } => Self::new(400, code, message),
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        Self::new(400, refused.code, refused.message)
    }
}
