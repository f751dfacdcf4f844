// What a reader does on the gallery's pages, and what must come of it.
import { change, openStreams, seen, events, progress } from "./server.mjs";

const checks = [];
const check = (name, run) => checks.push({ name, run });

/** Waits until a function in the page returns something true. */
const until = (page, fn, arg, timeout = 3000) => page.waitForFunction(fn, arg, { timeout });
const focusId = (page) => page.evaluate(() => document.activeElement?.closest("[id]")?.id ?? document.activeElement?.tagName);

function must(condition, text) {
  if (!condition) throw new Error(text);
}

check("a sequence goes to a page, and not while typing", async ({ open }) => {
  const page = await open("/g/contacts");
  await page.keyboard.press("/");
  must(await page.evaluate(() => document.activeElement.matches("[type=search]")), "/ focuses the search field");
  await page.keyboard.type("gt");
  must(page.url().endsWith("/g/contacts"), "typing must not navigate");
  await page.keyboard.press("Escape");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.waitForURL("**/g/tasks");
  return page;
});

check("keys can be switched off, the palette stays", async ({ open }) => {
  const page = await open("/g/contacts");
  await page.evaluate(() => (document.body.dataset.keys = "off"));
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.keyboard.press("?");
  must(!(await page.evaluate(() => document.getElementById("shortcuts").open)), "? must do nothing");
  await page.keyboard.press("Control+k");
  must(await page.evaluate(() => document.getElementById("palette").open), "Ctrl K opens the palette");
  return page;
});

check("the sheet lists this page's keys and gives focus back", async ({ open }) => {
  const page = await open("/g/contacts");
  await page.focus("[data-dialog='#shortcuts']");
  await page.keyboard.press("Enter");
  const here = await page.locator("[data-keys-here] dt").allTextContents();
  must(here.includes("New contact") && here.includes("Find a contact"), `page keys: ${here}`);
  await page.keyboard.press("Escape");
  must(await page.evaluate(() => document.activeElement.matches("[data-dialog='#shortcuts']")), "focus returns");
  return page;
});

check("palette: opens within 50 ms, keeps rows in place, opens the chosen one", async ({ open }) => {
  const first = await open("/g/record");
  await first.close();
  const page = await open("/g/contacts");
  const time = await page.evaluate(() => {
    const before = performance.now();
    document.querySelector("[data-palette-open]").click();
    return document.getElementById("palette").open ? performance.now() - before : Infinity;
  });
  must(time < 50, `opened in ${time} ms`);
  await until(page, () => document.querySelectorAll("#palette [role=option]").length > 2);
  const groups = () => page.locator("#palette [data-group]").evaluateAll((all) => all.map((g) => g.dataset.group));
  await page.keyboard.type("mar");
  await until(page, () => document.querySelector("#palette [data-group=best] mark"));
  must((await groups()).join() === "best,do,found", `groups ${await groups()}`);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const chosen = () => page.getAttribute("#palette [aria-selected=true]", "id");
  must((await chosen()) === "p-done", `two below the best match: ${await chosen()}`);
  must((await page.getAttribute("#palette [role=combobox]", "aria-activedescendant")) === "p-done", "activedescendant follows");
  await page.keyboard.type("e");
  await until(page, () => !document.querySelector("#p-Marten"));
  must((await chosen()) === "p-Maren", "another letter goes back to the best match");
  await page.fill("#palette [role=combobox]", "> task");
  await until(page, () => !document.querySelector("#palette [data-group=found]"));
  await page.fill("#palette [role=combobox]", "maren");
  await until(page, () => document.querySelector("#palette [data-group=best]"));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/g/record");
  return page;
});

check("palette: an action posts, a form opens in the modal", async ({ open }) => {
  const page = await open("/g/home");
  await page.keyboard.press("Control+k");
  await page.keyboard.type(">");
  await until(page, () => document.querySelector("#p-done"));
  await page.click("#p-done");
  await page.waitForSelector("#toasts .toast");
  must(seen.includes("POST /done"), "posted");
  await page.keyboard.press("Control+k");
  await until(page, () => document.querySelector("#p-new"));
  await page.click("#p-new");
  await page.waitForSelector("#modal[open] #title");
  return page;
});

