// Expands the README's shorthand and wraps gallery pages in the shell.
import { readFile } from "node:fs/promises";

const root = new URL("../../", import.meta.url);
export const manifest = JSON.parse(await readFile(new URL("../dist/manifest.json", root), "utf8"));
const asset = (name) => manifest.base + manifest.files[name].file;
const ICONS = asset("icons.svg");

const source = await readFile(new URL("gallery.html", root), "utf8");

/** The pages of gallery.html by name. */
export const pages = new Map(
  source.split(/<!-- page: /).slice(1).map((part) => {
    const [, name, attributes, body] = /^(\S+)(.*?)-->([\s\S]*)$/.exec(part);
    const options = Object.fromEntries([...attributes.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));
    return [name, { name, ...options, body }];
  }),
);

/** Replaces `{i plus}`, `{g done "Done"}`, `{kbd G H}`, `{av 3 "Name" NN 24}` and the sample parts. */
export function expand(html) {
  return html
    .replace(/\{(rows|lanes|cell) (\w+)\}/g, (_, kind, what) => expand({ rows, lanes, cell }[kind](what)))
    .replace(/\{(timeline|sync|form)\}/g, (_, kind) => expand({ timeline, sync, form }[kind]()))
    .replace(/\{i(12|14)? ([a-z0-9-]+)\}/g, (_, size, name) => `<svg class="ico" ${size ? `data-size="${size}" ` : ""}aria-hidden="true"><use href="${ICONS}#${name}"/></svg>`)
    .replace(/\{g ([a-z0-9]+) "([^"]*)"\}/g, (_, name, label) => `<svg class="glyph" viewBox="0 0 14 14" role="img" aria-label="${label}"><use href="${ICONS}#g-${name}"/></svg>`)
    .replace(/\{g ([a-z0-9]+)\}/g, (_, name) => `<svg class="glyph" viewBox="0 0 14 14" aria-hidden="true"><use href="${ICONS}#g-${name}"/></svg>`)
    .replace(/\{kbd ([^}]+)\}/g, (_, keys) => `<span class="keys" aria-hidden="true">${keys.split(" ").map((key) => `<kbd>${key}</kbd>`).join("")}</span>`)
    .replace(/\{av (\d) "([^"]*)" (\w+)(?: (\d+))?\}/g, (_, hue, name, initials, size) => `<span class="avatar" data-hue="${hue}" ${size ? `data-size="${size}" ` : ""}role="img" aria-label="${name}" title="${name}">${initials}</span>`)
    .replaceAll("{{ICONS}}", ICONS);
}

const PEOPLE = ["Maren Solheim", "Priya Raman", "Jonas Weber", "Amara Diallo", "Leo Marchetti", "A person whose name has sixty letters so that it must be cut"];

function rows(what) {
  if (what === "contacts") {
    return PEOPLE.map((name, at) => `<tr id="contact-${at}" data-row><td class="sel"><input class="check" type="checkbox" name="id" value="${at}" form="bulk" aria-label="Select ${name}"></td><th scope="row"><a class="cell-link" href="/g/record"><span class="avatar" data-hue="${at + 1}" aria-hidden="true">${name[0]}</span><span class="truncate">${name}</span></a></th><td class="soft">Harbour &amp; Vale</td><td class="soft">${name.split(" ")[0].toLowerCase()}@example.com</td><td class="num end">€${(at + 1) * 8},000</td><td class="end"><button class="btn" type="button" data-icon data-variant="ghost" data-size="sm" popovertarget="m-${at}" aria-label="Actions for ${name}" title="Actions">{i14 ellipsis}</button><div class="pop menu" id="m-${at}" popover role="menu" aria-label="Actions for ${name}"><a role="menuitem" href="#e">{i pencil}Rename</a></div></td></tr>`).join("");
  }
  const titles = { progress: ["Write the revised SLA for Harbour &amp; Vale", "Import 2024 conversations", "Map view drops the last stop when a route crosses midnight and the driver has no signal"], todo: ["Review the webhook retry fix", "Send follow-ups", "Answer Tessel Robotics about SSO"] }[what];
  return titles.map((title, at) => {
    const key = `ACME-${(what === "todo" ? 20 : 10) + at}`;
    return `<li class="row" id="task-${key}" data-row data-peek="/panel/${key}"><input class="check" type="checkbox" name="key" value="${key}" form="bulk" aria-label="Select ${key}"><span class="prio">{g p${(at % 4) + 1} "Priority: ${["Low", "Medium", "High", "Urgent"][at % 4]}"}</span><span class="id">${key}</span><form class="tick" method="post" action="/x"><button class="tick-b" name="status" value="done" aria-label="Mark ${key} done">{g ${what}}</button></form><span class="title"><a href="/g/record">${title}</a></span><span class="muted" title="From an Intercom conversation">{i12 message-circle}<span class="sr">From an Intercom conversation</span></span><span class="proj truncate">Harbour &amp; Vale</span><time class="due" datetime="2026-11-24" data-tone="danger">Today</time>{av 1 "Ines Okafor" IO}</li>`;
  }).join("");
}

