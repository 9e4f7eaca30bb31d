//! `factmill`, the command line.

use std::process::ExitCode;

use clap::Parser;
use factmill::CommandLine;

/// The engine allocates much and briefly, on many threads, which is what this allocator is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
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
