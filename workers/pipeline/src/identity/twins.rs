//! Twins: what stands in for a policy that looks at the resource while there is none.
//!
//! A twin has its policy's scope and no conditions, so that it applies wherever its policy might.

use cedar_policy::{Effect, Policy, PrincipalConstraint, ResourceConstraint};
use serde_json::{Value, json};

use super::policies::PolicyError;

/// A policy and what its text tells of it.
pub(super) struct Read {
    pub(super) policy: Policy,
    /// Its twin, if it looks at the resource.
    pub(super) twin: Option<(Policy, Look)>,
    /// Whether its twin, or else itself, depends on more of the actor than its roles.
    pub(super) by_subject: bool,
}

/// What a policy that looks at the resource can do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) forbids: bool,
    /// Its conditions can fail to be evaluated, which denies.
    pub(super) can_fail: bool,
}

/// Finds out what a policy looks at, and makes its twin if that is the resource.
pub(super) fn read(source: &'static str, policy: Policy) -> Result<Read, PolicyError> {
    let fault = |reason: String| PolicyError::Policy {
        source_name: source.to_owned(),
        policy: policy.id().to_string(),
        reason,
    };
    let mut json = policy.to_json().map_err(|error| fault(error.to_string()))?;
    let mut found = Found::default();
    found.walk(&json["conditions"]);
    let whole_type = matches!(policy.resource_constraint(), ResourceConstraint::Any | ResourceConstraint::Is(_));
    let whoever = matches!(
        policy.principal_constraint(),
        PrincipalConstraint::Any
            | PrincipalConstraint::In(_)
            | PrincipalConstraint::Is(_)
            | PrincipalConstraint::IsIn(..)
    );
    let twin = if found.resource || !whole_type {
        json["effect"] = json!("permit");
        json["conditions"] = json!([]);
        if !whole_type {
            json["resource"] = json!({ "op": "All" });
        }
        let twin = Policy::from_json(Some(policy.id().clone()), json).map_err(|error| fault(error.to_string()))?;
        Some((twin, Look { forbids: policy.effect() == Effect::Forbid, can_fail: found.arithmetic }))
    } else {
        None
    };
    let by_subject = !whoever || (twin.is_none() && found.subject);
    Ok(Read { policy, twin, by_subject })
}

/// What a policy's conditions mention.
#[derive(Debug, Default)]
struct Found {
    resource: bool,
    /// More of the principal than what it is in.
    subject: bool,
    /// What may overflow: beside it, a valid policy has nothing that could fail.
    arithmetic: bool,
}

impl Found {
    fn walk(&mut self, expression: &Value) {
        match expression {
            Value::Object(members) => {
                for (name, value) in members {
                    match name.as_str() {
                        "Var" if value == "resource" => self.resource = true,
                        "Var" if value == "principal" => self.subject = true,
                        "+" | "-" | "*" | "neg" => {
                            self.arithmetic = true;
                            self.walk(value);
                        }
                        // what a principal is in are its roles
                        "in" if value["left"]["Var"] == "principal" => self.walk(&value["right"]),
                        _ => self.walk(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            _ => {}
        }
    }
}
