//! The same command more than once, and an id with two contents.

use serde_json::{Value, json};

use crate::{
    check,
    client::{Client, command, comment},
    process::{Engine, Folder},
};

#[test]
fn the_same_command_twice_at_once_reordered_and_after_a_restart_is_one_effect_and_one_answer() {
    let data = Folder::new();
    let engine = Engine::start(data.path());
    let commands: Vec<_> = (0..20)
        .flat_map(|n| {
            let stream = format!("comment/{n}");
            let edit = json!({ "text": format!("edited {n}") });
            let again = json!({ "subject": "picture/1", "text": "again" });
            [
                comment(&format!("create-{n}"), &stream, &format!("comment {n}")),
                command(&format!("edit-{n}"), &stream, "EditComment", &edit),
                command(&format!("rejected-{n}"), &stream, "CreateComment", &again),
            ]
        })
        .collect();
    let sent = |client: &Client| {
        let all = |commands: Vec<Value>| commands.iter().map(|one| client.settle(one)).collect::<Vec<_>>();
        std::thread::scope(|scope| {
            let two = scope.spawn(|| all(commands.clone()));
            let one = all(commands.clone());
            (one, two.join().unwrap())
        })
    };
    let (one, two) = sent(&engine.client);
    assert_eq!(one, two);
    let outcomes: Vec<_> = one.iter().take(3).map(|status| status["status"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["committed", "committed", "rejected"]);

    let mut reversed: Vec<_> = commands.iter().rev().map(|one| engine.client.settle(one)).collect();
    reversed.reverse();
    assert_eq!(reversed, one);
    engine.process.kill();

    let engine = Engine::start(data.path());
    assert_eq!(sent(&engine.client), (one.clone(), one.clone()));
    let (status, body) = engine.client.post("/commands", &Value::from(commands.clone()));
    assert_eq!((status, &body["queued"]), (202, &json!(commands.len())), "{body}");
    for n in 0..20 {
        assert_eq!(engine.client.history(&format!("comment/{n}")).len(), 2);
    }
    assert_eq!(engine.client.differences(), Vec::<Value>::new());
    engine.stop();
    check::at_rest(data.path());
}

#[test]
fn an_id_with_other_content_is_refused_and_its_first_outcome_stays() {
    let data = Folder::new();
    let mut engine = Engine::start(data.path());
    let first = comment("c-1", "comment/1", "the first");
    let other = comment("c-1", "comment/1", "another");
    let settled = engine.client.settle(&first);
    for restarted in [false, true] {
        if restarted {
            engine.process.kill();
            engine = Engine::start(data.path());
        }
        for answer in [engine.client.verdict(&other), engine.client.post("/commands", &other)] {
            assert_eq!((answer.0, answer.1["code"].as_str()), (409, Some("id-reused")), "{}", answer.1);
        }
        let (status, body) = engine.client.post("/commands", &json!([other, comment("c-2", "comment/2", "a third")]));
        assert_eq!((status, &body["refused"][0]["refusal"]["code"]), (202, &json!("id-reused")), "{body}");
        assert_eq!(engine.client.settled(&["c-1".into()]), std::slice::from_ref(&settled));
        assert_eq!(engine.client.settle(&first), settled);
        assert_eq!(engine.client.history("comment/1").len(), 1);
    }
    engine.stop();
    check::at_rest(data.path());
}

#[test]
fn two_contents_of_one_id_at_once_are_one_effect_and_one_refusal() {
    let data = Folder::new();
    let engine = Engine::start(data.path());
    for n in 0..10 {
        let (id, stream) = (format!("c-{n}"), format!("comment/{n}"));
        let [one, two] = ["one", "two"].map(|text| comment(&id, &stream, text));
        let (one, two) = std::thread::scope(|scope| {
            let other = scope.spawn(|| engine.client.verdict(&two));
            (engine.client.verdict(&one), other.join().unwrap())
        });
        let mut answers = [one.0, two.0];
        answers.sort_unstable();
        assert_eq!(answers, [200, 409], "{} {}", one.1, two.1);
        let text = if one.0 == 200 { "one" } else { "two" };
        let events = engine.client.history(&stream);
        assert_eq!((events.len(), &events[0]["data"]["text"]), (1, &json!(text)));
    }
    engine.stop();
    check::at_rest(data.path());
}

/// A little of everything: commits, waiting lists, promotions, rejections, what is already so.
fn story() -> Vec<Value> {
    let stream = "room-type/resort:A";
    let open = json!({ "hotel": "resort", "name": "Double", "rooms": 2 });
    let mut commands = vec![command("open", stream, "OpenRoomType", &open)];
    let book = |n: u32, first: u32| {
        json!({ "bookingId": format!("b-{n}"), "guest": { "name": format!("Guest {n}") },
            "arrival": format!("2027-03-{first:02}"), "departure": format!("2027-03-{:02}", first + 3),
            "party": { "adults": 2, "children": 0 } })
    };
    for n in 0..24 {
        commands.push(command(&format!("book-{n}"), stream, "BookRoom", &book(n, 1 + n % 5)));
        if n % 3 == 2 {
            let booking = json!({ "bookingId": format!("b-{}", n / 2) });
            commands.push(command(&format!("cancel-{n}"), stream, "CancelBooking", &booking));
        }
        if n % 5 == 4 {
            commands.push(command(&format!("again-{n}"), stream, "BookRoom", &book(n, 10)));
        }
        commands.push(comment(&format!("comment-{n}"), &format!("comment/{}", n / 2), &format!("text {}", n / 2)));
    }
    let mut stale = comment("expected", "comment/0", "too late");
    stale["expectedVersion"] = json!(7);
    commands.push(stale);
    commands
}

/// What came of a command, its times apart.
fn timeless(mut status: Value) -> Value {
    for time in ["receivedAt", "settledAt"] {
        status[time].take();
    }
    status
}

/// All documents of all views, their times apart.
fn documents(client: &Client) -> Vec<Value> {
    let mut documents = Vec::new();
    for view in ["bookings", "availability", "comments"] {
        let mut page = client.read(&format!("/views/{view}?limit=200"));
        for hit in page["hits"].as_array_mut().unwrap() {
            for time in ["createdAt", "updatedAt"] {
                hit["doc"][time].take();
            }
            documents.push(hit.take());
        }
    }
    documents
}

#[test]
fn a_batch_and_the_same_commands_one_by_one_come_to_the_same() {
    let story = story();
    let ids: Vec<_> = story.iter().map(crate::ledger::id).collect();
    let outcome = |send: &dyn Fn(&Client)| {
        let data = Folder::new();
        let engine = Engine::start(data.path());
        send(&engine.client);
        let statuses: Vec<_> = engine.client.settled(&ids).into_iter().map(timeless).collect();
        assert_eq!(engine.client.differences(), Vec::<Value>::new());
        let documents = documents(&engine.client);
        engine.stop();
        check::at_rest(data.path());
        (statuses, documents)
    };
    let one_by_one = outcome(&|client| story.iter().for_each(|one| drop(client.settle(one))));
    let batch = outcome(&|client| {
        let (status, body) = client.post("/commands", &Value::from(story.clone()));
        assert_eq!((status, &body["queued"]), (202, &json!(story.len())), "{body}");
    });
    assert_eq!(batch, one_by_one);
}
