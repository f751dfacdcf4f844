//! The route table of pages: each with the permission it needs, so that none is forgotten.

use atlas_kernel::{Error, Permission};
use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use crate::app::App;
use crate::ctx::Signed;
use crate::failure::Failure;

/// Pages of one or more modules.
#[derive(Default)]
pub struct Pages {
    router: Router<App>,
    table: Vec<PageInfo>,
}

/// One line of the route table.
#[derive(Clone, Debug)]
pub struct PageInfo {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path with its parameters in braces.
    pub path: &'static str,
    /// What is needed; none for the few pages open to everybody or to every member.
    pub permission: Option<Permission>,
    /// Whether it is open to people who are not signed in.
    pub public: bool,
}

impl Pages {
    /// No pages yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A page that reads.
    #[must_use]
    pub fn get<H: Handler<T, App>, T: 'static>(self, path: &'static str, permission: Permission, handler: H) -> Self {
        self.add("GET", path, Some(permission), false, get(handler))
    }

    /// A form's address.
    #[must_use]
    pub fn post<H: Handler<T, App>, T: 'static>(self, path: &'static str, permission: Permission, handler: H) -> Self {
        self.add("POST", path, Some(permission), false, post(handler))
    }

    /// A page for every signed-in member, about themselves.
    #[must_use]
    pub fn own_get<H: Handler<T, App>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add("GET", path, None, false, get(handler))
    }

    /// A form for every signed-in member, about themselves.
    #[must_use]
    pub fn own_post<H: Handler<T, App>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add("POST", path, None, false, post(handler))
    }

    /// A page open to everybody; the allow-list of these only shrinks.
    #[must_use]
    pub fn public_get<H: Handler<T, App>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add("GET", path, None, true, get(handler))
    }

    /// A form open to everybody; the allow-list of these only shrinks.
    #[must_use]
    pub fn public_post<H: Handler<T, App>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add("POST", path, None, true, post(handler))
    }

    fn add(
        mut self,
        method: &'static str,
        path: &'static str,
        permission: Option<Permission>,
        public: bool,
        route: MethodRouter<App>,
    ) -> Self {
        self.table.push(PageInfo { method, path, permission, public });
        let guarded = route.layer(from_fn(move |request: Request, next: Next| guard(permission, public, request, next)));
        self.router = self.router.route(path, guarded);
        self
    }

    /// These pages and those.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.table.extend(other.table);
        self
    }

    /// The route table, for the tests that walk it.
    pub fn table(&self) -> &[PageInfo] {
        &self.table
    }

    pub(crate) fn into_router(self) -> Router<App> {
        self.router
    }
}

async fn guard(permission: Option<Permission>, public: bool, request: Request, next: Next) -> Response {
    if public {
        return next.run(request).await;
    }
    let uri = request.uri().clone();
    let partial = request.headers().get("hx-request-type").is_some_and(|v| v.as_bytes() == b"partial");
    let fail = |error: Error| Failure::from(error).at(uri.path(), uri.query().unwrap_or_default(), partial).into_response();
    let Some(Signed(Some((actor, _)))) = request.extensions().get::<Signed>() else {
        return fail(Error::Unauthenticated);
    };
    match permission.map_or(Ok(()), |permission| actor.may(&permission)) {
        Ok(()) => next.run(request).await,
        Err(error) => fail(error),
    }
}
