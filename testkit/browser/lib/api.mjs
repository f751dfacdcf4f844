// Reading Atlas over `/v1` the way a program would: pages by cursor, good answers only, signed-in sessions.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { EMAIL, PASSWORD, until } from "./atlas.mjs";

export const CLIENT = { clientId: "sandbox-client", clientSecret: "sandbox-secret" };
const CONNECTION = "/v1/connections/intercom";

/** The body of an answer that must be a success. */
export async function good(answer) {
  const { status, body, text } = await answer;
  assert.ok(status >= 200 && status < 300, `answered ${status}: ${text.slice(0, 400)}`);
  return body;
}

/** Every row of a list, page by page. */
export async function all(w, path) {
  const rows = [];
  let cursor;
  do {
    const query = `${path.includes("?") ? "&" : "?"}limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
    const page = await good(w.api("GET", path + query));
    rows.push(...page.data);
    assert.notEqual(page.nextCursor, cursor ?? "", "a cursor leads back to itself");
    cursor = page.nextCursor;
  } while (cursor);
  return rows;
}

/** A browser's session without a browser: sign-in, pages and forms with the cookies. */
export async function session(w, email = w.email ?? EMAIL, password = PASSWORD) {
  const jar = new Map();
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const send = async (method, to, form) => {
    const url = to.startsWith("http") ? to : w.url + to;
    const own = url.startsWith(w.url);
    const headers = { ...(own ? { cookie: cookie() } : {}), ...(form ? { "content-type": "application/x-www-form-urlencoded", origin: new URL(url).origin } : {}) };
    const response = await fetch(url, { method, headers, body: form && new URLSearchParams(form), redirect: "manual" });
    for (const line of own ? response.headers.getSetCookie() : []) keep(jar, line);
    return { status: response.status, headers: response.headers, location: response.headers.get("location"), text: await response.text() };
  };
  const self = { get: (path) => send("GET", path), post: (path, form) => send("POST", path, form), cookie };
  if (email) {
    const answer = await self.post("/signin", { email, password });
    assert.ok(jar.has("atlas_session") && answer.status < 400, `sign-in answered ${answer.status}`);
  }
  return self;
}

function keep(jar, line) {
  const [pair, ...attributes] = line.split(";");
  const at = pair.indexOf("=");
  const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  if (value === "" || attributes.some((attribute) => /max-age=0/i.test(attribute))) jar.delete(name);
  else jar.set(name, value);
}

/** What a page tells the person right away: its toast, or the text of an error page. */
export function told(page) {
  const part = /<div class="toasts"[^>]*>([\s\S]*?)<\/body>/.exec(page.text)?.[1] ?? page.text;
  return part.replace(/<[^>]+>/g, " ").replace(/&#?\w+;/g, " ").replace(/\s+/g, " ").trim();
}

/** Walks the consent: Atlas's connect address, the provider's form with this decision, and Atlas's callback, followed to a page. */
export async function consent(w, browser, decision = "allow") {
  const asked = await browser.get("/settings/integrations/intercom/connect");
  assert.ok([302, 303, 307].includes(asked.status) && asked.location?.startsWith(w.intercom), `connect answered ${asked.status} to ${asked.location}`);
  const form = await browser.get(asked.location);
  assert.equal(form.status, 200, "the provider's consent page");
  const hidden = [...form.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value.replaceAll("&amp;", "&")]);
  const decided = await browser.post(`${w.intercom}/oauth`, { ...Object.fromEntries(hidden), decision });
  const back = new URL(decided.location);
  assert.equal(back.origin + back.pathname, `${w.url}/oauth/callback/intercom`, "the provider sends the person back to Atlas");
  return follow(browser, decided.location);
}

/** Follows redirects to the page they end at. */
export async function follow(browser, address) {
  let answer = await browser.get(address);
  let at = address;
  for (let hop = 0; hop < 5 && answer.location; hop++) {
    at = answer.location;
    answer = await browser.get(at);
  }
  return { ...answer, at };
}

/** Invites somebody through the members page and answers the link that is shown once. */
export async function invite(w, owner, email, role) {
  const made = await owner.post("/settings/invitations", { email, role });
  const page = made.location ? await follow(owner, made.location) : made;
  const link = /id="invitation-link"[^>]*value="([^"]+)"/.exec(page.text)?.[1];
  assert.ok(link, "the invitation's link is shown");
  return new URL(link, w.url).href;
}

/** Stores the sandbox's credentials. */
export function credentials(w, change = {}) {
  return w.api("PUT", `${CONNECTION}/credentials`, { ...CLIENT, apiBaseUrl: w.intercom, appBaseUrl: w.intercom, ...change });
}

/** Connects without a browser window. */
export async function connectQuietly(w, browser) {
  await good(credentials(w));
  const page = await consent(w, browser);
  assert.equal((await connection(w)).state, "connected", `after the consent: ${page.status} at ${page.at}`);
}

/** The connection as REST shows it. */
export function connection(w) {
  return good(w.api("GET", CONNECTION));
}

/** Waits until the last sync has ended well and nothing waits, asking every so often, and answers the connection. */
export function synced(w, patience = 60_000, every = 100) {
  let seen;
  const ready = async () => {
    seen = await connection(w);
    return seen.sync?.state === "done" && seen;
  };
  return until(ready, () => `the sync does not end: ${JSON.stringify({ state: seen?.state, attention: seen?.attention, sync: seen?.sync })}`, patience, every);
}

/** Asks for a sync and waits for it. */
export async function syncNow(w, patience) {
  const { id } = await good(w.api("POST", `${CONNECTION}/sync`));
  await until(async () => (await connection(w)).sync?.id === id, "the sync does not begin", 20_000, 100);
  return synced(w, patience);
}

/** The Atlas contact that stands for this contact at the provider. */
export function contactOf(w, externalId, patience = 10_000) {
  const find = async () => (await all(w, "/v1/contacts?source=intercom")).find((contact) => contact.providers.some((p) => p.externalId === externalId));
  return until(find, `no contact stands for ${externalId}`, patience, 100);
}

/** A contact's timeline, all of it. */
export const timeline = (w, contact, kind) => all(w, `/v1/contacts/${contact}/timeline${kind ? `?kind=${kind}` : ""}`);

/** Everything that came from the provider, with the events of each of its things. */
export async function mirrored(w) {
  const ids = (rows) => rows.flatMap((row) => row.providers.filter((p) => p.provider === "intercom").map((p) => p.externalId)).filter(Boolean);
  const contacts = await all(w, "/v1/contacts");
  const companies = await all(w, "/v1/companies");
  const conversations = await all(w, "/v1/conversations");
  const events = new Map();
  const twice = [];
  await eachOf(contacts, 6, async (contact) => {
    const here = new Set();
    for (const item of await timeline(w, contact.id, "chat")) {
      if (item.source?.provider !== "intercom") continue;
      const key = `${item.source.kind}:${item.source.externalId}`;
      if (here.has(key)) twice.push(`${key} on ${contact.name}`);
      here.add(key);
      events.set(key, (events.get(key) ?? new Set()).add(item.id));
    }
  });
  for (const [key, eventIds] of events) if (eventIds.size > 1) twice.push(`${key} is ${eventIds.size} events`);
  // Conversations whose people the provider does not list any more are on no contact's timeline.
  const lonely = conversations.filter((conversation) => conversation.contactIds.length === 0);
  const messages = [];
  for (const conversation of lonely) messages.push(...(await all(w, `/v1/conversations/${conversation.id}/messages`)));
  for (const message of messages) events.set(`${message.source.kind}:${message.source.externalId}`, new Set([message.id]));
  return { contacts: ids(contacts), companies: ids(companies), conversations: conversations.map((c) => c.source.externalId), events, twice, lonely: lonely.length };
}

/** Works on each item, some beside each other. */
export async function eachOf(items, beside, work) {
  const left = [...items];
  const one = async () => {
    while (left.length > 0) await work(left.shift());
  };
  await Promise.all(Array.from({ length: beside }, one));
}

/**
 * Compares Atlas with the sandbox's truth: the same ids, each part one timeline event. The API shows the newest parts of a
 * long conversation only; `earlier` is a truth from before, whose parts Atlas may have although newer ones hide them now.
 */
export async function equalsTruth(w, earlier) {
  const truth = await good(w.sandbox("GET", "/_sandbox/truth"));
  const here = await mirrored(w);
  same("contacts", here.contacts, truth.contacts);
  same("companies", here.companies, truth.companies);
  same("conversations", here.conversations, truth.conversations);
  const parts = [...here.events.keys()].filter((key) => key.startsWith("conversation_part:")).map((key) => key.split(":")[1]);
  const [shown, hidden] = [new Set(truth.parts), new Set(earlier?.parts ?? [])];
  same("parts", parts.filter((id) => shown.has(id) || !hidden.has(id)), truth.parts);
  const openings = [...here.events.keys()].filter((key) => key.startsWith("conversation:")).map((key) => key.split(":")[1]);
  same("opening messages", openings, truth.conversations);
  assert.deepEqual(here.twice, [], "something is on a timeline twice");
  return { truth, here };
}

/** The same ids on both sides, each once; says which differ. */
export function same(what, ours, theirs) {
  const [mine, real] = [new Set(ours), new Set(theirs)];
  const missing = [...real].filter((id) => !mine.has(id));
  const extra = [...mine].filter((id) => !real.has(id));
  const say = (list) => list.slice(0, 5).join(", ");
  assert.ok(missing.length + extra.length === 0, `${what}: ${missing.length} missing (${say(missing)}), ${extra.length} too many (${say(extra)}) of ${real.size}`);
  assert.equal(ours.length, mine.size, `${what}: some are there twice`);
}

/** Sends a notice to the receiver, signed as the provider does unless told otherwise. */
export async function notice(w, body, { secret = CLIENT.clientSecret, signature } = {}) {
  const raw = typeof body === "string" ? body : JSON.stringify(body);
  const right = `sha1=${createHmac("sha1", secret).update(raw).digest("hex")}`;
  const header = signature === undefined ? { "x-hub-signature": right } : signature ? { "x-hub-signature": signature } : {};
  const begun = performance.now();
  const response = await fetch(`${w.url}/webhooks/intercom`, { method: "POST", headers: { "content-type": "application/json", ...header }, body: raw });
  await response.text();
  return { status: response.status, ms: performance.now() - begun };
}

/** A notice about a conversation, as the provider words it. */
export function conversationNotice(account, topic, conversation, id = `notif_${Math.random().toString(36).slice(2)}`) {
  const now = Math.floor(Date.now() / 1000);
  return { type: "notification_event", app_id: account, data: { type: "notification_event_data", item: conversation }, links: {}, id, topic, delivery_status: "pending", delivery_attempts: 1, delivered_at: 0, first_sent_at: now, created_at: now, self: null };
}

/** Median and 99th percentile. */
export function percentiles(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) };
}
