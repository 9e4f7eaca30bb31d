//! `factmill completions`: a script that completes factmill's words in a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::failure::{Failure, Verdict};
use crate::{CommandLine, Context};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  factmill completions bash > ~/.local/share/bash-completion/completions/factmill
  factmill completions zsh > ~/.zfunc/_factmill")]
pub(crate) struct Args {
    /// The shell to complete in
    shell: Shell,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Verdict, Failure> {
        // into memory first: the generator panics where its output is closed
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut CommandLine::command(), "factmill", &mut script);
        context.output.line(script)?;
        Ok(Verdict::Good)
    }
}
