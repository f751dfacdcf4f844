// The acceptance list as a program sees it, with bad input and bad luck, on SQLite and on PostgreSQL.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { PASSWORD, until, world } from "../lib/atlas.mjs";
import { CLIENT, all, connection, connectQuietly, consent, contactOf, conversationNotice, credentials, equalsTruth, follow, good, invite, mirrored, notice, percentiles, same, session, synced, syncNow, timeline, told } from "../lib/api.mjs";
import { databases } from "../lib/databases.mjs";

const SIZE = { contacts: 40, companies: 8, conversations: 60 };
// The first admin of the sandbox is the owner of the workspace, so that `@me` in a note is somebody.
const OWNER = "maren@harbourlane.example";
const STRANGER = "owner@beta.example";

for (const database of databases()) describe(`REST on ${database.name}`, { timeout: 400_000 }, () => suite(database));

function suite(database) {
  let w, db, owner;

  before(async () => {
    db = database.open();
    w = await world({ email: OWNER, databaseUrl: db.url, sandbox: SIZE, env: { ATLAS_RATE_READ: "0", ATLAS_RATE_WRITE: "0", ATLAS_RATE_HEAVY: "0" }, prepare });
    owner = await session(w);
  });
  after(async () => {
    await w?.end();
    db?.drop();
  });

  describe("doors", () => {
    test("every operation is documented, names a scope and refuses strangers", () => operationsAreGuarded(w));
    test("another workspace's records are not there", () => foreignRecords(w));
    test("a guest's write is refused with the permission's name", () => guestWrites(w, owner));
    test("sessions: cookie flags, foreign forms, revoking, signing out, guessing", () => sessions(w));
    test("an Idempotency-Key repeats the answer", () => idempotency(w));
    test("ETag and If-Match keep two people apart", () => preconditions(w));
    test("cursors give every row once", () => cursors(w));
    test("bad bodies get problems that say what is wrong", () => badBodies(w));
  });

  describe("connecting", () => {
    test("HEAD on the receiver answers 200", async () => {
      assert.equal((await fetch(`${w.url}/webhooks/intercom`, { method: "HEAD" })).status, 200);
    });
    test("notices before there is a connection are refused", async () => {
      assert.equal((await notice(w, conversationNotice("x", "conversation.user.replied", { type: "conversation", id: "1" }))).status, 401);
    });
    test("a wrong client secret says so and changes nothing", () => wrongSecret(w, owner));
    test("declined consent says so and changes nothing", () => declined(w, owner));
    test("an answer with another state is refused", () => wrongState(w, owner));
    test("the client secret is never shown", () => secretStaysSecret(w));
  });

  describe("syncing", () => {
    test("a first sync survives two requests at once and kill -9, and equals the truth", { timeout: 180_000 }, () => firstSync(w, owner));
    test("a live message arrives by notice, and once", () => liveMessage(w));
    test("HTML in messages is sanitised and its words are found", () => hostileHtml(w));
    test("a note with /task becomes one task, however often it is delivered", () => taskFromNote(w));
    test("one click on another note makes its task, once", () => taskFromClick(w));
    test("signatures: forged, missing, correct, replayed", () => signatures(w));
    test("a body over the limit is refused, unknown topics and pings are acknowledged", () => oddNotices(w));
    test("trouble at the provider delays and loses nothing", { timeout: 90_000 }, () => trouble(w));
    test("a missing scope stops conversations only", { timeout: 90_000 }, () => missingScope(w, owner));
    test("a revoked token asks to reconnect, and reading resumes", { timeout: 90_000 }, () => revoked(w, owner));
    test("paused, nothing is asked of the provider; resumed, it goes on", { timeout: 60_000 }, () => pause(w));
    test("deleted, merged and redacted at the provider", { timeout: 90_000 }, () => removals(w));
    test("after all that, everything still equals the truth", { timeout: 90_000 }, async () => {
      await syncNow(w);
      await equalsTruth(w);
    });
  });

  if (database.name !== "SQLite") describe("several nodes", () => {
    test("a change on one node reaches the open pages of another", { timeout: 60_000 }, () => twoNodes(w));
  });

  describe("leaving", () => {
    test("another workspace of the provider is not mixed in", { timeout: 60_000 }, () => otherAccount(w, owner));
    test("disconnect and purge remove what came, keep what people wrote, and give a receipt", { timeout: 120_000 }, () => disconnect(w, db));
  });
}

function prepare(admin) {
  const token = (email, scopes) => admin("create-token", ["--email", email, "--scopes", scopes]);
  admin("create-owner", ["--email", STRANGER, "--password-stdin", "--workspace", "Beta"], "another good long password");
  return { stranger: token(STRANGER, "all"), narrow: token(OWNER, "profile:read"), other: token(OWNER, "search:read") };
}

