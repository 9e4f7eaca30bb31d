//! Events: how they are declared, stored and read again after years.

use schemars::{JsonSchema, Schema};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use crate::catalog::Corrupt;

/// The payload of one type of event. Its name is its storage: add fields or types, upcast, never rename.
///
/// Derive `Serialize`, `Deserialize` and `JsonSchema` with `#[serde(rename_all = "camelCase")]`; unknown fields are
/// tolerated, since a newer writer may have added some.
pub trait EventData: Serialize + DeserializeOwned + JsonSchema {
    /// The schema's number: raised when an old payload no longer decodes.
    const SCHEMA: u32 = 1;
    /// Whether other services may subscribe to it: each such event costs one entry on the bus.
    const PUBLIC: bool = false;

    /// Turns the payload of schema `from` into that of `from + 1`.
    fn upcast(from: u32, data: Value) -> Result<Value, String> {
        let _ = data;
        Err(format!("schema {from} is not known"))
    }
}

/// An event type and the schema of its data.
#[derive(Debug, Clone)]
pub struct EventType {
    /// The type's name in the stream and on the bus.
    pub name: &'static str,
    /// The number of the schema that is written.
    pub number: u32,
    /// Whether it is published one by one.
    pub public: bool,
    /// The schema of `data`.
    pub schema: Schema,
}

/// The events of one aggregate: an enum made by [`events!`](crate::events).
pub trait EventSet: Sized + Send + Sync + 'static {
    /// All types.
    fn types() -> Vec<EventType>;
    /// Decodes a stored event, upcasting it where it is older than the code.
    fn decode(kind: &str, schema: u32, data: &RawValue) -> Result<Self, Corrupt>;
    /// The type's name.
    fn kind(&self) -> &'static str;
    /// The number of the schema that is written.
    fn schema(&self) -> u32;
    /// The payload, to be stored.
    fn encode(&self) -> Result<Box<RawValue>, serde_json::Error>;
}

/// Decodes one payload, upcasting it step by step from the schema it was written with.
pub fn decode<T: EventData>(kind: &str, schema: u32, data: &RawValue) -> Result<T, Corrupt> {
    let corrupt =
        |reason: String| Corrupt(format!("an event of type `{kind}`, schema {schema}, can't be read: {reason}"));
    if schema == T::SCHEMA {
        return serde_json::from_str(data.get()).map_err(|error| corrupt(error.to_string()));
    }
    if schema > T::SCHEMA {
        return Err(corrupt(format!("this build knows schemas up to {}", T::SCHEMA)));
    }
    let mut value: Value = serde_json::from_str(data.get()).map_err(|error| corrupt(error.to_string()))?;
    for from in schema..T::SCHEMA {
        value = T::upcast(from, value).map_err(corrupt)?;
    }
    serde_json::from_value(value).map_err(|error| corrupt(error.to_string()))
}

/// Declares an aggregate's events: an enum with one variant for each payload, both of the event's name.
///
/// ```
/// use kernel::{EventData, EventSet};
///
/// #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
/// pub struct Renamed { pub name: String }
/// impl EventData for Renamed {}
///
/// kernel::events! {
///     /// What happens to a thing.
///     pub enum Event { Renamed }
/// }
///
/// let event = Event::Renamed(Renamed { name: "a".into() });
/// assert_eq!(Event::decode("Renamed", 1, &event.encode().unwrap()).unwrap(), event);
/// ```
#[macro_export]
macro_rules! events {
    ($(#[$meta:meta])* $vis:vis enum $set:ident { $($(#[$doc:meta])* $name:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        $vis enum $set { $($(#[$doc])* #[doc = concat!("See [`", stringify!($name), "`].")] $name($name)),+ }

        $(impl From<$name> for $set {
            fn from(data: $name) -> Self { Self::$name(data) }
        })+

        impl $crate::EventSet for $set {
            fn types() -> Vec<$crate::event::EventType> {
                vec![$($crate::event::EventType {
                    name: stringify!($name),
                    number: <$name as $crate::EventData>::SCHEMA,
                    public: <$name as $crate::EventData>::PUBLIC,
                    schema: $crate::schema::of::<$name>(),
                }),+]
            }
            fn decode(
                kind: &str,
                schema: u32,
                data: &$crate::serde_json::value::RawValue,
            ) -> Result<Self, $crate::Corrupt> {
                match kind {
                    $(stringify!($name) => $crate::event::decode(kind, schema, data).map(Self::$name),)+
                    other => Err($crate::Corrupt(format!("the event type `{other}` is not known"))),
                }
            }
            fn kind(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($name)),+ }
            }
            fn schema(&self) -> u32 {
                match self { $(Self::$name(_) => <$name as $crate::EventData>::SCHEMA),+ }
            }
            fn encode(&self) -> Result<Box<$crate::serde_json::value::RawValue>, $crate::serde_json::Error> {
                match self { $(Self::$name(data) => $crate::serde_json::value::to_raw_value(data)),+ }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    struct Priced {
        amount: i64,
        currency: String,
    }

    impl EventData for Priced {
        const SCHEMA: u32 = 3;
        fn upcast(from: u32, mut data: Value) -> Result<Value, String> {
            match from {
                1 => Ok(json!({ "amount": data["price"] })),
                2 => {
                    data["currency"] = json!("EUR");
                    Ok(data)
                }
                _ => Err(format!("schema {from} is not known")),
            }
        }
    }

    events! { enum Event { Priced } }

    fn decode(schema: u32, data: &Value) -> Result<Event, Corrupt> {
        Event::decode("Priced", schema, &serde_json::value::to_raw_value(data).unwrap())
    }

    #[test]
    fn an_old_event_is_upcast_step_by_step() {
        let expected = Event::Priced(Priced { amount: 5, currency: "EUR".into() });
        assert_eq!(decode(1, &json!({"price": 5})).unwrap(), expected);
        assert_eq!(decode(2, &json!({"amount": 5})).unwrap(), expected);
        assert_eq!(decode(3, &json!({"amount": 5, "currency": "EUR", "later": 1})).unwrap(), expected);
    }

    #[test]
    fn an_event_that_cannot_be_read_is_corrupt_not_a_panic() {
        for (schema, data) in [(0, json!({})), (3, json!({"amount": "x"})), (4, json!({}))] {
            assert!(decode(schema, &data).is_err(), "{schema}");
        }
        assert!(Event::decode("Other", 1, &serde_json::value::to_raw_value(&1).unwrap()).is_err());
    }
}
