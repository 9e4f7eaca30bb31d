//! What every engine of policies must do. Each law takes an engine with [`POLICIES`]. Deciding is no I/O, nor are
//! its laws.

#![expect(clippy::missing_panics_doc, reason = "a law fails by panicking")]

use kernel::{Actor, Attribute, Attributes, catalog::PolicySource};

use crate::ports::identity::{PolicyEngine, Resource, Ruling};

/// Hands the list of all laws to `$each`, with what it needs besides.
#[macro_export]
macro_rules! policy_engine_laws {
    ([$($each:tt)+] $($rest:tt)*) => {
        $($each)+! { $($rest)*
            denies_by_default,
            names_the_deciding_policies,
            lets_a_forbidding_policy_win,
            decides_on_the_resource,
            tells_subjects_of_the_same_roles_apart,
            denies_what_it_can_not_evaluate,
            denies_attributes_of_another_type,
            decides_early_as_it_would_late,
        }
    };
}

/// The policies that the laws speak of.
pub const POLICIES: PolicySource = PolicySource {
    name: "laws",
    policies: include_str!("policies.cedar"),
    schema: include_str!("policies.cedarschema"),
};

fn actor(sub: &str, roles: &[&str]) -> Actor {
    Actor { sub: sub.into(), roles: roles.iter().map(|role| (*role).to_owned()).collect() }
}

fn thing(attributes: Attributes) -> Resource<'static> {
    Resource { kind: "WorkItem", id: "work-item/1", attributes }
}

fn owned_by(owner: &str) -> Resource<'static> {
    thing(vec![("owner", owner.into())])
}

fn allow(ids: &[&str]) -> Ruling {
    Ruling::Allow(ids.iter().map(|id| (*id).to_owned()).collect())
}

/// What no policy permits is denied: an unknown role, command, aggregate, action or type of resource.
pub fn denies_by_default(engine: &dyn PolicyEngine) {
    let staff = actor("s", &["staff"]);
    for (actor, aggregate, command) in [
        (&actor("x", &[]), "work-item", "Open"),
        (&actor("x", &["stranger"]), "work-item", "Open"),
        (&staff, "work-item", "Unknown"),
        (&staff, "unknown", "Open"),
        (&staff, "", ""),
    ] {
        assert_eq!(engine.early(actor, aggregate, command), Ruling::Deny, "{actor:?} {aggregate}/{command}");
        assert_eq!(engine.command(actor, aggregate, command, &thing(vec![])), Ruling::Deny);
    }
    let view = Resource { kind: "View", id: "items", attributes: vec![] };
    assert_eq!(engine.access(&actor("x", &[]), "read", &view), Ruling::Deny);
    assert_eq!(engine.access(&staff, "unknown", &view), Ruling::Deny);
    assert_eq!(engine.access(&staff, "work-item/Open", &view), Ruling::Deny);
    assert_eq!(engine.access(&staff, "read", &Resource { kind: "Unknown", ..view }), Ruling::Deny);
}

/// What is permitted says by which policies, sorted.
pub fn names_the_deciding_policies(engine: &dyn PolicyEngine) {
    let both = actor("s", &["staff", "member"]);
    assert_eq!(engine.early(&both, "work-item", "Open"), allow(&["members-open", "staff-open"]));
    assert_eq!(engine.command(&both, "work-item", "Open", &thing(vec![])), allow(&["members-open", "staff-open"]));
    let view = Resource { kind: "View", id: "items", attributes: vec![] };
    assert_eq!(engine.access(&both, "read", &view), allow(&["staff-read"]));
}

/// A policy that forbids wins over any that permits.
pub fn lets_a_forbidding_policy_win(engine: &dyn PolicyEngine) {
    let suspended = actor("s", &["staff", "suspended"]);
    assert_eq!(engine.early(&suspended, "work-item", "Open"), Ruling::Deny);
    assert_eq!(engine.command(&suspended, "work-item", "Open", &thing(vec![])), Ruling::Deny);
    let staff = actor("s", &["staff"]);
    let locked = thing(vec![("locked", Attribute::Boolean(true))]);
    assert_eq!(engine.early(&staff, "work-item", "Close"), Ruling::Depends);
    assert_eq!(engine.command(&staff, "work-item", "Close", &locked), Ruling::Deny);
    assert_eq!(engine.command(&staff, "work-item", "Close", &thing(vec![])), allow(&["staff-close"]));
}

