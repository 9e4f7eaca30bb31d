//! A small server that speaks what the command line needs of the contract, and can be told to misbehave.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// What the server has seen, and how it shall behave.
#[derive(Default)]
pub(crate) struct World {
    /// The commands that were taken, a stream's in the order in which they came.
    pub(crate) taken: BTreeMap<String, Vec<Value>>,
    /// The same by their ids, the first of each.
    pub(crate) by_id: HashMap<String, Value>,
    /// How often commands were asked about.
    pub(crate) questions: HashMap<String, u32>,
    /// How many batches came.
    pub(crate) batches: u32,
    /// Streams in requests that are being answered, and those that were there twice at once.
    pub(crate) answering: BTreeSet<String>,
    /// Streams of which two requests were on their way at once.
    pub(crate) overtaken: BTreeSet<String>,
    /// The bearers' tokens.
    pub(crate) bearers: BTreeSet<String>,
    /// Every request's path with its query.
    pub(crate) asked: Vec<String>,
    /// Preferences that came with commands.
    pub(crate) preferences: Vec<String>,
    /// Every so many batches, a stream's commands are busy from its second one on.
    pub(crate) busy_every: Option<u32>,
    /// So many batches are answered 429 first.
    pub(crate) busy_batches: u32,
    /// Commands settle when they are asked about for the nth time.
    pub(crate) settles_at: u32,
    /// Statuses that are known before: of earlier deliveries.
    pub(crate) known: HashMap<String, Value>,
    /// What `POST /verify` answers, page by page.
    pub(crate) verify_pages: Vec<Value>,
}

/// A running server.
pub(crate) struct Fake {
    world: Arc<Mutex<World>>,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

type Shared = State<Arc<Mutex<World>>>;

impl Fake {
    pub(crate) fn start(world: World) -> Self {
        let mut fake = Self { world: Arc::new(Mutex::new(world)), address: ([127, 0, 0, 1], 0).into(), runtime: None };
        fake.serve();
        fake
    }

    /// Listens, again where it did before.
    pub(crate) fn serve(&mut self) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind(self.address)).unwrap();
        self.address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/health", get(async || axum::Json(json!({"status": "ok", "parts": {}}))))
            .route("/commands", post(commands))
            .route("/commands/check", post(check))
            .route("/commands/status", post(statuses))
            .route("/commands/{id}", get(status))
            .route("/views", get(async || axum::Json(json!({"views": [{"name": "v", "fields": []}]}))))
            .route("/views/{view}", get(search))
            .route("/views/{view}/search", post(typed_search))
            .route("/views/{view}/{id}", get(document))
            .route("/streams/{aggregate}/{id}", get(history))
            .route("/streams/{aggregate}/{id}/state", get(state))
            .route("/verify", post(verify))
            .with_state(Arc::clone(&self.world));
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        self.runtime = Some(runtime);
    }

    /// Is gone, with all its connections.
    pub(crate) fn stop(&mut self) {
        self.runtime.take().unwrap().shutdown_timeout(Duration::from_secs(5));
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until the world is as wanted.
    pub(crate) fn await_world(&self, wanted: impl Fn(&World) -> bool) {
        let started = std::time::Instant::now();
        while !wanted(&self.world()) {
            assert!(started.elapsed() < Duration::from_secs(20), "the awaited did not happen");
            std::thread::yield_now();
        }
    }

    /// The command line, aimed at this server.
    pub(crate) fn factmill(&self, args: &[&str]) -> Command {
        let mut command = factmill(args);
        command.env("FACTMILL_URL", self.url()).env("FACTMILL_TOKEN", "test-token");
        command
    }

    /// Runs the command line to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::of(self.factmill(args).output().unwrap())
    }
}

/// The command line, without anything from the environment that steers it.
pub(crate) fn factmill(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_factmill"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in ["FACTMILL_URL", "FACTMILL_TOKEN", "FACTMILL_DATA"] {
        command.env_remove(name);
    }
    command
}

/// What a run of the command line left.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let run =
            Self { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) };
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        run
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

fn problem(status: u16, code: &str, violations: &Value) -> Response {
    let body = json!({"title": "no", "status": status, "code": code, "detail": format!("this is {code}"), "violations": violations});
    let headers = [(header::CONTENT_TYPE, "application/problem+json")];
    (StatusCode::from_u16(status).unwrap(), headers, body.to_string()).into_response()
}

