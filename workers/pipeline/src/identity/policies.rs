//! Policies, read and validated together, and cut into one slice for each action and type of resource.

use std::{
    collections::{BTreeMap, HashMap, btree_map::Entry},
    sync::Arc,
};

use cedar_policy::{
    ActionConstraint, Effect, Entities, Entity, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet,
    PrincipalConstraint, ResourceConstraint, Schema, SchemaFragment, ValidationMode, Validator,
};
use kernel::{Attribute, catalog::PolicySource};
use serde_json::{Value, json};

/// The policies can't be used: a fault of the build.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A source's text is not what it should be.
    #[error("in `{source_name}`: {reason}")]
    Source {
        /// The source.
        source_name: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The sources' schemas don't make one schema.
    #[error("the schemas do not fit together: {0}")]
    Schema(String),
    /// A policy does not fit the schema, or could never apply.
    #[error("in `{source_name}`: policy `{policy}`: {reason}")]
    Policy {
        /// The source.
        source_name: String,
        /// The policy's `@id`.
        policy: String,
        /// What is wrong.
        reason: String,
    },
}

/// What a policy may know of a resource's attribute.
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

/// What the policies say of one action on one type of resource.
pub(super) struct Slice {
    pub(super) action: EntityUid,
    /// The action with the groups that it is in, if it is in any.
    pub(super) grouped: Option<Entity>,
    pub(super) resource: EntityTypeName,
    pub(super) attributes: Arc<HashMap<String, Kind>>,
    /// All policies.
    pub(super) all: PolicySet,
    /// Those that do not look at the resource.
    pub(super) plain: PolicySet,
    /// Instead of each that does, one that permits whatever it might apply to.
    pub(super) twins: PolicySet,
    pub(super) looks: HashMap<PolicyId, Look>,
    /// Whether more of the actor than its roles matters to the policies that need no resource.
    pub(super) by_subject: bool,
}

/// What a policy that looks at the resource can do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) forbids: bool,
    /// Its conditions can fail to be evaluated, which denies.
    pub(super) can_fail: bool,
}

/// All slices, and the roles that the policies name.
pub(super) struct Slices {
    /// By action and type of resource.
    pub(super) by_action: HashMap<String, HashMap<String, Slice>>,
    pub(super) roles: HashMap<String, EntityUid>,
}

/// A policy and what its text tells of it.
struct Read {
    policy: Policy,
    twin: Option<(Policy, Look)>,
    by_subject: bool,
}

impl Slices {
    pub(super) fn new(sources: &[PolicySource]) -> Result<Self, PolicyError> {
        let (schema, attributes) = schema_of(sources)?;
        let policies = policies_of(sources)?;
        validate(&schema, &policies)?;

        let all: Vec<Read> =
            policies.into_values().map(|(source, policy)| read(source, policy)).collect::<Result<_, _>>()?;
        let roles = all.iter().flat_map(|read| read.policy.entity_literals());
        let roles = roles.filter(|uid| uid.type_name().to_string() == "Role");
        let roles = roles.map(|uid| (uid.id().unescaped().to_owned(), uid)).collect();

        let actions = schema.action_entities().map_err(|error| PolicyError::Schema(error.to_string()))?;
        let mut by_action: HashMap<String, HashMap<String, Slice>> = HashMap::new();
        for env in schema.request_envs() {
            if env.action().type_name().to_string() != "Action" {
                return Err(PolicyError::Schema(format!("the action `{}` lies in a namespace", env.action())));
            }
            let slice = Slice::new(env.action(), env.resource(), &all, &actions, &attributes)?;
            let kinds = by_action.entry(env.action().id().unescaped().to_owned()).or_default();
            kinds.insert(env.resource().to_string(), slice);
        }
        Ok(Self { by_action, roles })
    }
}

impl Slice {
    fn new(
        action: &EntityUid,
        resource: &EntityTypeName,
        policies: &[Read],
        actions: &Entities,
        attributes: &HashMap<String, (Arc<HashMap<String, Kind>>, bool)>,
    ) -> Result<Self, PolicyError> {
        let (attributes, required) = attributes.get(&resource.to_string()).cloned().unwrap_or_default();
        let mut slice = Self {
            action: action.clone(),
            grouped: actions
                .get(action)
                .filter(|_| actions.ancestors(action).is_some_and(|mut all| all.next().is_some()))
                .cloned(),
            resource: resource.clone(),
            attributes,
            all: PolicySet::new(),
            plain: PolicySet::new(),
            twins: PolicySet::new(),
            looks: HashMap::new(),
            by_subject: false,
        };
        let fault = |error: cedar_policy::PolicySetError| PolicyError::Schema(error.to_string());
        for read in policies.iter().filter(|read| may_apply(&read.policy, action, resource, actions)) {
            slice.by_subject |= read.by_subject;
            slice.all.add(read.policy.clone()).map_err(fault)?;
            match &read.twin {
                None => slice.plain.add(read.policy.clone()).map_err(fault)?,
                Some((twin, look)) => {
                    slice.twins.add(twin.clone()).map_err(fault)?;
                    let look = Look { can_fail: look.can_fail || required, ..*look };
                    slice.looks.insert(twin.id().clone(), look);
                }
            }
        }
        Ok(slice)
    }
}

