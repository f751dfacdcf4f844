// My plan: a member with meetings, tasks that wait for each other and deadlines; a meeting more; a late task and its fix; all taken back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { until, world } from "../lib/atlas.mjs";
import { good } from "../lib/api.mjs";
import { axe, context, launch, shot, sideways, signIn } from "../lib/browser.mjs";

let w, browser, keys, first, second;

/** The next two working days, not today: what is before them is kept out by an absence. */
function workingDays() {
  const day = new Date(Date.now() + 86_400_000);
  while (![1, 2, 3].includes(day.getUTCDay())) day.setUTCDate(day.getUTCDate() + 1);
  const iso = (date) => date.toISOString().slice(0, 10);
  return [iso(day), iso(new Date(day.getTime() + 86_400_000))];
}

const blocks = async () => (await good(w.api("GET", "/v1/plan"))).blocks.map(({ key, start, end }) => `${key} ${start} ${end}`).sort();
const busy = (title, start, end, kind = "meeting") => good(w.api("POST", "/v1/plan/busy", { title, start, end, kind }));

before(async () => {
  w = await world();
  browser = await launch();
  [first, second] = workingDays();
  const me = (await good(w.api("GET", "/v1/members"))).data[0].id;
  await busy("Before it begins", new Date(Date.now() - 60_000).toISOString(), `${first}T00:00:00Z`, "absence");
  await busy("Stand-up", `${first}T09:00:00Z`, `${first}T09:30:00Z`);
  await busy("Renewal call", `${first}T11:00:00Z`, `${first}T12:00:00Z`);
  await busy("Review", `${second}T09:00:00Z`, `${second}T10:00:00Z`);
  const task = async (title, estimateMinutes, more = {}) => (await good(w.api("POST", "/v1/tasks", { title, estimateMinutes, assignees: [me], ...more }))).key;
  keys = [await task("Draft the terms", 120)];
  keys.push(await task("Check the terms", 60, { blockedBy: [keys[0]] }));
  keys.push(await task("Send the terms", 180, { blockedBy: [keys[1]], dueDate: first, dueTime: "17:30" }));
  keys.push(await task("Report the figures", 60, { dueDate: new Date(Date.parse(second) + 7 * 86_400_000).toISOString().slice(0, 10) }));
  for (const title of ["Sort the files", "Answer the survey", "Read the minutes"]) keys.push(await task(title, 60));
  keys.push(await task("Nobody has estimated this one, and its title is rather long as titles go", undefined));
  await until(async () => (await good(w.api("GET", "/v1/plan"))).blocks.length >= 8 && new Set((await good(w.api("GET", "/v1/plan"))).blocks.map((block) => block.key)).size === 8, "eight tasks are not planned");
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await w?.end();
});

const late = async (key) => (await good(w.api("GET", `/v1/plan/tasks/${key}`))).lateMinutes;