async function operationsAreGuarded(w) {
  const document = await good(w.as(undefined, "GET", "/v1/openapi.json"));
  const seen = new Set();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (!["get", "post", "put", "patch", "delete"].includes(method)) continue;
      const name = `${method.toUpperCase()} ${path}`;
      const [scope, ...more] = operation["x-required-scopes"] ?? [];
      assert.ok(scope && more.length === 0 && /^[a-z_]+:(read|write)$/.test(scope), `${name} names no scope`);
      assert.ok(operation["x-ratelimit-class"], `${name} names no rate class`);
      assert.ok(!seen.has(operation.operationId), `${operation.operationId} is there twice`);
      seen.add(operation.operationId);
      const concrete = path.replace("{provider}", "intercom").replace("{connection}", "intercom").replace(/\{[^}]+\}/g, "none_00000000000000000000000000");
      const body = ["post", "put", "patch"].includes(method) ? {} : undefined;
      const nobody = await w.as(undefined, method.toUpperCase(), concrete, body);
      assert.equal(nobody.status, 401, `${name} without a token answered ${nobody.status}`);
      assert.match(nobody.headers.get("content-type"), /^application\/problem\+json/);
      const wrong = await w.as("atlas_pat_" + "0".repeat(40), method.toUpperCase(), concrete, body);
      assert.equal(wrong.status, 401, `${name} with an invented token answered ${wrong.status}`);
      const narrow = scope === "profile:read" ? w.prepared.other : w.prepared.narrow;
      const refused = await w.as(narrow, method.toUpperCase(), concrete, body);
      assert.equal(refused.status, 403, `${name} without its scope answered ${refused.status}: ${refused.text.slice(0, 200)}`);
      assert.deepEqual(refused.body.missingScopes, [scope], `${name}: the refusal names the scope`);
    }
  }
  const required = ["contacts", "companies", "deals", "pipelines", "tasks", "projects", "notes"];
  for (const noun of required) for (const path of [`/v1/${noun}`, `/v1/${noun}/{id}`]) assert.ok(document.paths[path], `${path} is missing`);
  console.log(`    ${seen.size} operations`);
}

async function foreignRecords(w) {
  const contact = await good(w.api("POST", "/v1/contacts", { name: "Ida Kessler", email: "ida@kessler.example" }));
  const company = await good(w.api("POST", "/v1/companies", { name: "Kessler & Co" }));
  const [pipeline] = (await good(w.api("GET", "/v1/pipelines"))).data;
  const deal = await good(w.api("POST", "/v1/deals", { title: "Kessler, two depots", contactId: contact.id }));
  const task = await good(w.api("POST", "/v1/tasks", { title: "Call Ida", links: [contact.id] }));
  const project = await good(w.api("POST", "/v1/projects", { name: "Depots", key: "DEP" }));
  const note = await good(w.api("POST", "/v1/notes", { subject: contact.id, body: "Prefers mornings." }));
  const records = { contacts: contact, companies: company, deals: deal, pipelines: pipeline, tasks: task, projects: project, notes: note };
  for (const [noun, record] of Object.entries(records)) {
    const path = `/v1/${noun}/${record.id}`;
    assert.equal((await w.api("GET", path)).status, 200, `${path} for its own workspace`);
    for (const [method, body] of [["GET"], ["PATCH", noun === "notes" ? { body: "Mine now" } : {}], ["DELETE"]]) {
      const answer = await w.as(w.prepared.stranger, method, path, body);
      // Pipelines cannot be deleted over REST.
      const absent = answer.status === 404 || (noun === "pipelines" && method === "DELETE" && answer.status === 405);
      assert.ok(absent, `${method} ${path} for another workspace answered ${answer.status}`);
    }
    assert.equal((await w.api("GET", path)).status, 200, `${path} is still there`);
  }
  for (const path of [`/v1/contacts/${contact.id}/timeline`, `/v1/deals/${deal.id}/timeline`, `/v1/companies/${company.id}/timeline`]) {
    assert.equal((await w.as(w.prepared.stranger, "GET", path)).status, 404, path);
  }
  const linked = await w.as(w.prepared.stranger, "POST", "/v1/tasks", { title: "Peek", links: [contact.id] });
  assert.ok([404, 422].includes(linked.status), `a link to another workspace's contact answered ${linked.status}`);
  const related = await w.as(w.prepared.stranger, "POST", "/v1/deals", { title: "Peek", contactId: contact.id });
  assert.ok([404, 422].includes(related.status), `a deal with another workspace's contact answered ${related.status}`);
  const found = await good(w.as(w.prepared.stranger, "GET", "/v1/search?q=kessler"));
  assert.equal(found.data.length, 0, "search finds another workspace's records");
}

