//! Customers: their details, their points, the email that is theirs alone, and who may do what.

use serde_json::{Value, json};

use crate::support::{Actor, Table, Tenant, command, customer, ids};

#[test]
fn a_customer_lives() {
    let tenant = Tenant::new();
    let (staff, stream) = (tenant.staff(), "customer/ada");
    for (kind, data) in [
        ("UpdateCustomer", json!({ "name": "A" })),
        ("DeleteCustomer", json!({})),
        ("RestoreCustomer", json!({ "version": 1 })),
        ("AddReward", json!({ "points": 1, "reason": "a" })),
        ("RedeemReward", json!({ "points": 1 })),
    ] {
        staff.rejected(stream, kind, data, "not-registered");
    }
    staff.makes(stream, "RegisterCustomer", customer("Ada", "Ada@example.org"), &["CustomerRegistered"]);
    staff.rejected(stream, "RegisterCustomer", customer("Ada", "Ada@example.org"), "already-registered");
    staff.makes(
        stream,
        "UpdateCustomer",
        json!({ "name": "Ada King", "email": "Ada@example.org" }),
        &["CustomerUpdated"],
    );
    assert_eq!(staff.history(stream)[1]["data"], json!({ "name": "Ada King" }), "only what changed");
    staff.makes(stream, "UpdateCustomer", json!({ "name": "Ada King" }), &[]);
    staff.makes(stream, "UpdateCustomer", json!({}), &[]);
    staff.makes(stream, "AddReward", json!({ "points": 50, "reason": "birthday" }), &["RewardAdded"]);
    staff.rejected(stream, "RedeemReward", json!({ "points": 51 }), "insufficient-points");
    let shown = staff.makes(stream, "RedeemReward", json!({ "points": 20 }), &["RewardRedeemed"]);
    let mut doc = staff.document("customers", &shown, "ada").unwrap();
    doc.as_object_mut().unwrap().retain(|name, _| !name.ends_with("At"));
    let told =
        json!({ "name": "Ada King", "email": "Ada@example.org", "points": 30, "status": "active", "stream": stream });
    assert_eq!(doc, told);
    assert_eq!(ids(&staff.find("customers", &shown, "q=king&name=Ada%20King&points.gte=30")), ["ada"]);
    let gone = staff.makes(stream, "DeleteCustomer", json!({}), &["CustomerDeleted"]);
    assert_eq!(staff.document("customers", &gone, "ada").unwrap()["status"], "deleted");
    for (kind, data) in [
        ("UpdateCustomer", json!({ "name": "A" })),
        ("DeleteCustomer", json!({})),
        ("AddReward", json!({ "points": 1, "reason": "a" })),
        ("RedeemReward", json!({ "points": 1 })),
    ] {
        staff.rejected(stream, kind, data, "deleted");
    }
    staff.rejected(stream, "RegisterCustomer", customer("Ada", "Ada@example.org"), "already-registered");
}

#[test]
fn an_email_belongs_to_one_customer_at_a_time() {
    let staff = Tenant::new().staff();
    let register = |id: &str, email: &str| (format!("customer/{id}"), customer(id, email));
    let registers = |id: &str, email: &str| {
        let (stream, data) = register(id, email);
        staff.commits(&stream, "RegisterCustomer", data)
    };
    let finds_it_taken = |id: &str, email: &str| {
        let (stream, data) = register(id, email);
        staff.rejected(&stream, "RegisterCustomer", data, "email-taken")
    };
    registers("ada", "Ada@example.org");
    finds_it_taken("bob", "ada@EXAMPLE.org");
    // who was rejected is not registered, and may come with another address
    staff.rejected("customer/bob", "DeleteCustomer", json!({}), "not-registered");
    registers("bob", "bob@example.org");
    let email = |email: &str| json!({ "email": email });
    staff.rejected("customer/bob", "UpdateCustomer", email("ADA@example.org"), "email-taken");
    // another case of one's own is one's own
    staff.makes("customer/ada", "UpdateCustomer", email("ADA@example.org"), &["CustomerUpdated"]);
    finds_it_taken("eve", "ada@example.org");
    // a change of address frees the old one and takes the new one
    staff.makes("customer/ada", "UpdateCustomer", email("ada@example.com"), &["CustomerUpdated"]);
    staff.makes("customer/bob", "UpdateCustomer", email("ada@example.org"), &["CustomerUpdated"]);
    finds_it_taken("eve", "ada@example.com");
    registers("eve", "bob@example.org");
    // a deletion frees it
    staff.commits("customer/bob", "DeleteCustomer", json!({}));
    registers("zoe", "ada@example.org");
    // another tenant's customers are others
    Tenant::new().staff().commits("customer/ada", "RegisterCustomer", customer("Ada", "ada@example.org"));
}

