//! What is refused at load, each by its place and name.

use super::*;

/// A machine with one state of each kind.
fn whole() -> Value {
    json!({
        "Comment": "whole",
        "QueryLanguage": "JSONata",
        "StartAt": "Work",
        "TimeoutSeconds": 60,
        "States": {
            "Work": {
                "Type": "Task",
                "Comment": "${Work} works",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Arguments": {"FunctionName": "${Work}", "Payload": {"all": "{% $states.input %}", "fixed": [1]}},
                "Output": "{% $states.result.Payload %}",
                "TimeoutSeconds": 5,
                "Retry": [
                    {"ErrorEquals": ["A", "States.Timeout"], "IntervalSeconds": 2, "MaxAttempts": 0, "BackoffRate": 1.5,
                     "MaxDelaySeconds": 9, "JitterStrategy": "FULL"},
                    {"ErrorEquals": ["States.ALL"]}
                ],
                "Catch": [{"ErrorEquals": ["States.TaskFailed"], "Output": "{% $states.errorOutput.Cause %}", "Next": "Broken"}],
                "Next": "Which"
            },
            "Which": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input.ok and $not(false) %}", "Output": 1, "Next": "Good"}],
                "Default": "Through"
            },
            "Through": {"Type": "Pass", "Output": {"at": "{% $states.context.Execution.StartTime %}"}, "Next": "Good"},
            "Good": {"Type": "Succeed", "Output": "{% $states.input %}"},
            "Broken": {"Type": "Fail", "Error": "Broken", "Cause": "{% $states.input %}"}
        }
    })
}

fn work() -> BTreeMap<String, String> {
    BTreeMap::from([("Work".to_owned(), "work".to_owned())])
}

fn faults(definition: &str, substitutions: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let error = Machine::load("m", definition, substitutions).err().map(|error| error.faults).unwrap_or_default();
    error.into_iter().map(|fault| (fault.pointer, fault.problem.to_string())).collect()
}

/// The faults of the whole machine in which one place is set to a value; a null takes it away.
fn with(pointer: &str, value: Value) -> Vec<(String, String)> {
    let mut definition = whole();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match (definition.pointer_mut(parent).unwrap(), value) {
        (Value::Object(fields), Value::Null) => drop(fields.remove(name).expect("there is such a field")),
        (Value::Object(fields), value) => drop(fields.insert(name.to_owned(), value)),
        (Value::Array(items), value) => items[name.parse::<usize>().unwrap()] = value,
        (other, _) => panic!("{other} has no fields"),
    }
    faults(&definition.to_string(), &work())
}

#[test]
fn a_machine_of_every_kind_loads() {
    let machine = Machine::load("m", &whole().to_string(), &work()).unwrap();
    assert_eq!(machine.functions().into_iter().collect::<Vec<_>>(), ["work"]);
    assert_eq!(machine.name(), "m");
}

#[test]
fn what_is_not_implemented_or_wrong_is_refused_by_place_and_name() {
    let table: Vec<(String, Value, String, String)> = serde_json::from_str(include_str!("refusals.json")).unwrap();
    assert!(!table.is_empty());
    for (pointer, value, at, problem) in table {
        assert_eq!(with(&pointer, value.clone()), [(at, problem)], "{pointer} = {value}");
    }
}

#[test]
fn what_is_given_must_be_used() {
    let mut given = work();
    given.insert("Other".to_owned(), "other".to_owned());
    let problem = "`${Other}` is given, but used nowhere".to_owned();
    assert_eq!(faults(&whole().to_string(), &given), [(String::new(), problem)]);
}

#[test]
fn all_faults_are_reported_at_once() {
    let mut definition = whole();
    definition["Version"] = json!("1.0");
    definition["States"]["Work"]["Resource"] = json!("sns");
    definition["States"]["Work"]["Next"] = json!("Nowhere");
    definition["States"]["Broken"]["Type"] = json!("Wait");
    let pointers: Vec<_> = faults(&definition.to_string(), &BTreeMap::new()).into_iter().map(|(at, _)| at).collect();
    let unreachable = ["/States/Which", "/States/Through", "/States/Good"];
    let mut expected = vec![
        "/States/Work/Comment",
        "/States/Work/Arguments/FunctionName",
        "/Version",
        "/States/Work/Resource",
        "/States/Work/Next",
    ];
    expected.extend(["/States/Broken/Type"]);
    expected.extend(unreachable);
    assert_eq!(pointers.len(), expected.len(), "{pointers:?}");
    assert!(expected.iter().all(|at| pointers.iter().any(|found| found == at)), "{pointers:?}");
}

#[test]
fn a_state_defined_twice_is_refused() {
    let faults = faults(r#"{"States": {"A": {}, "A": {}}}"#, &BTreeMap::new());
    assert_eq!(faults, [(String::new(), "not JSON: the field `A` is there twice at line 1 column 24".to_owned())]);
}

#[test]
fn an_error_reads_as_a_list_of_places() {
    let error = Machine::load("m", "{}", &BTreeMap::new()).err().unwrap().to_string();
    let expected = "the state machine `m` can't be run\n  ``: the field `QueryLanguage` is missing\n  ``: the field `StartAt` is missing\n  ``: the field `States` is missing";
    assert_eq!(error, expected);
}

#[test]
fn names_that_an_expression_binds_itself_are_known() {
    let valid = [
        "($x := $states.input.a; $x + 1)",
        "$map($states.input.items, function($v, $i) { $v.n + $i })",
        "$states.input.items@$item.{'n': $item.n}",
        "$states.input.items#$i.$i",
        "$states.input.items.($ + 1)",
        "$states.input.items[n > 1].n",
        "$states",
        "$states.input.items ~> $sum",
        "$uppercase($states.context.State.Name)",
    ];
    for source in valid {
        assert_eq!(with("/States/Good/Output", json!(format!("{{% {source} %}}"))), [], "{source}");
    }
}