async function guestWrites(w, owner) {
  const path = new URL(await invite(w, owner, "guest@acme.example", "guest")).pathname;
  const guest = await session(w, null);
  assert.equal((await guest.get(path)).status, 200);
  await guest.post(path, { name: "Gus Guest", password: "a password for guests", time_zone: "Europe/Dublin" });
  assert.ok(guest.cookie(), "the guest is signed in");
  const write = (body, headers) => fetch(`${w.url}/v1/contacts`, { method: "POST", headers: { "content-type": "application/json", cookie: guest.cookie(), origin: w.url, ...headers }, body: JSON.stringify(body) });
  const refused = await write({ name: "Not mine" });
  const problem = await refused.json();
  assert.equal(refused.status, 403, JSON.stringify(problem));
  assert.equal(problem.permission, "contacts:write");
  const other = await write({ name: "Elsewhere" }, { origin: "https://elsewhere.example" });
  assert.equal(other.status, 403, "a session's write from another site");
  assert.equal((await other.json()).title, "cross_origin_refused");
}

async function sessions(w) {
  const form = (path, body, headers) => fetch(w.url + path, { method: "POST", redirect: "manual", headers: { "content-type": "application/x-www-form-urlencoded", origin: w.url, ...headers }, body: new URLSearchParams(body) });
  const entered = await form("/signin", { email: OWNER, password: PASSWORD });
  const set = entered.headers.getSetCookie().find((line) => line.startsWith("atlas_session="));
  assert.match(set, /HttpOnly/i);
  assert.match(set, /SameSite=(Lax|Strict)/i);
  const cookie = set.split(";")[0];
  const me = () => fetch(`${w.url}/v1/me`, { headers: { cookie } }).then((answer) => answer.status);
  assert.equal(await me(), 200, "a session reads the API");
  const page = await fetch(`${w.url}/`, { headers: { cookie } });
  const policy = page.headers.get("content-security-policy");
  for (const part of ["default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"]) assert.ok(policy.includes(part), `${part} is not in ${policy}`);
  assert.doesNotMatch(policy, /script-src[^;]*unsafe/);
  const foreign = await form("/settings/profile", { name: "Taken over" }, { cookie, origin: "https://elsewhere.example" });
  assert.equal(foreign.status, 403, "another site's form");
  const bare = await fetch(`${w.url}/settings/profile`, { method: "POST", redirect: "manual", headers: { cookie, "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site" }, body: "name=Taken+over" });
  assert.equal(bare.status, 403, "a cross-site form without an origin");
  assert.notEqual((await good(w.api("GET", "/v1/me"))).name, "Taken over");

  const made = await good(w.api("POST", "/v1/tokens", { name: "Short-lived", scopes: ["profile:read"] }));
  const secret = made.secret ?? made.token;
  assert.match(secret, /^atlas_pat_/);
  assert.equal((await w.as(secret, "GET", "/v1/me")).status, 200);
  assert.ok(!(await w.api("GET", "/v1/tokens")).text.includes(secret), "a token's secret is shown once");
  await good(w.api("DELETE", `/v1/tokens/${made.id}`));
  assert.equal((await w.as(secret, "GET", "/v1/me")).status, 401, "a revoked token works no more");

  await form("/signout", {}, { cookie });
  assert.equal(await me(), 401, "signing out ends the session on the server");
  const away = await form("/signin", { email: OWNER, password: PASSWORD, next: "https://elsewhere.example/" });
  assert.ok(!away.headers.get("location").includes("elsewhere"), "nobody is led elsewhere after signing in");
  const answers = [];
  for (let n = 0; n < 15; n++) answers.push((await form("/signin", { email: "nobody@acme.example", password: `guess ${n}` })).status);
  assert.equal(answers[0], 422, `${answers}`);
  assert.equal(answers.at(-1), 429, `fifteen wrong passwords: ${answers}`);
}

async function idempotency(w) {
  const key = { "idempotency-key": `key-${Date.now()}` };
  const first = await w.api("POST", "/v1/contacts", { name: "Once Only" }, key);
  const again = await w.api("POST", "/v1/contacts", { name: "Once Only" }, key);
  assert.equal(first.status, 201);
  assert.equal(again.status, 201);
  assert.equal(again.body.id, first.body.id);
  const other = await w.api("POST", "/v1/contacts", { name: "Another" }, key);
  assert.equal(other.status, 409);
  assert.equal(other.body.title, "idempotency_key_reused");
  const both = { "idempotency-key": `pair-${Date.now()}` };
  const pair = await Promise.all([1, 2, 3, 4].map(() => w.api("POST", "/v1/contacts", { name: "At Once" }, both)));
  const made = await all(w, "/v1/contacts?q=at%20once");
  assert.equal(made.length, 1, `four requests with one key made ${made.length}: ${pair.map((p) => p.status)}`);
}

async function preconditions(w) {
  const contact = await good(w.api("POST", "/v1/contacts", { name: "Version One" }));
  const read = await w.api("GET", `/v1/contacts/${contact.id}`);
  const etag = read.headers.get("etag");
  assert.ok(etag, "a record has an ETag");
  const mine = await w.api("PATCH", `/v1/contacts/${contact.id}`, { role: "Buyer" }, { "if-match": etag });
  assert.equal(mine.status, 200);
  assert.notEqual(mine.headers.get("etag"), etag);
  const late = await w.api("PATCH", `/v1/contacts/${contact.id}`, { role: "Seller" }, { "if-match": etag });
  assert.equal(late.status, 412);
  assert.equal((await good(w.api("GET", `/v1/contacts/${contact.id}`))).role, "Buyer");
  assert.equal((await w.api("PATCH", `/v1/contacts/${contact.id}`, { role: null })).body.role, null, "null empties");
}

