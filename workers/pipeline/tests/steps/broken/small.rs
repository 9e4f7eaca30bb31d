//! Clocks, buses, task tokens and inboxes of given-up commands.

use std::panic::{AssertUnwindSafe, catch_unwind};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use kernel::Refusal;
use pipeline::{
    laws::{bus::HeardBus, inbox::ReadInbox, tokens::AwaitedTokens},
    memory::{bus::MemoryBus, commits::MemoryStore, tokens::MemoryTokens},
    ports::{
        Unavailable,
        clock::{Clock, SystemClock},
        feed::{Bus, BusEntry},
        queue::{Failed, FailureInbox},
        status::Status,
        workflow::{TaskTokens, Told},
    },
};

use super::failing;
use crate::support::doubles::down;

#[derive(Debug, Clone, Copy, PartialEq)]
enum BadClock {
    Fine,
    Shaken,
    Elsewhere,
}

impl Clock for BadClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        match self {
            Self::Fine => now,
            Self::Shaken if now.subsec_microsecond() % 2 == 0 => SystemClock.now() - SignedDuration::from_secs(1),
            Self::Shaken => SystemClock.now(),
            Self::Elsewhere => SystemClock.now() + SignedDuration::from_hours(1),
        }
    }
}

macro_rules! failing_at_once {
    ($clock:expr; $($law:ident),+ $(,)?) => {{
        let mut failed = Vec::new();
        $(
            if catch_unwind(AssertUnwindSafe(|| pipeline::laws::clock::$law(&$clock))).is_err() {
                failed.push(stringify!($law));
            }
        )+
        failed
    }};
}

