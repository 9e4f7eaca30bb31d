//! The aggregate: an email belongs to one customer at a time, and points are never less than none.

use events::customer::{
    CustomerDeleted, CustomerRegistered, CustomerRestored, CustomerUpdated, Details, Event, RewardAdded, RewardRedeemed,
};
use kernel::{Attributes, Claim, Context, Decider};
use serde_json::{Value, json};

use super::{
    commands::{Command, RegisterCustomer, UpdateCustomer},
    state::{Record, State},
};

/// What an email is unique in.
pub const EMAIL: &str = "customer-email";

/// Why a customer says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// There is, or was, a customer of this id.
    AlreadyRegistered,
    /// There is no customer of this id.
    NotRegistered,
    /// They left.
    Deleted,
    /// Their details at this version are not known.
    UnknownVersion(u64),
    /// Another customer has the email.
    EmailTaken,
    /// They have fewer points.
    InsufficientPoints {
        /// How many they have.
        points: u64,
    },
}

impl kernel::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyRegistered => "already-registered",
            Self::NotRegistered => "not-registered",
            Self::Deleted => "deleted",
            Self::UnknownVersion(_) => "unknown-version",
            Self::EmailTaken => "email-taken",
            Self::InsufficientPoints { .. } => "insufficient-points",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::AlreadyRegistered => "a customer of this id was already registered".into(),
            Self::NotRegistered => "there is no customer of this id".into(),
            Self::Deleted => "the customer was deleted".into(),
            Self::UnknownVersion(version) => format!("the customer's details at version `{version}` are not known"),
            Self::EmailTaken => "another customer has this email".into(),
            Self::InsufficientPoints { points } => format!("the customer has only `{points}` points"),
        }
    }

    fn detail(&self) -> Option<Value> {
        match self {
            Self::InsufficientPoints { points } => Some(json!({ "points": points })),
            _ => None,
        }
    }
}

/// A customer.
pub struct Customer;

type Decision = kernel::Decision<Event, Rejection>;
type Decided = Result<Decision, Rejection>;

impl Decider for Customer {
    type Command = Command;
    type Event = Event;
    type State = State;
    type Rejection = Rejection;

    const AGGREGATE: &'static str = "customer";
    const REVISION: u32 = 1;

    fn evolve(state: State, event: &Event) -> State {
        state.evolve(event)
    }

    fn decide(state: &State, command: &Command, _: &Context<'_>) -> Decided {
        let (record, active) = match (state, command) {
            (State::Absent, Command::RegisterCustomer(new)) => return Ok(register(new)),
            (State::Absent, _) => return Err(Rejection::NotRegistered),
            (_, Command::RegisterCustomer(_)) => return Err(Rejection::AlreadyRegistered),
            (State::Active(record), _) => (record, true),
            (State::Deleted(record), _) => (record, false),
        };
        match command {
            Command::RestoreCustomer(restore) => self::restore(record, active, restore.version),
            _ if !active => Err(Rejection::Deleted),
            Command::RegisterCustomer(_) => Err(Rejection::AlreadyRegistered),
            Command::UpdateCustomer(update) => Ok(self::update(record, update)),
            Command::DeleteCustomer(_) => {
                let email = record.details.email.clone();
                let free = release(&email);
                Ok(Decision::one(CustomerDeleted { email }).claiming(free))
            }
            Command::AddReward(reward) => {
                Ok(Decision::one(RewardAdded { points: reward.points, reason: reward.reason.clone() }))
            }
            Command::RedeemReward(redeem) if redeem.points > record.points => {
                Err(Rejection::InsufficientPoints { points: record.points })
            }
            Command::RedeemReward(redeem) => Ok(Decision::one(RewardRedeemed { points: redeem.points })),
        }
    }

    /// Whether there is a customer: what isn't there is answered before the question whose it is.
    fn resource(state: &State, _: &Command) -> Attributes {
        match state {
            State::Absent => Attributes::new(),
            State::Active(_) => vec![("status", "active".into())],
            State::Deleted(_) => vec![("status", "deleted".into())],
        }
    }
}

fn register(new: &RegisterCustomer) -> Decision {
    let RegisterCustomer { name, email, phone } = new.clone();
    let take = take(&email);
    Decision::one(CustomerRegistered { details: Details { name, email, phone } }).claiming(take)
}

fn update(record: &Record, update: &UpdateCustomer) -> Decision {
    let Details { name, email, phone } = &record.details;
    let changed = CustomerUpdated {
        name: update.name.clone().filter(|new| new != name),
        email: update.email.clone().filter(|new| new != email),
        phone: update.phone.clone().filter(|new| Some(new) != phone.as_ref()),
    };
    if changed == (CustomerUpdated { name: None, email: None, phone: None }) {
        return Decision::already_so();
    }
    let moved = changed.email.clone();
    let decision = Decision::one(changed);
    match moved {
        Some(to) => decision.claiming(take(&to)).claiming(release(email)),
        None => decision,
    }
}

/// A deleted customer holds no email, so theirs is to be taken again even where it stayed the same.
fn restore(record: &Record, active: bool, version: u64) -> Decided {
    let details = record.at(version).ok_or(Rejection::UnknownVersion(version))?;
    if active && *details == record.details {
        return Ok(Decision::already_so());
    }
    let restored = CustomerRestored { version, details: details.clone() };
    let decision = Decision::one(restored).claiming(take(&details.email));
    Ok(if active { decision.claiming(release(&record.details.email)) } else { decision })
}

fn take(email: &str) -> Claim<Rejection> {
    Claim::Unique { scope: EMAIL, value: folded(email), otherwise: Rejection::EmailTaken }
}

fn release(email: &str) -> Claim<Rejection> {
    Claim::Release { scope: EMAIL, value: folded(email) }
}

/// An email in the form in which it is compared: its case does not matter.
fn folded(email: &str) -> String {
    email.to_lowercase()
}