async function cursors(w) {
  for (let n = 0; n < 23; n++) await good(w.api("POST", "/v1/contacts", { name: `Page ${String(n).padStart(2, "0")}` }));
  for (const sort of ["name", "-name", "created", "-activity"]) {
    const names = [];
    let cursor;
    do {
      const page = await good(w.api("GET", `/v1/contacts?q=page&sort=${sort}&limit=7${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`));
      assert.ok(page.data.length <= 7);
      names.push(...page.data.map((c) => c.name));
      cursor = page.nextCursor;
    } while (cursor);
    assert.equal(new Set(names).size, 23, `sort=${sort} gave ${names.length} rows, ${new Set(names).size} different`);
    assert.equal(names.length, 23);
  }
  assert.equal((await w.api("GET", "/v1/contacts?cursor=nonsense")).status, 422);
  assert.equal((await w.api("GET", "/v1/contacts?limit=201")).status, 422);
}

async function badBodies(w) {
  const raw = (body, type = "application/json") => fetch(`${w.url}/v1/contacts`, { method: "POST", headers: { authorization: `Bearer ${w.token}`, "content-type": type }, body });
  assert.equal((await raw("{")).status, 400);
  assert.equal((await raw("name=x", "application/x-www-form-urlencoded")).status, 415);
  assert.equal((await raw(JSON.stringify({ name: "x".repeat(3_000_000) }))).status, 413);
  const invalid = await w.api("POST", "/v1/contacts", { name: "A", email: "not an address" });
  assert.equal(invalid.status, 422);
  assert.ok(invalid.body.errors.some((error) => error.field === "email"), invalid.text);
  assert.equal((await w.api("GET", "/v1/nothing")).status, 404);
  assert.equal((await w.api("PUT", "/v1/contacts", {})).status, 405);
}

async function wrongSecret(w, owner) {
  await good(credentials(w, { clientSecret: "not-the-secret" }));
  const page = await consent(w, owner);
  assert.match(told(page), /client id|client secret/i, "the page says what to check");
  assert.notEqual((await connection(w)).state, "connected");
  await good(credentials(w));
}

async function declined(w, owner) {
  for (const denyShape of ["error", "no_code"]) {
    const shaped = await w.sandbox("POST", "/_sandbox/settings", { denyShape });
    if (shaped.status !== 200) continue;
    const page = await consent(w, owner, "deny");
    assert.match(told(page), /nothing was (changed|connected)|declined|not grant/i, "the page says that access was not granted");
    assert.notEqual((await connection(w)).state, "connected");
  }
}

async function wrongState(w, owner) {
  const page = await follow(owner, "/oauth/callback/intercom?code=abc&state=made-up");
  assert.match(told(page), /begin again|does not belong/i);
  assert.notEqual((await connection(w)).state, "connected");
}

async function secretStaysSecret(w) {
  for (const path of ["/v1/connections", "/v1/connections/intercom", "/v1/connections/intercom/events"]) {
    assert.ok(!(await w.api("GET", path)).text.includes(CLIENT.clientSecret), path);
  }
  assert.ok(!w.log().includes(CLIENT.clientSecret), "the client secret is in the log");
}

async function firstSync(w, owner) {
  await good(w.sandbox("POST", "/_sandbox/settings", { latencyMs: 60 }));
  await connectQuietly(w, owner);
  const two = await Promise.all([1, 2].map(() => w.api("POST", "/v1/connections/intercom/sync")));
  assert.deepEqual(two.map((answer) => answer.status), [202, 202]);
  assert.equal(two[0].body.id, two[1].body.id, "the second request joins the first sync");
  // Companies come first, by a scroll that the provider keeps open for a minute: killed within it, Atlas has to wait that minute.
  await until(async () => ((await connection(w)).sync?.done ?? 0) >= 30, "the sync does not move", 20_000, 20);
  await w.processes.atlas.kill();
  const { requests: before } = await good(w.sandbox("GET", "/_sandbox/stats"));
  await good(w.sandbox("POST", "/_sandbox/settings", { latencyMs: 0 }));
  const begun = performance.now();
  await w.start();
  await synced(w, 120_000);
  console.log(`    killed after ${before} calls; complete ${((performance.now() - begun) / 1000).toFixed(1)} s after the restart`);
  const { truth } = await equalsTruth(w);
  console.log(`    ${truth.contacts.length} contacts, ${truth.companies.length} companies, ${truth.conversations.length} conversations, ${truth.parts.length} parts: all there, each once`);
  const view = await connection(w);
  assert.equal(view.completeness.stated, view.completeness.stored, "every stated part is stored");
  assert.equal(view.completeness.unreadable, 0);
}