/** The board's cards by lane, changed by moves. */
export const board = { todo: ["T1", "T2", "T3", "FAIL"], progress: ["P1", "P2"], review: [], done: ["D1"] };

export function lanes(what) {
  if (what === "deals") {
    const stages = [["qualified", "Qualified", "€74,200", 15], ["discovery", "Discovery", "€128,400", 27], ["proposal", "Proposal", "€121,000", 25], ["negotiation", "Negotiation", "€96,000", 20], ["won", "Won", "€63,000", 13]];
    return stages.map(([id, name, sum, share]) => `<section class="lane stage" id="lane-${id}" data-lane="${id}" aria-labelledby="lane-${id}-h"><header><h2 id="lane-${id}-h">${name}</h2><span class="n" data-lane-count>1</span><span class="grow"></span><span class="meta">10% likely</span></header><p class="stage-sum">${sum}</p><span class="meter" aria-hidden="true"><i style="width:${share}%"></i></span><ol class="cards" data-cards><li id="card-${id}" data-card="${id}"><a class="card deal" href="/g/record"><span class="deal-top"><span class="avatar" data-shape="square" data-hue="2" aria-hidden="true">PP</span><span class="truncate">Pellworth Paper and Packaging</span><b class="num">€18,000</b></span><h3>Two depots</h3><span class="next" data-tone="warning">{i12 clock}Quiet for 16 days</span><span class="foot"><time>29 Jan</time>{av 2 "Tomas Lindqvist" TL}</span></a><button class="btn card-menu" type="button" data-icon data-variant="ghost" data-size="sm" data-card-menu aria-label="Move Two depots" title="Move">{i14 ellipsis}</button></li></ol><p class="lane-empty">Nothing here</p></section>`).join("");
  }
  const names = { todo: "To do", progress: "In progress", review: "In review", done: "Done" };
  return Object.entries(board).map(([id, cards]) => `<section class="lane" id="lane-${id}" data-lane="${id}" ${id === "done" ? "data-quiet" : ""} aria-labelledby="lane-${id}-h"><header>{g ${id} "Status: ${names[id]}"}<h2 id="lane-${id}-h">${names[id]}</h2><span class="n" data-lane-count>${cards.length}</span><span class="grow"></span><a class="btn" data-icon data-variant="ghost" data-size="sm" href="/tasks/new" data-modal aria-label="Add to ${names[id]}" title="Add to ${names[id]}">{i14 plus}</a></header><ol class="cards" data-cards>${cards.map((key) => `<li id="card-${key}" data-card="${key}"><a class="card" href="/g/record"><span class="card-top"><span class="id">${key}</span><span class="pr">{g p3 "Priority: High"}</span></span><h3>Card ${key}</h3><span class="foot"><span class="truncate">Platform</span><time class="due">Today</time>{av 1 "Ines Okafor" IO}</span></a><button class="btn card-menu" type="button" data-icon data-variant="ghost" data-size="sm" data-card-menu aria-label="Move ${key}" title="Move">{i14 ellipsis}</button></li>`).join("")}</ol><p class="lane-empty">Nothing here</p></section>`).join("");
}

