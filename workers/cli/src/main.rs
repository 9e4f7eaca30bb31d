//! `factmill`, the command line.

use std::process::ExitCode;

use clap::Parser;
use factmill::CommandLine;

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
