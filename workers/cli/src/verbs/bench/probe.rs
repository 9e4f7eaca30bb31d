//! What the engine's process uses, as the kernel counts it.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Ticks in a second as `/proc` counts them: the same on every architecture of Linux that we build for.
const TICKS_PER_SECOND: u64 = 100;
const SAMPLE_EVERY: Duration = Duration::from_millis(20);

/// The CPU time that a process has used so far, its own and the kernel's for it, in microseconds.
pub(super) fn cpu_micros(pid: u32) -> Option<u64> {
    cpu_of(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn cpu_of(stat: &str) -> Option<u64> {
    // the name, in parentheses, may itself hold spaces and parentheses
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) * (1_000_000 / TICKS_PER_SECOND))
}

/// A line of a process's status in bytes: `RssAnon`, `VmHWM`.
pub(super) fn memory(pid: u32, name: &str) -> Option<u64> {
    memory_of(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, name)
}

fn memory_of(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1_024)
}

/// Runs `work`, and returns beside its result the most anonymous memory that the process had meanwhile, in bytes.
pub(super) fn peak_memory<T>(pid: Option<u32>, work: impl FnOnce() -> T) -> (T, Option<u64>) {
    let (peak, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let result = thread::scope(|scope| {
        let sampler = pid.map(|pid| {
            scope.spawn({
                let (peak, done) = (&peak, &done);
                move || {
                    while !done.load(Ordering::Relaxed) {
                        peak.fetch_max(memory(pid, "RssAnon").unwrap_or(0), Ordering::Relaxed);
                        thread::park_timeout(SAMPLE_EVERY);
                    }
                }
            })
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        if let Some(sampler) = sampler {
            sampler.thread().unpark();
        }
        result
    });
    (result, Some(peak.into_inner()).filter(|peak| *peak > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 4 0 100 1 1";
        assert_eq!(cpu_of(stat), Some(2_000_000));
    }

    #[test]
    fn memory_is_read_in_bytes() {
        assert_eq!(memory_of("Name:\tx\nVmHWM:\t    8 kB\nRssAnon:\t     4 kB\n", "RssAnon"), Some(4_096));
        assert_eq!(memory_of("Name:\tx\n", "RssAnon"), None);
    }

    #[test]
    fn our_own_process_can_be_measured() {
        let pid = std::process::id();
        assert!(cpu_micros(pid).is_some());
        let ((), peak) = peak_memory(Some(pid), || ());
        assert!(memory(pid, "VmHWM").is_some());
        assert!(peak.is_none_or(|peak| peak > 0));
    }
}
