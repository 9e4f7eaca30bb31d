//! What this machine could do at most: raw loops, measured in turns with the pipeline.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

/// A raw loop whose speed bounds a figure.
pub(super) trait Limit {
    /// What it does.
    fn name(&self) -> &'static str;
    /// The figure that it bounds; both have the same unit.
    fn bounds(&self) -> &'static str;
    /// Measures it once, on the disk of this folder.
    fn measure(&self, folder: &Path) -> io::Result<f64>;
}

/// The limits that are measured.
pub(super) fn all() -> Vec<Box<dyn Limit>> {
    vec![Box::new(OneSync)]
}

/// One durable write of a page: no command can be settled sooner.
struct OneSync;

impl Limit for OneSync {
    fn name(&self) -> &'static str {
        "one fsync of 4 KB"
    }

    fn bounds(&self) -> &'static str {
        "one CreateComment, accepted→settled p50"
    }

    fn measure(&self, folder: &Path) -> io::Result<f64> {
        let page = [0x5a; 4_096];
        let path = folder.join("limit-fsync");
        let mut file = File::create(&path)?;
        let mut millis = Vec::with_capacity(50);
        for _ in 0..50 {
            let started = Instant::now();
            file.write_all(&page)?;
            file.sync_all()?;
            millis.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
        std::fs::remove_file(path)?;
        Ok(super::figures::percentile(&mut millis, 50))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_takes_time_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        for limit in all() {
            assert!(limit.measure(folder.path()).unwrap() > 0.0, "{}", limit.name());
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