check("list: J, X, Shift, Esc, and one tab stop", async ({ open }) => {
  const page = await open("/g/tasks");
  await page.keyboard.press("j");
  must((await focusId(page)) === "task-ACME-10", `first row: ${await focusId(page)}`);
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  must(await page.isVisible("[data-bulk]"), "bulk bar");
  await page.keyboard.press("Shift+ArrowDown");
  must((await page.textContent("[data-bulk-count]")) === "2", "two selected");
  await page.keyboard.press("j");
  must((await focusId(page)) === "task-ACME-20", "on to the next list");
  const stops = await page.evaluate(() => [...document.querySelectorAll("[data-list]")].map((list) => [...list.querySelectorAll(".title a")].filter((a) => a.tabIndex === 0).length));
  must(stops.every((n) => n === 1), `tab stops ${stops}`);
  await page.keyboard.press("Escape");
  must(!(await page.isVisible("[data-bulk]")), "cleared");
  return page;
});

check("list: Space fills the side panel, Esc empties it and returns", async ({ open }) => {
  const page = await open("/g/tasks");
  await page.keyboard.press("j");
  await page.keyboard.press(" ");
  await page.waitForSelector(".panel .panel-in");
  must(page.url().includes("open=ACME-10"), "address says what is open");
  const [list, panel] = [await page.locator(".list-page").boundingBox(), await page.locator(".panel").boundingBox()];
  must(panel.x >= list.x + list.width - 1 && panel.width === 420, "the panel is beside the list");
  must(await page.getAttribute("#task-ACME-10", "aria-current"), "row is current");
  await page.keyboard.press("j");
  await until(page, () => document.querySelector(".panel .id")?.textContent === "ACME-11");
  await page.keyboard.press("Escape");
  must((await page.locator(".panel-in").count()) === 0, "panel is empty");
  must((await focusId(page)) === "task-ACME-11", "focus is on its row");
  must(!page.url().includes("open="), "address is clean");
  return page;
});

check("inline edit: six states, one height", async ({ open }) => {
  const page = await open("/g/record");
  const cell = "#contact-1-role";
  const height = async () => Math.round((await page.locator(cell).boundingBox()).height);
  const resting = await height();
  await page.click(`${cell} [data-edit-open]`);
  must((await height()) === resting, `editing height ${await height()} for ${resting}`);
  await page.keyboard.type("Chief");
  await page.keyboard.press("Escape");
  must((await page.textContent(`${cell} .edit`)).includes("Head of operations"), "Esc restores");
  await page.keyboard.press("Enter");
  await page.keyboard.type("Chief of operations");
  await page.keyboard.press("Enter");
  await page.waitForSelector(`${cell}[data-ui-state=saving]`);
  must((await height()) === resting, "saving height");
  must((await page.textContent(`${cell} .edit`)).includes("Chief of operations"), "shows what was typed");
  await until(page, () => !document.querySelector("#contact-1-role[data-ui-state]"));
  must((await page.textContent(`${cell} .edit`)).includes("Chief of operations"), "saved");
  await page.click(`${cell} [data-edit-open]`);
  await page.fill(`${cell} input`, "fail");
  await page.keyboard.press("Enter");
  await page.waitForSelector(`${cell}[data-ui-state=failed] [data-edit-again]`);
  must((await height()) === resting, "failed height");
  must((await page.textContent(`${cell} .edit`)).includes("fail"), "value kept");
  must((await page.locator("#toasts .toast").count()) === 0, "no toast beside it");
  await page.click(`${cell} [data-edit-open]`);
  await page.fill(`${cell} input`, "bad");
  await page.keyboard.press("Enter");
  await page.waitForSelector(`${cell}[data-ui-editing] .error`);
  await page.fill(`${cell} input`, "Head of operations");
  await page.keyboard.press("Enter");
  await until(page, () => !document.querySelector("#contact-1-role[data-ui-editing], #contact-1-role[data-ui-state]"));
  must(await page.evaluate(() => document.activeElement.matches("#contact-1-role .edit")), "focus is on the value");
  return page;
});

