//! The embedded engine: the whole pipeline in one process, over one data folder.

mod follow;
mod metrics;
mod tidy;
mod workflow;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use jsonwebtoken::jwk::JwkSet;
use kernel::Catalog;
use pipeline::{
    identity::{
        cedar::CedarEngine,
        jwt::JwtVerifier,
        keys::{FixedKeys, KeyFile},
        policies::PolicyError,
    },
    ports::{
        Unavailable,
        clock::{Clock, SystemClock},
        health::{Health, Trouble},
        identity::{KeySource, PolicyEngine, TokenVerifier},
    },
    steps::{
        dispatch::{Backoff, Dispatch},
        persist::{Persist, Warm},
        verify::Verify,
    },
};
use tokio::{sync::watch, task::JoinSet};

pub use self::workflow::{LocalWorkflow, NoTokens, Steps};
use self::{
    follow::{Follower, Rule},
    metrics::{Metrics, Readings},
};
use crate::{
    asl::LoadError,
    issuer::{Issuer, IssuerError},
    search::TantivyIndex,
    sqlite::{
        OpenError, Store,
        queue::{Limits, Most},
    },
};

/// How many dispatchers run side by side: one waits for the disk while another decides.
const DISPATCHERS: usize = 3;
/// What a dispatcher takes at once.
const TAKE: Most = Most { messages: 250, bytes: 160 * 1024 };
/// How long a dispatcher may hold messages before they come again.
const LEASE: Duration = Duration::from_mins(5);
/// How long a dispatcher starts executions, of its lease.
const WORK: Duration = Duration::from_mins(4);
/// Memory for streams that were loaded, in bytes.
const WARM: usize = 16 << 20;

/// How the engine is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data folder.
    pub data: PathBuf,
    /// The issuer of tokens and the file of its keys; absent: the development issuer of the data folder.
    pub issuer: Option<(String, PathBuf)>,
    /// How much the queue holds before it is busy.
    pub queue: Limits,
}

impl Options {
    /// The defaults, on a data folder.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into(), issuer: None, queue: Limits::default() }
    }
}

