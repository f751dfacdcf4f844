// Two-way in the browser: choose a field, edit, decide a conflict, preview, write, take back, and the pages around it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until, world } from "../lib/atlas.mjs";
import { all, good, synced } from "../lib/api.mjs";
import { axe, context, launch, shot, sideways, signIn } from "../lib/browser.mjs";
import { CONNECTION_PAGE, connect } from "../lib/pages.mjs";

describe("two-way", { timeout: 240_000 }, () => {
  let w, browser, ctx, page, token, person, other;
  const FIELDS = `${CONNECTION_PAGE}/fields`;

  const there = async (id) => (await fetch(`${w.intercom}/contacts/${id}`, { headers: { authorization: `Bearer ${token}`, "intercom-version": "2.14" } })).json();
  const sandbox = async (method, path, body) => {
    const answer = await fetch(w.intercom + path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    assert.ok(answer.ok, `${path}: ${await answer.clone().text()}`);
    return answer.json();
  };
  const edit = (record, fields) => good(w.api("PATCH", `/v1/contacts/${record.id}`, fields));

  before(async () => {
    w = await world({ email: "maren@harbourlane.example", seed: true, sandbox: { contacts: 30, companies: 6, conversations: 20 } });
    browser = await launch();
    ctx = await context(browser);
    page = await ctx.newPage();
    await signIn(page, w.url, w.email);
    await connect(page, w);
    await synced(w);
    token = (await sandbox("POST", "/_sandbox/token", {})).access_token;
    const people = (await all(w, "/v1/contacts?source=intercom")).filter((c) => c.emails.length && !c.lead);
    [person, other] = people.map((c) => ({ id: c.id, name: c.name, external: c.providers[0].externalId }));
  });
  after(async () => {
    await browser?.close();
    await w?.end();
  });

  test("nothing goes out before somebody chooses; then an edit does", async () => {
    await edit(other, { name: "Older Difference" });
    await page.goto(w.url + CONNECTION_PAGE);
    await page.getByText("All come from Intercom; nothing is written back.").waitFor();
    await page.locator("#fields").getByRole("link", { name: "Choose" }).click();
    await page.waitForURL(`**${FIELDS}`);
    await page.locator("#field-person-name").getByLabel("Direction of Name").selectOption("both");
    await page.getByRole("button", { name: "Save fields" }).click();
    await page.getByText("Saved. Nothing was written").waitFor();
    assert.equal((await there(other.external)).name, other.name, "an older difference stays");
    await edit(person, { name: "Ada Outgoing" });
    await until(async () => (await there(person.external)).name === "Ada Outgoing", "the edit arrives at Intercom", 10_000);
  });

  test("a conflict is shown on the record and decided on the fields page", async () => {
    await good(w.api("POST", "/v1/connections/intercom/pause"));
    await sandbox("PATCH", `/_sandbox/contacts/${person.external}`, { name: "Ada There" });
    await edit(person, { name: "Ada Here" });
    await good(w.api("POST", "/v1/connections/intercom/resume"));
    await until(async () => (await good(w.api("GET", "/v1/connections/intercom/conflicts"))).data.length === 1, "a conflict is open", 10_000);
    await page.goto(`${w.url}/growth/contacts/${person.id}`);
    await page.getByText("Name waits for a decision.").waitFor();
    await shot(page, "two-way-record");
    await page.getByRole("link", { name: "Decide" }).click();
    await page.getByText("Ada Here here, Ada There in Intercom").waitFor();
    await shot(page, "two-way-conflict");
    await page.getByRole("button", { name: /Take Intercom’s/ }).click();
    await page.getByText("Taken.").waitFor();
    assert.equal((await good(w.api("GET", `/v1/contacts/${person.id}`))).name, "Ada There");
    await page.goto(`${w.url}/growth/contacts/${person.id}`);
    await page.getByText("Where each field comes from").click();
    await page.locator("dd").getByText(/chosen by/).first().waitFor();
  });

  test("the preview shows each difference; writing it can be taken back", async () => {
    await page.goto(`${w.url}${FIELDS}`);
    await page.getByRole("link", { name: "Preview" }).click();
    await page.getByText("1 field of 1 record would be written").or(page.locator("#writing b")).first().waitFor();
    await page.locator("#preview").getByText("Older Difference").first().waitFor();
    await shot(page, "two-way-preview");
    await page.getByRole("button", { name: "Write 1 field to Intercom" }).click();
    await until(async () => (await there(other.external)).name === "Older Difference", "the batch arrives", 10_000);
    await page.getByText("1 field written").waitFor();
    await page.getByRole("button", { name: "Take back" }).click();
    await until(async () => (await there(other.external)).name === other.name, "it is taken back", 10_000);
    assert.equal((await good(w.api("GET", `/v1/contacts/${other.id}`))).name, "Older Difference", "and stays here");
    await page.getByText("1 taken back since").waitFor();
  });

  test("a notice is taken up again, and diagnostics hold no secret and no customer's word", async () => {
    await page.goto(w.url + CONNECTION_PAGE);
    const button = page.getByRole("button", { name: "Take this notice up again" }).first();
    await button.waitFor();
    await button.click();
    await page.getByText("looked at again").waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Diagnostics" }).click()]);
    const text = await (await download.createReadStream()).toArray().then((parts) => Buffer.concat(parts).toString());
    assert.ok(JSON.parse(text).connection.state === "connected");
    for (const secret of ["sandbox-secret", token, "Ada There", person.name, "@"]) assert.ok(!text.includes(secret) || (secret === "@" && !/[\w.]+@[\w.]+\.\w/.test(text)), `${secret} is in the file`);
  });

  test("the fields page in both themes and at 390 px", async () => {
    for (const colorScheme of ["light", "dark"]) {
      const tab = await (await context(browser, { storageState: await ctx.storageState(), colorScheme })).newPage();
      for (const width of [1440, 390]) {
        await tab.setViewportSize({ width, height: 900 });
        await tab.goto(`${w.url}${FIELDS}?preview=1`);
        assert.deepEqual(await axe(tab), []);
        assert.equal(await sideways(tab), 0);
        await shot(tab, `two-way-fields-${colorScheme}-${width}`);
      }
      await tab.context().close();
    }
  });
});
