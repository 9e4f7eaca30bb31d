//! The single entry point: one axum router over the ports, served by hyper embedded and by Lambda on AWS.
//!
//! Start with [`router`]; [`App`] is all that a host must bring; [`serve()`] puts it on a socket. Errors are [`Problem`]s.
//!
//! | module | what it answers |
//! |---|---|
//! | `commands`, `batch`, `waiting` | commands in, and what came of them |
//! | `views` | views and reports |
//! | `streams` | histories and states |
//! | `operations` | verification and health |
//! | `describe` | the API's description and the page to try it |
//! | `request`, `problem`, `layers`, `drain` | what they have in common |
//! | `serve` | the listening socket, where there is one |

mod answer;
mod batch;
mod commands;
mod describe;
mod drain;
mod layers;
mod operations;
mod problem;
mod request;
mod serve;
mod streams;
mod views;
mod waiting;

use std::{sync::Arc, time::Duration};

use aide::{
    axum::{
        ApiRouter,
        routing::{get, get_with, post_with},
    },
    openapi::OpenApi,
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderMap, Method, StatusCode, Uri},
    middleware::from_fn_with_state,
};
use kernel::Catalog;
use pipeline::ports::{
    clock::Clock,
    commits::CommitStore,
    health::Health,
    identity::{PolicyEngine, TokenVerifier},
    queue::CommandQueue,
    search::SearchIndex,
    status::StatusStore,
    verify::Verifier,
};

pub use problem::Problem;
pub use serve::{Bounds, serve};

use answer::Json;

use describe::named;
use request::{Caller, Names, Params};

/// What a host brings.
#[derive(Clone)]
pub struct App {
    /// What there is to ask.
    pub catalog: Arc<Catalog>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where commands go.
    pub queue: Arc<dyn CommandQueue>,
    /// What came of them.
    pub statuses: Arc<dyn StatusStore>,
    /// The streams.
    pub commits: Arc<dyn CommitStore>,
    /// The views' documents.
    pub index: Arc<dyn SearchIndex>,
    /// Who calls.
    pub tokens: Arc<dyn TokenVerifier>,
    /// What they may do.
    pub policies: Arc<dyn PolicyEngine>,
    /// Checks what is stored.
    pub verify: Arc<dyn Verifier>,
    /// How the host's parts are.
    pub health: Arc<dyn Health>,
    /// What a request may take.
    pub limits: Limits,
}

/// What a request may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest that a request may take, waiting included: more than 25 s.
    pub request: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        // the longest wait, and time for the work; a gateway gives up after 29 s
        Self { request: Duration::from_millis(28_500) }
    }
}

/// The whole API.
pub fn router(app: App) -> Router {
    let app = Arc::new(app);
    let mut api = OpenApi::default();
    let routes = routes().finish_api(&mut api);
    let description = describe::document(&app.catalog, &api);
    routes
        .merge(describe::router(&description))
        .fallback(nothing_here)
        .method_not_allowed_fallback(other_method)
        .layer(from_fn_with_state(app.clone(), layers::surround))
        .layer(DefaultBodyLimit::disable())
        .with_state(app)
}

async fn nothing_here(uri: Uri) -> Problem {
    Problem::not_found(format!("there is nothing at `{}`", uri.path()))
}

async fn other_method(method: Method, uri: Uri) -> Problem {
    let detail = format!("`{}` does not take {method}", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
}

type AppState = axum::extract::State<Arc<App>>;

/// Routes and their descriptions. Where a route's last part is a word, an id may be the same word.
fn routes() -> ApiRouter<Arc<App>> {
    ApiRouter::new()
        .api_route(
            "/commands",
            post_with(commands::post, named("postCommands", "commands", "Sends one command or a batch")),
        )
        .api_route(
            "/commands/check",
            post_with(commands::check, named("checkCommand", "commands", "Says what the door would say")),
        )
        .api_route(
            "/commands/status",
            post_with(commands::statuses, named("getStatuses", "commands", "Reads many statuses")),
        )
        .api_route(
            "/commands/{id}",
            get_with(commands::get, named("getStatus", "commands", "Reads the status of a command")),
        )
        .route(
            "/commands/check",
            get(|app: AppState, caller: Caller, params: Params| commands::status(app, caller, "check", params)),
        )
        .route(
            "/commands/status",
            get(|app: AppState, caller: Caller, params: Params| commands::status(app, caller, "status", params)),
        )
        .api_route("/views", get_with(views::list, named("listViews", "views", "Lists the views")))
        .api_route(
            "/views/{view}",
            get_with(views::find, named("findInView", "views", "Searches a view by parameters")),
        )
        .api_route(
            "/views/{view}/search",
            post_with(views::search, named("searchView", "views", "Searches a view by a typed query")),
        )
        .api_route("/views/{view}/{id}", get_with(views::get, named("getDocument", "views", "Reads a document")))
        .route(
            "/views/{view}/search",
            get(async |app: AppState, caller: Caller, view: Names<String>, headers: HeaderMap, params: Params| {
                views::document(app, caller, (&view.0, "search"), &headers, params).await
            }),
        )
        .api_route("/reports", get_with(views::reports, named("listReports", "reports", "Lists the reports")))
        .api_route("/reports/{name}", get_with(views::report, named("getReport", "reports", "Reads a report")))
        .api_route(
            "/streams/{aggregate}/{id}",
            get_with(streams::events, named("getEvents", "streams", "Reads a stream's history")),
        )
        .api_route(
            "/streams/{aggregate}/{id}/state",
            get_with(streams::state, named("getState", "streams", "Reads a stream's state as of a version or a time")),
        )
        .api_route("/verify", post_with(operations::verify, named("verify", "operations", "Checks what is stored")))
        .api_route("/health", get_with(operations::health, named("health", "operations", "Tells how the parts are")))
}
