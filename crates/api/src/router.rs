//! The router: every operation of the registry under `/v1`, and the documents made from it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request};
use axum::http::Method;
use axum::routing::any;

use crate::dispatch::dispatch;
use crate::documents::{Document, documents};
use crate::input::Shape;
use crate::rates::Rates;
use crate::{ApiState, Operation};

/// An operation with the shapes of its input.
pub(crate) struct Bound {
    pub operation: Operation,
    pub path: Shape,
    pub query: Shape,
    pub body: Shape,
    /// Where records that it creates are read.
    pub record_path: Option<String>,
}

/// What every call shares.
pub(crate) struct Shared {
    pub state: ApiState,
    pub rates: Rates,
    pub base_url: Arc<str>,
}

/// What is at a path.
pub(crate) enum Route {
    /// Operations, one a method.
    Operations { template: &'static str, names: Vec<String>, bound: Vec<Arc<Bound>> },
    /// A public document.
    Document(Document),
    /// Nothing.
    Nowhere,
}

impl Route {
    /// The methods that are possible.
    pub fn allowed(&self) -> String {
        let mut methods: Vec<&str> = match self {
            Self::Operations { bound, .. } => bound.iter().map(|b| b.operation.method.as_str()).collect(),
            Self::Document(_) => vec!["GET"],
            Self::Nowhere => vec![],
        };
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        methods.join(", ")
    }

    /// The operation that answers a method; `HEAD` is answered by what answers `GET`.
    pub fn operation(&self, method: &Method) -> Option<&Arc<Bound>> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        match self {
            Self::Operations { bound, .. } => bound.iter().find(|b| b.operation.method == *method),
            _ => None,
        }
    }
}

/// Serves the operations under `/v1`, with their documents; anything else under `/v1` is a 404 problem.
///
/// # Panics
/// When the registry contradicts itself: a name, or a method at a path, used twice; a path outside `/v1/`; path
/// parameters that the input does not have; a read operation with a body.
pub fn router(operations: Vec<Operation>, state: ApiState) -> Router {
    let documents = documents(&operations, &state.base_url, &state.rates);
    let rates = Rates::new(state.rates, state.db.clock());
    let shared = Arc::new(Shared { rates, base_url: state.base_url.as_str().into(), state });
    let mut router = Router::new();
    for (path, route) in routes(operations) {
        router = mount(router, &path, route, &shared);
    }
    for document in documents {
        router = mount(router, document.path, Route::Document(document), &shared);
    }
    for path in ["/v1", "/v1/", "/v1/{*rest}"] {
        router = mount(router, path, Route::Nowhere, &shared);
    }
    router
}

fn mount(router: Router, path: &str, route: Route, shared: &Arc<Shared>) -> Router {
    let (route, shared) = (Arc::new(route), shared.clone());
    let answer = any(move |params: Result<RawPathParams, RawPathParamsRejection>, request: Request| {
        let words = params.ok().map(|params| params.iter().map(|(_, word)| word.to_owned()).collect());
        dispatch(shared.clone(), route.clone(), words, request)
    });
    router.route(path, answer)
}

/// Operations by path. Parameters are named by place, so that `/{id}` and `/{contact}/notes` live side by side.
fn routes(operations: Vec<Operation>) -> BTreeMap<String, Route> {
    let mut seen = HashSet::new();
    let reads: HashSet<&str> = operations.iter().filter(|op| op.method == Method::GET).map(|op| op.path).collect();
    let record_path = |path: &str| reads.iter().any(|read| is_record_of(path, read)).then(|| path.to_owned());
    let mut routes = BTreeMap::new();
    for operation in operations {
        assert!(seen.insert(operation.name.to_owned()), "two operations are called {}", operation.name);
        let (template, path) = (operation.path, by_place(operation.path));
        assert!(seen.insert(format!("{} {path}", operation.method)), "two operations answer {} {template}", operation.method);
        let record_path = record_path(template);
        let bound = Arc::new(bind(operation, record_path));
        let fresh = Route::Operations { template, names: parameters(template), bound: vec![] };
        if let Route::Operations { bound: all, .. } = routes.entry(path).or_insert(fresh) {
            all.push(bound);
        }
    }
    routes
}

fn bind(operation: Operation, record_path: Option<String>) -> Bound {
    let (name, path) = (operation.name, operation.path);
    assert!(path.starts_with("/v1/") && !path.ends_with('/'), "{name}: {path} is not under /v1/");
    assert!(operation.method != Method::GET || operation.types.body.none, "{name}: a GET has no body");
    let of = |schema| Shape::of(schema);
    let bound =
        Bound { path: of(operation.types.path), query: of(operation.types.query), body: of(operation.types.body), record_path, operation };
    let fields: HashSet<&str> = bound.path.fields().iter().map(|field| field.0).collect();
    let named: Vec<String> = parameters(path);
    let same = fields.len() == named.len() && named.iter().all(|name| fields.contains(name.as_str()));
    assert!(same, "{name}: the parameters of {path} are not the fields of its path input");
    bound
}

/// The names between braces.
pub(crate) fn parameters(template: &str) -> Vec<String> {
    let inside = |part: &str| part.strip_prefix('{').and_then(|p| p.strip_suffix('}')).map(str::to_owned);
    template.split('/').filter_map(inside).collect()
}

fn by_place(template: &str) -> String {
    let mut place = 0;
    let part = |part: &str| {
        if !part.starts_with('{') {
            return part.to_owned();
        }
        place += 1;
        format!("{{p{place}}}")
    };
    template.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn is_record_of(list: &str, read: &str) -> bool {
    read.strip_prefix(list).and_then(|rest| rest.strip_prefix("/{")).is_some_and(|rest| rest.ends_with('}') && !rest.contains('/'))
}