test("a day is read, disturbed, explained, fixed and taken back on the pages", { timeout: 120_000 }, async () => {
  const original = await blocks();
  const ctx = await context(browser);
  const page = await ctx.newPage();
  await signIn(page, w.url);
  await page.goto(`${w.url}/plan/${first}`);
  const note = (title) => page.locator(".slot", { has: page.getByRole("heading", { name: title }) }).first().locator(".why");
  assert.match(await note("Draft the terms").innerText(), /After “Stand-up”\./);
  assert.match(await note("Check the terms").innerText(), new RegExp(`After ${keys[0]}, which it waits for\\.`));
  assert.match(await note("Send the terms").innerText(), /Due .*17:30\./);
  assert.equal(await late(keys[2]), 0);
  await shot(page, "plan-day-light");
  assert.deepEqual(await axe(page), []);

  await page.getByRole("link", { name: "Meeting", exact: true }).click();
  await page.getByLabel("Title").fill("Surprise");
  await page.getByLabel("From").fill("16:30");
  await page.getByLabel("Until").fill("17:30");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  const change = page.locator("#plan-change");
  await change.getByText("“Surprise” was added").waitFor();
  const moved = Number(/moved (\d+) tasks?/.exec(await change.innerText())[1]);
  assert.ok(moved >= 1 && moved <= 2, await change.innerText());
  assert.ok((await late(keys[2])) > 0);

  await page.getByRole("link", { name: "Send the terms" }).first().click();
  const why = page.locator(`#why-${keys[2]}`);
  await why.getByText("Why late").waitFor();
  await why.getByText("“Surprise” was added.", { exact: false }).first().waitFor();
  await shot(page, "plan-reasons-light");
  assert.deepEqual(await axe(page), []);
  const fix = why.locator("li", { hasText: "Then it is on time" }).first();
  assert.equal(await why.getByRole("listitem").filter({ hasText: /Then/ }).first().innerText(), await fix.innerText(), "the first fix brings it in time");
  await fix.getByRole("button").click();
  await page.waitForLoadState("load");
  await until(async () => (await late(keys[2])) === 0, "the fix did not make it on time");

  const changes = (await good(w.api("GET", "/v1/plan/changes?limit=2"))).data;
  for (const one of changes) await good(w.api("POST", `/v1/plan/changes/${one.id}/undo`));
  assert.deepEqual(await blocks(), original, "undo restores every block");
  assert.deepEqual(ctx.errors, []);
  await ctx.close();
});

test("the same over /v1", { timeout: 60_000 }, async () => {
  const original = await blocks();
  const { plan, busy: meeting } = await busy("Surprise", `${first}T16:30:00Z`, `${first}T17:30:00Z`);
  assert.ok(plan.moves.length >= 1 && plan.moves.length <= 2, JSON.stringify(plan));
  assert.ok(plan.moves.every((move) => move.why.startsWith("“Surprise” was added.")));
  const explained = await good(w.api("GET", `/v1/plan/tasks/${keys[2]}`));
  assert.ok(explained.lateMinutes > 0 && explained.whyLate.length > 0 && explained.whyThisPerson.length === 1);
  const { data: fixes } = await good(w.api("GET", `/v1/plan/tasks/${keys[2]}/fixes`));
  assert.equal(fixes[0].lateAfter, 0);
  const fixed = await good(w.api("POST", `/v1/plan/tasks/${keys[2]}/fixes`, { fix: fixes[0].fix }));
  assert.equal(await late(keys[2]), 0);
  await good(w.api("POST", `/v1/plan/changes/${fixed.change}/undo`));
  assert.ok((await late(keys[2])) > 0);
  await good(w.api("POST", `/v1/plan/changes/${plan.change}/undo`));
  assert.deepEqual(await blocks(), original);
  assert.equal((await w.api("DELETE", `/v1/plan/busy/${meeting.id}`)).status, 404, "the meeting is gone again");

  const tried = await good(w.api("GET", `/v1/plan/what-if?task=${keys[0]}&minutes=240`));
  assert.ok(tried.moves.length > 0);
  assert.deepEqual(await blocks(), original, "a what-if writes nothing");
  const accepted = await good(w.api("POST", "/v1/plan/accept", {}));
  assert.ok((await good(w.api("GET", "/v1/plan"))).blocks.every((block) => block.state === "accepted"));
  await good(w.api("POST", `/v1/plan/changes/${accepted.change}/undo`));
  assert.ok((await good(w.api("GET", "/v1/plan"))).blocks.every((block) => block.state === "proposed"));
  const feed = await good(w.api("POST", "/v1/plan/feed", {}));
  const calendar = await fetch(w.url + feed.url);
  assert.match(await calendar.text(), /BEGIN:VCALENDAR[\s\S]*SUMMARY:[\s\S]*END:VCALENDAR/);
  assert.equal((await fetch(`${w.url}${feed.url}x`)).status, 404);
});

