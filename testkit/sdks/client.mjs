// Intercom's own client for Node.js against the local Intercom: reads everything, writes what two-way syncing writes.
import assert from "node:assert/strict";
import { IntercomClient, IntercomError } from "intercom-client";
import { ADMIN, TOKEN, same } from "./lib.mjs";

/** All items of a page and those after it. */
async function all(page) {
  const items = [];
  for await (const item of await page) items.push(item);
  return items;
}

const ids = (items) => items.map((item) => item.id);

/** Runs every check with that API version. */
export async function check(sandbox, version) {
  const client = new IntercomClient({ token: TOKEN, baseUrl: sandbox.url, version });
  await readings(client, sandbox);
  const user = await people(client);
  await firms(client, user);
  await talks(client, user);
  await troubles(client, sandbox, user);
  await afterwards(client, sandbox);
  await differences(client, sandbox);
}

/** What the seed grew, page by page. */
async function readings(client, sandbox) {
  const truth = await sandbox.truth();
  same("contacts listed", ids(await all(client.contacts.list({ per_page: 25 }))), truth.contacts);
  const since = { field: "updated_at", operator: ">", value: "1" };
  same("contacts searched", ids(await all(client.contacts.search({ query: since, pagination: { per_page: 40 } }))), truth.contacts);
  same("companies listed", ids(await all(client.companies.list({ per_page: 7 }))), truth.companies);
  same("companies scrolled", ids(await all(client.companies.scroll())), truth.companies);
  const listed = await all(client.conversations.list({ per_page: 20 }));
  same("conversations listed", ids(listed), truth.conversations);
  same("conversations searched", ids(await all(client.conversations.search({ query: since, pagination: { per_page: 13 } }))), truth.conversations);
  const parts = [];
  const sources = [];
  for (const { id } of listed) {
    const talk = await client.conversations.find({ conversation_id: id });
    assert.equal(talk.conversation_parts.conversation_parts.length, Math.min(500, talk.conversation_parts.total_count));
    parts.push(...talk.conversation_parts.conversation_parts);
    sources.push(talk.source.id);
  }
  same("parts read", ids(parts), truth.parts);
  same("notes among them", ids(parts.filter((part) => part.part_type.startsWith("note"))), truth.notes);
  same("opening messages", sources, truth.sources);
  same("admins", ids((await client.admins.list()).admins), truth.admins);
  same("tags", ids((await client.tags.list()).data), truth.tags);
  const [first, second] = truth.contacts;
  const contact = await client.contacts.find({ contact_id: first });
  assert.deepEqual([contact.tags.total_count, contact.tags.data.length, contact.tags.has_more], [25, 10, true]);
  assert.equal((await client.contacts.listAttachedTags({ contact_id: first })).data.length, 25);
  assert.equal((await all(client.contacts.listAttachedCompanies({ contact_id: first, per_page: 5 }))).length, 12);
  const notes = await all(client.notes.list({ contact_id: second, per_page: 5 }));
  assert.equal(new Set(ids(notes)).size, 12);
  assert.equal(notes.length, 12);
  const all_notes = [];
  for (const contact_id of truth.contacts) all_notes.push(...ids(await all(client.notes.list({ contact_id }))));
  same("notes on contacts", all_notes, truth.contactNotes);
  const company = await client.companies.find({ company_id: truth.companies[0] });
  assert.equal((await client.companies.retrieve({ company_id: company.company_id })).id, company.id);
  assert.ok((await client.companies.listAttachedContacts({ company_id: company.id })).data.length > 0);
  assert.equal((await client.admins.identify()).app.id_code, "k7q2atl5");
  assert.ok((await client.dataAttributes.list({ model: "contact" })).data.some((row) => row.name === "plan_tier"));
  assert.equal((await client.teams.list()).teams.length, 2);
  assert.deepEqual((await client.segments.list()).segments, []);
}

