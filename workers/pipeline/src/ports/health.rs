//! Whether the parts of a host can do their work.

use std::collections::BTreeMap;

use async_trait::async_trait;

/// What keeps a part from working; `None` if nothing does.
pub type Trouble = Option<String>;

/// Tells of each part whether it works.
#[async_trait]
pub trait Health: Send + Sync {
    /// The parts by name. Answers at once: what takes long to find out is found out in the background.
    async fn parts(&self) -> BTreeMap<&'static str, Trouble>;
}