test("blocks move by keys and come back; week, team, hours and dark at both widths", { timeout: 120_000 }, async () => {
  const original = await blocks();
  const ctx = await context(browser);
  const page = await ctx.newPage();
  await signIn(page, w.url);
  await page.goto(`${w.url}/plan/${first}`);
  const block = page.locator(`[data-block="${keys[2]}"]`).first();
  const start = await block.getAttribute("data-start");
  await block.focus();
  await page.keyboard.press("Alt+ArrowDown");
  await until(async () => (await good(w.api("GET", "/v1/plan"))).blocks.some((one) => one.key === keys[2] && one.state === "locked" && Date.parse(one.start) === Date.parse(start) + 900_000), "the block did not move");
  const [change] = (await good(w.api("GET", "/v1/plan/changes?limit=1"))).data;
  await good(w.api("POST", `/v1/plan/changes/${change.id}/undo`));
  assert.deepEqual(await blocks(), original);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const [name, path] of [["day", `/plan/${first}`], ["week", `/plan/week?from=${first}`], ["team", "/plan/team"], ["hours", "/plan/hours"], ["task", `/plan/tasks/${keys[2]}`], ["empty", "/plan/2030-01-05"]]) {
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: 900 });
        await page.goto(w.url + path);
        await shot(page, `plan-${name}-${colorScheme}-${width}`);
        assert.equal(await sideways(page), 0, `${path} at ${width}`);
        assert.deepEqual(await axe(page), [], `${path} at ${width}`);
      }
    }
  }
  assert.deepEqual(ctx.errors, []);
  await ctx.close();
});

test("a block is dragged, and its Undo button takes that back; a tried change is kept or dropped", { timeout: 120_000 }, async () => {
  const original = await blocks();
  const ctx = await context(browser, { viewport: { width: 1440, height: 1200 } });
  const page = await ctx.newPage();
  await signIn(page, w.url);
  await page.goto(`${w.url}/plan/${first}`);
  const block = page.locator(`[data-block="${keys[2]}"]`).first();
  const start = Date.parse(await block.getAttribute("data-start"));
  await block.scrollIntoViewIfNeeded();
  const box = await block.boundingBox();
  const line = await page.locator(".day").first().evaluate((day) => day.getBoundingClientRect().height / Number(getComputedStyle(day).getPropertyValue("--rows")));
  const [x, y] = [box.x + box.width - 12, box.y + box.height - 8];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, y + line * 6, { steps: 6 });
  await page.mouse.move(x, y + line * 12, { steps: 6 });
  await page.mouse.up();
  const moved = async () => (await good(w.api("GET", "/v1/plan"))).blocks.find((one) => one.key === keys[2] && one.state === "locked");
  const there = await until(moved, "the dragged block did not move");
  assert.ok(Date.parse(there.start) > start && (Date.parse(there.start) - start) % 900_000 === 0, there.start);
  await page.getByRole("button", { name: "Undo" }).first().waitFor();
  await shot(page, "plan-dragged");
  await page.getByRole("button", { name: "Undo" }).first().click();
  await until(async () => (await moved()) === undefined, "Undo did not take the drag back");
  assert.deepEqual(await blocks(), original);

  await page.goto(`${w.url}/plan/tasks/${keys[0]}`);
  await page.getByLabel("Minutes of work").fill("180");
  await page.getByRole("button", { name: "Try" }).click();
  await page.getByText("Nothing was changed.").waitFor();
  assert.deepEqual(await blocks(), original, "trying writes nothing");
  await page.locator("#what-if-keep").getByRole("link", { name: "Drop it" }).click();
  await page.getByText("Nothing was changed.").waitFor({ state: "detached" });
  await page.getByLabel("Minutes of work").fill("180");
  await page.getByRole("button", { name: "Try" }).click();
  await page.locator("#what-if-keep").getByRole("button", { name: "Keep it" }).waitFor();
  await shot(page, "plan-what-if");
  await page.locator("#what-if-keep").getByRole("button", { name: "Keep it" }).click();
  const minutes = async () => (await good(w.api("GET", "/v1/plan"))).blocks.filter((one) => one.key === keys[0]).reduce((sum, one) => sum + (Date.parse(one.end) - Date.parse(one.start)) / 60_000, 0);
  await until(async () => (await minutes()) === 180, "what was tried was not kept");
  const [change] = (await good(w.api("GET", "/v1/plan/changes?limit=1"))).data;
  await good(w.api("POST", `/v1/plan/changes/${change.id}/undo`));
  assert.deepEqual(await blocks(), original);
  assert.deepEqual(ctx.errors, []);
  await ctx.close();
});