/** Values of the inline-edit cells, changed by saves. */
export const values = { name: "Maren Solheim", role: "Head of operations", phone: "+47 555 01 274", birthday: "", owner: "ines", company: "Harbour & Vale" };
const owners = { ines: "Ines Okafor", priya: "Priya Raman" };
const escapeHtml = (text) => String(text).replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);

/** One inline-edit cell in its present state. */
export function cell(name, error = "") {
  const value = escapeHtml(values[name]);
  const label = name[0].toUpperCase() + name.slice(1);
  const mistake = error ? `<p class="error">{i12 circle-alert}${error}</p>` : "";
  const open = (content, extra = "") => `<button class="edit" type="button" data-edit-open ${extra}><span class="sr">Edit ${name}: </span>${content}</button>`;
  const form = (field) => `<form class="edit-form" method="post" action="/edit/${name}">${field}${mistake}</form>`;
  const id = `id="contact-1-${name}"`;
  if (name === "name") return `<div class="edit-cell" data-edit ${id}><h1 class="edit-h">${open(value)}</h1>${form(`<input class="bare h1" name="value" value="${value}" aria-label="Name">`)}</div>`;
  if (name === "owner") return `<dd class="edit-cell" data-edit ${id}>${open(owners[values.owner])}${form(`<select class="bare" name="value" aria-label="Owner">${Object.entries(owners).map(([key, text]) => `<option value="${key}" ${key === values.owner ? "selected" : ""}>${text}</option>`).join("")}</select>`)}</dd>`;
  if (name === "company") return `<dd class="edit-cell" data-edit ${id}>${open(value)}${form(`<div class="combo" data-combobox="/people/options"><input class="input" id="company-i" role="combobox" aria-label="Company" aria-autocomplete="list" aria-expanded="false" aria-controls="company-l" autocomplete="off" value="${value}"><input type="hidden" name="value" value="${value}" data-combobox-value><div class="pop menu" id="company-l" role="listbox" aria-label="Company" hidden></div></div>`)}</dd>`;
  return `<dd class="edit-cell" data-edit ${id}>${open(value || "Add", value ? "" : "data-empty")}${form(`<input class="bare" ${name === "birthday" ? 'type="date"' : ""} name="value" value="${value}" aria-label="${label}">`)}</dd>`;
}

export const events = [8, 7, 6, 5, 4, 3, 2, 1];

export function timeline() {
  const item = (n) => `<li class="event" id="event-${n}" data-kind="conversation"><time datetime="2026-11-24T10:0${n % 10}:00Z">10:0${n % 10}</time><span class="pin">{i12 message-circle}</span><article class="what"><p class="head"><b>Maren</b> in Intercom <span class="muted">· SLA ${n}</span> <span class="badge" data-tone="accent">Open</span></p><div class="quote"><div class="html"><p>Any news on the SLA? Our board meets on Wednesday.</p></div></div><div class="quote" data-from="us"><div class="html"><p>You will have it tomorrow.</p></div><footer><span>Ines, 16 min later</span></footer></div><p class="ev-acts"><button class="btn" data-size="sm" type="button">{i14 list-plus}Create task</button><a class="btn" data-variant="ghost" data-size="sm" href="#i">{i14 external-link}Open in Intercom</a></p></article></li>`;
  return `<section id="timeline" aria-labelledby="tl-h" data-live-topic="timeline" data-live-hold=".event" hx-get="/parts/timeline" hx-trigger="live" hx-swap="outerMorph"><div class="tl-head"><h2 class="sec-h" id="tl-h">Timeline</h2><nav class="tabs-q" aria-label="Show"><a href="?kind=" aria-current="true">All <span class="n">${events.length}</span></a><a href="?kind=notes">Notes <span class="n">5</span></a></nav></div><div class="timeline"><h3 class="when">Today</h3><ol>${events.map(item).join("")}</ol></div><div class="more-events" id="more-events"><a class="btn" data-variant="ghost" href="?before=x">Show earlier</a></div></section>`;
}