/// What the door says of a command: refusals by its type.
fn refusal(command: &Value) -> Option<Value> {
    if command["type"] == "Bad" {
        let violations = json!([{"pointer": "/data/x", "code": "required", "message": "is required"}]);
        return Some(json!({"code": "invalid", "message": "not valid", "violations": violations}));
    }
    // an id as long as a UUID tells its time
    let tells_time = command["id"].as_str().is_some_and(|id| id.len() == 36);
    let is_timeless = command["issuedAt"].is_null() && !tells_time;
    is_timeless.then(|| json!({"code": "invalid", "message": "no time", "violations": []}))
}

fn status_of(world: &World, id: &str) -> Option<Value> {
    let command = world.by_id.get(id);
    let asked = world.questions.get(id).copied().unwrap_or(0);
    let Some(command) = command.filter(|_| asked >= world.settles_at) else {
        return world.known.get(id).cloned().or(command.map(|command| {
            json!({"id": id, "stream": command["stream"], "type": command["type"], "status": "queued", "version": null})
        }));
    };
    let (status, reason) = match command["type"].as_str() {
        Some("Reject") => ("rejected", json!({"code": "not-open", "message": "it is not open"})),
        Some("Fail") => ("failed", json!({"code": "gave-up", "message": "too often"})),
        Some("Forbid") => ("refused", json!({"code": "forbidden", "message": "not yours", "violations": []})),
        _ => ("committed", Value::Null),
    };
    let reason_of = |wanted| if status == wanted { reason.clone() } else { Value::Null };
    Some(json!({"id": id, "stream": command["stream"], "type": command["type"], "status": status, "version": 1,
        "receivedAt": jiff::Timestamp::now().to_string(), "events": [{"type": "Done", "version": 1}],
        "rejection": reason_of("rejected"), "refusal": reason_of("refused"), "failure": reason_of("failed")}))
}

fn take(world: &mut World, command: Value) {
    let stream = command["stream"].as_str().unwrap_or_default().to_owned();
    world.by_id.entry(command["id"].as_str().unwrap_or_default().to_owned()).or_insert_with(|| command.clone());
    world.taken.entry(stream).or_default().push(command);
}

async fn commands(State(world): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    world.lock().unwrap().bearers.insert(text(header::AUTHORIZATION));
    if text(header::CONTENT_TYPE) != "application/x-ndjson" {
        return single(&mut world.lock().unwrap(), &body, text(header::HeaderName::from_static("prefer")));
    }
    let commands: Vec<Value> =
        body.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let streams: BTreeSet<String> =
        commands.iter().map(|command| command["stream"].as_str().unwrap_or_default().to_owned()).collect();
    let batch = {
        let mut world = world.lock().unwrap();
        let twice: Vec<String> = world.answering.intersection(&streams).cloned().collect();
        world.overtaken.extend(twice);
        world.answering.extend(streams.iter().cloned());
        world.batches += 1;
        world.batches
    };
    // as long as a real door takes, so that requests meet
    tokio::time::sleep(Duration::from_millis(2)).await;
    let mut world = world.lock().unwrap();
    world.answering.retain(|stream| !streams.contains(stream));
    if batch <= world.busy_batches {
        let mut busy = problem(429, "busy", &json!([]));
        busy.headers_mut().insert(header::RETRY_AFTER, "0".parse().unwrap());
        return busy;
    }
    let is_busy = world.busy_every.is_some_and(|every| batch % every == 0);
    let (mut queued, mut refused, mut seen) = (0, Vec::new(), BTreeSet::new());
    for (index, command) in commands.into_iter().enumerate() {
        let again = !seen.insert(command["stream"].to_string());
        let refusal =
            if is_busy && again { Some(json!({"code": "busy", "message": "busy"})) } else { refusal(&command) };
        if let Some(refusal) = refusal {
            refused.push(json!({"index": index, "id": command["id"], "refusal": refusal}));
        } else {
            queued += 1;
            take(&mut world, command);
        }
    }
    (StatusCode::ACCEPTED, json!({"queued": queued, "refused": refused}).to_string()).into_response()
}