test("a calendar is handed in on the page, planned around, refused with what was kept, and removed", { timeout: 120_000 }, async () => {
  const original = await blocks();
  const ctx = await context(browser);
  const page = await ctx.newPage();
  await signIn(page, w.url);
  await page.goto(`${w.url}/plan/hours`);
  await page.getByText("No calendar is read").waitFor();
  await shot(page, "plan-calendars-empty");
  const day = first.replaceAll("-", "");
  const event = (uid, title, from, until, more = "") => `BEGIN:VEVENT\r\nUID:${uid}\r\nSUMMARY:${title}\r\nDTSTART:${day}T${from}Z\r\nDTEND:${day}T${until}Z\r\n${more}END:VEVENT\r\n`;
  const long = "A planning meeting whose title is long enough to need more than one line on any telephone that there is";
  const text = `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:Private calendar with a name that somebody made rather long\r\n${event("a", long, "143000", "153000")}${event("b", "Free", "100000", "110000", "TRANSP:TRANSPARENT\r\n")}END:VCALENDAR\r\n`;
  const hand = async (content) => {
    await page.getByLabel("Or a file (.ics)").setInputFiles({ name: "work.ics", mimeType: "text/calendar", buffer: Buffer.from(content) });
    await page.getByRole("button", { name: "Take it in" }).click();
  };
  await hand("no calendar at all");
  await page.getByText("What was read before is kept.").waitFor();
  assert.equal((await good(w.api("GET", "/v1/plan/calendars"))).data.length, 0);
  await page.getByLabel("Address").fill("ftp://example.org/secret.ics");
  await page.getByRole("button", { name: "Read it" }).click();
  await page.getByText("an address that begins with https:// or webcal://", { exact: false }).waitFor();
  assert.equal((await good(w.api("GET", "/v1/plan/calendars"))).data.length, 0);
  await page.goto(`${w.url}/plan/hours`);
  await hand(text);
  const row = page.locator(".calendars li");
  await row.getByText("1 meeting. Left out: 1 free.", { exact: false }).first().waitFor();
  const free = async () => (await good(w.api("GET", "/v1/plan"))).blocks.every((one) => Date.parse(one.end) <= Date.parse(`${first}T14:30:00Z`) || Date.parse(one.start) >= Date.parse(`${first}T15:30:00Z`));
  await until(free, "the meeting is not planned around");
  await hand(text);
  await page.getByText("Nothing in it is new").first().waitFor();
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await page.goto(`${w.url}/plan/hours`);
      await shot(page, `plan-calendars-${colorScheme}-${width}`);
      assert.equal(await sideways(page), 0, `hours at ${width}`);
      assert.deepEqual(await axe(page), [], `hours at ${width}`);
    }
  }
  await row.getByRole("button", { name: /^Remove/ }).click();
  await page.getByText("No calendar is read").waitFor();
  await until(async () => JSON.stringify(await blocks()) === JSON.stringify(original), "removing the calendar did not give the time back");
  assert.equal((await good(w.api("GET", "/v1/plan/calendars"))).data.length, 0);
  await ctx.close();
});

