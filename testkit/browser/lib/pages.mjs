// Which pages there are, found by following the links, and how a person connects the local Intercom.
import assert from "node:assert/strict";
import { all, follow, good, session, synced } from "./api.mjs";
import { CLIENT } from "./api.mjs";

export const CONNECTION_PAGE = "/settings/integrations/intercom";

/** Saves the local Intercom's credentials on the connection page, as its guide says. */
export async function fillCredentials(page, w, { clientId = CLIENT.clientId, clientSecret = CLIENT.clientSecret } = {}) {
  await page.goto(w.url + CONNECTION_PAGE);
  await page.getByLabel("Client ID", { exact: false }).first().fill(clientId);
  await page.getByLabel("Client secret", { exact: false }).first().fill(clientSecret);
  await page.getByLabel("Region").selectOption({ label: await localRegion(page) });
  await page.getByRole("button", { name: "Save", exact: false }).first().click();
  await page.waitForLoadState("load");
}

/** The label of the region that stands for this computer. */
async function localRegion(page) {
  const labels = await page.getByLabel("Region").locator("option").allTextContents();
  const local = labels.find((label) => /local|this computer|sandbox/i.test(label));
  assert.ok(local, `no region stands for the local Intercom: ${labels.join(", ")}`);
  return local.trim();
}

/** Clicks Connect and answers the provider's question. */
export async function consent(page, w, answer = "Allow access") {
  await page.getByRole("link", { name: /^(Connect|Reconnect)/ }).or(page.getByRole("button", { name: /^(Connect|Reconnect)/ })).first().click();
  await page.waitForURL(`${w.intercom}/**`);
  await page.getByRole("button", { name: answer }).click();
  await page.waitForURL(`${w.url}/**`);
}

/** Connects through the pages and waits for the first sync. */
export async function connect(page, w) {
  await fillCredentials(page, w);
  await consent(page, w);
  return synced(w);
}

/** Some records of every kind, the richest first, so that their pages show something. */
export async function records(w) {
  const first = (path) => all(w, path).then((rows) => rows[0]);
  const conversations = await all(w, "/v1/conversations");
  const busiest = conversations.filter((c) => c.contactIds.length > 0).sort((a, b) => b.messageCount - a.messageCount)[0];
  const contact = busiest ? await good(w.api("GET", `/v1/contacts/${busiest.contactIds[0]}`)) : await first("/v1/contacts");
  const company = contact?.companyId ? await good(w.api("GET", `/v1/companies/${contact.companyId}`)) : await first("/v1/companies");
  return { contact, company, conversation: busiest, deal: await first("/v1/deals"), task: await first("/v1/tasks"), project: await first("/v1/projects") };
}

/** A path with ids, keys and words of the data replaced, so that pages of one kind count as one. */
export function pattern(path) {
  const { pathname, searchParams } = new URL(path, "http://x");
  const shape = pathname
    .replace(/\/[a-z]+_[0-9A-HJKMNP-TV-Z]{26}(?=\/|$)/g, "/{id}")
    .replace(/\/[A-Z]{2,6}-\d+(?=\/|$)/g, "/{key}")
    .replace(/\/\d{4}-\d{2}-\d{2}(?=\/|$)/g, "/{date}")
    .replace(/^\/projects\/[A-Z]{2,6}(?=\/|$)/, "/projects/{key}")
    .replace(/^\/docs\/errors\/.+/, "/docs/errors/{code}");
  const view = searchParams.get("view");
  return view ? `${shape}?view=${view}` : shape;
}

const SKIP = /^\/(assets|live|signout|undo|docs\/shots|oauth|webhooks)(\/|$)|^\/v1\/(?!docs$)|\/connect$|\.json$|[?&](panel|partial)=/;

/**
 * The address of one page of every kind, found by following every link from Home and from some records.
 * A link that leads nowhere is an error: menu entries exist only for what works.
 */
export async function PAGES(w) {
  const browser = await session(w);
  const some = await records(w);
  const urls = Object.values(some).filter(Boolean).map((record) => record.url);
  const queue = [...urls, "/", "/settings", "/settings/integrations", CONNECTION_PAGE, "/docs", "/docs/connectors/intercom", "/palette?q=a"].map((path) => ({ path, from: "the start" }));
  const seen = new Map();
  const broken = [];
  while (queue.length > 0) {
    const { path, from } = queue.shift();
    const kind = pattern(path);
    if (seen.has(kind) || SKIP.test(path)) continue;
    seen.set(kind, path);
    const answer = await follow(browser, path);
    if (answer.status !== 200) broken.push(`${path} (linked from ${from}) answered ${answer.status}`);
    const final = answer.at.replace(w.url, "");
    if (final !== path) {
      seen.set(kind, undefined);
      queue.push({ path: final, from });
      continue;
    }
    if (answer.status !== 200 || !answer.headers.get("content-type")?.startsWith("text/html")) {
      seen.set(kind, undefined);
      continue;
    }
    for (const [, href] of answer.text.matchAll(/<a\b[^>]*?\shref="([^"]+)"/g)) {
      const target = new URL(href.replaceAll("&amp;", "&"), w.url + path);
      if (target.origin === w.url) queue.push({ path: target.pathname + target.search, from: path });
    }
  }
  assert.deepEqual(broken, [], "links that lead nowhere");
  return [...seen.values()].filter(Boolean).sort();
}
