//! `factmill`, the command line.

use std::process::ExitCode;

use clap::Parser;
use factmill::CommandLine;

/// The engine allocates much and briefly, on many threads, which is what this allocator is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The allocator's option that says after how many milliseconds freed memory goes back to the system, by its place in
/// the enumeration of mimalloc's own header, which the bindings lack.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
/// Its default, a second, keeps up to 150 MiB that a load has freed; this keeps the rate and half of the memory.
const PURGE_AFTER_MILLISECONDS: i64 = 50;

#[expect(unsafe_code, reason = "the allocator's options have no safe interface; this one takes any number")]
fn purge_soon() {
    // unless the environment says otherwise
    unsafe { libmimalloc_sys::mi_option_set_default(PURGE_DELAY, PURGE_AFTER_MILLISECONDS) }
}

fn main() -> ExitCode {
    purge_soon();
    match factmill::run(CommandLine::parse()) {
        Ok(verdict) => verdict.into(),
        Err(failure) => {
            if !failure.is_closed_pipe() {
                factmill::output::complain(&failure);
            }
            failure.exit_code()
        }
    }
}