export const progress = { percent: 64 };

export function sync() {
  const p = progress.percent;
  return `<section class="sect-c" id="sync" aria-labelledby="sync-h" data-live-topic="sync" hx-get="/parts/sync" hx-trigger="live" hx-swap="outerMorph"><header><div class="grow"><h2 id="sync-h">Import</h2></div></header><div class="sync-head"><p class="figure">${p}%</p><div class="grow"><p class="strong">Importing conversations</p><p class="soft num">96 per second, about 6 minutes left. You can close this page.</p></div><form method="post" action="/x"><button class="btn">{i pause}Pause import</button></form></div><div class="scale" style="--h:8px" role="progressbar" aria-label="Import" aria-valuemin="0" aria-valuemax="100" aria-valuenow="${p}"><span class="bar"><i style="width:${p}%"></i></span><span class="ticks"><span style="--x:0%">0</span><span style="--x:25%">24,000</span><span style="--x:50%">48,000</span><span style="--x:75%">72,000</span><span style="--x:100%">96,310</span></span></div><div class="scroll-x" tabindex="0" role="group" aria-label="Import by object"><table class="table compact"><thead><tr><th scope="col">Object</th><th scope="col" class="end">Done</th><th scope="col" class="end">Found</th><th scope="col"><span class="sr">Progress</span></th><th scope="col">State</th></tr></thead><tbody><tr><th scope="row">Contacts</th><td class="num end">48,210</td><td class="num end muted">48,210</td><td class="bar-c"><span class="meter" role="progressbar" aria-label="Contacts" aria-valuemin="0" aria-valuemax="100" aria-valuenow="100"><i style="width:100%" data-done></i></span></td><td class="soft nowrap"><span class="state"><span class="dot" data-tone="success"></span>Complete</span></td></tr><tr><th scope="row">Conversations</th><td class="num end">61,638</td><td class="num end muted">96,310</td><td class="bar-c"><span class="meter" role="progressbar" aria-label="Conversations" aria-valuemin="0" aria-valuemax="100" aria-valuenow="${p}"><i style="width:${p}%"></i></span></td><td class="soft nowrap"><span class="state"><span class="dot" data-tone="busy"></span>Reading March 2026</span></td></tr></tbody></table></div><figure class="rate" aria-labelledby="rate-h"><figcaption class="cluster"><h3 id="rate-h" class="sec-h">Rate limit</h3><span class="meta grow">Intercom allows 1,667 requests per 10 s. Atlas stops at 80%.</span><span class="num strong">967 used</span></figcaption><div class="scale" style="--h:10px" role="meter" aria-label="Requests in this window" aria-valuemin="0" aria-valuemax="1667" aria-valuenow="967"><span class="bar"><i style="width:58%"></i></span><span class="cap" style="--x:80%"></span><span class="ticks"><span style="--x:0%">0</span><span style="--x:40%">667</span><span style="--x:80%">1,333</span><span style="--x:100%">1,667</span></span></div><p class="meta">Waiting 3 s for the next window.</p></figure></section>`;
}

export function form(error = "", value = "Ines Okafor") {
  const second = error ? `<input class="input" id="vat" name="vat" value="NO 9124" aria-invalid="true" aria-describedby="vat-e"><p class="error" id="vat-e">{i12 circle-alert}${error}</p>` : `<input class="input" id="vat" name="vat" value="" aria-describedby="vat-hint"><p class="hint" id="vat-hint">Nine digits.</p>`;
  return `<form class="form" method="post" action="/form" id="profile-form" hx-post="/form" hx-target="this" hx-swap="outerMorph" hx-sync="this:drop" novalidate><div class="form-grid"><div class="field"><label for="name">Name</label><input class="input" id="name" name="name" value="${escapeHtml(value)}" required autocomplete="off" aria-describedby="name-hint"><p class="hint" id="name-hint">As it appears on records.</p></div><div class="field"><label for="vat">VAT number</label>${second}</div><div class="field"><label for="tz">Time zone</label><select class="select" id="tz" name="tz"><option>Europe/Dublin</option></select></div><div class="field"><label for="val">Value</label><div class="joined"><span class="affix">€</span><input class="input num" id="val" name="val" value="48,000"></div></div><div class="field" data-span><label for="about">About <span class="opt">optional</span></label><textarea class="textarea" id="about" name="about" rows="3"></textarea></div></div><fieldset class="field"><legend class="lbl">Scopes</legend><div class="checks"><label><input class="check" type="checkbox" name="scope" value="a" checked> Read contacts</label><label><input class="check" type="checkbox" name="scope" value="b"> Write contacts</label></div></fieldset><div class="form-foot"><button class="btn" type="submit" data-variant="primary" id="save">Save</button><a class="btn" data-variant="ghost" href="#c">Cancel</a></div></form>`;
}