/// The verdicts on commands, once all are settled: how many were committed, and the codes of the others.
fn verdicts(staff: &Actor, commands: &[Value]) -> (usize, Vec<String>, Vec<Value>) {
    let ids: Vec<_> = commands.iter().map(|command| command["id"].clone()).collect();
    loop {
        let told = staff.post("/commands/status", &json!({ "ids": ids })).is(200);
        let statuses: Vec<_> = ids.iter().map(|id| told["statuses"][id.as_str().unwrap()].clone()).collect();
        let open = statuses.iter().position(|status| status.is_null() || status["status"] == "queued");
        if let Some(open) = open {
            staff.outcome(&commands[open]);
            continue;
        }
        let committed = statuses.iter().filter(|status| status["status"] == "committed").count();
        let codes = statuses.iter().filter_map(|status| Some(status["rejection"]["code"].as_str()?.to_owned()));
        return (committed, codes.collect(), statuses);
    }
}

#[test]
fn of_many_who_register_one_email_at_once_one_has_it_also_when_they_ask_again() {
    const MANY: usize = 1_000;
    let staff = Tenant::new().staff();
    let commands: Vec<_> = (0..MANY)
        .map(|n| command(&format!("customer/c-{n}"), "RegisterCustomer", customer("Ada", "ada@example.org")))
        .collect();
    let send = || assert_eq!(staff.post("/commands", &json!(commands)).is(202)["queued"], MANY);
    send();
    let (committed, codes, first) = verdicts(&staff, &commands);
    assert_eq!((committed, codes.len()), (1, MANY - 1));
    assert!(codes.iter().all(|code| code == "email-taken"), "{codes:?}");
    send();
    let winner = first.iter().find(|status| status["status"] == "committed").unwrap();
    let stream = winner["stream"].as_str().unwrap();
    // behind the replays, in their stream: those of the winner and of another were judged again
    for stream in [stream, if stream == "customer/c-0" { "customer/c-1" } else { "customer/c-0" }] {
        staff.submit(stream, "AddReward", json!({ "points": 1, "reason": "patience" }));
    }
    let (_, _, again) = verdicts(&staff, &commands);
    assert_eq!(again, first);
    assert_eq!(staff.find("customers", winner, "email=ada%40example.org")["total"], 1);
    // once it is free, the next takes it
    staff.commits(stream, "DeleteCustomer", json!({}));
    staff.commits("customer/late", "RegisterCustomer", customer("Zoe", "ADA@example.org"));
}

