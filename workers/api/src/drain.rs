//! Bodies that a handler left unread are read on once its answer is made, within bounds. Otherwise the server would
//! close the connection unannounced, and a client that uses it again would see its next request fail.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, BodyDataStream, Bytes, HttpBody},
    extract::Request,
};
use futures_util::{Stream, StreamExt};
use tokio::sync::oneshot;

use crate::request::DRAINED;

/// What comes back of a body when its reader is done with it.
pub(crate) struct Rest(Option<oneshot::Receiver<BodyDataStream>>);

/// A request whose body comes back.
pub(crate) fn watch(request: Request) -> (Request, Rest) {
    if request.body().is_end_stream() {
        return (request, Rest(None));
    }
    let (back, rest) = oneshot::channel();
    let watched = |body: Body| Body::from_stream(Watched { body: Some(body.into_data_stream()), back: Some(back) });
    (request.map(watched), Rest(Some(rest)))
}

impl Rest {
    /// Reads on what was not read.
    pub(crate) async fn drain(self) {
        let Some(rest) = self.0 else { return };
        // a body that was read to its end doesn't come back
        let Ok(mut body) = rest.await else { return };
        let mut length = 0;
        while let Some(Ok(data)) = body.next().await {
            length += data.len();
            if length > DRAINED {
                return;
            }
        }
    }
}

/// A body that goes back when it is dropped before its end.
struct Watched {
    body: Option<BodyDataStream>,
    back: Option<oneshot::Sender<BodyDataStream>>,
}

impl Stream for Watched {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = body.poll_next_unpin(context);
        if !matches!(polled, Poll::Ready(Some(Ok(_))) | Poll::Pending) {
            self.body = None;
        }
        polled
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let (Some(body), Some(back)) = (self.body.take(), self.back.take()) {
            // a request that was given up has nobody left who would take it
            drop(back.send(body));
        }
    }
}
