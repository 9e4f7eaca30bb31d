//! Adapters that are broken on purpose, each in one way: all laws of its port are run, and exactly its own fails.

mod commits;
mod policies;
mod projector;
mod queue;
mod search;
mod small;
mod snapshots;
mod status;
mod tokens;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

/// Whether a law holds: it ends well, and does not panic.
trait Held {
    fn held(self) -> bool;
}

impl Held for () {
    fn held(self) -> bool {
        true
    }
}

impl<E> Held for Result<(), E> {
    fn held(self) -> bool {
        self.is_ok()
    }
}

/// Whether a law fails.
async fn fails<T: Held>(law: impl Future<Output = T>) -> bool {
    !AssertUnwindSafe(law).catch_unwind().await.is_ok_and(Held::held)
}

/// The laws that fail, by name.
macro_rules! failing {
    ($module:ident, $fresh:path: $($law:ident),+ $(,)?) => {{
        let mut failed = Vec::new();
        $(
            if crate::broken::fails(async { pipeline::laws::$module::$law(&$fresh()).await }).await {
                failed.push(stringify!($law));
            }
        )+
        failed
    }};
}
use failing;