const NAV = [["home", "house", "Home", "g h"], ["tasks", "list-checks", "Tasks", "g t"], ["contacts", "user-round", "Contacts", "g c"], ["deals", "handshake", "Deals", "g d"], ["docs", "file-text", "Docs", "g o"]];

function shell(page, body) {
  const link = ([name, icon, label, key]) => `<li><a href="/g/${name}" data-key="${key}" ${page.nav === name ? 'aria-current="page"' : ""}>{i ${icon}}${label}</a></li>`;
  const tab = ([name, icon, label]) => `<a href="/g/${name}" ${page.nav === name ? 'aria-current="page"' : ""}>{i ${icon}}<span>${label}</span></a>`;
  const recent = page.recent ? `data-recent="${page.recent}" data-recent-sub="Contact" data-recent-icon="user-round"` : "";
  return `<a class="skip" href="#main">Skip to content</a><div class="app"><aside class="side" id="side" aria-label="Workspace"><div class="side-in"><button class="ws" type="button" popovertarget="ws-menu" aria-haspopup="menu"><svg class="mark" aria-hidden="true"><use href="{{ICONS}}#mark"/></svg><span class="grow truncate">Kestrel</span>{i14 chevrons-up-down}</button><div class="pop menu" id="ws-menu" popover role="menu" aria-label="Workspace"><a role="menuitem" href="/g/settings">{i settings}Settings</a><hr><form method="post" action="/signout" role="none"><button role="menuitem" type="submit">{i log-out}Sign out</button></form></div><a class="find" href="/palette" data-palette-open>{i14 search}<span>Search or do</span>{kbd Ctrl K}</a><nav aria-label="Main"><ul>${NAV.slice(0, 1).map(link).join("")}</ul><p class="group" id="nav-work">Work</p><ul aria-labelledby="nav-work">${NAV.slice(1, 2).map(link).join("")}</ul><p class="group" id="nav-growth">Growth</p><ul aria-labelledby="nav-growth">${NAV.slice(2).map(link).join("")}</ul></nav><div class="foot"><a href="/g/connection" class="health" id="side-health"><span class="dot" data-tone="success"></span><span class="truncate">Intercom live, <time datetime="2026-11-24T10:19:55Z" data-relative>12 s ago</time></span></a><div class="me"><a class="me-link" href="/g/settings"><span class="avatar" data-hue="1" aria-hidden="true">IO</span><span class="name truncate">Ines Okafor</span></a><form method="post" action="/settings/theme" data-theme-form><button class="btn" data-icon data-variant="ghost" data-size="sm" name="theme" value="dark" aria-label="Switch theme" title="Switch theme">{i14 contrast}</button></form><button class="btn" type="button" data-icon data-variant="ghost" data-size="sm" data-dialog="#shortcuts" aria-label="Shortcuts (?)" title="Shortcuts (?)">{i14 circle-question-mark}</button></div></div></div></aside>
<div class="body"><header class="top"><a class="btn menu-btn" href="#side" role="button" data-drawer="side" data-icon data-variant="ghost" aria-label="Menu" aria-controls="side" aria-expanded="false">{i menu}</a><nav class="crumbs grow" aria-label="Breadcrumb"><ol><li><a href="/g/home">Kestrel</a></li><li><span aria-current="page">${page.title}</span></li></ol></nav><div class="actions"></div></header><main id="main" tabindex="-1" ${recent}>${body}</main></div></div>
<nav class="tabbar" aria-label="Main, compact">${[NAV[0], NAV[1]].map(tab).join("")}<a href="/palette" data-palette-open>{i search}<span>Search</span></a>${[NAV[2], NAV[3]].map(tab).join("")}</nav>${PALETTE}${SHEET}<dialog class="dialog" id="modal" aria-label="Form"><div id="modal-body"></div></dialog><div class="toasts" id="toasts"></div>`;
}