/// Whether a policy's scope lets it apply to this action and type of resource.
fn may_apply(policy: &Policy, action: &EntityUid, resource: &EntityTypeName, actions: &Entities) -> bool {
    let of_action = match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(uid) => uid == *action,
        ActionConstraint::In(uids) => uids.iter().any(|uid| uid == action || actions.is_ancestor_of(uid, action)),
    };
    let of_resource = match policy.resource_constraint() {
        ResourceConstraint::Any | ResourceConstraint::In(_) => true,
        ResourceConstraint::Eq(uid) => uid.type_name() == resource,
        ResourceConstraint::Is(kind) | ResourceConstraint::IsIn(kind, _) => kind == *resource,
    };
    of_action && of_resource
}

type Kinds = HashMap<String, (Arc<HashMap<String, Kind>>, bool)>;

/// One schema of all fragments, and the attributes of each type with whether any of them is required.
fn schema_of(sources: &[PolicySource]) -> Result<(Schema, Kinds), PolicyError> {
    let mut fragments = Vec::new();
    let mut attributes = HashMap::new();
    for source in sources {
        let fault = |reason: String| PolicyError::Source { source_name: source.name, reason };
        let (fragment, warnings) =
            SchemaFragment::from_cedarschema_str(source.schema).map_err(|error| fault(error.to_string()))?;
        if let Some(warning) = warnings.into_iter().next() {
            return Err(fault(warning.to_string()));
        }
        let json = fragment.clone().to_json_value().map_err(|error| fault(error.to_string()))?;
        for (kind, entity) in json[""]["entityTypes"].as_object().into_iter().flatten() {
            let mut kinds = HashMap::new();
            let mut required = false;
            for (name, attribute) in entity["shape"]["attributes"].as_object().into_iter().flatten() {
                let known = kind_of(attribute).ok_or_else(|| {
                    fault(format!("`{name}` of `{kind}` must be a String, Long, Bool or Set<String>"))
                })?;
                kinds.insert(name.clone(), known);
                required |= attribute["required"] != Value::Bool(false);
            }
            attributes.insert(kind.clone(), (Arc::new(kinds), required));
        }
        fragments.push(fragment);
    }
    let schema = Schema::from_schema_fragments(fragments).map_err(|error| PolicyError::Schema(error.to_string()))?;
    Ok((schema, attributes))
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

/// The policies of all sources under their `@id`s, each with its source's name.
fn policies_of(sources: &[PolicySource]) -> Result<BTreeMap<String, (&'static str, Policy)>, PolicyError> {
    let mut policies = BTreeMap::new();
    for source in sources {
        let fault = |reason: String| PolicyError::Source { source_name: source.name, reason };
        let set: PolicySet =
            source.policies.parse().map_err(|error: cedar_policy::ParseErrors| fault(error.to_string()))?;
        if let Some(template) = set.templates().next() {
            return Err(fault(format!("`{}` is a template", template.id())));
        }
        for policy in set.policies() {
            let id = policy.annotation("id").filter(|id| !id.is_empty());
            let id = id.ok_or_else(|| fault(format!("a policy has no `@id`: {policy}")))?;
            match policies.entry(id.to_owned()) {
                Entry::Vacant(entry) => entry.insert((source.name, policy.new_id(PolicyId::new(id)))),
                Entry::Occupied(first) => {
                    let first = first.get().0;
                    return Err(fault(format!("the policy `{id}` is there already, in `{first}`")));
                }
            };
        }
    }
    Ok(policies)
}

/// Strictly: what is only suspicious is an error too.
fn validate(schema: &Schema, policies: &BTreeMap<String, (&'static str, Policy)>) -> Result<(), PolicyError> {
    let all = PolicySet::from_policies(policies.values().map(|(_, policy)| policy.clone()));
    let all = all.map_err(|error| PolicyError::Schema(error.to_string()))?;
    let found = Validator::new(schema.clone()).validate(&all, ValidationMode::Strict);
    let errors = found.validation_errors().map(|error| (error.policy_id().to_string(), error.to_string()));
    let warnings = found.validation_warnings().map(|warning| (warning.policy_id().to_string(), warning.to_string()));
    match errors.chain(warnings).next() {
        None => Ok(()),
        Some((policy, reason)) => {
            let source_name = policies.get(&policy).map_or_else(String::new, |(source, _)| (*source).to_owned());
            Err(PolicyError::Policy { source_name, policy, reason })
        }
    }
}

/// Finds out what a policy looks at, and makes its twin if that is the resource.
fn read(source: &'static str, policy: Policy) -> Result<Read, PolicyError> {
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
