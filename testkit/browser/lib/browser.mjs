// A headless browser with the pages' checks: no script errors, no sideways scrolling, nothing for axe above minor.
import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { EMAIL, PASSWORD } from "./atlas.mjs";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Opens a browser. */
export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: FLAGS });
}

/** A browser context whose pages remember errors and what the CSP refused. */
export async function context(browser, options = {}) {
  const made = await browser.newContext({ viewport: { width: 1440, height: 900 }, bypassCSP: false, ...options });
  made.errors = [];
  made.on("page", (page) => {
    page.on("pageerror", (error) => made.errors.push(`${page.url()}: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !/status of (4\d\d|507)/.test(message.text())) made.errors.push(`${page.url()}: ${message.text()}`);
    });
  });
  return made;
}

/** Signs the owner in. */
export async function signIn(page, url, email = EMAIL, password = PASSWORD) {
  await page.goto(`${url}/signin`);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((now) => !now.pathname.startsWith("/signin"));
}

/** What axe finds above "minor" on the page as it is. */
export async function axe(page) {
  const session = await page.context().newCDPSession(page);
  // Evaluated through the protocol, so that the page's own CSP stays on.
  await session.send("Runtime.evaluate", { expression: AXE });
  const run = "axe.run(document, { resultTypes: ['violations'] }).then((r) => JSON.stringify(r.violations.filter((v) => v.impact !== 'minor').map((v) => `${v.id} (${v.impact}): ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(' | ')}`)))";
  const answer = await session.send("Runtime.evaluate", { expression: run, awaitPromise: true, returnByValue: true });
  await session.detach();
  return JSON.parse(answer.result.value);
}

/** How many pixels the page is wider than its window. */
export function sideways(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

const shots = process.env.SHOTS ?? mkdtempSync(join(tmpdir(), "atlas-shots-"));

/** A picture of the whole page, kept where SHOTS says. */
export async function shot(page, name) {
  mkdirSync(shots, { recursive: true });
  const path = join(shots, `${name}.png`);
  // Chromium never ends a picture of a whole page that changes at that moment; the next one is of the page at rest.
  const picture = (timeout) => page.screenshot({ path, fullPage: true, timeout });
  await picture(5_000).catch(() => picture(30_000));
  return path;
}