const PALETTE = `<dialog class="palette" id="palette" data-palette="/palette" aria-label="Search or do"><form class="q" method="get" action="/palette" role="search">{i search}<input type="text" name="q" role="combobox" aria-expanded="true" aria-controls="palette-results" aria-autocomplete="list" aria-label="Search or do" placeholder="Search or do" autocomplete="off" spellcheck="false"><span class="chip">In all of Kestrel</span><kbd>Esc</kbd></form><div class="results" id="palette-results" role="listbox" aria-label="Results"></div><div class="hints" aria-hidden="true"><span>{kbd ↑ ↓} move</span><span>{kbd ↵} open</span><span class="grow"></span><span><kbd>&gt;</kbd> only actions</span></div></dialog>`;
const SHEET = `<dialog class="dialog sheet-d" id="shortcuts" aria-labelledby="shortcuts-h"><div class="sheet-top"><h2 id="shortcuts-h">Shortcuts</h2><button class="btn" type="button" data-icon data-variant="ghost" data-size="sm" data-close autofocus aria-label="Close" title="Close">{i14 x}</button></div><div class="sheet"><div data-keys-here hidden><h3 class="label">This page</h3><dl></dl></div><div><h3 class="label">Go</h3><dl><div><dt>Home</dt><dd>{kbd G H}</dd></div><div><dt>Tasks</dt><dd>{kbd G T}</dd></div></dl></div><div><h3 class="label">In a list</h3><dl><div><dt>Next, previous</dt><dd>{kbd J K}</dd></div></dl></div></div></dialog>`;

/** A whole page. */
export function document(page, { theme = "", density = "", side = "" } = {}) {
  const script = (name) => `<script type="module" src="${asset(name)}" integrity="${manifest.files[name].integrity}"></script>`;
  const font = (name) => `<link rel="preload" href="${asset(name)}" as="font" type="font/woff2" crossorigin>`;
  const body = page.shell === "gate" ? `<main id="main" class="gate-in">${page.body}</main>${PALETTE}<div class="toasts" id="toasts"></div>` : shell(page, page.body);
  return expand(`<!doctype html><html lang="en-GB" ${theme ? `data-theme="${theme}"` : ""} ${density ? `data-density="${density}"` : ""} ${side ? `data-side="${side}"` : ""} data-tz="Europe/Dublin"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${page.title} · Atlas</title><meta name="htmx-config" content='{"includeIndicatorCSS":false,"extensions":"atlas","history":"reload","defaultTimeout":15000,"defaultSwap":"outerMorph","morphIgnore":["data-htmx-powered","open","aria-expanded","data-ui-"],"noSwap":[204,304,"400","401","403","404","405","408","410","413","415","429","5xx"]}'><link rel="icon" href="${asset("favicon.svg")}" type="image/svg+xml">${font("atlas-sans.woff2")}${font("atlas-serif.woff2")}<link rel="stylesheet" href="${asset("app.css")}" integrity="${manifest.files["app.css"].integrity}">${script("core.js")}${page.module ? script(`${page.module}.js`) : ""}</head><body ${page.shell === "gate" ? 'class="gate"' : ""} data-icons="${ICONS}" data-now="2026-11-24T10:20:07Z" data-keys="on" ${page.live ? `data-live="/live?topics=${page.live}"` : ""}>${body}</body></html>`);
}
