//! Answers other than whole pages: fragments and redirects, with the sentence to show next.

use atlas_kernel::Error;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::Reply;
use crate::ui::{FLASH_COOKIE, Flash};

pub(crate) fn fragment(template: &impl askama::Template) -> Reply {
    let html = template.render().map_err(Error::internal)?;
    Ok(Html(html).into_response())
}

/// A plain 303 to another page of Atlas or to a provider.
pub fn redirect_to(to: &str) -> Response {
    let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// An answer that leads elsewhere, for plain forms and for htmx alike.
pub struct Redirecting {
    to: String,
    partial: bool,
    secure: bool,
    flash: Option<Flash>,
    cookies: Vec<String>,
}

impl Redirecting {
    pub(crate) fn new(to: impl Into<String>, partial: bool, secure: bool) -> Self {
        Self { to: to.into(), partial, secure, flash: None, cookies: vec![] }
    }

    /// The sentence the next page shows.
    #[must_use]
    pub fn toast(mut self, text: impl Into<String>) -> Self {
        self.flash = Some(Flash { text: text.into(), undo: None, danger: false });
        self
    }

    /// The failure the next page shows.
    #[must_use]
    pub fn alert(mut self, text: impl Into<String>) -> Self {
        self.flash = Some(Flash { text: text.into(), undo: None, danger: true });
        self
    }

    /// Where the sentence's Undo is posted.
    #[must_use]
    pub fn undo(mut self, url: impl Into<String>) -> Self {
        if let Some(flash) = &mut self.flash {
            flash.undo = Some(url.into());
        }
        self
    }

    /// Sets a cookie that scripts cannot read; `max_age` 0 removes it.
    #[must_use]
    pub fn cookie(mut self, name: &str, value: &str, max_age: u64) -> Self {
        let secure = if self.secure { "; Secure" } else { "" };
        self.cookies.push(format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}"));
        self
    }

    /// The answer.
    ///
    /// # Errors
    /// Never; it is a [`Reply`] so that handlers can end with it.
    pub fn reply(mut self) -> Reply {
        if let Some(flash) = self.flash.take() {
            let value = flash.encode();
            self = self.cookie(FLASH_COOKIE, &value, 20);
        }
        let mut response = if self.partial {
            let mut response = StatusCode::OK.into_response();
            let to = HeaderValue::from_str(&self.to).unwrap_or(HeaderValue::from_static("/"));
            response.headers_mut().insert("hx-redirect", to);
            response
        } else {
            redirect_to(&self.to)
        };
        for cookie in self.cookies.iter().filter_map(|c| HeaderValue::from_str(c).ok()) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }
}
