//! The policies of all systems, tested as tables of roles.

mod comments;
mod common;
mod engine;

use std::sync::LazyLock;

use engine::{Engine, Resource};

static ENGINE: LazyLock<Engine> = LazyLock::new(Engine::of_the_catalog);

const ROLES: [&str; 8] = ["staff", "guest", "customer", "member", "moderator", "device", "workflow", "operator"];

/// Exactly these of all roles may do it; an actor without a role may not.
#[track_caller]
fn only(roles: &[&str], action: &str, resource: &Resource) {
    let allowed: Vec<_> = ROLES.into_iter().filter(|role| ENGINE.allows(&[role], action, resource)).collect();
    let expected: Vec<_> = ROLES.into_iter().filter(|role| roles.contains(role)).collect();
    assert_eq!(allowed, expected, "{action} on {}", resource.uid);
    assert!(!ENGINE.allows(&[], action, resource), "{action} on {} without a role", resource.uid);
}