/// Why the engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The data folder can't be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The development issuer can't be used.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// The index can't be used.
    #[error(transparent)]
    Index(#[from] Unavailable),
    /// The policies are not valid.
    #[error(transparent)]
    Policies(#[from] PolicyError),
    /// The state machine is not valid.
    #[error(transparent)]
    Workflow(#[from] LoadError),
    /// A subscription's rule is not valid.
    #[error("a rule is not valid: {0}")]
    Rule(#[from] quamina::QuaminaError),
    /// The metrics can't be registered.
    #[error("the metrics can't be registered: {0}")]
    Metrics(#[from] prometheus::Error),
    /// A thread could not do its work.
    #[error("the data folder could not be opened: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// The running engine.
pub struct Engine {
    /// The domains.
    pub catalog: Arc<Catalog>,
    /// Commits, queue, statuses, snapshots.
    pub store: Store,
    /// The views.
    pub index: Arc<TantivyIndex>,
    /// Who asks.
    pub verifier: Arc<dyn TokenVerifier>,
    /// What they may.
    pub policies: Arc<dyn PolicyEngine>,
    /// Checks what is stored.
    pub verify: Arc<Verify>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The development issuer, unless another one is trusted.
    pub issuer: Option<Issuer>,
    persist: Arc<Persist>,
    workflow: Arc<LocalWorkflow>,
    metrics: Arc<Metrics>,
    stop: watch::Sender<bool>,
    tasks: tokio::sync::Mutex<JoinSet<()>>,
}

impl Engine {
    /// Opens the data folder and starts working on what is queued and not projected yet.
    pub async fn start(catalog: Catalog, options: Options) -> Result<Arc<Self>, EngineError> {
        let catalog = Arc::new(catalog);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (store, index, issuer) = open(&catalog, &clock, &options).await?;
        let index = Arc::new(index);
        let (name, keys) = keys(&options, issuer.as_ref());
        let verifier: Arc<dyn TokenVerifier> = Arc::new(JwtVerifier::new(name, keys));
        let policies: Arc<dyn PolicyEngine> = Arc::new(CedarEngine::new(catalog.policy_sources())?);
        let persist = Arc::new(Persist {
            catalog: catalog.clone(),
            commits: Arc::new(store.clone()),
            snapshots: Arc::new(store.clone()),
            policies: policies.clone(),
            clock: clock.clone(),
            warm: Warm::new(WARM),
        });
        let workflow = Arc::new(LocalWorkflow::new(Steps {
            catalog: catalog.clone(),
            verifier: verifier.clone(),
            policies: policies.clone(),
            persist: persist.clone(),
            statuses: Arc::new(store.clone()),
            tokens: Arc::new(NoTokens),
            clock: clock.clone(),
        })?);
        let verify =
            Arc::new(Verify { catalog: catalog.clone(), commits: Arc::new(store.clone()), index: index.clone() });
        let metrics = Arc::new(Metrics::new(&catalog)?);
        let engine = Arc::new(Self {
            catalog,
            store,
            index,
            verifier,
            policies,
            verify,
            clock,
            issuer,
            persist,
            workflow,
            metrics,
            stop: watch::Sender::new(false),
            tasks: tokio::sync::Mutex::default(),
        });
        engine.work().await?;
        Ok(engine)
    }

    /// Starts the dispatchers, the followers, and what forgets.
    async fn work(&self) -> Result<(), EngineError> {
        let mut tasks = self.tasks.lock().await;
        for view in self.catalog.views() {
            let follower = Follower {
                view: view.clone(),
                rule: Rule::of_view(view)?,
                store: self.store.clone(),
                index: self.index.clone(),
                metrics: self.metrics.clone(),
                stop: self.stop.subscribe(),
            };
            tasks.spawn(follower.follow());
        }
        let dispatch = Arc::new(Dispatch {
            catalog: self.catalog.clone(),
            workflow: self.workflow.clone(),
            verifier: self.verifier.clone(),
            statuses: Arc::new(self.store.clone()),
            tokens: Arc::new(NoTokens),
            inbox: Arc::new(self.store.clone()),
            clock: self.clock.clone(),
            backoff: Backoff::default(),
        });
        for _ in 0..DISPATCHERS {
            let (store, dispatch, metrics, stop) =
                (self.store.clone(), dispatch.clone(), self.metrics.clone(), self.stop.subscribe());
            tasks.spawn(dispatcher(store, dispatch, metrics, stop));
        }
        tasks.spawn(tidy::tidy(self.store.clone(), self.clock.clone(), self.stop.subscribe()));
        Ok(())
    }

    /// All metrics, in Prometheus' text format.
    pub fn metrics(&self) -> Result<String, prometheus::Error> {
        let readings = Readings {
            depth: self.store.queue().depth(),
            oldest: self.store.queue().oldest(),
            now: self.clock.now(),
            conflicts: self.persist.warm.conflicts(),
            retries: self.workflow.retries(),
            lost_snapshots: self.persist.warm.lost_snapshots(),
            dropped_releases: self.persist.warm.dropped_releases(),
            failures: self.store.failures(),
            transactions: self.store.transactions(),
            head: *self.store.tail().position().borrow(),
        };
        self.metrics.text(&self.catalog, readings)
    }

    /// Ends in order: what is in hand is finished, what was projected is committed, what was acknowledged is gone.
    pub async fn stop(&self) {
        // nobody listening means that all have ended already
        self.stop.send_replace(true);
        let mut tasks = self.tasks.lock().await;
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!("a part of the engine did not end well: {error}");
            }
        }
        if let Err(outage) = self.store.flush().await {
            tracing::warn!("what was acknowledged last comes again at the next start: {outage}");
        }
    }
}

/// Takes messages through the state machine until told to stop.
async fn dispatcher(store: Store, dispatch: Arc<Dispatch>, metrics: Arc<Metrics>, mut stop: watch::Receiver<bool>) {
    let queue = store.queue();
    while !*stop.borrow() {
        let deliveries = tokio::select! {
            deliveries = queue.receive(TAKE, LEASE) => deliveries,
            _ = stop.changed() => break,
        };
        let dispatched = dispatch.dispatch(&deliveries, Instant::now() + WORK).await;
        metrics.settled(&dispatched.settled);
        metrics.released.inc_by(dispatched.release.len() as u64);
        queue.acknowledge(&dispatched.acknowledge);
        for (receipt, delay) in dispatched.release {
            queue.release(receipt, delay);
        }
    }
}

async fn open(
    catalog: &Arc<Catalog>,
    clock: &Arc<dyn Clock>,
    options: &Options,
) -> Result<(Store, TantivyIndex, Option<Issuer>), EngineError> {
    let (catalog, clock, options) = (catalog.clone(), clock.clone(), options.clone());
    let opened = tokio::task::spawn_blocking(move || {
        let store = Store::open(&options.data, clock, options.queue)?;
        let issuer = match &options.issuer {
            Some(_) => None,
            None => Some(Issuer::create_or_open(&options.data)?),
        };
        let index = TantivyIndex::open(&options.data, catalog.views())?;
        Ok::<_, EngineError>((store, index, issuer))
    });
    opened.await?
}

fn keys(options: &Options, issuer: Option<&Issuer>) -> (String, Arc<dyn KeySource>) {
    if let Some((name, file)) = &options.issuer {
        return (name.clone(), Arc::new(KeyFile::new(file.as_path() as &Path)));
    }
    let keys = issuer.map_or_else(|| JwkSet { keys: Vec::new() }, Issuer::jwks);
    (crate::issuer::ISSUER.to_owned(), Arc::new(FixedKeys::new(keys)))
}

#[async_trait]
impl Health for Engine {
    async fn parts(&self) -> BTreeMap<&'static str, Trouble> {
        let mut parts = BTreeMap::new();
        let store = tokio::time::timeout(Duration::from_secs(2), self.store.probe()).await;
        parts.insert(
            "store",
            match store {
                Ok(Ok(())) => None,
                Ok(Err(outage)) => Some(outage.to_string()),
                Err(_) => Some("the disk does not answer".into()),
            },
        );
        for view in self.catalog.views() {
            let position = self.index.position(view);
            parts.insert(view.name(), position.err().map(|outage| outage.to_string()));
        }
        parts
    }
}
