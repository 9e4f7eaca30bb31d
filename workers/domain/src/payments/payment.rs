//! The aggregate: held at most once, taken at most once, and given back for good.

use events::{
    Money,
    payment::{Event, PaymentAuthorized, PaymentCaptured, PaymentDeclined, PaymentVoided},
};
use kernel::{CommandData, Context, Decider, StreamId, Violations};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::common;

/// Records the gateway's answer to the question whether it holds the amount: either what it knows the authorisation
/// by, or why it declined.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorizePayment {
    /// How much was asked for.
    pub amount: common::Money,
    /// What the gateway knows the authorisation by; given if it approved.
    #[schemars(length(min = 1, max = 200))]
    pub authorization: Option<String>,
    /// Why it said no; given if it declined.
    #[schemars(length(min = 1, max = 2000))]
    pub declined: Option<String>,
}

impl CommandData for AuthorizePayment {
    fn check(data: &Value, _: &StreamId, violations: &mut Violations) {
        match (data.get("authorization").is_some(), data.get("declined").is_some()) {
            (false, false) => violations.add("/data/authorization", "required", "must be given unless it was declined"),
            (true, true) => violations.add("/data/declined", "mismatch", "must not stand beside `authorization`"),
            _ => {}
        }
    }
}

/// Records that the gateway took what it held.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CapturePayment {}
impl CommandData for CapturePayment {}

/// Ends the payment: the gateway frees what it held, or gives back what it took.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VoidPayment {
    /// Why.
    #[schemars(length(min = 1, max = 2000))]
    pub reason: String,
}
impl CommandData for VoidPayment {}

kernel::commands! {
    /// What can be asked of a payment.
    pub enum Command { AuthorizePayment, CapturePayment, VoidPayment }
}

/// Where a payment is in its life.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "status")]
pub enum State {
    /// The gateway was not heard of.
    #[default]
    Absent,
    /// The gateway holds the amount.
    Authorized(Authorization),
    /// It is ours.
    Captured(Authorization),
    /// The gateway said no.
    Declined,
    /// It ended; nothing is held or taken.
    Voided,
}

/// What the gateway approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorization {
    /// How much.
    pub amount: Money,
    /// What the gateway knows it by.
    pub authorization: String,
}

/// Why a payment says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// The gateway declined it before.
    Declined,
    /// It ended.
    Voided,
    /// The gateway gave another answer before.
    AlreadyAuthorized,
    /// Nothing is held.
    NotAuthorized,
}

impl kernel::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Voided => "voided",
            Self::AlreadyAuthorized => "already-authorized",
            Self::NotAuthorized => "not-authorized",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Declined => "the payment was declined",
            Self::Voided => "the payment was voided",
            Self::AlreadyAuthorized => "the payment was authorized with another answer",
            Self::NotAuthorized => "the payment is not authorized",
        }
        .into()
    }
}

/// The payment of an order.
pub struct Payment;

type Decision = kernel::Decision<Event, Rejection>;
type Decided = Result<Decision, Rejection>;

impl Decider for Payment {
    type Command = Command;
    type Event = Event;
    type State = State;
    type Rejection = Rejection;

    const AGGREGATE: &'static str = "payment";
    const REVISION: u32 = 1;

    fn evolve(_: State, event: &Event) -> State {
        match event {
            Event::PaymentAuthorized(e) => State::Authorized(approved(&e.amount, &e.authorization)),
            Event::PaymentCaptured(e) => State::Captured(approved(&e.amount, &e.authorization)),
            Event::PaymentDeclined(_) => State::Declined,
            Event::PaymentVoided(_) => State::Voided,
        }
    }

    fn decide(state: &State, command: &Command, _: &Context<'_>) -> Decided {
        match command {
            Command::AuthorizePayment(answer) => authorize(state, answer),
            Command::CapturePayment(_) => match state {
                State::Absent => Err(Rejection::NotAuthorized),
                State::Authorized(held) => {
                    let Authorization { amount, authorization } = held.clone();
                    Ok(Decision::one(PaymentCaptured { amount, authorization }))
                }
                State::Captured(_) => Ok(Decision::already_so()),
                State::Declined => Err(Rejection::Declined),
                State::Voided => Err(Rejection::Voided),
            },
            Command::VoidPayment(void) => Ok(self::void(state, &void.reason)),
        }
    }
}

fn approved(amount: &Money, authorization: &str) -> Authorization {
    Authorization { amount: amount.clone(), authorization: authorization.to_owned() }
}

fn authorize(state: &State, answer: &AuthorizePayment) -> Decided {
    let amount = Money::from(&answer.amount);
    match (state, &answer.authorization) {
        (State::Absent, Some(authorization)) => {
            Ok(Decision::one(PaymentAuthorized { amount, authorization: authorization.clone() }))
        }
        (State::Absent, None) => {
            Ok(Decision::one(PaymentDeclined { amount, reason: answer.declined.clone().unwrap_or_default() }))
        }
        (State::Authorized(held) | State::Captured(held), Some(authorization))
            if *held == approved(&amount, authorization) =>
        {
            Ok(Decision::already_so())
        }
        (State::Authorized(_) | State::Captured(_), _) => Err(Rejection::AlreadyAuthorized),
        (State::Declined, None) => Ok(Decision::already_so()),
        (State::Declined, Some(_)) => Err(Rejection::Declined),
        (State::Voided, _) => Err(Rejection::Voided),
    }
}

/// Where nothing was heard of the gateway it ends all the same: its answer may be on the way, and must find it ended.
fn void(state: &State, reason: &str) -> Decision {
    let (held, captured) = match state {
        State::Declined | State::Voided => return Decision::already_so(),
        State::Absent => (None, false),
        State::Authorized(held) => (Some(held.clone()), false),
        State::Captured(held) => (Some(held.clone()), true),
    };
    let (amount, authorization) = held.map(|held| (held.amount, held.authorization)).unzip();
    Decision::one(PaymentVoided { amount, authorization, captured, reason: reason.to_owned() })
}
