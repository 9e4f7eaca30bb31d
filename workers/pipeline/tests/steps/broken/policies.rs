//! Engines of policies.

use std::{
    collections::{BTreeSet, HashMap},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
};

use kernel::{Actor, Attribute};
use pipeline::{
    identity::CedarEngine,
    laws::identity::policies::{self, POLICIES},
    ports::identity::{PolicyEngine, Resource, Ruling},
};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    None,
    /// What no policy speaks of is permitted.
    PermitsTheUnknown,
    /// The policies are told in any order.
    ShufflesPolicies,
    /// What permits wins.
    PermitWins,
    /// An attribute is not handed on.
    ForgetsAnAttribute,
    /// Rulings are kept by role.
    KeepsRulingsByRole,
    /// A policy that can't be evaluated is left out.
    LeavesErrorsOut,
    /// An attribute of a wrong type is left out.
    LeavesWrongTypesOut,
    /// What depends on the resource is denied early.
    DeniesEarly,
}

struct Broken {
    engine: CedarEngine,
    bug: Bug,
    kept: Mutex<HashMap<(BTreeSet<String>, String), Ruling>>,
}

/// The same actor without a role.
fn without(actor: &Actor, role: &str) -> Actor {
    Actor { sub: actor.sub.clone(), roles: actor.roles.iter().filter(|held| *held != role).cloned().collect() }
}

impl Broken {
    fn new(bug: Bug) -> Self {
        Self { engine: CedarEngine::new(&[POLICIES]).unwrap(), bug, kept: Mutex::default() }
    }

    fn seen(&self, actor: &Actor) -> Actor {
        match self.bug {
            Bug::PermitWins => without(actor, "suspended"),
            Bug::LeavesErrorsOut => without(actor, "careless"),
            _ => actor.clone(),
        }
    }

    fn told(&self, ruling: Ruling) -> Ruling {
        match ruling {
            Ruling::Allow(mut policies) if self.bug == Bug::ShufflesPolicies => {
                policies.reverse();
                Ruling::Allow(policies)
            }
            other => other,
        }
    }
}

impl PolicyEngine for Broken {
    fn early(&self, actor: &Actor, aggregate: &str, command: &str) -> Ruling {
        let ruling = self.told(self.engine.early(&self.seen(actor), aggregate, command));
        match self.bug {
            Bug::KeepsRulingsByRole => {
                let question = (actor.roles.clone(), format!("{aggregate}/{command}"));
                self.kept.lock().unwrap().entry(question).or_insert(ruling).clone()
            }
            Bug::DeniesEarly if ruling == Ruling::Depends && actor.roles.len() > 1 => Ruling::Deny,
            _ => ruling,
        }
    }

    fn command(&self, actor: &Actor, aggregate: &str, command: &str, resource: &Resource<'_>) -> Ruling {
        let mut resource = resource.clone();
        resource.attributes.retain(|(name, value)| match self.bug {
            Bug::ForgetsAnAttribute => *name != "watchers",
            Bug::LeavesWrongTypesOut => !(*name == "locked" && matches!(value, Attribute::Integer(_))),
            _ => true,
        });
        self.told(self.engine.command(&self.seen(actor), aggregate, command, &resource))
    }

    fn access(&self, actor: &Actor, action: &str, resource: &Resource<'_>) -> Ruling {
        match self.engine.access(actor, action, resource) {
            Ruling::Deny if self.bug == Bug::PermitsTheUnknown && resource.kind == "Unknown" => Ruling::Allow(vec![]),
            ruling => self.told(ruling),
        }
    }
}

/// The laws that fail, by name.
macro_rules! failing {
    ($bug:ident; $($law:ident),+ $(,)?) => {{
        let mut failed = Vec::new();
        $(
            if catch_unwind(AssertUnwindSafe(|| policies::$law(&Broken::new($bug)))).is_err() {
                failed.push(stringify!($law));
            }
        )+
        failed
    }};
}

#[tokio::test]
async fn each_broken_policy_engine_fails_its_own_law() {
    for (bug, laws) in [
        (Bug::None, &[][..]),
        (Bug::PermitsTheUnknown, &["denies_by_default"]),
        (Bug::ShufflesPolicies, &["names_the_deciding_policies"]),
        (Bug::PermitWins, &["lets_a_forbidding_policy_win"]),
        (Bug::ForgetsAnAttribute, &["decides_on_the_resource"]),
        (Bug::KeepsRulingsByRole, &["tells_subjects_of_the_same_roles_apart"]),
        (Bug::LeavesErrorsOut, &["denies_what_it_can_not_evaluate"]),
        (Bug::LeavesWrongTypesOut, &["denies_attributes_of_another_type"]),
        (Bug::DeniesEarly, &["decides_early_as_it_would_late"]),
    ] {
        assert_eq!(pipeline::policy_engine_laws!([failing] bug;), laws, "{bug:?}");
    }
}