/** A conversation of a new person, on both sides. */
async function talk(w, body = "Good morning, is the lift working again?") {
  const person = await good(w.sandbox("POST", "/_sandbox/contacts", { name: `Nora Field ${Math.random().toString(36).slice(2, 7)}`, email: `nora.${Math.random().toString(36).slice(2)}@field.example` }));
  const conversation = await good(w.sandbox("POST", "/_sandbox/conversations", { contactId: person.id, body }));
  const contact = await contactOf(w, person.id);
  await until(async () => (await timeline(w, contact.id, "chat")).length > 0, "the conversation does not arrive", 10_000, 50);
  return { person, conversation, contact };
}

async function liveMessage(w) {
  const { conversation, contact } = await talk(w);
  const begun = performance.now();
  const { partId } = await good(w.sandbox("POST", `/_sandbox/conversations/${conversation.id}/reply`, { as: "user", body: "It is on floor four." }));
  const replies = async () => (await timeline(w, contact.id, "chat")).filter((item) => item.source?.externalId === partId);
  await until(async () => (await replies()).length > 0, "the reply does not arrive", 10_000, 20);
  console.log(`    on the timeline after ${(performance.now() - begun).toFixed(0)} ms`);
  const reply = await replies();
  assert.equal(reply.length, 1);
  assert.deepEqual(reply[0].source, { provider: "intercom", kind: "conversation_part", externalId: partId });
  assert.equal(reply[0].actor.side, "customer");
  assert.match(reply[0].body.text, /floor four/);
  await good(w.sandbox("POST", "/_sandbox/webhooks/resend", { count: 3 }));
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal((await replies()).length, 1, "a repeated notice adds nothing");
}

async function hostileHtml(w) {
  const body = '<p>Guten Tag <b>zusammen</b></p><script>alert(1)</script><img src="x" onerror="alert(2)"><a href="javascript:alert(3)">Preisliste</a><style>*{display:none}</style><iframe src="https://evil.example"></iframe>';
  const { contact } = await talk(w, body);
  const [item] = await timeline(w, contact.id, "chat");
  assert.doesNotMatch(item.body.html, /<script|onerror|javascript:|<iframe|<style|alert\(/i, item.body.html);
  assert.match(item.body.html, /<(b|strong)>zusammen/);
  assert.match(item.body.text, /Guten Tag zusammen/);
  const page = await (await session(w)).get(`/growth/contacts/${contact.id}`);
  assert.equal(page.status, 200);
  assert.doesNotMatch(page.text, /<script>alert|onerror=|javascript:alert|evil\.example/i);
}

async function taskFromNote(w) {
  const { conversation, contact } = await talk(w);
  const { partId } = await good(w.sandbox("POST", `/_sandbox/conversations/${conversation.id}/note`, { body: "/task Send the SLA tomorrow @me !high" }));
  const tasks = () => all(w, `/v1/tasks?link=${contact.id}`);
  const [task] = await until(async () => { const found = await tasks(); return found.length > 0 && found; }, "the note makes no task", 10_000, 50);
  const me = await good(w.api("GET", "/v1/me"));
  assert.equal(task.title, "Send the SLA");
  assert.equal(task.priority, "high");
  assert.deepEqual(task.assignees, [me.id]);
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: me.timeZone, dateStyle: "short" }).format(new Date(Date.now() + 86_400_000));
  assert.equal(task.dueDate, day);
  assert.equal(task.source.provider, "intercom");
  assert.ok(task.links.includes(contact.id), "linked to the contact");
  assert.ok(task.links.some((link) => link.startsWith("conv_")), "linked to the conversation");
  await good(w.sandbox("POST", "/_sandbox/webhooks/resend", { count: 3, topic: "conversation.admin.noted" }));
  await new Promise((resolve) => setTimeout(resolve, 700));
  await syncNow(w);
  assert.equal((await tasks()).length, 1, "three more deliveries and a sync made another task");
  const events = (await timeline(w, contact.id)).filter((item) => item.kind === "task");
  assert.ok(events.length >= 1, "the task is on the contact's timeline");
  assert.ok((await timeline(w, contact.id, "chat")).some((item) => item.source.externalId === partId), "the note is on the timeline too");
}

async function taskFromClick(w) {
  const { conversation, contact } = await talk(w);
  const { partId } = await good(w.sandbox("POST", `/_sandbox/conversations/${conversation.id}/note`, { body: "Wants a call about the third depot." }));
  const item = await until(async () => (await timeline(w, contact.id, "chat")).find((one) => one.source.externalId === partId), "the note does not arrive", 10_000, 50);
  assert.equal((await all(w, `/v1/tasks?link=${contact.id}`)).length, 0, "a note without /task makes none by itself");
  const made = await Promise.all([1, 2].map(() => good(w.api("POST", `/v1/tasks/from/${item.record.id}`))));
  assert.equal(made[0].id, made[1].id);
  assert.match(made[0].title, /third depot/);
  assert.equal((await all(w, `/v1/tasks?link=${contact.id}`)).length, 1);
}