test("a task is kept to hours of the week, and removing them lifts that and says so", { timeout: 120_000 }, async () => {
  const original = await blocks();
  const ctx = await context(browser);
  const page = await ctx.newPage();
  await signIn(page, w.url);
  await page.goto(`${w.url}/plan/hours`);
  await page.getByText("Any task at any working time").waitFor();
  await page.getByRole("link", { name: "Add hours" }).click();
  await page.getByLabel("Name", { exact: true }).last().fill("Calls to customers");
  await page.getByLabel("Hours of the week").fill("at noon");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByText("days and hours such as", { exact: false }).waitFor();
  await page.getByLabel("Hours of the week").fill("Mon-Fri 15-17");
  assert.equal(await page.getByRole("heading", { name: "Add hours" }).count(), 1, "a refused form comes back once");
  await shot(page, "plan-hours-set-form");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByText("Mon–Fri 15:00–17:00 · 0 tasks").waitFor();

  const key = keys[5];
  const started = async () => (await good(w.api("GET", "/v1/plan"))).blocks.filter((one) => one.key === key).map((one) => new Date(one.start).getUTCHours());
  await page.goto(`${w.url}/tasks/${key}`);
  await page.getByLabel("Hours it may be done in").selectOption({ label: "Calls to customers: Mon–Fri 15:00–17:00" });
  await page.getByRole("button", { name: "Set hours" }).click();
  await until(async () => (await started()).every((hour) => hour >= 15 && hour < 17), "the task is outside its hours");
  const explained = await good(w.api("GET", `/v1/plan/tasks/${key}`));
  assert.equal(explained.hoursSet.name, "Calls to customers");
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      for (const [name, path] of [["hours-sets", "/plan/hours"], ["task-hours", `/tasks/${key}`], ["task-hours-why", `/plan/tasks/${key}`]]) {
        await page.goto(w.url + path);
        await shot(page, `plan-${name}-${colorScheme}-${width}`);
        assert.equal(await sideways(page), 0, `${path} at ${width}`);
        assert.deepEqual(await axe(page), [], `${path} at ${width}`);
      }
    }
  }
  await page.goto(`${w.url}/plan/hours`);
  await page.getByRole("button", { name: "Remove Calls to customers" }).click();
  await page.getByText("1 task may now be done at any working time", { exact: false }).first().waitFor();
  await until(async () => (await good(w.api("GET", `/v1/plan/tasks/${key}`))).hoursSet === null, "the restriction was not lifted");
  for (let undone = 0; undone < 2; undone += 1) {
    const change = (await good(w.api("GET", "/v1/plan/changes?limit=20"))).data.find((one) => !one.undone && !one.said?.startsWith("Taken back"));
    await good(w.api("POST", `/v1/plan/changes/${change.id}/undo`));
  }
  assert.deepEqual(await blocks(), original, "undo restores every block");
  assert.deepEqual(ctx.errors, []);
  await ctx.close();
});

test("a project says when it will be done, and what is missing to know it better", { timeout: 60_000 }, async () => {
  const { projectId } = await good(w.api("GET", `/v1/tasks/${keys[0]}`));
  const eta = await good(w.api("GET", `/v1/plan/projects/${projectId}`));
  const ends = (await good(w.api("GET", "/v1/plan"))).blocks.map((one) => Date.parse(one.end));
  assert.deepEqual([eta.tasks, eta.withoutEstimate, eta.withoutPlace, Date.parse(eta.finish), eta.p50], [8, 1, 0, Math.max(...ends), null]);
  assert.deepEqual(eta.caveats, ["1 task has no estimate and counts as 1 h.", "Owner finished too little yet to say how estimates turn out."]);
  assert.equal((await w.api("GET", "/v1/plan/projects/nothing")).status, 404);
  const ctx = await context(browser);
  const page = await ctx.newPage();
  await signIn(page, w.url);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await page.goto(`${w.url}/projects/${keys[0].split("-")[0]}`);
      await page.locator(".plan-eta").getByText("Planned to be done").waitFor();
      await shot(page, `plan-project-${colorScheme}-${width}`);
      assert.equal(await sideways(page), 0, `project at ${width}`);
      assert.deepEqual(await axe(page), [], `project at ${width}`);
    }
  }
  assert.deepEqual(ctx.errors, []);
  await ctx.close();
});
