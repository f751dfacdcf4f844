// Looks at every gallery page in headless Chromium: axe, sideways scrolling, content policy, then behaviour.
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { behaviour } from "./behaviour.mjs";
import { pages } from "./render.mjs";
import { serve } from "./server.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = process.env.GALLERY_SHOTS;
const only = process.argv.slice(2);
const problems = [];
const note = (text) => {
  problems.push(text);
  console.error(`  ✗ ${text}`);
};

const { server, base } = await serve();
const profile = await mkdtemp(join(tmpdir(), "atlas-gallery-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  permissions: ["clipboard-read", "clipboard-write"],
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** A page that reports console errors, which include violations of the content policy. */
async function open(path, { width = 1440, height = 900, clock = false } = {}) {
  const page = await context.newPage();
  if (clock) await page.clock.install();
  page.on("console", (message) => {
    const expected = /Failed to load resource|status of (4|5)\d\d/.test(message.text());
    if (message.type() === "error" && !expected) note(`${path}: console: ${message.text().slice(0, 300)}`);
  });
  page.on("pageerror", (error) => note(`${path}: ${error.message}`));
  await page.setViewportSize({ width, height });
  await page.goto(base + path);
  await page.waitForSelector("html[data-ui-ready]");
  return page;
}

async function look(name, theme, width) {
  const page = await open(`/g/${name}?theme=${theme}`, { width, height: width < 500 ? 844 : 900 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) note(`${name} ${width}: scrolls sideways by ${wide}px: ${await culprits(page)}`);
  if (width === 1440 || width === 390) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    for (const v of violations) note(`${name} ${theme} ${width}: ${v.impact} ${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? ""}`).join(" | ").slice(0, 420)}`);
    if (shots) await page.screenshot({ path: join(shots, `${name}-${width}-${theme}.png`), fullPage: true });
  }
  await page.close();
}

/** The elements that reach past the right edge. */
const culprits = (page) =>
  page.evaluate(() => [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll-x, .toolbar, .board, .tabs, .tabs-q, .set-nav, pre")).slice(0, 4).map((e) => `${e.tagName}.${e.className}`).join(", "));

try {
  if (shots) await mkdir(shots, { recursive: true });
  const names = only.length ? only.filter((name) => pages.has(name)) : [...pages.keys()];
  for (const name of names) {
    console.log(name);
    for (const [theme, width] of [["light", 1440], ["dark", 1440], ["light", 390], ["dark", 390], ["light", 320], ["light", 768], ["light", 1101]]) await look(name, theme, width);
  }
  if (!only.length || only.includes("behaviour")) await behaviour({ open, note });
} finally {
  await context.close();
  server.closeAllConnections();
  server.close();
  await rm(profile, { recursive: true, force: true });
}
console.log(problems.length ? `${problems.length} problems` : "no problems");
process.exitCode = problems.length ? 1 : 0;
