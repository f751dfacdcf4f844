// Serves the gallery with the product's content policy and the fragments its parts ask for.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { board, cell, document, events, expand, form, lanes, manifest, pages, progress, sync, timeline, values } from "./render.mjs";

const CSP = "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'";
const streams = new Set();
/** What was asked of the server, for the checks. */
export const seen = [];

const types = new Map(Object.values(manifest.files).map((entry) => [entry.file, entry.type]));

/** Tells every open stream that topics changed. */
export function change(topics) {
  for (const stream of streams) stream.write(`event: refresh\ndata: ${topics}\n\n`);
}

export const openStreams = () => streams.size;

function palette(q) {
  const mark = (text) => (q ? text.replace(new RegExp(`(${q.replace(/\W/g, "")})`, "i"), "<mark>$1</mark>") : text);
  const known = ["Maren Solheim", "Marten Holm", "Mara Quist"].filter((name) => name.toLowerCase().includes(q.replace(">", "").trim().toLowerCase()));
  const row = (name) => `<a role="option" tabindex="-1" id="p-${name.split(" ")[0]}" href="/g/record"><span class="avatar" data-hue="3" data-size="24" aria-hidden="true">MS</span><span class="nowrap">${mark(name)}</span><span class="sub">Head of operations, Harbour &amp; Vale</span></a>`;
  const doing = `<div role="group" data-group="do" aria-label="Do"><p class="sect" aria-hidden="true">Do</p><a role="option" tabindex="-1" id="p-new" href="/tasks/new" data-modal>{i plus}<span class="nowrap">New task</span>{kbd C}</a><button role="option" tabindex="-1" type="button" id="p-done" data-post="/done" data-vals='{"status":"done"}'>{g done}<span class="nowrap">Mark ACME-12 done</span></button></div>`;
  if (q.startsWith(">")) return doing;
  if (!known.length) return `<p class="none" role="status">Nothing found for “${q.replace(/[<>&]/g, "")}”.</p>`;
  const best = q ? `<div role="group" data-group="best" aria-label="Best match"><p class="sect" aria-hidden="true">Best match</p>${row(known[0])}</div>` : "";
  const rest = known.slice(q ? 1 : 0);
  return best + doing + (rest.length ? `<div role="group" data-group="found" aria-label="Found"><p class="sect" aria-hidden="true">Found</p>${rest.map(row).join("")}</div>` : "");
}

const routes = {
  "GET /palette": ({ url }) => ({ html: palette(url.searchParams.get("q") ?? "") }),
  "GET /parts/timeline": () => ({ html: timeline() }),
  "GET /parts/sync": () => ({ html: sync() }),
  "GET /people/options": ({ url }) => ({ html: ["Harbour & Vale", "Pellworth Paper"].filter((n) => n.toLowerCase().includes(url.searchParams.get("q").toLowerCase())).map((n, at) => `<div role="option" id="co-${at}" data-value="${n.replace("&", "&amp;")}" data-label="${n.replace("&", "&amp;")}"><span>${n.replace("&", "&amp;")}</span></div>`).join("") }),
  "GET /tasks/quick-add": ({ url }) => ({ html: url.searchParams.get("text").includes("fri") ? `<span class="chip">{i12 calendar}Fri 27 Nov, 15:00</span>` : "" }),
  "POST /tasks/quick-add": () => ({ html: `<form class="quick" method="post" action="/tasks/quick-add" hx-post="/tasks/quick-add" hx-target="this" hx-swap="outerHTML" data-quick-add="/tasks/quick-add" id="quick-add"><input class="input" name="text" aria-label="New task" autofocus><button class="btn" type="submit">Add</button><div class="quick-preview" id="quick-preview" role="status"></div></form>`, toast: { text: "ACME-30 added", undo: "/undo/1" } }),
  "GET /tasks/new": () => ({ html: `<h2>New task</h2><form class="form" method="post" action="/tasks/new" hx-post="/tasks/new" hx-target="this" id="new-task"><div class="field"><label for="title">Title</label><input class="input" id="title" name="title"></div><div class="form-foot"><button class="btn" type="submit" data-variant="primary">Create</button><button class="btn" type="button" data-variant="ghost" data-close>Cancel</button></div></form>` }),
  "POST /tasks/new": () => ({ html: "", trigger: { "close-modal": {}, toast: { text: "ACME-31 created" } } }),
  "POST /done": () => ({ html: "", toast: { text: "ACME-12 moved to Done", undo: "/undo/2" } }),
  "POST /undo/1": () => ({ status: 204 }),
  "POST /undo/2": () => ({ status: 204 }),
  "POST /slow": async () => { await new Promise((resolve) => setTimeout(resolve, 900)); return { status: 204 }; },
  "POST /settings/theme": () => ({ status: 204 }),
  "POST /notes": () => ({ status: 204 }),
  "POST /form": ({ body }) => (body.get("vat") === "bad" ? { status: 422, html: form("Nine digits expected, this has four.", body.get("name")) } : { html: form("", body.get("name")), toast: { text: "Saved" } }),
  "POST /tasks/move": ({ body }) => move(body),
  "GET /fail": () => ({ status: 500, html: "broken" }),
  "POST /fail": () => ({ status: 500, html: "broken" }),
};

