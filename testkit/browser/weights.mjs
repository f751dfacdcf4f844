// Sizes of what a page brings, gzip, beside the budgets of the design: scripts, styles, fonts, HTML, requests.
import { gzipSync } from "node:zlib";
import { context, launch, signIn } from "./lib/browser.mjs";
import { world } from "./lib/atlas.mjs";
import { connect, PAGES } from "./lib/pages.mjs";

const w = await world({ seed: true, sandbox: { contacts: 60, companies: 12, conversations: 80 } });
const browser = await launch();
const ctx = await context(browser);
const page = await ctx.newPage();
await signIn(page, w.url);
await connect(page, w);
const paths = await PAGES(w);

const kB = (bytes) => (bytes / 1000).toFixed(1).padStart(6);
console.log("page".padEnd(44), "HTML".padStart(6), "JS".padStart(6), "CSS".padStart(6), "fonts".padStart(6), "all".padStart(6), "requests", " over budget");
const budgets = { html: 15_000, js: 60_000, css: 20_000, fonts: 80_000, all: 180_000, requests: 8 };
let over = 0;
for (const path of paths) {
  const fresh = await context(browser, { storageState: await ctx.storageState() });
  const tab = await fresh.newPage();
  const sizes = { html: 0, js: 0, css: 0, fonts: 0, all: 0, requests: 0 };
  const reads = [];
  tab.on("response", (response) => {
    const type = response.request().resourceType();
    if (type === "eventsource" || response.status() === 204) return;
    reads.push(
      response.body().then((body) => {
        const packed = type === "font" || type === "image" ? body.length : gzipSync(body).length;
        const kind = { document: "html", script: "js", stylesheet: "css", font: "fonts" }[type];
        if (kind) sizes[kind] += packed;
        sizes.all += packed;
        sizes.requests += 1;
      }, () => undefined),
    );
  });
  await tab.goto(w.url + path, { waitUntil: "load" });
  await tab.waitForTimeout(300);
  await Promise.all(reads);
  const exceeded = Object.entries(budgets).filter(([kind, most]) => sizes[kind] > most).map(([kind]) => kind);
  over += exceeded.length;
  console.log(path.slice(0, 44).padEnd(44), kB(sizes.html), kB(sizes.js), kB(sizes.css), kB(sizes.fonts), kB(sizes.all), String(sizes.requests).padStart(8), " ", exceeded.join(" "));
  await fresh.close();
}
console.log(`budgets, gzip: HTML 15 kB, JavaScript 60 kB, CSS 20 kB, fonts 80 kB, first visit 180 kB in 8 requests. ${over === 0 ? "All within." : `${over} over.`}`);
await browser.close();
await w.end();
process.exit(0);