/** Contacts made, changed, noted, tagged, merged, archived, deleted. */
async function people(client) {
  await client.dataAttributes.create({ name: "Shirt", model: "contact", data_type: "string" });
  const made = await client.contacts.create({ email: "sdk@bluepine.example", name: "Ada", custom_attributes: { plan_tier: "gold", Shirt: "blue" } });
  assert.deepEqual([made.role, made.custom_attributes.Shirt], ["user", "blue"]);
  const changed = await client.contacts.update({ contact_id: made.id, name: "Ada L.", external_id: "sdk-1", custom_attributes: { seats: 4 } });
  assert.deepEqual([changed.name, changed.email, changed.custom_attributes], ["Ada L.", "sdk@bluepine.example", { plan_tier: "gold", Shirt: "blue", seats: 4 }]);
  assert.equal((await client.contacts.showContactByExternalId({ external_id: "sdk-1" })).id, made.id);
  await refused(409, `A contact matching those details already exists with id=${made.id}`, client.contacts.create({ email: "SDK@bluepine.example" }));
  await refused(400, "Custom attribute 'mood' does not exist", client.contacts.update({ contact_id: made.id, custom_attributes: { mood: "good" } }));
  const note = await client.notes.create({ contact_id: made.id, body: "Call back", admin_id: ADMIN });
  assert.equal((await client.notes.find({ note_id: Number(note.id) })).body, "<p>Call back</p>");
  const tag = await client.tags.create({ name: "From the client" });
  assert.equal((await client.tags.tagContact({ contact_id: made.id, id: tag.id })).id, tag.id);
  assert.equal((await client.contacts.find({ contact_id: made.id })).tags.total_count, 1);
  await client.tags.untagContact({ contact_id: made.id, tag_id: tag.id });
  const lead = await client.contacts.create({ role: "lead", name: "Sam" });
  await client.contacts.update({ contact_id: lead.id, email: "sdk@bluepine.example" });
  assert.equal((await client.contacts.mergeLeadInUser({ from: lead.id, into: made.id })).id, made.id);
  const other = await client.contacts.create({ external_id: "sdk-2" });
  assert.equal((await client.contacts.archive({ contact_id: other.id })).archived, true);
  assert.equal((await client.contacts.unarchive({ contact_id: other.id })).archived, false);
  assert.equal((await client.contacts.delete({ contact_id: other.id })).deleted, true);
  await refused(404, "User Not Found", client.contacts.find({ contact_id: other.id }));
  return made.id;
}

/** Companies made, changed, attached, detached, deleted. */
async function firms(client, user) {
  const made = await client.companies.createOrUpdate({ company_id: "sdk-co", name: "Blue Pine", plan: "Growth", monthly_spend: 12 });
  assert.equal((await client.companies.createOrUpdate({ company_id: "sdk-co", industry: "Timber" })).id, made.id);
  assert.equal((await client.companies.update({ company_id: made.id, body: { name: "Blue Pine Ltd" } })).name, "Blue Pine Ltd");
  await client.companies.attachContact({ contact_id: user, id: made.id });
  assert.deepEqual(ids(await all(client.contacts.listAttachedCompanies({ contact_id: user }))), [made.id]);
  await client.companies.detachContact({ contact_id: user, company_id: made.id });
  assert.equal((await client.companies.delete({ company_id: made.id })).deleted, true);
  await refused(404, "Company Not Found", client.companies.find({ company_id: made.id }));
}

