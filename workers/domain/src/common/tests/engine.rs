//! Given/when/then for policies: who may do what on which resource.

use std::{
    collections::{HashMap, HashSet},
    str::FromStr,
    sync::LazyLock,
};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, Policy, PolicySet, Request, RestrictedExpression,
    Schema, SchemaFragment, ValidationMode, Validator,
};

/// The policies of every system, and their schema.
pub(crate) struct Engine {
    policies: PolicySet,
    schema: Schema,
}

impl Engine {
    /// Reads what the catalog lists; every policy goes by its `@id`.
    pub(crate) fn of_the_catalog() -> Self {
        let catalog = crate::catalog();
        let (mut policies, mut fragments) = (PolicySet::new(), Vec::new());
        for source in catalog.policy_sources() {
            let (fragment, warnings) = SchemaFragment::from_cedarschema_str(source.schema)
                .unwrap_or_else(|error| panic!("the schema of `{}`: {error}", source.name));
            assert_eq!(warnings.map(|warning| warning.to_string()).collect::<Vec<_>>(), Vec::<String>::new());
            fragments.push(fragment);
            let set = PolicySet::from_str(source.policies)
                .unwrap_or_else(|error| panic!("the policies of `{}`: {error}", source.name));
            for policy in set.policies() {
                let id = policy.annotation("id").unwrap_or_else(|| panic!("a policy without an id: {policy}"));
                policies.add(policy.new_id(id.parse().unwrap())).unwrap();
            }
        }
        Self { policies, schema: Schema::from_schema_fragments(fragments).unwrap() }
    }

    /// What the strict validator finds, warnings included.
    pub(crate) fn faults(&self) -> Vec<String> {
        let result = Validator::new(self.schema.clone()).validate(&self.policies, ValidationMode::Strict);
        let errors = result.validation_errors().map(ToString::to_string);
        errors.chain(result.validation_warnings().map(ToString::to_string)).collect()
    }

    /// All policies.
    pub(crate) fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.policies.policies()
    }

    /// Whether `alice`, in these roles, may do it; an error of a policy fails the test.
    #[track_caller]
    pub(crate) fn allows(&self, roles: &[&str], action: &str, resource: &Resource) -> bool {
        let uid = |text: &str| EntityUid::from_str(text).unwrap();
        let roles: Vec<_> = roles.iter().map(|role| Entity::with_uid(uid(&format!(r#"Role::"{role}""#)))).collect();
        let principal = uid(r#"Actor::"alice""#);
        let sub = HashMap::from([("sub".to_owned(), RestrictedExpression::new_string("alice".into()))]);
        let parents: HashSet<_> = roles.iter().map(Entity::uid).collect();
        let actor = Entity::new(principal.clone(), sub, parents).unwrap();
        let text =
            |(name, value): &(&str, &str)| ((*name).to_owned(), RestrictedExpression::new_string((*value).to_owned()));
        let truth = |(name, value): &(&str, bool)| ((*name).to_owned(), RestrictedExpression::new_bool(*value));
        let attributes = resource.attributes.iter().map(text).chain(resource.truths.iter().map(truth)).collect();
        let target = Entity::new(uid(resource.uid), attributes, HashSet::new()).unwrap();
        let target_uid = target.uid();
        let all = roles.into_iter().chain([actor, target]);
        let entities = Entities::from_entities(all, Some(&self.schema)).unwrap();
        let action = uid(&format!(r#"Action::"{action}""#));
        let request = Request::new(principal, action, target_uid, Context::empty(), Some(&self.schema)).unwrap();
        let answer = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        assert_eq!(answer.diagnostics().errors().count(), 0);
        answer.decision() == Decision::Allow
    }
}

/// What is asked for.
pub(crate) struct Resource {
    /// Its entity, such as `View::"comments"`.
    pub(crate) uid: &'static str,
    /// Its attributes that are texts.
    pub(crate) attributes: &'static [(&'static str, &'static str)],
    /// Its attributes that are true or false.
    pub(crate) truths: &'static [(&'static str, bool)],
}

impl Resource {
    /// The same, with attributes that are true or false.
    pub(crate) const fn that_is(self, truths: &'static [(&'static str, bool)]) -> Self {
        Self { truths, ..self }
    }
}

/// A resource.
pub(crate) const fn resource(uid: &'static str, attributes: &'static [(&'static str, &'static str)]) -> Resource {
    Resource { uid, attributes, truths: &[] }
}

static ENGINE: LazyLock<Engine> = LazyLock::new(Engine::of_the_catalog);

pub(crate) const ROLES: [&str; 8] =
    ["staff", "guest", "customer", "member", "moderator", "device", "workflow", "operator"];

/// Exactly these of all roles may do it; an actor without a role may not.
#[track_caller]
pub(crate) fn only(roles: &[&str], action: &str, resource: &Resource) {
    let allowed: Vec<_> = ROLES.into_iter().filter(|role| ENGINE.allows(&[role], action, resource)).collect();
    let expected: Vec<_> = ROLES.into_iter().filter(|role| roles.contains(role)).collect();
    assert_eq!(allowed, expected, "{action} on {}", resource.uid);
    assert!(!ENGINE.allows(&[], action, resource), "{action} on {} without a role", resource.uid);
}
