//! The imitated API: its paths, in the provider's order of resources.

pub mod admins;
pub mod attributes;
pub mod body;
pub mod call;
pub mod companies;
pub mod contacts;
pub mod conversations;
pub mod data;
pub mod error;
pub mod fault;
pub mod guard;
pub mod notes;
pub mod subscriptions;
pub mod tags;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};

use crate::sandbox::Sandbox;
use error::ApiError;

/// What a handler returns.
pub type Answer = Result<Response, ApiError>;

/// All API paths behind the guard that counts, limits, authenticates and breaks on demand.
pub fn router(sandbox: &Arc<Sandbox>) -> Router<Arc<Sandbox>> {
    Router::new()
        .merge(people())
        .merge(firms())
        .merge(talks())
        .merge(office())
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(from_fn_with_state(Arc::clone(sandbox), guard::guard))
}

fn people() -> Router<Arc<Sandbox>> {
    use contacts::{attached, merge, state};
    Router::new()
        .route("/contacts", get(contacts::list).post(contacts::create))
        .route("/contacts/search", post(contacts::search))
        .route("/contacts/merge", post(merge::merge))
        .route("/contacts/find_by_external_id/{external_id}", get(contacts::find))
        .route("/contacts/{id}", get(contacts::read).put(contacts::update).delete(contacts::remove))
        .route("/contacts/{id}/archive", post(state::archive))
        .route("/contacts/{id}/unarchive", post(state::unarchive))
        .route("/contacts/{id}/block", post(state::block))
        .route("/contacts/{id}/companies", get(attached::companies).post(attached::attach))
        .route("/contacts/{id}/companies/{company_id}", delete(attached::detach))
        .route("/contacts/{id}/tags", get(attached::tags).post(attached::tag))
        .route("/contacts/{id}/tags/{tag_id}", delete(attached::untag))
        .route("/contacts/{id}/notes", get(notes::of_contact).post(notes::on_contact))
        .route("/contacts/{id}/subscriptions", get(attached::consents))
        .route("/contacts/{id}/segments", get(attached::segments))
}

fn firms() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/companies", get(companies::list_or_find).post(companies::save))
        .route("/companies/list", post(companies::list))
        .route("/companies/scroll", get(companies::scroll::scroll))
        .route("/companies/{id}", get(companies::read).put(companies::update).delete(companies::remove))
        .route("/companies/{id}/contacts", get(companies::contacts))
        .route("/companies/{id}/notes", get(notes::of_company).post(notes::on_company))
        .route("/companies/{id}/segments", get(data::of_company))
}

fn talks() -> Router<Arc<Sandbox>> {
    use conversations::{manage, reply};
    Router::new()
        .route("/conversations", get(conversations::list).post(conversations::create))
        .route("/conversations/search", post(conversations::search))
        .route("/conversations/deleted", get(conversations::deleted))
        .route("/conversations/redact", post(manage::redact))
        .route("/conversations/{id}", get(conversations::read).put(manage::update).delete(manage::remove))
        .route("/conversations/{id}/reply", post(reply::reply))
        .route("/conversations/{id}/parts", post(reply::part))
        .route("/conversations/{id}/tags", post(manage::tag))
        .route("/conversations/{id}/tags/{tag_id}", delete(manage::untag))
}

fn office() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/me", get(admins::me))
        .route("/admins", get(admins::list))
        .route("/admins/{id}", get(admins::read))
        .route("/teams", get(admins::teams))
        .route("/teams/{id}", get(admins::team))
        .route("/tags", get(tags::list).post(tags::save))
        .route("/tags/{id}", get(tags::read).delete(tags::remove))
        .route("/notes/{id}", get(notes::read))
        .route("/data_attributes", get(attributes::list).post(attributes::create))
        .route("/data_attributes/{id}", put(attributes::update))
        .route("/segments", get(data::segments))
        .route("/subscription_types", get(data::subscription_types))
        .route("/subscriptions", get(subscriptions::list).post(subscriptions::create))
        .route("/subscriptions/{id}", get(subscriptions::read).delete(subscriptions::remove))
}

/// Unknown paths and unsupported methods look alike.
async fn unknown() -> Response {
    ApiError::not_found("Resource Not Found").into_response()
}
