//! The embedded engine behind the HTTP API, in this process.

use std::{
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use api::{App, Bounds, Limits};
use axum::{Router, http::StatusCode, routing::get};
use local::engine::{Engine, EngineError, Options};
use tokio::net::TcpListener;

use crate::{
    failure::{Failure, Verdict},
    token,
};

/// What to run.
pub struct Embedded {
    /// The data folder.
    pub data: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Another issuer than the data folder's own: its name and the file of its keys.
    pub issuer: Option<(String, PathBuf)>,
}

impl Embedded {
    /// Runs until the process is told to end.
    pub fn run(self) -> Result<Verdict, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::Failed(format!("the engine can't get its threads: {error}")))?;
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> Result<Verdict, Failure> {
        let Self { data, listen, issuer } = self;
        let mut signals = Signals::listen()?;
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            Failure::Failed(format!("{listen} can't be listened on: {error}; choose another address with --listen"))
        })?;
        let options = Options { issuer, ..Options::new(&data) };
        let engine = Engine::start(domain::catalog(), options).await.map_err(refused)?;
        let address = listener.local_addr().map_err(|error| Failure::Failed(error.to_string()))?;
        greet(&engine, address, &data)?;

        let end = async {
            signals.any().await;
            tracing::info!("ending: no more requests are taken, what is in hand is finished");
        };
        api::serve(listener, router(&engine), Bounds::default(), end).await;
        engine.stop().await;
        Ok(Verdict::Good)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
fn refused(error: EngineError) -> Failure {
    Failure::Failed(error.to_string())
}

/// The API, and the engine's metrics beside it.
fn router(engine: &Arc<Engine>) -> Router {
    let app = App {
        catalog: engine.catalog.clone(),
        clock: engine.clock.clone(),
        queue: Arc::new(engine.store.queue().clone()),
        statuses: Arc::new(engine.store.clone()),
        commits: Arc::new(engine.store.clone()),
        index: engine.index.clone(),
        tokens: engine.verifier.clone(),
        policies: engine.policies.clone(),
        verify: engine.verify.clone(),
        health: engine.clone(),
        limits: Limits::default(),
    };
    let metered = engine.clone();
    let metrics = get(async move || match metered.metrics() {
        Ok(text) => (StatusCode::OK, text),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    });
    api::router(app).merge(Router::new().route("/metrics", metrics))
}

/// Says where the engine is, how to act, and what to try.
fn greet(engine: &Engine, address: SocketAddr, data: &Path) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "listening on http://{address}")?;
    if let Some(issuer) = &engine.issuer {
        writeln!(out, "token {}", token::mint(issuer, &token::developer())?)?;
    }
    out.flush()?;
    drop(out);
    let program = std::env::current_exe().ok();
    let here = std::env::current_dir().ok();
    let program = program.as_deref().map(|program| match &here {
        Some(here) => program.strip_prefix(here).unwrap_or(program),
        None => program,
    });
    let program = program.map_or_else(|| "factmill".into(), |program| program.display().to_string());
    let mut at = String::new();
    if address.to_string() != "127.0.0.1:8080" {
        at = format!(" --url http://{address}");
    }
    // a command's own --data is what it carries
    let [mut sending, mut asking] = [at.clone(), at];
    if data != Path::new(".factmill") {
        sending = format!("{sending} --data-folder {}", data.display());
        asking = format!("{asking} --data {}", data.display());
    }
    eprintln!(
        "\ntry it from another terminal:
  {program} submit{sending} --stream comment/c-1 --type CreateComment --data '{{\"subject\":\"picture/42\",\"text\":\"a fine sunset\"}}' --wait 5
  {program} search{asking} comments sunsets
  {program} history{asking} comment/c-1
or read and try the API at http://{address}/docs\n"
    );
    Ok(())
}

/// The signals that end the process in order.
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// Listened for so that a file that may not grow is an error of its write, not the end of the process.
    _too_large: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |error| Failure::Failed(format!("signals can't be listened for: {error}"));
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
            _too_large: signal(SignalKind::from_raw(libc::SIGXFSZ)).map_err(failed)?,
        })
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
