/** Writes a comment, reads it back, and meets a rejection and a refusal. */

import { Factmill, Problem, command } from "./factmill.ts";

const factmill = new Factmill();
const stream = `comment/${crypto.randomUUID()}`;

const create = command(stream, "CreateComment", { subject: "picture/42", text: "a fine sunset" });
const created = await factmill.submit(create);
console.log(created.status, created.stream, created.events);

// the same command again: its first outcome, and no second effect
const again = await factmill.submit(create);
if (again.version !== created.version) throw new Error("it took effect twice");

// a view follows some milliseconds behind; `after` waits until it shows this
const found = await factmill.search<{ text: string }>("comments", { q: "sunsets", stream, highlight: "true" }, created);
console.log(found.total, "found:", found.hits[0]?.highlight?.text);

// many at once, of one stream: in order
const edits = ["a finer sunset", "the finest sunset"].map((text) => command(stream, "EditComment", { text }));
console.log(await factmill.submitAll(edits));

// a business rule says no: an answer, not an error
const second = await factmill.submit(command(stream, "CreateComment", { subject: "picture/42", text: "another" }));
console.log(second.status, second.rejection?.code);

// what is not valid is refused with every wrong field
try {
  await factmill.submit(command(stream, "EditComment", { text: "", author: "me" }));
} catch (problem) {
  if (!(problem instanceof Problem)) throw problem;
  console.log(problem.code, problem.violations.map((violation) => `${violation.pointer} ${violation.code}`));
}

const types: string[] = [];
for await (const event of factmill.history(stream)) types.push(event.type);
console.log(types);
