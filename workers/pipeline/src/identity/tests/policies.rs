//! The engine keeps the laws, and decides as plain Cedar does, for policies nobody thought of.

use std::fmt::Write;

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use kernel::{Actor, Attribute, Attributes, catalog::PolicySource};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;

use crate::{
    identity::CedarEngine,
    laws::identity::policies as laws,
    ports::identity::{PolicyEngine, Resource, Ruling},
};

macro_rules! laws {
    ($($law:ident),+ $(,)?) => {
        $(#[test]
        fn $law() {
            laws::$law(&CedarEngine::new(&[laws::POLICIES]).unwrap());
        })+
    };
}

crate::policy_engine_laws! { [laws] }

const EFFECTS: [&str; 3] = ["permit", "permit", "forbid"];
const PRINCIPALS: [&str; 5] = [
    "principal",
    "principal in Role::\"a\"",
    "principal in Role::\"b\"",
    "principal is Actor",
    "principal == Actor::\"ann\"",
];
const ACTIONS: [&str; 4] = [
    "action",
    "action == Action::\"work-item/Open\"",
    "action in [Action::\"work-item/Open\", Action::\"work-item/Close\"]",
    "action in Action::\"change\"",
];
const RESOURCES: [&str; 4] =
    ["resource", "resource is WorkItem", "resource == WorkItem::\"1\"", "resource is WorkItem in WorkItem::\"2\""];
const CONDITIONS: [&str; 9] = [
    "when { principal in Role::\"b\" }",
    "when { principal.sub == \"ann\" }",
    "unless { principal.sub == \"bob\" }",
    "when { principal.sub == \"ann\" && 9223372036854775807 + 1 > 0 }",
    "when { resource is WorkItem && resource has owner && resource.owner == principal.sub }",
    "unless { resource is WorkItem && resource has owner && resource.owner != principal.sub }",
    "when { resource is WorkItem && resource has weight && resource.weight * 2 > 2 }",
    "when { resource is WorkItem && resource has watchers && resource.watchers.contains(\"bob\") }",
    "unless { resource is WorkItem && resource has locked && resource.locked }",
];

fn policies() -> impl Strategy<Value = String> {
    let policy = (select(&EFFECTS[..]), select(&PRINCIPALS[..]), select(&ACTIONS[..]), select(&RESOURCES[..]));
    let policy = (policy, vec(select(&CONDITIONS[..]), 0..3));
    vec(policy, 1..6).prop_map(|policies| {
        let mut text = String::new();
        for (number, ((effect, principal, action, resource), conditions)) in policies.into_iter().enumerate() {
            let conditions = conditions.join(" ");
            writeln!(text, "@id(\"p{number}\") {effect} ({principal}, {action}, {resource}) {conditions};").unwrap();
        }
        text
    })
}

/// Two of the same roles: what is remembered of one must not be said to the other.
fn actors() -> impl Strategy<Value = [Actor; 2]> {
    let roles = proptest::sample::subsequence(vec!["a", "b", "c"], 0..=3);
    roles.prop_map(|roles| {
        let actor = |sub: &str| Actor { sub: sub.into(), roles: roles.iter().copied().map(str::to_owned).collect() };
        [actor("ann"), actor("bob")]
    })
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let owner = proptest::option::of(select(vec!["ann", "bob"]));
    let weight = proptest::option::of(select(vec![0, 2, i64::MAX]));
    let watchers = proptest::option::of(proptest::sample::subsequence(vec!["ann", "bob"], 0..=2));
    (owner, weight, watchers, proptest::option::of(any::<bool>())).prop_map(|(owner, weight, watchers, locked)| {
        let watchers = watchers.map(|all| Attribute::Texts(all.into_iter().map(str::to_owned).collect()));
        let all = [
            ("owner", owner.map(Attribute::from)),
            ("weight", weight.map(Attribute::Integer)),
            ("watchers", watchers),
            ("locked", locked.map(Attribute::Boolean)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    })
}

/// All policies on all entities, as Cedar's own examples ask it; an error denies.
fn plainly(policies: &str, actor: &Actor, command: &str, id: &str, attributes: &Attributes) -> bool {
    let uid = |kind: &str, id: &str| json!({ "type": kind, "id": id });
    let parents: Vec<_> = actor.roles.iter().map(|role| uid("Role", role)).collect();
    let attributes: serde_json::Map<_, _> = attributes
        .iter()
        .map(|(name, value)| {
            let value = match value {
                Attribute::Text(text) => json!(text),
                Attribute::Integer(number) => json!(number),
                Attribute::Boolean(truth) => json!(truth),
                Attribute::Texts(texts) => json!(texts),
            };
            ((*name).to_owned(), value)
        })
        .collect();
    let change = [uid("Action", "change")];
    let entities = json!([
        { "uid": uid("Actor", &actor.sub), "attrs": { "sub": actor.sub }, "parents": parents },
        { "uid": uid("WorkItem", id), "attrs": attributes, "parents": [] },
        { "uid": uid("Action", "work-item/Open"), "attrs": {}, "parents": change },
        { "uid": uid("Action", "work-item/Close"), "attrs": {}, "parents": change },
    ]);
    let entities = Entities::from_json_value(entities, None).unwrap();
    let uid = |kind: &str, id: &str| format!("{kind}::\"{id}\"").parse::<EntityUid>().unwrap();
    let action = uid("Action", &format!("work-item/{command}"));
    let request = Request::new(uid("Actor", &actor.sub), action, uid("WorkItem", id), Context::empty(), None).unwrap();
    let response = Authorizer::new().is_authorized(&request, &policies.parse::<PolicySet>().unwrap(), &entities);
    response.decision() == Decision::Allow && response.diagnostics().errors().next().is_none()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_early_ruling_holds_for_every_resource(
        text in policies(),
        actors in vec(actors(), 1..3),
        resources in vec((select(vec!["1", "2", "3"]), attributes()), 1..6),
    ) {
        let source = PolicySource { policies: text.clone().leak(), ..laws::POLICIES };
        let engine = CedarEngine::new(&[source]).unwrap();
        for (actor, command) in actors.iter().flatten().flat_map(|actor| ["Open", "Close", "Rename"].map(|command| (actor, command))) {
            let early = engine.early(actor, "work-item", command);
            prop_assert_eq!(&early, &engine.early(actor, "work-item", command));
            for (id, attributes) in &resources {
                let resource = Resource { kind: "WorkItem", id, attributes: attributes.clone() };
                let late = engine.command(actor, "work-item", command, &resource);
                let allowed = matches!(late, Ruling::Allow(_));
                prop_assert_eq!(allowed, plainly(&text, actor, command, id, attributes), "{} {:?}", text, late);
                match early {
                    Ruling::Allow(_) => prop_assert!(allowed, "{} {:?}", text, late),
                    Ruling::Deny => prop_assert_eq!(late, Ruling::Deny, "{}", text),
                    Ruling::Depends => prop_assert!(text.contains("resource ==") || text.contains("WorkItem")),
                }
            }
        }
    }
}