/** Lets the sandbox do something without telling Atlas. */
async function silently(w, deed) {
  const settings = await good(w.sandbox("GET", "/_sandbox/settings"));
  await good(w.sandbox("POST", "/_sandbox/settings", { topics: [] }));
  const done = await deed();
  await good(w.sandbox("POST", "/_sandbox/settings", { topics: settings.topics }));
  return done;
}

async function signatures(w) {
  const { conversation, contact } = await talk(w);
  const settings = await good(w.sandbox("GET", "/_sandbox/settings"));
  const part = await silently(w, () => good(w.sandbox("POST", `/_sandbox/conversations/${conversation.id}/reply`, { as: "user", body: "Only by my own notice." })));
  const here = async () => (await timeline(w, contact.id, "chat")).filter((item) => item.source.externalId === part.partId).length;
  const count = async (topic) => (await connection(w)).topics.find((t) => t.topic === topic)?.lastDay ?? 0;
  const before = await count("conversation.user.replied");
  const body = JSON.stringify(conversationNotice(settings.workspaceId, "conversation.user.replied", part));
  assert.equal((await notice(w, body, { secret: "forged" })).status, 401, "forged");
  assert.equal((await notice(w, body, { signature: null })).status, 401, "missing");
  assert.equal((await notice(w, body, { signature: "sha1=zz" })).status, 401, "not even hexadecimal");
  assert.equal(await count("conversation.user.replied"), before, "a refused notice is counted as nothing");
  assert.equal((await notice(w, body)).status, 200, "correct");
  await until(async () => (await here()) === 1, "the correct notice has no effect", 10_000, 50);
  assert.equal((await notice(w, body)).status, 200, "replayed");
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(await here(), 1, "one effect");
  const foreign = await notice(w, conversationNotice("another-workspace", "conversation.user.replied", part));
  assert.equal(foreign.status, 200, "signed, but about another workspace");
  const times = [];
  const running = await good(w.api("POST", "/v1/connections/intercom/sync"));
  for (let n = 0; n < 60; n++) times.push((await notice(w, conversationNotice(settings.workspaceId, "conversation.user.replied", part))).ms);
  const { p50, p99 } = percentiles(times);
  console.log(`    60 notices while sync ${running.id.slice(0, 12)}… runs: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (aim: under 50 ms)`);
  await synced(w);
  assert.equal(await here(), 1);
}

async function oddNotices(w) {
  const { workspaceId } = await good(w.sandbox("GET", "/_sandbox/settings"));
  assert.equal((await notice(w, "x".repeat(2 * 1024 * 1024))).status, 413);
  const unknown = conversationNotice(workspaceId, "ticket.invented.today", { type: "ticket", id: "9" });
  assert.equal((await notice(w, unknown)).status, 200);
  assert.ok((await connection(w)).topics.some((topic) => topic.topic === "ticket.invented.today" && topic.state === "unknown"), "the unknown topic is counted");
  assert.equal((await notice(w, { ...conversationNotice(workspaceId, "ping", { type: "ping", message: "hello" }), id: null })).status, 200);
  assert.equal((await notice(w, "not JSON at all")).status, 200, "signed, but of no known shape");
  assert.equal((await notice(w, "")).status, 200, "signed and empty");
  assert.equal((await fetch(`${w.url}/webhooks/nobody`, { method: "POST", body: "{}" })).status, 404);
}

async function trouble(w) {
  const faults = [{ status: 500, count: 2 }, { status: 429, count: 1 }, { kind: "truncated", count: 2 }, { kind: "html", count: 1 }];
  for (const fault of faults) {
    const set = await w.sandbox("POST", "/_sandbox/settings", { failNext: fault });
    assert.equal(set.status, 200, `${JSON.stringify(fault)}: ${set.text}`);
    await good(w.sandbox("POST", "/_sandbox/burst", { replies: 2 }));
    await syncNow(w, 60_000);
  }
  await good(w.sandbox("POST", "/_sandbox/settings", { failNext: null }));
  await equalsTruth(w);
}

async function missingScope(w, owner) {
  const { scopes } = await good(w.sandbox("GET", "/_sandbox/settings"));
  await good(w.sandbox("POST", "/_sandbox/settings", { scopes: scopes.filter((scope) => scope !== "read_conversations") }));
  const report = await good(w.api("POST", "/v1/connections/intercom/test"));
  const states = Object.fromEntries(report.scopes.map((scope) => [scope.scope, scope.state]));
  assert.deepEqual(states, { read_users_companies: "granted", write_users_companies: "not_checked", read_conversations: "missing", read_admins: "granted" });
  assert.equal(report.ok, false);
  assert.ok(report.notChecked.length > 0, "what was not checked is said");
  const person = await good(w.sandbox("POST", "/_sandbox/contacts", { name: "Still Arrives", email: "still@arrives.example" }));
  await syncNow(w).catch(() => undefined);
  await contactOf(w, person.id);
  const view = await connection(w);
  const conversations = view.streams.find((stream) => stream.stream === "conversations");
  assert.equal(conversations.attention?.code, "missing_scope", JSON.stringify(view.streams));
  assert.match(conversations.attention.remedy, /Add the missing scope under Authentication and reinstall/);
  assert.notEqual(view.streams.find((stream) => stream.stream === "contacts").state, conversations.state);
  await good(w.sandbox("POST", "/_sandbox/settings", { scopes }));
  await connectQuietly(w, owner);
  await synced(w);
  assert.equal((await good(w.api("POST", "/v1/connections/intercom/test"))).scopes.find((s) => s.scope === "read_conversations").state, "granted");
}