check("inline edit: a choice saves, a combobox chooses, blur saves", async ({ open }) => {
  const page = await open("/g/record");
  await page.click("#contact-1-owner [data-edit-open]");
  await page.selectOption("#contact-1-owner select", "priya");
  await until(page, () => document.querySelector("#contact-1-owner .edit")?.textContent.includes("Priya") && !document.querySelector("#contact-1-owner[data-ui-state]"));
  await page.click("#contact-1-company [data-edit-open]");
  await page.keyboard.type("pell");
  await page.waitForSelector("#company-l [role=option]:not([hidden])");
  await page.keyboard.press("Enter");
  await until(page, () => document.querySelector("#contact-1-company .edit")?.textContent.includes("Pellworth") && !document.querySelector("#contact-1-company[data-ui-state]"));
  await page.click("#contact-1-phone [data-edit-open]");
  await page.fill("#contact-1-phone input", "+353 1 555 0100");
  await page.click("h2 >> nth=0");
  await until(page, () => document.querySelector("#contact-1-phone .edit")?.textContent.includes("+353") && !document.querySelector("#contact-1-phone[data-ui-state]"));
  return page;
});

check("toast: undo by Z, failures stay and try again", async ({ open }) => {
  const page = await open("/g/components");
  await page.click("#do-it");
  await page.waitForSelector("#toasts [data-toast-undo]");
  await page.keyboard.press("z");
  await until(page, () => !document.querySelector("#toasts .toast"));
  must(seen.includes("POST /undo/2"), "undo was asked for");
  await page.click("#do-fail");
  await page.waitForSelector("#toasts [role=alert]");
  const before = seen.filter((line) => line === "POST /fail").length;
  await page.click("#toasts [data-toast-again]");
  await page.waitForSelector("#toasts [role=alert]");
  await page.waitForTimeout(200);
  must(seen.filter((line) => line === "POST /fail").length === before + 1, "tried again");
  await page.click("#toasts [data-toast-close]");
  await page.click("#retry");
  await page.waitForSelector("#toasts [role=alert]");
  must((await page.textContent("#toasts")).includes("did not load"), "a failed part says so");
  must((await page.locator("#retry").count()) === 1, "and keeps what was there");
  return page;
});

check("a slow button is busy, and idle again", async ({ open }) => {
  const page = await open("/g/components");
  await page.click("#do-slow");
  await page.waitForSelector("#do-slow[aria-busy=true]", { timeout: 800 });
  await page.waitForSelector("#do-slow:not([aria-busy])", { timeout: 2000 });
  return page;
});

check("sidebar: [ puts it away and remembers", async ({ open }) => {
  const page = await open("/g/home");
  await page.keyboard.press("[");
  must(!(await page.isVisible(".side")), "hidden");
  must(await page.isVisible(".menu-btn"), "the menu button appears");
  must((await page.evaluate(() => document.cookie)).includes("atlas_side=closed"), "cookie");
  await page.keyboard.press("[");
  must(await page.isVisible(".side"), "back");
  return page;
});

check("drawer: opens, closes by Esc and by a click beside it", async ({ open }) => {
  const page = await open("/g/home", { width: 390, height: 844 });
  must(!(await page.isVisible(".side")), "hidden at first");
  await page.click("[data-drawer]");
  await page.waitForSelector(".side", { state: "visible" });
  must(await page.evaluate(() => document.querySelector(".app > .body").inert), "the page is inert");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".side", { state: "hidden" });
  must(await page.evaluate(() => document.activeElement.matches("[data-drawer]")), "focus returns");
  await page.click("[data-drawer]");
  await page.waitForTimeout(250);
  await page.mouse.click(375, 400);
  await page.waitForSelector(".side", { state: "hidden" });
  return page;
});

