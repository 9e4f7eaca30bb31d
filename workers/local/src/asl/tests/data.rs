//! What is shared, and that looking up gives what `JSONata` gives.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;

#[tokio::test]
async fn a_document_goes_through_a_task_and_a_choice_as_it_is() {
    let work = task(&json!({"Output": "{% $states.result.Payload %}", "Next": "Which"}));
    let machine = load(&json!({
        "Work": work,
        "Which": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input.settle %}", "Next": "End"}]},
        "End": {"Type": "Succeed"}
    }));
    let (input, answer) = (batch(), batch());
    let functions = Scripted::new([Reply::Give(answer.clone())]);
    let output = run(&machine, input.clone(), &functions).await.unwrap();
    assert!(functions.payload(0).ptr_eq(&input), "the payload is the input");
    assert!(output.ptr_eq(&answer) && !output.ptr_eq(&input), "the output is the answer");
    assert!(output.downcast::<Batch>().is_some() && output.downcast::<Inner>().is_none());
}

#[tokio::test]
async fn templates_and_paths_share_what_they_find() {
    let input = batch();
    let inner = output(json!("{% $states.input.inner %}"), input.clone()).await.unwrap();
    let made = output(json!({"a": {"b": "{% $states.input.inner %}"}}), input.clone()).await.unwrap();
    let output = output(json!("{% $states.context.Execution.Input %}"), input.clone()).await.unwrap();
    assert!(output.ptr_eq(&input));
    let Data::Document(made) = made else { panic!("an object of shared fields is a document") };
    let Some(Data::Document(a)) = made.field("a") else { panic!("so is an object in it") };
    assert!(a.field("b").unwrap().ptr_eq(&inner));
    assert_eq!(made.to_json(), json!({"a": {"b": {"deep": "x"}}}));

    let json = Data::from(json!({"large": [1, 2, 3]}));
    let same = super::output(json!("{% $states.input %}"), json.clone()).await.unwrap();
    assert!(same.ptr_eq(&json), "JSON is shared as well");
}

/// Counts how often it becomes JSON.
struct Counting(Arc<AtomicUsize>);

impl Document for Counting {
    fn field(&self, name: &str) -> Option<Data> {
        (name == "n").then(|| Data::from(json!(7)))
    }

    fn to_json(&self) -> Value {
        self.0.fetch_add(1, Ordering::Relaxed);
        json!({"n": 7})
    }
}

#[tokio::test]
async fn a_document_becomes_json_at_most_once_in_a_state_and_only_where_an_expression_names_it() {
    let count = Arc::new(AtomicUsize::new(0));
    let document = Data::document(Counting(Arc::clone(&count)));
    let table = [
        (json!("{% $states.input.n %}"), 0),
        (json!("{% $states.context.State.Name & '!' %}"), 0),
        // no visit keeps the execution's input as JSON: it is made for the arguments, and for the output
        (json!("{% $string($states.context.Execution.Input.n) %}"), 2),
        (json!("{% $count($states.context[Execution.Input.n = 7].State) %}"), 2),
        (json!("{% $states.context.State.%.Execution.Input.n & '!' %}"), 2),
        (json!({"a": "{% $states.input.n + 1 %}", "b": ["{% $states.input.n * 2 %}", "{% $states.input.n %}"]}), 1),
    ];
    for (template, expected) in table {
        count.store(0, Ordering::Relaxed);
        let mut only = task(&json!({"Output": template}));
        only["Arguments"]["Payload"] = template.clone();
        let functions = Scripted::new([Reply::Give(Data::from("y"))]);
        run(&load(&json!({"Only": only})), document.clone(), &functions).await.unwrap();
        assert_eq!(count.load(Ordering::Relaxed), expected, "{template}");
    }
}

/// Any JSON object as a document.
struct Wrapped(Value);

impl Document for Wrapped {
    fn field(&self, name: &str) -> Option<Data> {
        self.0.get(name).map(wrap)
    }

    fn to_json(&self) -> Value {
        self.0.clone()
    }
}

fn wrap(value: &Value) -> Data {
    if value.is_object() { Data::document(Wrapped(value.clone())) } else { Data::from(value.clone()) }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-5i64..5).prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            3 => prop::collection::btree_map("[a-c]", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    /// The same path in parentheses is no bare path, so the engine evaluates it.
    #[test]
    fn looking_up_gives_what_jsonata_gives(value in any_json(), path in prop::collection::vec("[a-c]", 0..4)) {
        let path = path.iter().fold("$states.input".to_owned(), |path, name| format!("{path}.{name}"));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let evaluate = |template: String, input| {
            runtime.block_on(output(Value::from(template), input)).map(|data| data.to_json()).map_err(|error| error.error)
        };
        let engine = evaluate(format!("{{% ({path}) %}}"), Data::from(value.clone()));
        prop_assert_eq!(&evaluate(format!("{{% {path} %}}"), Data::from(value.clone())), &engine);
        prop_assert_eq!(&evaluate(format!("{{% {path} %}}"), wrap(&value)), &engine);
    }
}
