//! The schema: one of all sources' fragments, whose attributes are what the domains can give.

use std::{collections::HashMap, sync::Arc};

use cedar_policy::{Schema, SchemaFragment};
use kernel::{Attribute, catalog::PolicySource};
use serde_json::Value;

use super::policies::PolicyError;

/// The attributes that entities of a type may have.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) attributes: HashMap<String, Kind>,
    /// Some of them must be there.
    pub(super) required: bool,
}

/// The type of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Boolean,
    Texts,
}

impl Kind {
    pub(super) fn fits(self, attribute: &Attribute) -> bool {
        matches!(
            (self, attribute),
            (Self::Text, Attribute::Text(_))
                | (Self::Integer, Attribute::Integer(_))
                | (Self::Boolean, Attribute::Boolean(_))
                | (Self::Texts, Attribute::Texts(_))
        )
    }
}

/// One schema of all fragments, and the shape of each type of entity.
pub(super) fn schema_of(sources: &[PolicySource]) -> Result<(Schema, HashMap<String, Arc<Shape>>), PolicyError> {
    let mut fragments = Vec::new();
    let mut shapes = HashMap::new();
    for source in sources {
        let fault = |reason: String| PolicyError::Source { source_name: source.name, reason };
        let (fragment, warnings) =
            SchemaFragment::from_cedarschema_str(source.schema).map_err(|error| fault(error.to_string()))?;
        if let Some(warning) = warnings.into_iter().next() {
            return Err(fault(warning.to_string()));
        }
        let json = fragment.clone().to_json_value().map_err(|error| fault(error.to_string()))?;
        for (kind, entity) in json[""]["entityTypes"].as_object().into_iter().flatten() {
            let mut shape = Shape::default();
            for (name, attribute) in entity["shape"]["attributes"].as_object().into_iter().flatten() {
                let known = kind_of(attribute).ok_or_else(|| {
                    fault(format!("`{name}` of `{kind}` must be a String, Long, Bool or Set<String>"))
                })?;
                shape.attributes.insert(name.clone(), known);
                shape.required |= attribute["required"] != Value::Bool(false);
            }
            shapes.insert(kind.clone(), Arc::new(shape));
        }
        fragments.push(fragment);
    }
    let schema = Schema::from_schema_fragments(fragments).map_err(|error| PolicyError::Schema(error.to_string()))?;
    Ok((schema, shapes))
}

fn kind_of(attribute: &Value) -> Option<Kind> {
    let name = |value: &Value| {
        let kind = value["type"].as_str()?;
        Some(if kind == "EntityOrCommon" { value["name"].as_str()? } else { kind }.to_owned())
    };
    match name(attribute)?.as_str() {
        "String" => Some(Kind::Text),
        "Long" => Some(Kind::Integer),
        "Bool" | "Boolean" => Some(Kind::Boolean),
        "Set" if name(&attribute["element"])? == "String" => Some(Kind::Texts),
        _ => None,
    }
}
