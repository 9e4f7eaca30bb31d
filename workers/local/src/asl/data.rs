//! What travels from state to state, shared and not copied.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

/// A value in an execution; cloning shares it.
#[derive(Clone)]
pub enum Data {
    /// Any JSON value.
    Json(Arc<Value>),
    /// A JSON object in its owner's own type, which becomes JSON only for an expression that needs it.
    Document(Arc<dyn Document>),
}

/// A JSON object in a type of its own.
///
/// INVARIANT: `field(name)` is the value of `name` in `to_json()`, which is an object; a field that is absent there is `None`.
pub trait Document: Any + Send + Sync {
    /// A field's value, shared where it is large.
    fn field(&self, name: &str) -> Option<Data>;

    /// The whole as JSON.
    fn to_json(&self) -> Value;
}

impl Data {
    /// Takes a typed document.
    pub fn document(document: impl Document) -> Self {
        Self::Document(Arc::new(document))
    }

    /// The value as JSON: shared if it is JSON already, made for this call if it is a document.
    pub fn to_json(&self) -> Arc<Value> {
        match self {
            Self::Json(value) => Arc::clone(value),
            Self::Document(document) => Arc::new(document.to_json()),
        }
    }

    /// The document itself, if it is one of type `T`.
    pub fn downcast<T: Document>(&self) -> Option<Arc<T>> {
        match self {
            Self::Json(_) => None,
            Self::Document(document) => {
                let any: Arc<dyn Any + Send + Sync> = Arc::<dyn Document>::clone(document);
                any.downcast().ok()
            }
        }
    }

    /// Whether both are one allocation, not merely equal.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Json(a), Self::Json(b)) => Arc::ptr_eq(a, b),
            (Self::Document(a), Self::Document(b)) => Arc::as_ptr(a).addr() == Arc::as_ptr(b).addr(),
            _ => false,
        }
    }

    /// Follows field names into the value.
    pub(super) fn look_up(&self, path: &[String]) -> Found {
        match (self, path) {
            (_, []) => Found::Data(self.clone()),
            (Self::Document(document), [name, rest @ ..]) => {
                document.field(name).map_or(Found::Nothing, |field| field.look_up(rest))
            }
            (Self::Json(value), path) => look_into(value, path),
        }
    }
}

/// What a path finds.
pub(super) enum Found {
    /// A value, null included.
    Data(Data),
    /// No such field.
    Nothing,
    /// An array before the path's end, over whose items `JSONata` would map the rest of the path.
    Array,
}

/// Follows a path in JSON. What lies inside a plain JSON value has no owner to share with: that part is copied.
fn look_into(value: &Value, path: &[String]) -> Found {
    match (value, path) {
        (value, []) => Found::Data(Data::from(value.clone())),
        (Value::Array(_), _) => Found::Array,
        (Value::Object(fields), [name, rest @ ..]) => {
            fields.get(name).map_or(Found::Nothing, |field| look_into(field, rest))
        }
        _ => Found::Nothing,
    }
}

impl From<Value> for Data {
    fn from(value: Value) -> Self {
        Self::Json(Arc::new(value))
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::from(Value::from(text))
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_json(), f)
    }
}

/// An object whose fields are shared: a task's result, the context, an object template's value.
pub(super) struct Record(pub(super) Vec<(String, Data)>);

impl Record {
    pub(super) fn of<const N: usize>(fields: [(&str, Data); N]) -> Data {
        Data::document(Self(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
    }
}

impl Document for Record {
    fn field(&self, name: &str) -> Option<Data> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    fn to_json(&self) -> Value {
        let fields = self.0.iter().map(|(name, value)| (name.clone(), Arc::unwrap_or_clone(value.to_json())));
        Value::Object(fields.collect::<Map<_, _>>())
    }
}
