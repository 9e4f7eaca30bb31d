//! Policies, read and validated together, and cut into one slice for each action and type of resource.

use std::{
    collections::{BTreeMap, HashMap, btree_map::Entry},
    sync::Arc,
};

use cedar_policy::{
    ActionConstraint, Entities, Entity, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet, ResourceConstraint,
    Schema, ValidationMode, Validator,
};
use kernel::catalog::PolicySource;

use super::{
    schema::{Shape, schema_of},
    twins::{Look, Read, read},
};

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

/// What the policies say of one action on one type of resource.
pub(super) struct Slice {
    pub(super) action: EntityUid,
    /// The action with the groups that it is in, if it is in any.
    pub(super) grouped: Option<Entity>,
    pub(super) resource: EntityTypeName,
    pub(super) shape: Arc<Shape>,
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

/// All slices, and the roles that the policies name.
pub(super) struct Slices {
    /// By action and type of resource.
    pub(super) by_action: HashMap<String, HashMap<String, Slice>>,
    pub(super) roles: HashMap<String, EntityUid>,
}

impl Slices {
    pub(super) fn new(sources: &[PolicySource]) -> Result<Self, PolicyError> {
        let (schema, shapes) = schema_of(sources)?;
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
            let slice = Slice::new(env.action(), env.resource(), &all, &actions, &shapes)?;
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
        shapes: &HashMap<String, Arc<Shape>>,
    ) -> Result<Self, PolicyError> {
        let shape = shapes.get(&resource.to_string()).cloned().unwrap_or_default();
        let mut slice = Self {
            action: action.clone(),
            grouped: actions
                .get(action)
                .filter(|_| actions.ancestors(action).is_some_and(|mut all| all.next().is_some()))
                .cloned(),
            resource: resource.clone(),
            shape,
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
                    let look = Look { can_fail: look.can_fail || slice.shape.required, ..*look };
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