check("theme: seen at once, stored, radios too", async ({ open }) => {
  const page = await open("/g/settings?theme=light");
  await page.click(".me [data-theme-form] button");
  must((await page.getAttribute("html", "data-theme")) === "dark", "dark at once");
  await page.check("input[name=theme][value=system]").catch(() => {});
  await page.check("input[name=theme][value=light]");
  must((await page.getAttribute("html", "data-theme")) === "light", "light by choice");
  await page.check("input[name=theme][value=system]");
  must((await page.getAttribute("html", "data-theme")) === null, "system");
  must(seen.includes("POST /settings/theme"), "stored");
  return page;
});

check("live: new events appear within a second, and wait while the reader is below", async ({ open }) => {
  const page = await open("/g/record");
  await page.waitForTimeout(300);
  must(openStreams() > 0, "stream is open");
  events.unshift(9);
  const began = Date.now();
  change("timeline other");
  await page.waitForSelector("#event-9", { timeout: 1000 });
  must(Date.now() - began < 1000, "in time");
  await page.evaluate(() => scrollTo(0, 700));
  const top = await page.evaluate(() => document.getElementById("event-5").getBoundingClientRect().top);
  events.unshift(10);
  await page.waitForTimeout(600);
  change("timeline");
  await page.waitForSelector(".new-pill button");
  must((await page.textContent(".new-pill button")) === "1 new", "says how many");
  const after = await page.evaluate(() => document.getElementById("event-5").getBoundingClientRect().top);
  must(Math.abs(after - top) < 1, `what is read moved by ${after - top}`);
  await page.click(".new-pill button");
  await page.waitForSelector("#event-10");
  must((await page.locator(".new-pill").count()) === 0, "the button is gone");
  return page;
});

check("live: a hidden tab closes the stream and catches up", async ({ open }) => {
  const page = await open("/g/record");
  await page.waitForTimeout(300);
  const streams = openStreams();
  const show = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  await show(true);
  await page.waitForTimeout(200);
  must(openStreams() === streams - 1, `streams ${openStreams()} after ${streams}`);
  events.unshift(11);
  await show(false);
  await page.waitForSelector("#event-11", { timeout: 1500 });
  must(openStreams() === streams, "open again");
  return page;
});

check("live: editing survives an update of its surroundings", async ({ open }) => {
  const page = await open("/g/connection");
  await page.waitForTimeout(300);
  await page.fill("#cid", "typed but not saved");
  progress.percent = 81;
  change("sync");
  await until(page, () => document.querySelector("#sync .figure")?.textContent === "81%");
  must((await page.inputValue("#cid")) === "typed but not saved", "typed text stays");
  must((await focusId(page)) === "cid", "focus stays");
  return page;
});

const order = (page, lane) => page.locator(`[data-lane=${lane}] [data-card]`).evaluateAll((cards) => cards.map((card) => card.dataset.card).join());

check("board: moves by keys, and back after a failure", async ({ open }) => {
  const page = await open("/g/board");
  await page.keyboard.press("j");
  must((await focusId(page)) === "card-T1", `first card: ${await focusId(page)}`);
  await page.keyboard.press("Alt+ArrowDown");
  must((await order(page, "todo")) === "T2,T1,T3,FAIL", await order(page, "todo"));
  must((await focusId(page)) === "card-T1", "focus stays on the card");
  await page.waitForSelector("#toasts .toast");
  await page.keyboard.press("Alt+ArrowRight");
  must((await order(page, "progress")).includes("T1"), "in the next lane");
  must((await page.textContent("#lane-progress [data-lane-count]")) === "3", "counted");
  await page.keyboard.press("h");
  must((await focusId(page)).startsWith("card-"), "H goes back");
  await page.focus("#card-FAIL a");
  await page.keyboard.press("Alt+ArrowRight");
  await page.waitForSelector("#toasts [role=alert]");
  must((await order(page, "todo")).includes("FAIL"), "put back");
  await until(page, () => document.querySelector("#lane-progress [data-lane-count]").textContent === "3");
  return page;
});

