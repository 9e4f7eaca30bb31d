//! The aggregate: on hand is never below reserved, reserved never below zero.

use events::stock::{Event, Reservation, StockAdjusted, StockReceived, StockReleased, StockReserved, StockShipped};
use kernel::{Context, Decider, Id};
use serde_json::{Value, json};

use super::{
    commands::{Command, ReserveStock, ShipStock},
    state::{Held, State},
};

/// Why stock does not move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// The reservation holds, or held, another quantity.
    ReservationExists {
        /// Which reservation.
        reservation: Id,
        /// How many it holds, or held.
        quantity: i64,
    },
    /// There is no reservation of this id.
    UnknownReservation(Id),
    /// There is less than is asked for.
    InsufficientStock {
        /// How many are neither reserved nor asked for otherwise.
        available: i64,
    },
}

impl kernel::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::ReservationExists { .. } => "reservation-exists",
            Self::UnknownReservation(_) => "unknown-reservation",
            Self::InsufficientStock { .. } => "insufficient-stock",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::ReservationExists { reservation, quantity } => {
                format!("the reservation `{reservation}` is one of `{quantity}`")
            }
            Self::UnknownReservation(id) => format!("there is no reservation `{id}`"),
            Self::InsufficientStock { available } => format!("only `{available}` are available"),
        }
    }

    fn detail(&self) -> Option<Value> {
        match self {
            Self::ReservationExists { quantity, .. } => Some(json!({ "quantity": quantity })),
            Self::InsufficientStock { available } => Some(json!({ "available": available })),
            Self::UnknownReservation(_) => None,
        }
    }
}

/// The stock of an article.
pub struct Stock;

type Decision = kernel::Decision<Event, Rejection>;
type Decided = Result<Decision, Rejection>;

impl Decider for Stock {
    type Command = Command;
    type Event = Event;
    type State = State;
    type Rejection = Rejection;

    const AGGREGATE: &'static str = "stock";
    const REVISION: u32 = 1;

    fn evolve(state: State, event: &Event) -> State {
        state.evolve(event)
    }

    fn decide(state: &State, command: &Command, _: &Context<'_>) -> Decided {
        match command {
            Command::ReceiveStock(receive) => Ok(Decision::one(StockReceived { quantity: receive.quantity })),
            Command::ShipStock(ship) => self::ship(state, ship),
            Command::AdjustStock(adjust) => {
                enough(state.on_hand - state.reserved, -adjust.delta)?;
                Ok(Decision::one(StockAdjusted { delta: adjust.delta, reason: adjust.reason.clone() }))
            }
            Command::ReserveStock(reserve) => self::reserve(state, reserve),
            Command::ReleaseStock(release) => Ok(match reservation(state, &release.reservation)? {
                Held { ended: true, .. } => Decision::already_so(),
                Held { quantity, .. } => {
                    Decision::one(StockReleased { reservation: release.reservation.clone(), quantity })
                }
            }),
        }
    }
}

fn reserve(state: &State, reserve: &ReserveStock) -> Decided {
    let ReserveStock { reservation, quantity } = reserve.clone();
    match state.reservations.get(&reservation) {
        // also once it ended: a reservation that is asked for again, late, must not hold anything
        Some(held) if held.quantity == quantity => Ok(Decision::already_so()),
        Some(held) => Err(Rejection::ReservationExists { reservation, quantity: held.quantity }),
        None => {
            enough(state.on_hand - state.reserved, quantity)?;
            Ok(Decision::one(StockReserved { reservation, quantity }))
        }
    }
}

/// Shipping for a reservation ends it: what it held beyond the quantity is free again, what it lacks is taken from
/// what is available.
fn ship(state: &State, ship: &ShipStock) -> Decided {
    let reserved = match &ship.reservation {
        None => None,
        Some(id) => match reservation(state, id)? {
            Held { ended: true, .. } => return Ok(Decision::already_so()),
            Held { quantity, .. } => Some(Reservation { reservation: id.clone(), quantity }),
        },
    };
    let held = reserved.as_ref().map_or(0, |reserved| reserved.quantity);
    enough(state.on_hand - state.reserved + held, ship.quantity)?;
    Ok(Decision::one(StockShipped { quantity: ship.quantity, reserved }))
}

fn reservation(state: &State, id: &Id) -> Result<Held, Rejection> {
    state.reservations.get(id).copied().ok_or_else(|| Rejection::UnknownReservation(id.clone()))
}

fn enough(available: i64, wanted: i64) -> Result<(), Rejection> {
    if wanted <= available { Ok(()) } else { Err(Rejection::InsufficientStock { available }) }
}
