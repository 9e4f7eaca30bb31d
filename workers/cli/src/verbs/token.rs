//! `factmill token`: a token from the embedded engine's own issuer.

use std::time::Duration;

use local::issuer::{BoundCommand, Claims};

use super::Folder;
use crate::failure::{Failure, Verdict};
use crate::{Context, token};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  factmill token --sub alice --tenant acme --role guest
  FACTMILL_TOKEN=$(factmill token --sub bob --tenant acme --role staff --role operator) factmill views")]
pub(crate) struct Args {
    /// Who acts
    #[arg(long)]
    sub: String,
    /// The tenant in which they act
    #[arg(long)]
    tenant: String,
    /// A role that they have; repeat it for more
    #[arg(long, required = true)]
    role: Vec<String>,
    /// Bind the token to the command of this id
    #[arg(long, value_name = "ID", requires = "cmd_digest")]
    cmd_id: Option<String>,
    /// … and of this digest
    #[arg(long, value_name = "DIGEST", requires = "cmd_id")]
    cmd_digest: Option<String>,
    /// How long it lasts
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u64).range(1..=24 * 365))]
    hours: u64,
    #[command(flatten)]
    folder: Folder,
}

impl Args {
    pub(super) fn run(self, context: &Context) -> Result<Verdict, Failure> {
        let claims = Claims {
            sub: self.sub,
            tenant: self.tenant,
            roles: self.role,
            cmd: self.cmd_id.zip(self.cmd_digest).map(|(id, digest)| BoundCommand { id, digest }),
            lifetime: Duration::from_hours(self.hours),
        };
        context.output.line(token::mint_from(&self.folder.data, &claims)?)?;
        Ok(Verdict::Good)
    }
}
