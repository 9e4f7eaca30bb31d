//! What the policies say to an actor.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    hash::{Hash, Hasher},
    sync::{Mutex, PoisonError},
};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, Response,
    RestrictedExpression,
};
use kernel::{Actor, Attribute, catalog::PolicySource};
use quick_cache::{Equivalent, sync::Cache};

use super::policies::{PolicyError, Slice, Slices};
use crate::ports::identity::{PolicyEngine, Resource, Ruling};

/// How many early decisions are remembered.
const REMEMBERED: usize = 16 * 1024;
/// How many unknown actions are logged, each once.
const LOGGED: usize = 256;

/// Decides with Cedar policies.
pub struct CedarEngine {
    /// By aggregate and type of command.
    commands: HashMap<String, HashMap<String, Command>>,
    /// By action and type of resource: all actions but the commands.
    accesses: HashMap<String, HashMap<String, Slice>>,
    roles: HashMap<String, EntityUid>,
    actor: EntityTypeName,
    authorizer: Authorizer,
    remembered: Cache<Asked, Ruling>,
    unknown: Mutex<HashSet<String>>,
}

struct Command {
    number: u32,
    slice: Slice,
}

/// What an early decision depends on.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Asked {
    command: u32,
    subject: Option<String>,
    roles: BTreeSet<String>,
}

/// The same, borrowed.
struct Asking<'a> {
    command: u32,
    subject: Option<&'a str>,
    roles: &'a BTreeSet<String>,
}

impl Hash for Asking<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // as derived for `Asked`
        self.command.hash(state);
        self.subject.hash(state);
        self.roles.hash(state);
    }
}

impl Equivalent<Asked> for Asking<'_> {
    fn equivalent(&self, key: &Asked) -> bool {
        self.command == key.command && self.subject == key.subject.as_deref() && *self.roles == key.roles
    }
}

impl CedarEngine {
    /// Takes the policies and schemas of all sources together.
    pub fn new(sources: &[PolicySource]) -> Result<Self, PolicyError> {
        let Slices { by_action, roles } = Slices::new(sources)?;
        let mut commands: HashMap<String, HashMap<String, Command>> = HashMap::new();
        let mut accesses = HashMap::new();
        let mut number = 0;
        for (action, mut kinds) in by_action {
            let Some((aggregate, command)) = action.split_once('/') else {
                accesses.insert(action, kinds);
                continue;
            };
            let kind = pascal_case(aggregate);
            let slice = kinds.remove(&kind).filter(|_| kinds.is_empty()).ok_or_else(|| {
                PolicyError::Schema(format!("the action `{action}` must apply to `{kind}` and nothing else"))
            })?;
            number += 1;
            let of_aggregate = commands.entry(aggregate.to_owned()).or_default();
            of_aggregate.insert(command.to_owned(), Command { number, slice });
        }
        let actor =
            "Actor".parse().map_err(|error: cedar_policy::ParseErrors| PolicyError::Schema(error.to_string()))?;
        Ok(Self {
            commands,
            accesses,
            roles,
            actor,
            authorizer: Authorizer::new(),
            remembered: Cache::new(REMEMBERED),
            unknown: Mutex::default(),
        })
    }

    fn find(&self, aggregate: &str, command: &str) -> Option<&Command> {
        let found = self.commands.get(aggregate).and_then(|commands| commands.get(command));
        if found.is_none() {
            self.log_unknown(&format!("{aggregate}/{command}"));
        }
        found
    }

