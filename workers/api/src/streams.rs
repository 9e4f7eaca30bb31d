//! Streams: their history and their state.

use std::sync::Arc;

use axum::extract::State;
use pipeline::steps::history::{Events, History, MOST_EVENTS, Moment, StateAt};

use crate::{
    App, Json, Problem,
    request::{Caller, Names, Params, bad_param},
};

/// How many events an answer has if a request doesn't say.
const USUAL_EVENTS: usize = 100;

impl App {
    fn history(&self) -> History<'_> {
        History { catalog: &self.catalog, commits: &*self.commits, policies: &*self.policies }
    }
}

/// `GET /streams/{aggregate}/{id}`.
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    caller: Caller,
    Names((aggregate, id)): Names<(String, String)>,
    mut params: Params,
) -> Result<Json<Events>, Problem> {
    let from = params.parse("from", "must be a version")?.unwrap_or(1);
    let limit = params.parse("limit", "must be a number of events")?.unwrap_or(USUAL_EVENTS);
    params.none_left()?;
    if from == 0 {
        return Err(bad_param("from", "out-of-range", "must be at least 1"));
    }
    if !(1..=MOST_EVENTS).contains(&limit) {
        return Err(bad_param("limit", "out-of-range", &format!("must be from 1 to {MOST_EVENTS}")));
    }
    let stream = App::stream(&aggregate, &id)?;
    Ok(Json(app.history().events(caller.reader(), &stream, from, limit).await?))
}

/// `GET /streams/{aggregate}/{id}/state`.
pub(crate) async fn state(
    State(app): State<Arc<App>>,
    caller: Caller,
    Names((aggregate, id)): Names<(String, String)>,
    mut params: Params,
) -> Result<Json<StateAt>, Problem> {
    let version: Option<u64> = params.parse("version", "must be a version")?;
    let at = params.time("at")?;
    params.none_left()?;
    let moment = match (version, at) {
        (Some(_), Some(_)) => return Err(bad_param("at", "mismatch", "must not stand beside `version`")),
        (Some(0), None) => return Err(bad_param("version", "out-of-range", "must be at least 1")),
        (Some(version), None) => Moment::Version(version),
        (None, Some(at)) => Moment::Time(at),
        (None, None) => Moment::Now,
    };
    let stream = App::stream(&aggregate, &id)?;
    Ok(Json(app.history().state(caller.reader(), &stream, moment).await?))
}
