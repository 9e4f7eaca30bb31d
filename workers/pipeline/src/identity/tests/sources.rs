//! Sources that are not right are refused, with their names.

use kernel::catalog::PolicySource;

use crate::{
    identity::CedarEngine,
    laws::identity::policies::POLICIES,
    ports::identity::{PolicyEngine, Resource, Ruling},
};

const MORE: PolicySource = PolicySource {
    name: "more",
    policies: "@id(\"more.all-read\") permit (principal, action == Action::\"read\", resource == View::\"more\");",
    schema: "entity More; action \"more/Do\" appliesTo { principal: [Actor], resource: [More] };",
};

fn fault(policies: &'static str, schema: &'static str) -> String {
    CedarEngine::new(&[POLICIES, PolicySource { name: "more", policies, schema }]).err().unwrap().to_string()
}

#[test]
fn sources_are_taken_together() {
    let engine = CedarEngine::new(&[POLICIES, MORE]).unwrap();
    let actor = kernel::Actor { sub: "x".into(), roles: [].into() };
    let read = |id| engine.access(&actor, "read", &Resource { kind: "View", id, attributes: vec![] });
    assert_eq!(read("more"), Ruling::Allow(vec!["more.all-read".into()]));
    assert_eq!(read("items"), Ruling::Deny);
    assert_eq!(engine.early(&actor, "more", "Do"), Ruling::Deny);
}

#[test]
fn what_is_wrong_is_named() {
    for (policies, schema, words) in [
        ("permit", MORE.schema, &["more"][..]),
        ("", "entity", &["more"]),
        ("permit (principal, action, resource);", MORE.schema, &["more", "@id"]),
        ("@id(\"\") permit (principal, action, resource);", MORE.schema, &["more", "@id"]),
        ("@id(\"staff-open\") permit (principal, action, resource);", MORE.schema, &["more", "staff-open", "laws"]),
        ("@id(\"t\") permit (principal == ?principal, action, resource);", MORE.schema, &["more", "template"]),
        ("@id(\"p\") permit (principal, action, resource is Nothing);", MORE.schema, &["more", "`p`", "Nothing"]),
        (
            "@id(\"p\") permit (principal, action == Action::\"more/Do\", resource) when { resource.x == 1 };",
            MORE.schema,
            &["more", "`p`"],
        ),
        (
            "@id(\"p\") permit (principal, action == Action::\"more/Do\", resource is View);",
            MORE.schema,
            &["more", "`p`"],
        ),
        (
            "@id(\"p\") permit (principal, action == Action::\"more/Do\", resource) when { false };",
            MORE.schema,
            &["more", "`p`"],
        ),
        ("", "entity More { x?: More };", &["more", "`x` of `More`"]),
        ("", "entity View;", &["View"]),
        (
            "",
            "entity Other; action \"more/Do\" appliesTo { principal: [Actor], resource: [Other] };",
            &["more/Do", "More"],
        ),
    ] {
        let fault = fault(policies, schema);
        assert!(words.iter().all(|word| fault.contains(word)), "{words:?}: {fault}");
    }
}
