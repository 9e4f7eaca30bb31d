//! `factmill demo`: plays a story of the reference systems through the API, so that a newcomer sees the pipeline work.
//!
//! A story is made of its seed alone. It is rehearsed before it is played, so that it knows how each command must end;
//! played again it has no second effect, since its commands have the same ids.

mod checkout;
mod hotel;
mod network;
mod people;
mod play;
mod script;
mod sensors;
mod shop;
#[cfg(test)]
mod tests;

use std::time::Instant;

use clap::ValueEnum;
use jiff::Timestamp;
use kernel::Catalog;

use self::script::{Script, Step, interleave};
use super::Folder;
use crate::Context;
use crate::failure::{Failure, Verdict};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  factmill demo
  factmill demo --only hotel,sensors --rate 200
  factmill demo --seed 8 --scale 5 --rate 1000

Many people act in a story: their tokens are signed with the key in the server's data folder (--data), whatever
FACTMILL_TOKEN says. The same seed is the same story: played again, each command gets its first outcome and has no second
effect, for 29 days. Exit code 1 if a command ended otherwise than the story tells.")]
pub(crate) struct Args {
    /// How many commands a second
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// Which story: the same seed sends the same commands
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u32,
    /// How long the story is: so many hotels, times 80 orders, 12 members, 3 devices
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    scale: u32,
    /// Which systems play
    #[arg(long, value_name = "SYSTEMS", value_enum, value_delimiter = ',', default_values_t = System::ALL)]
    only: Vec<System>,
    /// What the story's names and ids bear before its seed
    #[arg(long, value_name = "TEXT", default_value = "s", value_parser = prefix)]
    prefix: String,
    /// Names and ids that no story had before
    #[arg(long, conflicts_with = "prefix")]
    fresh: bool,
    /// The tenant in which it plays
    #[arg(long, default_value = "demo")]
    tenant: String,
    #[command(flatten)]
    folder: Folder,
}

/// A system that can play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum System {
    /// Bookings of a season
    Hotel,
    /// Stock, customers and orders
    Shop,
    /// Profiles, posts and comments
    Network,
    /// A day of readings
    Sensors,
}

impl System {
    const ALL: [Self; 4] = [Self::Hotel, Self::Shop, Self::Network, Self::Sensors];

    fn name(self) -> &'static str {
        match self {
            Self::Hotel => "hotel",
            Self::Shop => "shop",
            Self::Network => "network",
            Self::Sensors => "sensors",
        }
    }

    /// The aggregates that its story needs.
    fn aggregates(self) -> &'static [&'static str] {
        match self {
            Self::Hotel => &["room-type"],
            Self::Shop => &["stock", "customer", "order", "payment"],
            Self::Network => &["profile", "post", "comment"],
            Self::Sensors => &["device"],
        }
    }

    fn write(self, script: &mut Script<'_>, scale: u32) -> Result<(), Failure> {
        match self {
            Self::Hotel => hotel::write(script, scale),
            Self::Shop => shop::write(script, scale),
            Self::Network => network::write(script, scale),
            Self::Sensors => sensors::write(script, scale),
        }
    }

    /// What to ask for to see what came of it: after `factmill`.
    fn look(self, tag: &str) -> String {
        match self {
            Self::Hotel => format!("search bookings \"sea view\" --where hotel=seaview.{tag} --facets status"),
            Self::Shop => "report items-sales from=2026-01-01 to=2100-01-01".to_owned(),
            Self::Network => format!("report feed handle=ada.{tag}"),
            Self::Sensors => format!(
                "report dashboard site=warehouse.{tag} metric=temperature from=2026-06-21 to=2026-06-22 interval=hour"
            ),
        }
    }
}

/// One that ends in a digit would run into the seed.
fn prefix(text: &str) -> Result<String, String> {
    let is_name = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') && text.len() <= 12;
    let ends_well = !text.ends_with(|last: char| last.is_ascii_digit());
    if is_name && ends_well {
        Ok(text.to_owned())
    } else {
        Err("at most 12 letters, digits and hyphens, the last one no digit".into())
    }
}

/// All commands of a story, in order.
fn story(catalog: &Catalog, systems: &[System], tag: &str, seed: u32, scale: u32) -> Result<Vec<Step>, Failure> {
    let write = |&system: &System| {
        if let Some(absent) = system.aggregates().iter().find(|name| catalog.find(name).is_none()) {
            return Err(Failure::Usage(format!("`{}` can't play: this build has no `{absent}`", system.name())));
        }
        let mut script = Script::new(catalog, system, tag, seed);
        system.write(&mut script, scale)?;
        Ok(script.finish())
    };
    Ok(interleave(systems.iter().map(write).collect::<Result<_, _>>()?))
}

impl Args {
    /// The systems in their own order, each once.
    fn systems(&self) -> Vec<System> {
        System::ALL.into_iter().filter(|system| self.only.contains(system)).collect()
    }

    /// What names this story: a longer one is another one.
    fn tag(&self) -> String {
        let prefix = if self.fresh { format!("{:x}-", Timestamp::now().as_second()) } else { self.prefix.clone() };
        match self.scale {
            1 => format!("{prefix}{}", self.seed),
            scale => format!("{prefix}{}x{scale}", self.seed),
        }
    }

    pub(super) fn run(&self, context: &Context) -> Result<Verdict, Failure> {
        let (systems, tag) = (self.systems(), self.tag());
        let steps = story(&domain::catalog(), &systems, &tag, self.seed, self.scale)?;
        let cast = play::Cast::gather(&steps, context, &self.folder.data, &self.tenant)?;
        let started = Instant::now();
        play::play(&steps, &cast, self.rate)?;
        let ended = play::endings(&steps, &cast)?;
        let verdict = play::tell(context.output, &steps, &ended, started.elapsed())?;
        self.say_where_to_look(context, &systems, &tag);
        Ok(verdict)
    }

    fn say_where_to_look(&self, context: &Context, systems: &[System], tag: &str) {
        let mut options = String::new();
        if context.server.url != "http://127.0.0.1:8080" {
            options = format!(" --url {}", context.server.url);
        }
        if self.folder.data != std::path::Path::new(".factmill") {
            options = format!("{options} --data {}", self.folder.data.display());
        }
        let mut looks: Vec<String> = systems.iter().map(|system| system.look(tag)).collect();
        looks.extend(["verify".to_owned(), "views".to_owned()].into_iter().take(3_usize.saturating_sub(looks.len())));
        eprintln!("\nlook at what came of it:");
        for look in looks {
            eprintln!("  factmill {look}{options}");
        }
    }
}
