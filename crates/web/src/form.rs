//! Forms and queries: repeated keys become lists, and what cannot be read is a clear error.

use atlas_kernel::Error;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::failure::Failure;

/// The body of a posted form.
pub struct Form<T>(pub T);

/// The query of a page.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Form<T> {
    type Rejection = Failure;
    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        match axum_extra::extract::Form::<T>::from_request(request, app).await {
            Ok(form) => Ok(Self(form.0)),
            Err(rejection) if rejection.to_string().contains("length limit") => Err(Error::TooLarge { limit: 1024 * 1024 }.into()),
            Err(rejection) => Err(Error::field("form", "unreadable", rejection.to_string()).into()),
        }
    }
}

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        match axum_extra::extract::Query::<T>::from_request_parts(parts, app).await {
            Ok(query) => Ok(Self(query.0)),
            Err(rejection) => Err(Error::field("query", "unreadable", rejection.to_string()).into()),
        }
    }
}