#[tokio::test]
async fn each_broken_clock_fails_its_own_law() {
    for (clock, law) in [
        (BadClock::Fine, "times_are_whole_milliseconds"),
        (BadClock::Shaken, "a_clock_goes_on_and_not_back"),
        (BadClock::Elsewhere, "a_clock_tells_the_time"),
    ] {
        assert_eq!(pipeline::clock_laws!([failing_at_once] clock), [law], "{clock:?}");
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum BadBus {
    /// The detail is written anew.
    Rewrites,
    /// One that can't be taken keeps the others out.
    AllOrNothing,
    /// An empty call is a mistake.
    RefusesNothing,
}

struct Wire(MemoryBus, BadBus);

#[async_trait]
impl Bus for Wire {
    async fn publish(&self, mut entries: Vec<BusEntry>) -> Vec<Result<(), Unavailable>> {
        match self.1 {
            BadBus::Rewrites if entries.len() < 10 => {
                for entry in &mut entries {
                    let value: serde_json::Value = serde_json::from_str(entry.detail.get()).unwrap();
                    entry.detail = serde_json::value::to_raw_value(&value).unwrap();
                }
            }
            BadBus::AllOrNothing if entries.iter().any(|entry| entry.detail.get().len() > 1 << 20) => {
                return entries.iter().map(|_| Err(down())).collect();
            }
            BadBus::RefusesNothing if entries.is_empty() => return vec![Err(down())],
            _ => {}
        }
        self.0.publish(entries).await
    }
}

#[async_trait]
impl HeardBus for Wire {
    async fn heard(&self) -> Result<Vec<BusEntry>, Unavailable> {
        self.0.heard().await
    }
}

#[tokio::test(start_paused = true)]
async fn each_broken_bus_fails_its_own_law() {
    for (bug, law) in [
        (BadBus::Rewrites, "what_is_accepted_is_heard_as_it_was_published"),
        (BadBus::AllOrNothing, "each_entry_is_answered_by_itself_in_its_place"),
        (BadBus::RefusesNothing, "nothing_published_is_nothing_accepted"),
    ] {
        let fresh = || Wire(MemoryBus::default(), bug);
        assert_eq!(pipeline::bus_laws!([failing] fresh), [law], "{bug:?}");
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum BadTokens {
    /// A committed status is told without its version.
    TellsHalf,
    /// Every failure has the same name.
    NamesNoCode,
    /// A refusal without a status is told to nobody.
    ForgetsRefusals,
    /// An answered token is an outage.
    InsistsOnTheFirst,
    /// So is garbage.
    InsistsOnSense,
}

struct Teller(MemoryTokens, BadTokens);

impl Teller {
    async fn check(&self, token: &str) -> Result<(), Unavailable> {
        let answered = self.0.told(token).await?.is_some();
        let outage = match self.1 {
            BadTokens::InsistsOnTheFirst => answered,
            BadTokens::InsistsOnSense => !token.starts_with("task-"),
            _ => false,
        };
        if outage { Err(down()) } else { Ok(()) }
    }
}

#[async_trait]
impl TaskTokens for Teller {
    async fn answer(&self, token: &str, status: &Status) -> Result<(), Unavailable> {
        self.check(token).await?;
        let mut status = status.clone();
        if self.1 == BadTokens::NamesNoCode
            && let Some(rejection) = &mut status.rejection
        {
            rejection.code = "rejected".into();
        }
        if self.1 == BadTokens::TellsHalf && status.rejection.is_none() {
            status.version = None;
        }
        self.0.answer(token, &status).await
    }

    async fn refuse(&self, token: &str, refusal: &Refusal) -> Result<(), Unavailable> {
        self.check(token).await?;
        if self.1 == BadTokens::ForgetsRefusals {
            return Ok(());
        }
        self.0.refuse(token, refusal).await
    }
}

#[async_trait]
impl AwaitedTokens for Teller {
    async fn begin(&self) -> Result<String, Unavailable> {
        self.0.begin().await
    }

    async fn told(&self, token: &str) -> Result<Option<Told>, Unavailable> {
        self.0.told(token).await
    }
}

#[tokio::test]
async fn each_broken_teller_fails_its_own_law() {
    for (bug, law) in [
        (BadTokens::TellsHalf, "what_is_committed_is_told_as_success"),
        (BadTokens::NamesNoCode, "what_is_not_committed_is_told_as_a_failure_of_its_code"),
        (BadTokens::ForgetsRefusals, "a_refusal_without_a_status_is_told_by_its_code"),
        (BadTokens::InsistsOnTheFirst, "a_token_is_answered_once"),
        (BadTokens::InsistsOnSense, "garbage_counts_as_answered"),
    ] {
        let fresh = || Teller(MemoryTokens::default(), bug);
        assert_eq!(pipeline::task_token_laws!([failing] fresh), [law], "{bug:?}");
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum BadInbox {
    /// The command itself is not kept.
    LosesTheBody,
    /// Every call is kept.
    KeepsTwice,
    /// One delivery of a command is enough.
    KeepsOneOfACommand,
}

struct Drawer(MemoryStore, BadInbox);

#[async_trait]
impl FailureInbox for Drawer {
    async fn keep(&self, failed: &Failed) -> Result<(), Unavailable> {
        let mut failed = failed.clone();
        match self.1 {
            BadInbox::LosesTheBody => failed.body.clear(),
            BadInbox::KeepsTwice => {
                let seen = self.kept().await?.iter().filter(|kept| kept.body == failed.body).count();
                failed.received_at += SignedDuration::from_nanos(i64::try_from(seen).unwrap());
            }
            BadInbox::KeepsOneOfACommand => {
                let same = |kept: &Failed| {
                    (&kept.tenant, &kept.stream, &kept.id) == (&failed.tenant, &failed.stream, &failed.id)
                };
                if self.kept().await?.iter().any(same) {
                    return Ok(());
                }
            }
        }
        self.0.keep(&failed).await
    }
}

#[async_trait]
impl ReadInbox for Drawer {
    async fn kept(&self) -> Result<Vec<Failed>, Unavailable> {
        self.0.kept().await
    }
}

#[tokio::test]
async fn each_broken_inbox_fails_its_own_law() {
    for (bug, law) in [
        (BadInbox::LosesTheBody, "what_is_given_up_is_kept_with_its_reason"),
        (BadInbox::KeepsTwice, "a_delivery_is_kept_once"),
        (BadInbox::KeepsOneOfACommand, "each_delivery_is_kept"),
    ] {
        let fresh = || Drawer(MemoryStore::default(), bug);
        assert_eq!(pipeline::failure_inbox_laws!([failing] fresh), [law], "{bug:?}");
    }
}