/** A conversation from its opening to its end. */
async function talks(client, user) {
  const message = await client.conversations.create({ from: { type: "user", id: user }, body: "The checkout fails" });
  const conversation_id = message.conversation_id;
  const admin = { type: "admin", admin_id: ADMIN };
  const said = [
    client.conversations.reply.bind(client.conversations, { conversation_id, body: { ...admin, message_type: "comment", body: "Looking" } }),
    client.conversations.reply.bind(client.conversations, { conversation_id, body: { ...admin, message_type: "note", body: "Card expired" } }),
    client.conversations.reply.bind(client.conversations, { conversation_id, body: { type: "user", message_type: "comment", intercom_user_id: user, body: "Thanks" } }),
    client.conversations.manage.bind(client.conversations, { conversation_id, body: { ...admin, message_type: "assignment", assignee_id: ADMIN } }),
    client.conversations.manage.bind(client.conversations, { conversation_id, body: { admin_id: ADMIN, message_type: "snoozed", snoozed_until: 1_900_000_000 } }),
    client.conversations.manage.bind(client.conversations, { conversation_id, body: { admin_id: ADMIN, message_type: "open" } }),
    client.conversations.manage.bind(client.conversations, { conversation_id, body: { ...admin, message_type: "close", body: "Solved" } }),
  ];
  for (const say of said) assert.equal((await say()).id, conversation_id);
  const tag = await client.tags.create({ name: "Checkout" });
  assert.equal((await client.tags.tagConversation({ conversation_id, id: tag.id, admin_id: ADMIN })).id, tag.id);
  await client.conversations.update({ conversation_id, read: true, custom_attributes: { issue_type: "Billing" } });
  await refused(400, "Conversation attribute 'anything' does not exist", client.conversations.update({ conversation_id, custom_attributes: { anything: "you want" } }));
  const talk = await client.conversations.find({ conversation_id });
  assert.deepEqual(talk.conversation_parts.conversation_parts.map((part) => part.part_type), ["comment", "note", "comment", "assignment", "snoozed", "unsnoozed", "close"]);
  assert.deepEqual([talk.state, ids(talk.tags.tags), talk.custom_attributes.issue_type], ["closed", [tag.id], "Billing"]);
  await client.tags.untagConversation({ conversation_id, tag_id: tag.id, admin_id: ADMIN });
  const conversation_part_id = talk.conversation_parts.conversation_parts[0].id;
  const redacted = await client.conversations.redactConversationPart({ type: "conversation_part", conversation_id, conversation_part_id });
  assert.equal(redacted.conversation_parts.conversation_parts[0].redacted, true);
  const second = await client.conversations.create({ from: { type: "user", id: user }, body: "Never mind" });
  assert.equal((await client.conversations.deleteConversation({ conversation_id: second.conversation_id })).deleted, true);
}

/** What the client does by itself on bad days: it tries again; and which errors it tells apart. */
async function troubles(client, sandbox, user) {
  await sandbox.set({ failNext: { status: 503, count: 2, path: "/contacts" } });
  assert.equal((await client.contacts.find({ contact_id: user })).id, user);
  await sandbox.set({ scopes: ["read_users_companies"] });
  await refused(403, "You do not have the required scope (read_conversations) to access this resource", client.conversations.list());
  await sandbox.set({ scopes: ["read_users_companies", "write_users_companies", "read_conversations", "read_admins", "write_conversations"] });
  const stranger = new IntercomClient({ token: "nobody", baseUrl: sandbox.url });
  await refused(401, "Access Token Invalid", stranger.admins.identify());
}

/** After all the writing the same reader still finds exactly what there is. */
async function afterwards(client, sandbox) {
  const truth = await sandbox.truth();
  same("contacts at the end", ids(await all(client.contacts.list({ per_page: 150 }))), truth.contacts);
  same("conversations at the end", ids(await all(client.conversations.list({ per_page: 150 }))), truth.conversations);
  same("companies at the end", ids(await all(client.companies.scroll())), truth.companies);
}

/** The comparison is able to fail: somebody who comes after the truth was told is noticed. */
async function differences(client, sandbox) {
  const truth = await sandbox.truth();
  await sandbox.burst({ contacts: 1 });
  const read = ids(await all(client.contacts.list({ per_page: 150 })));
  assert.throws(() => same("contacts, one of them made behind the back", read, truth.contacts), { name: "AssertionError" });
}

async function refused(status, message, promise) {
  const error = await promise.then(() => undefined, (caught) => caught);
  assert.ok(error instanceof IntercomError, `${message}: ${error ?? "was not refused"}`);
  assert.deepEqual([error.statusCode, error.body.errors[0].message], [status, message]);
}
