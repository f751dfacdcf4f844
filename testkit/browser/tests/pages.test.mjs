// Every page in both themes and at three widths, and the core flows by keyboard alone.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PASSWORD, world } from "../lib/atlas.mjs";
import { good, invite, session } from "../lib/api.mjs";
import { axe, context, launch, shot, sideways, signIn } from "../lib/browser.mjs";
import { CONNECTION_PAGE, PAGES, connect, pattern, records } from "../lib/pages.mjs";

let w, browser, paths, state;

before(async () => {
  w = await world({ email: "maren@harbourlane.example", seed: true, sandbox: { contacts: 40, companies: 8, conversations: 50 }, env: { ATLAS_RATE_READ: "0" } });
  browser = await launch();
  const ctx = await context(browser);
  const page = await ctx.newPage();
  await signIn(page, w.url, w.email);
  await connect(page, w);
  await good(w.api("POST", "/v1/connections/intercom/test"));
  state = await ctx.storageState();
  await ctx.close();
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await w?.end();
});

const signedIn = (options = {}) => context(browser, { storageState: state, ...options });

test("every link leads somewhere", { timeout: 60_000 }, async () => {
  paths = await PAGES(w);
  console.log(`    ${paths.length} kinds of pages: ${paths.map(pattern).join(" ")}`);
  for (const needed of ["/", "/tasks", "/growth/contacts", "/growth/companies", "/growth/deals", "/settings/profile", "/settings/members", "/settings/tokens", "/settings/sessions", "/settings/integrations", CONNECTION_PAGE, "/docs", "/docs/connectors/intercom"]) {
    assert.ok(paths.some((path) => path.split("?")[0] === needed), `${needed} is reached by no link`);
  }
});

for (const theme of ["light", "dark"]) {
  test(`every page in the ${theme} theme: one h1, a title, no script or CSP error, axe above minor nothing, no sideways scrolling`, { timeout: 240_000 }, async () => {
    const ctx = await signedIn({ colorScheme: theme });
    const page = await ctx.newPage();
    const wrong = [];
    for (const path of paths ?? []) wrong.push(...(await look(page, w.url + path, path, theme)));
    for (const error of ctx.errors) wrong.push(`console: ${error.replace(w.url, "")}`);
    await ctx.close();
    assert.deepEqual(wrong, []);
  });
}

/** What is wrong with one page. */
async function look(page, url, path, theme) {
  const wrong = [];
  const add = (words) => wrong.push(`${path}: ${words}`);
  await page.setViewportSize({ width: 1440, height: 900 });
  const answer = await page.goto(url);
  if (answer.status() !== 200) add(`answered ${answer.status()}`);
  const title = await page.title();
  if (!/\S+ · Atlas( Docs)?$/.test(title)) add(`the title is “${title}”`);
  const headings = await page.locator("h1").count();
  if (headings !== 1) add(`${headings} h1`);
  for (const finding of await axe(page)) add(`axe ${finding}`);
  if (theme === "light") {
    for (const width of [390, 320]) {
      await page.setViewportSize({ width, height: 844 });
      const over = await sideways(page);
      if (over > 0) add(`${over} px wider than ${width} px`);
    }
  }
  if (process.env.SHOTS) await shot(page, `${theme}${path.replace(/[^a-z0-9]+/gi, "-")}`);
  return wrong;
}

test("pages for visitors", { timeout: 60_000 }, async () => {
  const link = await invite(w, await session(w), "new@acme.example", "member");
  const fresh = await world({ owner: false, sandbox: { contacts: 1, companies: 1, conversations: 1 } });
  const wrong = [];
  for (const theme of ["light", "dark"]) {
    const ctx = await context(browser, { colorScheme: theme });
    const page = await ctx.newPage();
    for (const [url, name] of [[`${w.url}/signin`, "sign-in"], [link, "invitation"], [`${fresh.url}/setup`, "set-up"], [`${w.url}/docs/connectors/intercom`, "docs"], [`${w.url}/docs`, "docs overview"]]) {
      assert.ok(url, `${name}: no address`);
      wrong.push(...(await look(page, url, name, theme)));
    }
    const absent = await page.goto(`${w.url}/docs/connectors/nobody`);
    assert.equal(absent.status(), 404);
    wrong.push(...(await axe(page)).map((finding) => `404: ${finding}`), ...ctx.errors);
    await ctx.close();
  }
  const ctx = await context(browser);
  const page = await ctx.newPage();
  await page.goto(fresh.url);
  await page.getByLabel("Workspace").fill("Harbour");
  await page.getByLabel("Your name").fill("Ines Okafor");
  await page.getByLabel("Email").fill("ines@harbour.example");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Set up" }).click();
  await page.waitForURL((url) => url.pathname !== "/setup");
  wrong.push(...(await look(page, `${fresh.url}/`, "an empty Home", "light")), ...(await look(page, `${fresh.url}/growth/contacts`, "no contacts", "light")), ...(await look(page, `${fresh.url}/tasks`, "no tasks", "light")), ...(await look(page, fresh.url + CONNECTION_PAGE, "not connected", "light")), ...ctx.errors);
  await ctx.close();
  await fresh.end();
  assert.deepEqual(wrong, []);
});