/// What depends on the resource is decided on it, by each kind of attribute.
pub fn decides_on_the_resource(engine: &dyn PolicyEngine) {
    let member = actor("m", &["member"]);
    let ruling = |resource: &Resource<'_>| engine.command(&member, "work-item", "Rename", resource);
    assert_eq!(engine.early(&member, "work-item", "Rename"), Ruling::Depends);
    assert_eq!(ruling(&owned_by("m")), allow(&["owners-rename"]));
    assert_eq!(ruling(&owned_by("another")), Ruling::Deny);
    assert_eq!(ruling(&thing(vec![])), Ruling::Deny);
    let watched = thing(vec![("watchers", Attribute::Texts(vec!["a".into(), "m".into()]))]);
    assert_eq!(ruling(&watched), allow(&["watchers-rename"]));
    let stranger = actor("m", &["guest"]);
    assert_eq!(engine.early(&stranger, "work-item", "Rename"), Ruling::Deny);
}

/// A policy may name a subject, in its scope or in its conditions: nobody else of the same roles is meant.
pub fn tells_subjects_of_the_same_roles_apart(engine: &dyn PolicyEngine) {
    for (sub, early) in
        [("root", allow(&["root-archives"])), ("deputy", allow(&["deputy-archives"])), ("m", Ruling::Deny)]
    {
        let actor = actor(sub, &["member"]);
        assert_eq!(engine.early(&actor, "work-item", "Archive"), early);
        assert_eq!(engine.command(&actor, "work-item", "Archive", &thing(vec![])), early);
    }
}

/// A policy that can't be evaluated denies, though another permits: it might have forbidden it.
pub fn denies_what_it_can_not_evaluate(engine: &dyn PolicyEngine) {
    let staff = actor("s", &["staff"]);
    let ruling = |weight: i64| {
        let resource = thing(vec![("weight", Attribute::Integer(weight))]);
        engine.command(&staff, "work-item", "Weigh", &resource)
    };
    assert_eq!(engine.early(&staff, "work-item", "Weigh"), Ruling::Depends);
    assert_eq!(ruling(1), allow(&["staff-weigh"]));
    assert_eq!(ruling(i64::MAX), Ruling::Deny);
    let careless = actor("s", &["staff", "careless"]);
    assert_eq!(engine.early(&careless, "work-item", "Open"), Ruling::Deny);
    assert_eq!(engine.command(&careless, "work-item", "Open", &thing(vec![])), Ruling::Deny);
}

/// An attribute of another type than declared denies: no policy was written for it.
pub fn denies_attributes_of_another_type(engine: &dyn PolicyEngine) {
    let resource = thing(vec![("locked", Attribute::Integer(1))]);
    assert_eq!(engine.command(&actor("s", &["staff"]), "work-item", "Close", &resource), Ruling::Deny);
}

/// What is decided early is decided so on every resource; an early answer stays the same when it is asked again.
pub fn decides_early_as_it_would_late(engine: &dyn PolicyEngine) {
    let resources = [
        thing(vec![]),
        owned_by("s"),
        owned_by("m"),
        thing(vec![("locked", Attribute::Boolean(true)), ("weight", Attribute::Integer(i64::MAX))]),
        thing(vec![("watchers", Attribute::Texts(vec!["s".into()]))]),
    ];
    let roles = ["staff", "member", "suspended", "careless", "guest"];
    for mask in 0..1_u32 << roles.len() {
        let held: Vec<&str> = (0..roles.len()).filter(|bit| mask >> bit & 1 == 1).map(|bit| roles[bit]).collect();
        for (sub, command) in ["s", "m"].iter().flat_map(|sub| COMMANDS.iter().map(move |command| (sub, command))) {
            let actor = actor(sub, &held);
            let early = engine.early(&actor, "work-item", command);
            assert_eq!(engine.early(&actor, "work-item", command), early);
            for resource in &resources {
                let late = engine.command(&actor, "work-item", command, resource);
                match early {
                    Ruling::Allow(_) => assert!(matches!(late, Ruling::Allow(_)), "{actor:?} {command} {resource:?}"),
                    Ruling::Deny => assert_eq!(late, Ruling::Deny, "{actor:?} {command} {resource:?}"),
                    Ruling::Depends => assert_ne!(late, Ruling::Depends),
                }
            }
        }
    }
}

const COMMANDS: [&str; 5] = ["Archive", "Open", "Close", "Rename", "Weigh"];
