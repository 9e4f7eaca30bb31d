"""Writes a comment, reads it back, and meets a rejection and a refusal."""

from factmill import Factmill, Problem, command
import uuid

factmill = Factmill()
stream = f"comment/{uuid.uuid4()}"

create = command(stream, "CreateComment", {"subject": "picture/42", "text": "a fine sunset"})
created = factmill.submit(create)
print(created["status"], created["stream"], created["events"])

# the same command again: its first outcome, and no second effect
assert factmill.submit(create)["version"] == created["version"]

# a view follows some milliseconds behind; `after` waits until it shows this
found = factmill.search("comments", after=created, q="sunsets", stream=stream, highlight="true")
print(found["total"], "found:", found["hits"][0]["highlight"]["text"])

# many at once, of one stream: in order
edits = [command(stream, "EditComment", {"text": text}) for text in ("a finer sunset", "the finest sunset")]
print(factmill.submit_all(edits))

# a business rule says no: an answer, not an error
again = factmill.submit(command(stream, "CreateComment", {"subject": "picture/42", "text": "another"}))
print(again["status"], again["rejection"]["code"])

# what is not valid is refused with every wrong field
try:
    factmill.submit(command(stream, "EditComment", {"text": "", "author": "me"}))
except Problem as problem:
    print(problem.code, [f"{v['pointer']} {v['code']}" for v in problem.body["violations"]])

print([event["type"] for event in factmill.history(stream)])
