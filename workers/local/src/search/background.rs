//! Threads for writing to the index, which give way to whatever else the machine has to do.
//!
//! What was committed is durable and can be projected later; a command that waits is somebody's. So writing, and what
//! the index does by itself (indexing, merging), runs at a lower priority: its threads are started by these, and a
//! thread inherits its starter's. With nothing else to do they are as fast as any.

use std::num::NonZero;

use pipeline::ports::Unavailable;
use tokio::runtime::{Builder, Runtime};

/// How much lower: a thread in want of a core gets about a third of what a usual one does.
const NICE: i32 = 5;

/// The threads.
pub(super) struct Background(Option<Runtime>);

impl Background {
    /// Threads for as many writers as may work at the same time.
    pub(super) fn new(writers: usize) -> Result<Self, Unavailable> {
        let threads = NonZero::new(writers).unwrap_or(NonZero::<usize>::MIN);
        let runtime = Builder::new_current_thread()
            .thread_name("index-writer")
            .max_blocking_threads(threads.get())
            .on_thread_start(|| {
                // of no one but this thread, on Linux
                if let Err(error) = rustix::process::setpriority_process(None, NICE) {
                    tracing::debug!("writing to the index has no lower priority: {error}");
                }
            })
            .build();
        runtime.map(|runtime| Self(Some(runtime))).map_err(|error| Unavailable::new("the index", error))
    }

    /// Starts work that blocks and that nobody waits for.
    pub(super) fn start(&self, work: impl FnOnce() + Send + 'static) {
        if let Some(runtime) = &self.0 {
            runtime.spawn_blocking(work);
        }
    }

    /// Runs work that blocks, and waits for it where that blocks too.
    pub(super) fn wait<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unavailable> {
        let Some(runtime) = &self.0 else { return Err(closed()) };
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        runtime.spawn_blocking(move || tell.send(work()));
        told.recv().map_err(|_| Unavailable::new("the index", "a writing thread broke off"))
    }

    /// Runs work that blocks.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let Some(runtime) = &self.0 else { return Err(closed()) };
        runtime.spawn_blocking(work).await.map_err(|error| Unavailable::new("the index", error))
    }
}

fn closed() -> Unavailable {
    Unavailable::new("the index", "it is closed")
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // a runtime that waits for its threads must not be dropped where others run
            runtime.shutdown_background();
        }
    }
}
