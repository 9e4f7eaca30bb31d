//! A command that comes by the queue goes the way of all others, and its public event reaches whoever listens.

use serde_json::{Value, json};

use crate::stack::{Stack, fresh};

fn order(customer: &str) -> Value {
    let line =
        json!({ "sku": "lamp", "name": "Lamp", "quantity": 2, "unitPrice": { "amount": 1_950, "currency": "EUR" } });
    json!({ "id": fresh("c"), "issuedAt": jiff::Timestamp::now(), "stream": "order/o-1", "type": "PlaceOrder",
            "data": { "customer": customer, "lines": [line], "paymentToken": "tok_ok" } })
}

#[tokio::test]
async fn a_command_by_the_queue_is_committed_shown_and_announced() {
    let (stack, tenant) = (Stack::new(), fresh("q"));
    let (group, carla) = (format!("{tenant}/order/o-1"), stack.token(&tenant, "carla", "customer"));
    let listener = stack
        .listen(
            &json!({ "source": ["factmill.order"], "detail-type": ["OrderPlaced"], "detail": { "tenant": [tenant] } }),
        )
        .await;
    let command = order("carla");
    stack.enqueue(&carla, &group, &command).await;

    let id = command["id"].as_str().unwrap();
    let (code, status) = stack.get(&format!("/commands/{id}?wait=25"), &carla).await;
    assert_eq!((code, &status["status"], &status["version"]), (200, &json!("committed"), &json!(1)), "{status}");
    let (code, shown) = stack.get("/views/orders/o-1?after=order%2Fo-1%401&wait=25", &carla).await;
    assert_eq!((code, &shown["doc"]["customer"]), (200, &json!("carla")), "{shown}");

    let event = stack.heard(&listener).await.unwrap();
    assert_eq!((&event["source"], &event["detail-type"]), (&json!("factmill.order"), &json!("OrderPlaced")));
    let detail = &event["detail"];
    assert_eq!(detail["id"], format!("{tenant}/order/o-1@1"));
    assert_eq!((&detail["actor"], &detail["commandId"]), (&json!("carla"), &command["id"]));
    assert_eq!(detail["data"]["total"], json!({ "amount": 3_900, "currency": "EUR" }));

    // again: the same outcome, and nothing else happens
    stack.enqueue(&carla, &group, &command).await;
    let other = json!({ "id": fresh("c"), "issuedAt": jiff::Timestamp::now(), "stream": "order/o-1", "type": "CancelOrder",
                        "data": { "reason": "late" } });
    stack.enqueue(&carla, &group, &other).await;
    let (_, after) = stack.get(&format!("/commands/{}?wait=25", other["id"].as_str().unwrap()), &carla).await;
    assert_eq!((&after["status"], &after["version"]), (&json!("committed"), &json!(2)), "{after}");
    assert_eq!(stack.get(&format!("/commands/{id}"), &carla).await.1, status);
}

#[tokio::test]
async fn what_may_not_be_is_refused_on_the_queue_too() {
    let (stack, tenant) = (Stack::new(), fresh("q"));
    let mallory = stack.token(&tenant, "mallory", "customer");
    // another's order; then a message of another tenant's group
    let mut refused = Vec::new();
    for (group, customer) in [(format!("{tenant}/order/o-1"), "carla"), ("other/order/o-1".to_owned(), "mallory")] {
        let command = order(customer);
        stack.enqueue(&mallory, &group, &command).await;
        refused.push(command["id"].as_str().unwrap().to_owned());
    }
    for id in refused {
        let (code, status) = stack.get(&format!("/commands/{id}?wait=25"), &mallory).await;
        assert_eq!((code, &status["status"]), (200, &json!("refused")), "{status}");
        assert_eq!(status["refusal"]["code"], "forbidden", "{status}");
    }
}
