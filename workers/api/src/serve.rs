//! The router on a listening socket, within bounds: clients that open connections and say nothing, or half of
//! something, take their places from nobody for long.

use std::{convert::Infallible, pin::pin, time::Duration};

use axum::{Router, extract::Request, response::Response};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinError, JoinSet},
};
use tower::Service;

/// How long after a failure of the listening socket it is asked again, as when all file descriptors are taken.
const RETRY: Duration = Duration::from_millis(100);

/// What connections may take. How long a request may take, its body included, is the router's affair.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How many connections are open at once. More wait in the system's backlog, which is bounded too.
    pub connections: usize,
    /// How long the head of a request may take, from the end of the one before it: an idle connection is closed.
    pub head: Duration,
    /// How long requests that are in hand at the end may take.
    pub last: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        // clients keep idle connections for shorter than that, so that they don't write to one that is being closed
        Self { connections: 512, head: Duration::from_secs(30), last: Duration::from_secs(5) }
    }
}

/// Serves until `end` resolves; then no more connections and requests are taken, and those in hand are answered.
pub async fn serve(listener: TcpListener, router: Router, bounds: Bounds, end: impl Future<Output = ()>) {
    let (ending, ended) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut end = pin!(end);
    loop {
        tokio::select! {
            () = &mut end => break,
            Some(closed) = connections.join_next() => note(closed),
            accepted = listener.accept(), if connections.len() < bounds.connections => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone(), bounds.head, ended.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(RETRY).await;
                }
            },
        }
    }
    drop((listener, ending));
    let closing = async {
        while let Some(closed) = connections.join_next().await {
            note(closed);
        }
    };
    if tokio::time::timeout(bounds.last, closing).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests that took too long at the end are cut off");
    }
}

/// One connection, to its end; told to end, it answers what is in hand.
async fn connection<S>(stream: TcpStream, service: S, head: Duration, mut ended: watch::Receiver<()>)
where
    S: Service<Request<hyper::body::Incoming>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head);
    let mut served = pin!(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)));
    let result = tokio::select! {
        result = served.as_mut() => result,
        // whoever would tell is gone: it ends
        _ = ended.changed() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection broke off");
    }
}

fn note(closed: Result<(), JoinError>) {
    if let Err(error) = closed {
        tracing::error!(%error, "a connection did not end well");
    }
}