check("board: drag with the mouse, a click still opens", async ({ open }) => {
  const page = await open("/g/board");
  const from = await page.locator("#card-D1").boundingBox();
  const to = await page.locator("[data-lane=review]").boundingBox();
  await page.mouse.move(from.x + 80, from.y + 30);
  await page.mouse.down();
  await page.mouse.move(from.x + 60, from.y + 40, { steps: 4 });
  await page.mouse.move(to.x + 100, to.y + 90, { steps: 10 });
  await page.waitForTimeout(80);
  must((await page.locator("[data-ui-drop]").count()) === 1, "a line shows where");
  await page.mouse.up();
  must((await order(page, "review")) === "D1", "dropped");
  await page.waitForTimeout(200);
  must(page.url().endsWith("/g/board"), "the drop opened nothing");
  await page.click("#card-D1 a");
  await page.waitForURL("**/g/record");
  return page;
});

check("board: a finger drags after a long press, and scrolls before it", async ({ open }) => {
  const page = await open("/g/board");
  const touch = (steps) => page.evaluate(async (all) => {
    const card = document.querySelector("#card-T3 a");
    for (const [type, x, y, wait] of all) {
      card.dispatchEvent(new PointerEvent(type, { bubbles: true, isPrimary: true, pointerType: "touch", pointerId: 7, button: 0, clientX: x, clientY: y }));
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }, steps);
  const from = await page.locator("#card-T3").boundingBox();
  const to = await page.locator("[data-lane=review]").boundingBox();
  const [x, y] = [from.x + 50, from.y + 30];
  await touch([["pointerdown", x, y, 20], ["pointermove", x + 2, y - 60, 20], ["pointerup", x + 2, y - 60, 0]]);
  must((await order(page, "todo")).includes("T3"), "a swipe moves nothing");
  await touch([["pointerdown", x, y, 420], ["pointermove", to.x + 60, to.y + 80, 60], ["pointerup", to.x + 60, to.y + 80, 0]]);
  must((await order(page, "review")).includes("T3"), await order(page, "review"));
  return page;
});

check("board: the menu moves too", async ({ open }) => {
  const page = await open("/g/board");
  await page.focus("#card-P1 a");
  await page.keyboard.press("m");
  await page.waitForSelector("#move-menu:popover-open");
  await page.keyboard.press("d");
  await page.keyboard.press("Enter");
  await until(page, () => document.querySelector("[data-lane=done] #card-P1"));
  must((await focusId(page)) === "card-P1", "focus is on the card");
  return page;
});

check("menu: arrows and letters, disabled items stay, dialog from it returns focus", async ({ open }) => {
  const page = await open("/g/components");
  await page.click("[popovertarget=more]");
  await page.waitForSelector("#more:popover-open");
  must((await page.evaluate(() => document.activeElement.textContent.trim())).startsWith("Rename"), "first item");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  must(await page.isVisible("#more"), "a disabled item does nothing");
  await page.keyboard.press("a");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#disconnect[open]");
  must((await page.evaluate(() => document.activeElement.textContent)) === "Keep connected", "the safe answer has focus");
  await page.keyboard.press("Enter");
  await until(page, () => !document.getElementById("disconnect").open);
  must(await page.evaluate(() => document.activeElement.matches("[popovertarget=more]")), "focus is on the menu's button");
  const box = await page.locator("[popovertarget=more]").boundingBox();
  await page.click("[popovertarget=more]");
  const menu = await page.locator("#more").boundingBox();
  must(Math.abs(menu.y - box.y - box.height) < 12, "placed at its button");
  return page;
});

check("modal: fetched form posts, closes, says so", async ({ open }) => {
  const page = await open("/g/contacts");
  await page.goto(page.url().replace("contacts", "components"));
  await page.waitForSelector("html[data-ui-ready]");
  await page.keyboard.press("c");
  await page.waitForSelector("#modal[open] #title");
  must((await focusId(page)) === "title", "focus in the first field");
  await page.keyboard.type("Write it down");
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector("#toasts .toast");
  must(!(await page.evaluate(() => document.getElementById("modal").open)), "closed");
  return page;
});

check("form: 422 keeps what was typed and goes to the error", async ({ open }) => {
  const page = await open("/g/settings");
  await page.fill("#name", "Someone else");
  await page.fill("#vat", "bad");
  await page.click("#save");
  await page.waitForSelector("#vat[aria-invalid=true]");
  must((await page.inputValue("#name")) === "Someone else", "typed text stays");
  await until(page, () => document.activeElement.id === "vat");
  await page.fill("#vat", "123456789");
  await page.click("#save");
  await page.waitForSelector("#toasts .toast");
  must((await page.locator("[aria-invalid]").count()) === 0, "the error is gone");
  return page;
});

check("quick add: preview, then a cleared field", async ({ open }) => {
  const page = await open("/g/tasks");
  await page.fill("#quick-add [name=text]", "Call the bank fri 15:00");
  await page.waitForSelector(".quick-preview .chip");
  await page.keyboard.press("Enter");
  await until(page, () => document.querySelector("#quick-add [name=text]").value === "");
  await page.waitForSelector("#toasts .toast");
  return page;
});

check("copy: the text is on the clipboard and the button says so", async ({ open }) => {
  const page = await open("/g/components");
  await page.click("[data-copy='#token-value']");
  await until(page, () => document.querySelector("[data-copy='#token-value']").textContent === "Copied");
  must((await page.evaluate(() => navigator.clipboard.readText())) === "atlas_pat_7f3Kq2mVw9Lr", "clipboard");
  return page;
});

check("contents list follows the reader", async ({ open }) => {
  const page = await open("/g/connection");
  await page.evaluate(() => document.getElementById("permissions").scrollIntoView());
  await until(page, () => document.querySelector(".toc [aria-current]")?.hash === "#permissions");
  return page;
});

check("times are told by the server's clock", async ({ open }) => {
  const page = await open("/g/components");
  const text = await page.textContent("time[data-relative]");
  must(/^1\d s ago$/.test(text), text);
  must((await page.textContent("time[data-countdown]")) === "23 h 39 min", "countdown");
  return page;
});

check("code in attributes never runs", async ({ open }) => {
  const page = await open("/g/components");
  page.removeAllListeners("console");
  page.removeAllListeners("pageerror");
  await page.evaluate(() => {
    const holder = document.createElement("div");
    holder.innerHTML = `<button id="bad" hx-on:click="window.ran = 1" hx-get="/parts/sync" hx-trigger="click[window.ran = 2]" hx-swap="none">x</button>`;
    document.querySelector("main").append(holder);
    window.atlas.htmx.process(holder);
    document.getElementById("bad").click();
  });
  await page.waitForTimeout(100);
  must((await page.evaluate(() => window.ran)) === undefined, "it ran");
  return page;
});

check("nothing shifts while a page settles", async ({ open }) => {
  const page = await open("/g/record");
  const shift = await page.evaluate(() => new Promise((resolve) => {
    let sum = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.value))).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve(sum), 600);
  }));
  must(shift < 0.001, `layout shift ${shift}`);
  return page;
});

// Last: a page with a stopped clock stops the clock of every later page.
check("toast: eight seconds, paused while the pointer is on it", async ({ open }) => {
  const page = await open("/g/components", { clock: true });
  await page.click("#do-it");
  await page.waitForSelector("#toasts [data-toast-undo]");
  await page.hover("#toasts .toast");
  await page.clock.runFor(10_000);
  must((await page.locator("#toasts .toast").count()) === 1, "paused");
  await page.mouse.move(700, 60);
  await page.clock.runFor(8_100);
  must((await page.locator("#toasts .toast").count()) === 0, "gone after its time");
  return page;
});

/** Runs all checks; each gets a fresh page. */
export async function behaviour({ open, note }) {
  console.log("behaviour");
  for (const { name, run } of checks) {
    let page;
    const opened = [];
    try {
      page = await run({ open: async (...args) => opened[opened.push(await open(...args)) - 1] });
      console.log(`  ✓ ${name}`);
    } catch (error) {
      note(`${name}: ${error.message.split("\n").slice(0, 2).join(" ")}`);
    }
    for (const one of new Set([...opened, page])) await one?.close().catch(() => {});
  }
}