    fn log_unknown(&self, action: &str) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if unknown.len() < LOGGED && unknown.insert(action.to_owned()) {
            tracing::warn!(action, "the policies' schema has no such action: it is denied");
        }
    }

    fn decide_early(&self, slice: &Slice, actor: &Actor) -> Ruling {
        let nowhere = Resource { kind: "", id: "", attributes: Vec::new() };
        let Some((request, entities)) = self.question(slice, actor, &nowhere) else { return Ruling::Deny };
        let plain = self.authorizer.is_authorized(&request, &slice.plain, &entities);
        let ruling = ruling(&plain);
        let permitted = matches!(ruling, Ruling::Allow(_));
        let forbidden = !permitted && plain.diagnostics().reason().next().is_some();
        if forbidden || failed(&plain) {
            return Ruling::Deny;
        }
        let twins = self.authorizer.is_authorized(&request, &slice.twins, &entities);
        let looks = || twins.diagnostics().reason().filter_map(|id| slice.looks.get(id));
        if permitted && !looks().any(|look| look.forbids || look.can_fail) {
            return ruling;
        }
        if permitted || looks().any(|look| !look.forbids) { Ruling::Depends } else { Ruling::Deny }
    }

    fn decide(&self, slice: &Slice, actor: &Actor, resource: &Resource<'_>) -> Ruling {
        let Some((request, entities)) = self.question(slice, actor, resource) else { return Ruling::Deny };
        ruling(&self.authorizer.is_authorized(&request, &slice.all, &entities))
    }

    /// The request and the entities it names; none if they don't fit the schema: no policy was validated for them.
    fn question(&self, slice: &Slice, actor: &Actor, resource: &Resource<'_>) -> Option<(Request, Entities)> {
        let question = self.ask(slice, actor, resource);
        if let Err(error) = &question {
            tracing::error!(action = %slice.action, %error, "a resource does not fit the policies' schema: it is denied");
        }
        question.ok()
    }

    fn ask(
        &self,
        slice: &Slice,
        actor: &Actor,
        resource: &Resource<'_>,
    ) -> Result<(Request, Entities), Box<dyn std::error::Error>> {
        let principal = EntityUid::from_type_name_and_id(self.actor.clone(), EntityId::new(&actor.sub));
        let object = EntityUid::from_type_name_and_id(slice.resource.clone(), EntityId::new(resource.id));
        let sub = [("sub".to_owned(), RestrictedExpression::new_string(actor.sub.clone()))];
        // a role that no policy names can't matter
        let roles = actor.roles.iter().filter_map(|role| self.roles.get(role)).cloned().collect();
        let mut attributes = HashMap::with_capacity(resource.attributes.len());
        for (name, attribute) in &resource.attributes {
            // nor can an attribute that the schema doesn't declare
            let Some(kind) = slice.shape.attributes.get(*name) else { continue };
            if !kind.fits(attribute) {
                return Err(format!("the attribute `{name}` is not of the type that the schema declares").into());
            }
            attributes.insert((*name).to_owned(), expression(attribute));
        }
        let entities = [
            Entity::new(principal.clone(), sub.into(), roles)?,
            Entity::new(object.clone(), attributes, HashSet::new())?,
        ];
        let entities = Entities::from_entities(entities.into_iter().chain(slice.grouped.clone()), None)?;
        let request = Request::new(principal, slice.action.clone(), object, Context::empty(), None)?;
        Ok((request, entities))
    }
}

impl PolicyEngine for CedarEngine {
    fn early(&self, actor: &Actor, aggregate: &str, command: &str) -> Ruling {
        let Some(Command { number, slice }) = self.find(aggregate, command) else { return Ruling::Deny };
        let subject = slice.by_subject.then_some(actor.sub.as_str());
        if let Some(known) = self.remembered.get(&Asking { command: *number, subject, roles: &actor.roles }) {
            return known;
        }
        let ruling = self.decide_early(slice, actor);
        let asked = Asked { command: *number, subject: subject.map(str::to_owned), roles: actor.roles.clone() };
        self.remembered.insert(asked, ruling.clone());
        ruling
    }

    fn command(&self, actor: &Actor, aggregate: &str, command: &str, resource: &Resource<'_>) -> Ruling {
        match self.find(aggregate, command) {
            Some(Command { slice, .. }) => self.decide(slice, actor, resource),
            None => Ruling::Deny,
        }
    }

    fn access(&self, actor: &Actor, action: &str, resource: &Resource<'_>) -> Ruling {
        let Some(kinds) = self.accesses.get(action) else {
            self.log_unknown(action);
            return Ruling::Deny;
        };
        match kinds.get(resource.kind) {
            Some(slice) => self.decide(slice, actor, resource),
            None => Ruling::Deny,
        }
    }
}

fn failed(response: &Response) -> bool {
    response.diagnostics().errors().next().is_some()
}

/// Allowed by which policies; a policy that can't be evaluated might have forbidden it.
fn ruling(response: &Response) -> Ruling {
    for error in response.diagnostics().errors() {
        tracing::error!(%error, "a policy could not be evaluated: it denies");
    }
    if response.decision() == Decision::Deny || failed(response) {
        return Ruling::Deny;
    }
    let mut ids: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
    ids.sort_unstable();
    Ruling::Allow(ids)
}

fn expression(attribute: &Attribute) -> RestrictedExpression {
    let text = |text: &String| RestrictedExpression::new_string(text.clone());
    match attribute {
        Attribute::Text(value) => text(value),
        Attribute::Integer(number) => RestrictedExpression::new_long(*number),
        Attribute::Boolean(truth) => RestrictedExpression::new_bool(*truth),
        Attribute::Texts(texts) => RestrictedExpression::new_set(texts.iter().map(text)),
    }
}

/// `room-type` as a type's name: `RoomType`.
fn pascal_case(aggregate: &str) -> String {
    let mut name = String::with_capacity(aggregate.len());
    for word in aggregate.split('-') {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}
