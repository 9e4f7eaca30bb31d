//! Waiting for what comes of a command.

use std::time::Duration;

use jiff::Timestamp;
use kernel::{Command, Id, Tenant};
use pipeline::{
    ports::{
        Unavailable,
        status::{Known, StatusStore},
    },
    steps::door,
};
use tokio::time::{Instant, timeout_at};

use crate::Problem;

/// Reads a status until it is as wanted or the time is over; the last one that was read.
///
/// The watch begins before the read, so that no change in between is missed.
async fn until<Read>(
    statuses: &dyn StatusStore,
    (tenant, id): (&Tenant, &Id),
    wait: Duration,
    read: impl Fn() -> Read,
    wanted: impl Fn(&Known) -> bool,
) -> Result<Option<Known>, Unavailable>
where
    Read: Future<Output = Result<Option<Known>, Unavailable>>,
{
    let deadline = Instant::now() + wait;
    loop {
        let change = statuses.watch(tenant, id);
        let known = read().await?;
        if known.as_ref().is_some_and(&wanted) || Instant::now() >= deadline {
            return Ok(known);
        }
        if timeout_at(deadline, change).await.is_err() {
            return read().await;
        }
    }
}

/// The verdict on the caller's own delivery of a command, if it comes in time. Answers to other deliveries are not
/// it; what is settled for good with another content is `id-reused`.
pub(crate) async fn verdict(
    statuses: &dyn StatusStore,
    tenant: &Tenant,
    (command, actor): (&Command, &str),
    received: Timestamp,
    wait: Duration,
) -> Result<Option<Known>, Problem> {
    let same = |known: &Known| known.digest.as_deref() == Some(command.digest.as_str());
    let mine = |known: &Known| {
        let status = &known.status;
        let answers = status.received_at >= received && known.actor == actor && (known.digest.is_none() || same(known));
        status.status.is_final() || (status.status.is_settled() && answers)
    };
    let read = || statuses.read_on(tenant, &command.id, &command.stream);
    let known = until(statuses, (tenant, &command.id), wait, read, mine).await?.filter(mine);
    match known {
        Some(known) if known.status.status.is_final() && !same(&known) => Err(door::id_reused().into()),
        known => Ok(known),
    }
}

/// The status of a command, settled if that happens in time. `visible` hides what the caller may not see; refusals
/// and failures of deliveries before `received` are no answer.
pub(crate) async fn status(
    statuses: &dyn StatusStore,
    tenant: &Tenant,
    id: &Id,
    received: Option<Timestamp>,
    wait: Duration,
    visible: impl Fn(&Known) -> bool,
) -> Result<Option<Known>, Problem> {
    let answers = |known: &Known| {
        let status = &known.status;
        let outdated = status.status.is_settled() && received.is_some_and(|received| status.received_at < received);
        visible(known) && (status.status.is_final() || !outdated)
    };
    let read = async || Ok(statuses.read(tenant, std::slice::from_ref(id)).await?.into_iter().next().flatten());
    let wanted = |known: &Known| answers(known) && known.status.status.is_settled();
    Ok(until(statuses, (tenant, id), wait, read, wanted).await?.filter(answers))
}
