//! A system is its folder and its lines in `catalog()`: nothing else of the domain knows it.

#![expect(clippy::unwrap_used, reason = "a file that can't be read fails the test")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use cedar_policy::{PolicySet, Schema, SchemaFragment, ValidationMode, Validator};
use kernel::catalog::PolicySource;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
/// What all systems share.
const COMMON: &str = "common";

/// The systems: every folder but the common one.
fn systems() -> BTreeSet<String> {
    let folders = fs::read_dir(SOURCES).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let names = folders.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    names.filter(|name| name != COMMON).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn no_system_and_nothing_common_names_another_system() {
    let systems = systems();
    assert!(systems.len() > 1, "{systems:?}");
    for folder in systems.iter().map(String::as_str).chain([COMMON]) {
        for file in files(&Path::new(SOURCES).join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            for other in systems.iter().filter(|other| *other != folder) {
                assert!(!text.contains(&format!("crate::{other}")), "{} names `{other}`", file.display());
            }
        }
    }
}

#[test]
fn outside_of_its_folder_a_system_stands_only_in_its_lines_of_the_catalog() {
    let root = fs::read_to_string(Path::new(SOURCES).join("lib.rs")).unwrap();
    for system in systems() {
        let lines: Vec<_> = root.lines().map(str::trim).filter(|line| line.contains(&system)).collect();
        let listed = |line: &&str| line.starts_with('.') && line.contains(&format!("{system}::"));
        let others: Vec<_> = lines.iter().filter(|line| !listed(line)).collect();
        assert_eq!(others, [&format!("pub mod {system};")], "{system}");
    }
}

#[test]
fn the_policies_of_the_others_are_valid_without_any_one_system() {
    let catalog = domain::catalog();
    for left_out in catalog.policy_sources().iter().filter(|source| source.name != COMMON) {
        let others = catalog.policy_sources().iter().filter(|source| source.name != left_out.name);
        assert_eq!(faults(others), Vec::<String>::new(), "without `{}`", left_out.name);
    }
}

fn faults<'a>(sources: impl Iterator<Item = &'a PolicySource>) -> Vec<String> {
    let (mut policies, mut fragments) = (PolicySet::new(), Vec::new());
    for source in sources {
        fragments.push(SchemaFragment::from_cedarschema_str(source.schema).unwrap().0);
        for policy in PolicySet::from_str(source.policies).unwrap().policies() {
            let id = policy.annotation("id").unwrap();
            policies.add(policy.new_id(id.parse().unwrap())).unwrap();
        }
    }
    let schema = Schema::from_schema_fragments(fragments).unwrap();
    let result = Validator::new(schema).validate(&policies, ValidationMode::Strict);
    let errors = result.validation_errors().map(ToString::to_string);
    errors.chain(result.validation_warnings().map(ToString::to_string)).collect()
}

#[test]
fn every_report_asks_a_view_and_every_view_an_aggregate_of_the_catalog() {
    let catalog = domain::catalog();
    for report in catalog.reports() {
        assert!(catalog.find_view(report.view()).is_some(), "`{}` asks no view", report.name());
    }
    for view in catalog.views() {
        assert!(catalog.find(view.aggregate()).is_some(), "`{}` reads no aggregate", view.name());
    }
}