async function revoked(w, owner) {
  await good(w.sandbox("POST", "/_sandbox/settings", { revokeToken: true }));
  await w.api("POST", "/v1/connections/intercom/sync");
  const view = await until(async () => { const now = await connection(w); return now.state === "needs_attention" && now; }, "the revoked token is not noticed", 15_000, 50);
  assert.equal(view.attention[0].code, "token_revoked", JSON.stringify(view.attention));
  assert.match(view.attention[0].remedy, /Reconnect from Atlas/);
  const { requests } = await good(w.sandbox("GET", "/_sandbox/stats"));
  await good(w.sandbox("POST", "/_sandbox/burst", { replies: 3, contacts: 1 }));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const after = await good(w.sandbox("GET", "/_sandbox/stats"));
  assert.ok(after.requests - requests <= 2, `${after.requests - requests} calls were made with a token known to be dead`);
  await connectQuietly(w, owner);
  await synced(w);
  await equalsTruth(w);
}

async function pause(w) {
  const requests = async () => (await good(w.sandbox("GET", "/_sandbox/stats"))).requests;
  await good(w.sandbox("POST", "/_sandbox/settings", { latencyMs: 300 }));
  await silently(w, () => good(w.sandbox("POST", "/_sandbox/burst", { replies: 40 })));
  await good(w.api("POST", "/v1/connections/intercom/sync"));
  const before = await requests();
  await until(async () => (await requests()) > before + 2, "the sync does not begin", 10_000, 20);
  assert.equal((await good(w.api("POST", "/v1/connections/intercom/pause"))).paused, true);
  await new Promise((resolve) => setTimeout(resolve, 700));
  const paused = await requests();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.equal(await requests(), paused, "calls go on while paused");
  await good(w.sandbox("POST", "/_sandbox/settings", { latencyMs: 0 }));
  assert.equal((await good(w.api("POST", "/v1/connections/intercom/resume"))).paused, false);
  await synced(w);
  await equalsTruth(w);
}

async function twoNodes(w) {
  const node = await w.another();
  const here = await session({ ...w, url: node });
  const stream = await fetch(`${node}/live?topics=contacts`, { headers: { cookie: here.cookie() } });
  assert.equal(stream.status, 200);
  const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
  let heard = "";
  const listening = (async () => {
    for (let part = await reader.read(); !part.done && !/refresh[\s\S]*contacts/.test(heard); part = await reader.read()) heard += part.value;
  })();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const begun = performance.now();
  const contact = await good(w.api("POST", "/v1/contacts", { name: "Seen Elsewhere" }));
  await until(() => /refresh[\s\S]*contacts/.test(heard), () => `the other node heard nothing but “${heard}”`, 10_000, 10);
  console.log(`    the other node's pages were told after ${(performance.now() - begun).toFixed(0)} ms`);
  await reader.cancel();
  await listening;
  assert.match((await here.get(`/growth/contacts/${contact.id}`)).text, /Seen Elsewhere/);
}

async function removals(w) {
  const redacted = await talk(w, "My card number is 4111 1111 1111 1111");
  const part = await good(w.sandbox("POST", `/_sandbox/conversations/${redacted.conversation.id}/reply`, { as: "user", body: "And the code is 7788-REDACT" }));
  const find = async () => (await timeline(w, redacted.contact.id, "chat")).find((item) => item.source.externalId === part.partId);
  await until(find, "the reply does not arrive", 10_000, 50);
  await good(w.sandbox("POST", `/_sandbox/conversations/${redacted.conversation.id}/redact`, { partId: part.partId }));
  await until(async () => { const item = await find(); return item && !item.body?.text?.includes("7788-REDACT"); }, "the redaction does not arrive", 10_000, 50);
  const gone = await talk(w);
  await good(w.sandbox("DELETE", `/_sandbox/conversations/${gone.conversation.id}`));
  await until(async () => (await timeline(w, gone.contact.id, "chat")).length === 0, "the deleted conversation stays", 10_000, 50);
  const lead = await good(w.sandbox("POST", "/_sandbox/contacts", { role: "lead", name: "Leo Lead", email: "leo@lead.example" }));
  const user = await good(w.sandbox("POST", "/_sandbox/contacts", { name: "Leo User", email: "leo.user@lead.example" }));
  const said = await good(w.sandbox("POST", "/_sandbox/conversations", { contactId: lead.id, body: "Written as a lead." }));
  const stays = await contactOf(w, user.id);
  await until(async () => (await all(w, "/v1/conversations")).some((c) => c.source.externalId === said.id), "the lead's conversation does not arrive", 10_000, 50);
  await good(w.sandbox("POST", `/_sandbox/contacts/${lead.id}/merge`, { into: user.id }));
  await until(async () => (await timeline(w, stays.id, "chat")).some((item) => item.source.externalId === said.id), "the merged lead's timeline does not move", 15_000, 100);
}