async function move(body) {
  if (body.get("id") === "FAIL") return { status: 500, html: "" };
  for (const cards of Object.values(board)) if (cards.includes(body.get("id"))) cards.splice(cards.indexOf(body.get("id")), 1);
  const cards = board[body.get("lane")];
  const at = cards.indexOf(body.get("before"));
  cards.splice(at < 0 ? cards.length : at, 0, body.get("id"));
  return { html: "", toast: { text: `${body.get("id")} moved`, undo: "/undo/2" } };
}

async function edit(name, body) {
  const value = body.get("value");
  await new Promise((resolve) => setTimeout(resolve, 120));
  if (value === "fail") return { status: 500, html: "" };
  if (value === "bad") return { status: 422, html: cell(name, "Two words at least.") };
  values[name] = value;
  return { html: cell(name) };
}

function panel(key) {
  return `<div class="panel-in"><div class="panel-head"><span class="id">${key}</span><span class="grow"></span><a class="btn" data-icon data-variant="ghost" data-size="sm" href="/g/record" aria-label="Open full page" title="Open full page">{i14 arrow-up-right}</a><a class="btn" data-icon data-variant="ghost" data-size="sm" href="/g/tasks" data-panel-close aria-label="Close (Esc)" title="Close (Esc)">{i14 x}</a></div><h2 class="panel-title">Write the revised SLA for Harbour &amp; Vale</h2><dl class="props"><dt>Status</dt>${cell("role")}<dt>Owner</dt>${cell("owner")}</dl><section><h3>Description</h3><div class="html"><p>Maren needs an SLA that names first-response times.</p></div></section><section><h3>Parts <span class="muted num">1 of 2</span></h3><div class="checks" data-done><label><input class="check" type="checkbox" checked hx-post="/done" hx-swap="none"> Scope</label><label><input class="check" type="checkbox" hx-post="/done" hx-swap="none"> Hours</label></div></section></div>`;
}

async function answer(request, url, body) {
  const key = `${request.method} ${url.pathname}`;
  if (routes[key]) return routes[key]({ url, body });
  if (key.startsWith("POST /edit/")) return edit(url.pathname.slice(6), body);
  if (key.startsWith("GET /panel/")) return { html: panel(url.pathname.slice(7)), push: `/g/tasks?open=${url.pathname.slice(7)}` };
  const page = pages.get(url.pathname.slice(3));
  if (url.pathname.startsWith("/g/") && page) return { html: document(page, Object.fromEntries(url.searchParams)) };
  return { status: 404, html: "none" };
}

async function handle(request, response) {
  const url = new URL(request.url, "http://gallery");
  seen.push(`${request.method} ${url.pathname}${url.search}`);
  response.setHeader("Content-Security-Policy", CSP);
  if (url.pathname === "/live") {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(": open\n\n");
    streams.add(response);
    request.on("close", () => streams.delete(response));
    return;
  }
  if (url.pathname.startsWith("/assets/")) {
    const name = url.pathname.slice(8);
    if (!types.has(name)) return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": types.get(name), "Cache-Control": "public, max-age=31536000, immutable" });
    return response.end(await readFile(new URL(`../../../dist/${name}`, import.meta.url)));
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = new URLSearchParams(Buffer.concat(chunks).toString());
  const { status = 200, html = "", toast, trigger, push } = await answer(request, url, body);
  const triggers = trigger ?? (toast ? { toast } : null);
  if (triggers) response.setHeader("HX-Trigger", JSON.stringify(triggers));
  if (push) response.setHeader("HX-Push-Url", push);
  response.writeHead(status, { "Content-Type": "text/html; charset=utf-8" });
  response.end(status === 204 ? undefined : expand(html));
}

/** Starts on a free port of the loopback. */
export function serve(port = 0) {
  const server = createServer((request, response) => {
    handle(request, response).catch((error) => {
      console.error(error);
      response.writeHead(500).end();
    });
  });
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve({ server, base: `http://127.0.0.1:${server.address().port}` })));
}

export { board, events, lanes, progress, values };
