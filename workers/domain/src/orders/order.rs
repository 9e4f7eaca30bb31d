//! The aggregate: placed → confirmed → shipped → delivered; placed → declined; placed or confirmed → cancelled.

use events::order::{
    Event, Line, OrderCancelled, OrderConfirmed, OrderDeclined, OrderDelivered, OrderPlaced, OrderShipped,
};
use kernel::{Attributes, Context, Decider};
use serde::{Deserialize, Serialize};

use super::commands::{Command, PlaceOrder};

/// Where an order is in its life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Status {
    #[default]
    Absent,
    Placed,
    Confirmed,
    Shipped,
    Delivered,
    Declined,
    Cancelled,
}

impl Status {
    /// The status after an event, which is the event's alone: each comes of one decision.
    pub fn after(event: &Event) -> Self {
        match event {
            Event::OrderPlaced(_) => Self::Placed,
            Event::OrderConfirmed(_) => Self::Confirmed,
            Event::OrderDeclined(_) => Self::Declined,
            Event::OrderCancelled(_) => Self::Cancelled,
            Event::OrderShipped(_) => Self::Shipped,
            Event::OrderDelivered(_) => Self::Delivered,
        }
    }
}

/// All that decisions need to know of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// Where it is in its life.
    pub status: Status,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
}

/// Why an order says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// Nothing was placed; or it is confirmed, and no longer only placed.
    NotPlaced,
    /// There is an order of this id.
    AlreadyPlaced,
    /// It was declined or cancelled.
    Closed,
    /// It is only placed.
    NotConfirmed,
    /// It was not shipped yet.
    NotShipped,
    /// It is on its way, or there.
    AlreadyShipped,
}

impl kernel::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NotPlaced => "not-placed",
            Self::AlreadyPlaced => "already-placed",
            Self::Closed => "closed",
            Self::NotConfirmed => "not-confirmed",
            Self::NotShipped => "not-shipped",
            Self::AlreadyShipped => "already-shipped",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::NotPlaced => "no order of this id waits to be confirmed",
            Self::AlreadyPlaced => "an order of this id was already placed",
            Self::Closed => "the order was declined or cancelled",
            Self::NotConfirmed => "the order is not confirmed yet",
            Self::NotShipped => "the order was not shipped yet",
            Self::AlreadyShipped => "the order was already shipped",
        }
        .into()
    }
}

/// An order.
pub struct Order;

type Decision = kernel::Decision<Event, Rejection>;
type Decided = Result<Decision, Rejection>;

impl Decider for Order {
    type Command = Command;
    type Event = Event;
    type State = State;
    type Rejection = Rejection;

    const AGGREGATE: &'static str = "order";
    const REVISION: u32 = 1;

    fn evolve(state: State, event: &Event) -> State {
        let customer = match event {
            Event::OrderPlaced(e) => Some(e.customer.to_string()),
            _ => state.customer,
        };
        State { status: Status::after(event), customer }
    }

    fn decide(state: &State, command: &Command, _: &Context<'_>) -> Decided {
        match (command, state.status) {
            (Command::PlaceOrder(order), Status::Absent) => Ok(place(order)),
            (Command::PlaceOrder(_), _) => Err(Rejection::AlreadyPlaced),
            (_, Status::Absent) => Err(Rejection::NotPlaced),
            (Command::DeclineOrder(_), Status::Declined) | (Command::CancelOrder(_), Status::Cancelled) => {
                Ok(Decision::already_so())
            }
            (_, Status::Declined | Status::Cancelled) => Err(Rejection::Closed),
            (_, status) => go_on(command, status),
        }
    }

    /// Whose the order is, or would be.
    fn resource(state: &State, command: &Command) -> Attributes {
        let customer = match command {
            Command::PlaceOrder(order) => Some(order.customer.as_str()),
            _ => state.customer.as_deref(),
        };
        customer.map(|customer| ("customer", customer.into())).into_iter().collect()
    }
}

/// What is done with an order that was placed and is not closed.
fn go_on(command: &Command, status: Status) -> Decided {
    use Command as C;
    use Status as S;
    match (command, status) {
        (C::ConfirmOrder(_), S::Placed) => Ok(Decision::one(OrderConfirmed {})),

        (C::DeclineOrder(decline), S::Placed) => Ok(Decision::one(OrderDeclined { reason: decline.reason.clone() })),
        (C::DeclineOrder(_), _) => Err(Rejection::NotPlaced),

        (C::CancelOrder(cancel), S::Placed | S::Confirmed) => {
            Ok(Decision::one(OrderCancelled { reason: cancel.reason.clone() }))
        }
        (C::CancelOrder(_), _) => Err(Rejection::AlreadyShipped),

        (C::ShipOrder(_), S::Placed) => Err(Rejection::NotConfirmed),
        (C::ShipOrder(ship), S::Confirmed) => {
            Ok(Decision::one(OrderShipped { carrier: ship.carrier.clone(), tracking: ship.tracking.clone() }))
        }

        (C::DeliverOrder(_), S::Placed | S::Confirmed) => Err(Rejection::NotShipped),
        (C::DeliverOrder(_), S::Shipped) => Ok(Decision::one(OrderDelivered {})),

        (C::PlaceOrder(_), _) => Err(Rejection::AlreadyPlaced),

        // it is so, or further
        (C::ConfirmOrder(_) | C::ShipOrder(_) | C::DeliverOrder(_), _) => Ok(Decision::already_so()),
    }
}

fn place(order: &PlaceOrder) -> Decision {
    let PlaceOrder { customer, lines, payment_token } = order.clone();
    let lines: Vec<Line> = lines.into_iter().map(Line::from).collect();
    let amount = lines.iter().map(Line::amount).fold(0, i64::saturating_add);
    let currency = lines.first().map(|line| line.unit_price.currency.clone()).unwrap_or_default();
    Decision::one(OrderPlaced { customer, lines, total: events::Money { amount, currency }, payment_token })
}