describe("by keyboard", { timeout: 120_000 }, () => {
  let ctx, page;

  before(async () => {
    ctx = await signedIn();
    ctx.setDefaultTimeout(10_000);
  });
  // Each has a tab of its own: an answer that is still under way must not lead the next one elsewhere.
  beforeEach(async () => {
    page = await ctx.newPage();
  });
  // Closing a tab can take Chromium for ever; the context's end takes it along.
  afterEach(() => Promise.race([page.close(), sleep(5_000)]));
  after(async () => {
    assert.deepEqual(ctx.errors, []);
    await ctx.close();
  });
  /** Opens a page and waits until its modules have started. */
  const open = async (path) => {
    await page.goto(w.url + path);
    await page.waitForSelector("html[data-ui-ready]");
  };
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };

  test("Ctrl K finds a record and opens it", async () => {
    const { contact } = await records(w);
    await open("/");
    await press("Control+k");
    const box = page.getByRole("combobox", { name: "Search or do" });
    await page.waitForFunction(() => document.activeElement?.getAttribute("role") === "combobox");
    await box.fill(contact.name);
    await page.getByRole("option", { name: contact.name }).first().waitFor();
    assert.deepEqual(await axe(page), [], "axe with the palette open");
    await press("Enter");
    await page.waitForURL(`**${contact.url}`);
    await page.getByRole("heading", { level: 1 }).filter({ hasText: contact.name }).waitFor();
  });

  test("G T goes to the tasks, C makes one, Ctrl Enter sends it", async () => {
    await open("/");
    await press("g", "t");
    await page.waitForURL("**/tasks*");
    await page.waitForSelector("html[data-ui-ready]");
    await press("c");
    const title = page.getByLabel("Title", { exact: true });
    await title.waitFor();
    assert.deepEqual(await axe(page), [], "axe with the form open");
    await title.fill("Made by keyboard");
    await press("Control+Enter");
    await page.getByRole("link", { name: "Made by keyboard" }).first().waitFor();
    assert.ok((await good(w.api("GET", "/v1/tasks?q=made%20by%20keyboard"))).data.length === 1);
  });

  test("a card moves over the board by Alt and arrows, and Z takes it back", async () => {
    const task = await good(w.api("POST", "/v1/tasks", { title: "Moved by keyboard", status: "todo" }));
    await open("/tasks?view=board");
    const status = async () => (await good(w.api("GET", `/v1/tasks/${task.id}`))).status;
    await page.getByRole("link", { name: /Moved by keyboard/ }).focus();
    await press("Alt+ArrowRight");
    await page.locator("#lane-in_progress").getByRole("link", { name: /Moved by keyboard/ }).waitFor();
    await page.locator("#toasts").getByRole("button", { name: /Undo/ }).waitFor();
    assert.equal(await status(), "in_progress");
    assert.match(await page.evaluate(() => document.activeElement?.textContent ?? ""), /Moved by keyboard/, "the focus stays on the card");
    await press("z");
    await page.locator("#lane-todo").getByRole("link", { name: /Moved by keyboard/ }).waitFor();
    assert.equal(await status(), "todo");
  });

  test("a deal moves over its board the same way", async () => {
    const { deal } = await records(w);
    await open("/growth/deals");
    const card = page.getByRole("link", { name: new RegExp(deal.title) }).first();
    await card.focus();
    await press("Alt+ArrowRight");
    await page.waitForFunction(async ([url, before]) => (await (await fetch(url)).json()).stageId !== before, [`/v1/deals/${deal.id}`, deal.stageId]);
    await page.locator("#toasts").getByRole("button", { name: /Undo/ }).waitFor();
    await press("z");
    await page.waitForFunction(async ([url, before]) => (await (await fetch(url)).json()).stageId === before, [`/v1/deals/${deal.id}`, deal.stageId]);
  });

  test("a field is edited in place: Enter saves, Esc leaves it", async () => {
    const contact = await good(w.api("POST", "/v1/contacts", { name: "Ed Inline", role: "Buyer" }));
    await open(contact.url);
    const edit = page.getByRole("button", { name: /^Edit role/i });
    await edit.focus();
    await press("Enter");
    await page.getByRole("textbox", { name: "Role" }).fill("Nobody");
    await press("Escape");
    await edit.filter({ hasText: "Buyer" }).waitFor();
    await press("Enter");
    await page.getByRole("textbox", { name: "Role" }).fill("Head of buying");
    await press("Enter");
    await edit.filter({ hasText: "Head of buying" }).waitFor();
    await page.waitForFunction(async ([url]) => (await (await fetch(url)).json()).role === "Head of buying", [`/v1/contacts/${contact.id}`]);
  });

  test("? shows the shortcuts, Esc closes them, J and Enter open a row", async () => {
    await open("/growth/contacts");
    await press("?");
    await page.getByRole("dialog", { name: "Shortcuts" }).waitFor();
    assert.deepEqual(await axe(page), [], "axe with the sheet open");
    await press("Escape");
    await page.getByRole("dialog", { name: "Shortcuts" }).waitFor({ state: "hidden" });
    await press("j", "j", "Enter");
    await page.waitForURL(/\/growth\/contacts\/contact_/);
  });

  test("/ finds in the list", async () => {
    await open("/growth/contacts");
    await press("/");
    await page.keyboard.type("ed inline");
    await page.waitForURL(/q=ed/, { timeout: 5_000 });
    await page.waitForFunction(() => document.querySelectorAll("#contact-table tbody tr").length === 1);
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("name")), "q", "the focus stays in the field");
  });
});