#[test]
fn customers_keep_their_own_record() {
    let tenant = Tenant::new();
    let (alice, bob, staff) = (tenant.customer("alice"), tenant.customer("bob"), tenant.staff());
    let own = "customer/alice";
    alice.rejected(own, "UpdateCustomer", json!({ "name": "A" }), "not-registered");
    bob.rejected(own, "UpdateCustomer", json!({ "name": "A" }), "not-registered");
    bob.refused(own, "RegisterCustomer", customer("Alice", "alice@example.org"), "forbidden");
    alice.commits(own, "RegisterCustomer", customer("Alice", "alice@example.org"));
    bob.commits("customer/bob", "RegisterCustomer", customer("Bob", "bob@example.org"));
    staff.commits(own, "AddReward", json!({ "points": 5, "reason": "a year" }));
    alice
        .post("/commands", &command(own, "AddReward", json!({ "points": 5, "reason": "me" })))
        .problem(403, "forbidden");
    for (kind, data) in [
        ("UpdateCustomer", json!({ "phone": "1" })),
        ("RedeemReward", json!({ "points": 1 })),
        ("RestoreCustomer", json!({ "version": 1 })),
        ("DeleteCustomer", json!({})),
    ] {
        bob.refused(own, kind, data.clone(), "forbidden");
        alice.commits(own, kind, data);
    }
    // also of who was deleted
    bob.refused(own, "RestoreCustomer", json!({ "version": 1 }), "forbidden");
    let shown = alice.commits(own, "RestoreCustomer", json!({ "version": 1 }));
    assert_eq!(ids(&alice.find("customers", &shown, "")), ["alice"]);
    assert_eq!(alice.find("customers", &shown, "stream=customer%2Fbob")["total"], 0);
    assert!(alice.document("customers", &shown, "alice").is_some());
    assert!(alice.document("customers", &shown, "bob").is_none());
    assert_eq!(ids(&staff.find("customers", &shown, "")), ["alice", "bob"]);
    // their own stream too, and nobody else's
    assert_eq!(alice.history(own).len(), 7);
    alice.get(format!("/streams/{own}/state?version=1")).is(200);
    alice.get("/streams/customer/bob").problem(403, "forbidden");
    alice.get("/streams/customer/bob/state").problem(403, "forbidden");
    tenant.actor("alice", &["guest"]).get(format!("/streams/{own}")).problem(403, "forbidden");
}

#[test]
fn others_have_nothing_to_do_with_customers() {
    let tenant = Tenant::new();
    let mut table = Table::default();
    for role in ["guest", "member", "moderator", "device", "workflow", "operator"] {
        let actor = tenant.actor("x", &[role]);
        for (kind, data) in [
            ("RegisterCustomer", customer("X", "x@example.org")),
            ("UpdateCustomer", json!({})),
            ("DeleteCustomer", json!({})),
            ("RestoreCustomer", json!({ "version": 1 })),
            ("AddReward", json!({ "points": 1, "reason": "a" })),
            ("RedeemReward", json!({ "points": 1 })),
        ] {
            let answer = actor.post("/commands/check", &command("customer/x", kind, data));
            table.row(format!("{role} {kind}"), answer.check_problem(403, "forbidden"));
        }
        if role != "operator" {
            table.row(format!("{role} view"), actor.get("/views/customers").check_problem(403, "forbidden"));
        }
    }
    table.end();
}

#[test]
fn customers_data_is_checked() {
    let staff = Tenant::new().staff();
    let mut table = Table::default();
    for (kind, data, violations) in [
        ("RegisterCustomer", json!({}), &["/data/email required", "/data/name required"][..]),
        ("RegisterCustomer", customer("", "ada"), &["/data/email bad-format", "/data/name too-short"]),
        ("RegisterCustomer", customer(&"x".repeat(201), "a@b.example"), &["/data/name too-long"]),
        (
            "UpdateCustomer",
            json!({ "phone": 1, "points": 1 }),
            &["/data/phone wrong-type", "/data/points unknown-field"],
        ),
        ("RestoreCustomer", json!({}), &["/data/version required"]),
        ("AddReward", json!({ "points": 0, "reason": "a" }), &["/data/points out-of-range"]),
        ("AddReward", json!({ "points": 1_000_001, "reason": "a" }), &["/data/points out-of-range"]),
        ("RedeemReward", json!({ "points": 0 }), &["/data/points out-of-range"]),
        ("DeleteCustomer", json!({ "reason": "a" }), &["/data/reason unknown-field"]),
    ] {
        let answer = staff.post("/commands/check", &command("customer/c", kind, data));
        table.row(format!("{kind} {violations:?}"), answer.check_invalid(violations));
    }
    table.end();
}
