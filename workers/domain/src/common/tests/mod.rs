//! What holds for every system: its policies, as tables of roles.

pub(crate) mod engine;

use std::collections::HashSet;

use engine::{Engine, only, resource};

#[test]
fn the_policies_pass_the_strict_validator_without_a_warning() {
    assert_eq!(Engine::of_the_catalog().faults(), Vec::<String>::new());
}

#[test]
fn every_policy_has_an_id_of_its_own() {
    let engine = Engine::of_the_catalog();
    let ids: HashSet<_> = engine.policies().map(|policy| policy.id().to_string()).collect();
    assert_eq!(ids.len(), engine.policies().count());
    assert!(ids.iter().all(|id| id.contains('.')), "{ids:?}");
}

/// Before a stream is read only a policy's scope is judged, so it must say who it is for.
#[test]
fn a_policy_that_reads_a_resource_of_a_command_names_a_role_in_its_scope() {
    let aggregates: Vec<String> = crate::catalog().aggregates().map(|aggregate| pascal(aggregate.name())).collect();
    for policy in Engine::of_the_catalog().policies() {
        let text = policy.to_string();
        let of_a_command = aggregates.iter().any(|name| text.contains(&format!("resource is {name}")));
        if of_a_command {
            assert!(text.contains("principal in Role::"), "{text}");
        }
    }
}

fn pascal(name: &str) -> String {
    let words = name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
    words.collect()
}

#[test]
fn a_status_is_read_by_its_actor_staff_and_operators() {
    only(&["staff", "operator"], "read", &resource(r#"CommandStatus::"c-1""#, &[("actor", "bob")]));
    let own = resource(r#"CommandStatus::"c-1""#, &[("actor", "alice")]);
    assert!(Engine::of_the_catalog().allows(&[], "read", &own));
}

#[test]
fn operators_verify() {
    only(&["operator"], "verify", &resource(r#"System::"verify""#, &[]));
}

#[test]
fn what_no_policy_names_is_read_by_operators_alone() {
    only(&["operator"], "read", &resource(r#"View::"other""#, &[]));
    only(&["operator"], "read", &resource(r#"Report::"other""#, &[]));
    let stream = resource(r#"Stream::"other/1""#, &[("aggregate", "other"), ("id", "1")]);
    only(&["staff", "operator"], "read", &stream);
}
