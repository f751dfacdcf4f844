//! One API call: who makes it, in which version, and what it may do.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::error::ApiError;
use crate::app::Scope;
use crate::render::{Lens, version::Version};
use crate::sandbox::Sandbox;
use crate::search::{Rules, Table};
use crate::settings::{ScopeShape, Settings};
use crate::world::World;

/// What the guard found out about a call.
#[derive(Clone, Debug)]
pub struct Call {
    pub version: Version,
    pub scopes: BTreeSet<Scope>,
    pub settings: Arc<Settings>,
}

/// Scopes of which one is enough to read a list of people or companies.
pub const READ_PEOPLE: &[Scope] = &[Scope::ReadUsersCompanies, Scope::ReadWriteUsers];
/// … to read a single person.
pub const READ_PERSON: &[Scope] = &[Scope::ReadUsersCompanies, Scope::ReadWriteUsers, Scope::ReadSingleUser];
/// … to change people.
pub const WRITE_PEOPLE: &[Scope] = &[Scope::WriteUsersCompanies, Scope::ReadWriteUsers];
/// … to read companies.
pub const READ_FIRMS: &[Scope] = &[Scope::ReadUsersCompanies];
/// … to read a single company.
pub const READ_FIRM: &[Scope] = &[Scope::ReadUsersCompanies, Scope::ReadSingleUser];
/// … to change companies and tags.
pub const WRITE_FIRMS: &[Scope] = &[Scope::WriteUsersCompanies];

impl Call {
    /// Refuses the call unless it has one of the scopes; the first one is named in the error.
    pub fn needs(&self, any: &[Scope]) -> Result<(), ApiError> {
        if any.iter().any(|s| self.scopes.contains(s)) {
            return Ok(());
        }
        let slug = any.first().map_or("", |s| s.slug());
        Err(match self.settings.missing_scope_shape {
            ScopeShape::TokenUnauthorized => ApiError::new(401, "token_unauthorized", "Not authorized to access resource"),
            ScopeShape::Forbidden => {
                ApiError::new(403, "forbidden", format!("You do not have the required scope ({slug}) to access this resource"))
            }
        })
    }

    /// Refuses conversation calls without the scope, or when the plan forbids them.
    pub fn talks(&self, scope: Scope) -> Result<(), ApiError> {
        self.needs(&[scope])?;
        match self.settings.plan_restricted {
            true => Err(ApiError::new(403, "api_plan_restricted", "Active subscription needed.")),
            false => Ok(()),
        }
    }

    /// Refuses resources that the version does not have.
    pub fn since(&self, version: Version) -> Result<(), ApiError> {
        match self.version >= version {
            true => Ok(()),
            false => Err(ApiError::new(400, "intercom_version_invalid", "Requested resource is not available in current API version.")),
        }
    }

    /// How this call sees the workspace.
    pub fn lens<'w>(&self, world: &'w World) -> Lens<'w> {
        Lens { world, version: self.version, nested_cap: self.settings.nested_cap, part_cap: self.settings.part_cap, plain: false }
    }

    /// The rules of a search by this call.
    pub fn rules(&self, table: Table, sandbox: &Sandbox) -> Rules {
        let by_day = table == Table::Contacts && !self.settings.exact_contact_dates;
        Rules { table, version: self.version, zone: by_day.then(|| sandbox.zone.clone()), most: self.settings.most_per_page }
    }

    /// A refusal as this version shows it: before 2.16 a merged contact is simply not found.
    pub fn refuse(&self, refusal: crate::world::refusal::Refusal) -> ApiError {
        use crate::world::refusal::Refusal;
        match refusal {
            Refusal::Merged(_) if self.version < Version::V2_16 || self.settings.merged_as404 => Refusal::NoContact.into(),
            other => other.into(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Call {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| ApiError::new(500, "server_error", "Server error"))
    }
}

/// A JSON answer, written while the workspace is being looked at.
pub fn json(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => ([(axum::http::header::CONTENT_TYPE, "application/json; charset=utf-8")], bytes).into_response(),
        Err(error) => ApiError::new(500, "server_error", error.to_string()).into_response(),
    }
}