fn single(world: &mut World, body: &[u8], prefer: String) -> Response {
    let command: Value = serde_json::from_slice(body).unwrap();
    let id = command["id"].as_str().unwrap_or_default().to_owned();
    if command["type"] == "Bad" {
        return problem(400, "invalid", &refusal(&command).unwrap()["violations"]);
    }
    take(world, command);
    let waits = !prefer.is_empty();
    world.preferences.push(prefer);
    let status = status_of(world, &id).unwrap();
    let settled = waits && status["status"] != "queued";
    let code = if settled { StatusCode::OK } else { StatusCode::ACCEPTED };
    let location = format!("/commands/{id}?received=5");
    (code, [(header::LOCATION, location)], status.to_string()).into_response()
}

async fn check(body: Bytes) -> Response {
    let command: Value = serde_json::from_slice(&body).unwrap();
    match refusal(&json!({"issuedAt": "now", "type": command["type"]})) {
        Some(refusal) => problem(400, "invalid", &refusal["violations"]),
        None => json!({"valid": true}).to_string().into_response(),
    }
}

async fn statuses(State(world): Shared, body: Bytes) -> Response {
    let mut world = world.lock().unwrap();
    let question: Value = serde_json::from_slice(&body).unwrap();
    let mut statuses = serde_json::Map::new();
    for id in question["ids"].as_array().unwrap() {
        let id = id.as_str().unwrap();
        *world.questions.entry(id.to_owned()).or_default() += 1;
        statuses.insert(id.to_owned(), status_of(&world, id).unwrap_or(Value::Null));
    }
    json!({ "statuses": statuses }).to_string().into_response()
}

async fn status(State(world): Shared, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let mut world = world.lock().unwrap();
    world.asked.push(format!("/commands/{id}?{}", query.unwrap_or_default()));
    *world.questions.entry(id.clone()).or_default() += 1;
    match status_of(&world, &id) {
        Some(status) => status.to_string().into_response(),
        None => problem(404, "unknown-command", &json!([])),
    }
}

/// A view of 500 documents, in pages of 200.
fn page(cursor: Option<u64>) -> Response {
    let from = cursor.unwrap_or(0);
    let hits: Vec<Value> = (from..(from + 200).min(500))
        .map(|n| json!({"id": format!("d-{n}"), "version": 1, "score": null, "doc": {"n": n}}))
        .collect();
    let next = (from + 200 < 500).then(|| (from + 200).to_string());
    json!({"total": 500, "hits": hits, "next": next, "tookMs": 1}).to_string().into_response()
}

async fn search(State(world): Shared, Path(view): Path<String>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    world.lock().unwrap().asked.push(format!("/views/{view}?{query}"));
    page(query.split('&').find_map(|part| part.strip_prefix("cursor=")?.parse().ok()))
}

async fn typed_search(State(world): Shared, Path(view): Path<String>, body: Bytes) -> Response {
    world.lock().unwrap().asked.push(format!("/views/{view}/search {}", String::from_utf8_lossy(&body)));
    let query: Value = serde_json::from_slice(&body).unwrap();
    page(query["cursor"].as_str().and_then(|cursor| cursor.parse().ok()))
}

async fn document(Path((_, id)): Path<(String, String)>) -> Response {
    match id.as_str() {
        "b-1" => json!({"id": "b-1", "version": 7, "doc": {"status": "confirmed"}}).to_string().into_response(),
        "late" => problem(503, "not-yet-projected", &json!([])),
        _ => problem(404, "not-found", &json!([])),
    }
}

async fn history(Path((aggregate, id)): Path<(String, String)>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let from: u64 = query.split('&').find_map(|part| part.strip_prefix("from=")?.parse().ok()).unwrap_or(1);
    let events: Vec<Value> =
        (from..from + 2).map(|version| json!({"version": version, "type": "Done", "data": {}})).collect();
    let next = (from < 5).then_some(from + 2);
    json!({"stream": format!("{aggregate}/{id}"), "version": 6, "events": events, "next": next})
        .to_string()
        .into_response()
}

async fn state(Path((aggregate, id)): Path<(String, String)>, RawQuery(query): RawQuery) -> Response {
    let state = json!({"asked": query});
    json!({"stream": format!("{aggregate}/{id}"), "version": 2, "at": null, "state": state}).to_string().into_response()
}

async fn verify(State(world): Shared, body: Bytes) -> Response {
    let mut world = world.lock().unwrap();
    world.asked.push(format!("/verify {}", String::from_utf8_lossy(&body)));
    world.verify_pages.remove(0).to_string().into_response()
}
