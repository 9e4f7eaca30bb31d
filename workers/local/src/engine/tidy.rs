//! Forgetting what is past the contract's horizon.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use pipeline::ports::{Unavailable, clock::Clock};
use tokio::sync::watch;

use crate::sqlite::Store;

/// How long a refusal, a failure and a given-up command are kept: as long as their command may be sent again.
const HORIZON: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How often it is looked for what is older.
const EVERY: Duration = Duration::from_hours(1);
/// How much of it is forgotten in one transaction, which others wait for.
const AT_ONCE: usize = 500;

/// Forgets until told to stop.
pub(super) async fn tidy(store: Store, clock: Arc<dyn Clock>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(outage) = forget(&store, &*clock, &stop).await {
            tracing::warn!("what is past its time could not be forgotten, and is tried again later: {outage}");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn forget(store: &Store, clock: &dyn Clock, stop: &watch::Receiver<bool>) -> Result<(), Unavailable> {
    // a clock that stands before the horizon has nothing behind it
    let Ok(before) = clock.now().checked_sub(HORIZON) else { return Ok(()) };
    while !*stop.borrow() {
        let pruned = store.prune(before, AT_ONCE).await?;
        if pruned.refusals < AT_ONCE && pruned.failures < AT_ONCE {
            break;
        }
    }
    Ok(())
}