async function otherAccount(w, owner) {
  const { workspaceId } = await good(w.sandbox("GET", "/_sandbox/settings"));
  await good(w.sandbox("POST", "/_sandbox/settings", { workspaceId: "zz99other" }));
  const page = await consent(w, owner);
  assert.match(told(page), /another workspace|different Intercom workspace|data here is of|belongs to/i);
  await good(w.sandbox("POST", "/_sandbox/settings", { workspaceId }));
  await connectQuietly(w, owner);
  await synced(w);
}

async function disconnect(w, db) {
  const { contact } = await talk(w, "Planted words: zanzibar-quokka");
  const note = await good(w.api("POST", "/v1/notes", { subject: contact.id, body: "My own words about Nora." }));
  await good(w.api("PATCH", `/v1/contacts/${contact.id}`, { role: "Written by a person" }));
  const deal = await good(w.api("POST", "/v1/deals", { title: "Nora's renewal", contactId: contact.id }));
  const task = await good(w.api("POST", "/v1/tasks", { title: "Ask Nora about March", links: [contact.id] }));
  const stored = () => db.contents(w).some((text) => text.includes("zanzibar-quokka"));
  assert.ok(stored(), "the planted words are in the database before");
  const there = await mirrored(w);
  const { auth } = await good(w.sandbox("GET", "/_sandbox/stats"));
  const done = await good(w.api("DELETE", "/v1/connections/intercom"));
  const hours = (new Date(done.purgeDueAt) - Date.now()) / 3_600_000;
  assert.ok(hours > 23 && hours <= 24, `the data goes in ${hours.toFixed(1)} hours`);
  await until(async () => (await good(w.sandbox("GET", "/_sandbox/stats"))).auth.uninstalls === auth.uninstalls + 1, "the provider was not told", 10_000, 50);
  const view = await connection(w);
  assert.equal(view.state, "disconnected");
  assert.equal((await good(w.sandbox("GET", "/_sandbox/settings"))).validTokens, 0, "no token works any more");
  assert.equal((await w.api("POST", "/v1/connections/intercom/sync")).status, 409);
  assert.ok((await all(w, "/v1/contacts?source=intercom")).length > 0, "the data is still there until the purge");
  await good(w.api("DELETE", "/v1/connections/intercom?purge=now"));
  const purged = await until(async () => { const now = await connection(w); return now.receipt && now; }, "the purge does not end", 60_000, 100);
  const statement = JSON.parse(purged.receipt.statement);
  console.log(`    receipt: ${JSON.stringify(statement.removed)}`);
  assert.equal(statement.removed.conversations, there.conversations.length, "the receipt counts the conversations that were there");
  assert.equal(statement.removed.messages, there.events.size, "and their messages");
  assert.equal(statement.removed.companies, there.companies.length);
  const cleared = statement.removed["records cleared of the provider's words"] ?? 0;
  assert.ok(statement.removed.contacts + cleared >= there.contacts.length, `${statement.removed.contacts} contacts removed and ${cleared} cleared of ${there.contacts.length}`);
  assert.match(purged.receipt.digest, /^[0-9a-f]{64}$/);
  assert.equal((await all(w, "/v1/conversations")).length, 0);
  assert.equal((await good(w.api("GET", `/v1/notes/${note.id}`))).body, "My own words about Nora.");
  assert.equal((await good(w.api("GET", `/v1/deals/${deal.id}`))).title, "Nora's renewal");
  assert.equal((await good(w.api("GET", `/v1/tasks/${task.id}`))).title, "Ask Nora about March");
  const kept = await good(w.api("GET", `/v1/contacts/${contact.id}`));
  assert.equal(kept.role, "Written by a person");
  assert.ok(!JSON.stringify(kept).includes("nora."), "the provider's values are gone from the kept contact");
  const left = (await all(w, "/v1/contacts")).filter((c) => c.providers.length > 0);
  same("contacts with the provider's words", left.map((c) => c.name), []);
  assert.equal((await good(w.api("GET", "/v1/search?q=zanzibar-quokka"))).data.length, 0);
  assert.equal((await notice(w, conversationNotice("k7q2atl5", "conversation.user.replied", { type: "conversation", id: "1" }))).status < 500, true);
  assert.ok(!stored(), "the planted words are nowhere in the database");
  assert.ok(!w.log().includes("zanzibar-quokka"), "nor in the log");
}
