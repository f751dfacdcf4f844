// The command palette: opens from local recents at once, then merges what the server finds.
import { send } from "./lib/htmx.ts";
import { announce, closest, emit, fetchPart, icon, make } from "./lib/page.ts";
import { merge } from "./lib/order.ts";
import { t } from "./lib/strings.ts";
import { openModal } from "./dialog.ts";

interface Recent {
  href: string;
  title: string;
  sub: string;
  icon: string;
}

const STORE = "atlas:recents";
const KEEP = 8;
const WAIT = 60;

let running: AbortController | undefined;
let timer = 0;
/** Whether arrows have moved since the last letter: then the chosen row stays chosen as results arrive. */
let moved = false;

const palette = () => document.querySelector<HTMLDialogElement>("dialog[data-palette]");
const field = (dialog: HTMLElement) => dialog.querySelector<HTMLInputElement>("[role='combobox']");
const results = (dialog: HTMLElement) => dialog.querySelector<HTMLElement>("[role='listbox']");
const options = (root: ParentNode) => [...root.querySelectorAll<HTMLElement>("[role='option']")];

function recents(): Recent[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(STORE) ?? "[]");
    return Array.isArray(kept) ? (kept as Recent[]) : [];
  } catch {
    return [];
  }
}

/** Remembers a record page for the next time the palette opens. */
function remember(): void {
  const main = document.querySelector<HTMLElement>("main[data-recent]");
  if (!main?.dataset["recent"]) return;
  const page = { href: location.pathname, title: main.dataset["recent"], sub: main.dataset["recentSub"] ?? "", icon: main.dataset["recentIcon"] ?? "file-text" };
  try {
    sessionStorage.setItem(STORE, JSON.stringify([page, ...recents().filter((r) => r.href !== page.href)].slice(0, KEEP)));
  } catch {
    // Storage can be full or switched off: recents are a convenience.
  }
}

function recentGroup(query: string): HTMLElement | null {
  const wanted = query.toLowerCase();
  const rows = recents()
    .filter((recent) => recent.href !== location.pathname && recent.title.toLowerCase().includes(wanted))
    .map((recent) =>
      make("a", { role: "option", tabindex: "-1", href: recent.href, id: `recent-${recent.href.replace(/\W+/g, "-")}`, "aria-selected": "false" },
        icon(recent.icon), make("span", { class: "nowrap" }, recent.title), make("span", { class: "sub" }, recent.sub)));
  if (!rows.length) return null;
  return make("div", { role: "group", "data-group": "recent", "aria-label": t("recent") },
    make("p", { class: "sect", "aria-hidden": "true" }, t("recent")), ...rows);
}

function open(query = ""): void {
  const dialog = palette();
  const input = dialog && field(dialog);
  if (!dialog || !input) return;
  if (!dialog.open) dialog.showModal();
  input.value = query;
  input.focus();
  moved = false;
  const list = results(dialog);
  list?.replaceChildren(...(query ? [] : [recentGroup("")].filter((group) => group !== null)));
  highlight(dialog, options(dialog)[0]);
  void find(dialog, query);
}

/** Marks one row as the one Enter opens. */
function highlight(dialog: HTMLElement, row: HTMLElement | undefined): void {
  for (const option of options(dialog)) option.setAttribute("aria-selected", String(option === row));
  const input = field(dialog);
  if (row) input?.setAttribute("aria-activedescendant", row.id);
  else input?.removeAttribute("aria-activedescendant");
  row?.scrollIntoView({ block: "nearest" });
}

const highlighted = (dialog: HTMLElement) => dialog.querySelector<HTMLElement>("[role='option'][aria-selected='true']") ?? undefined;

/** Asks the server and merges the answer: rows already there keep their places. */
async function find(dialog: HTMLDialogElement, query: string, address = `${dialog.dataset["palette"]}?q=${encodeURIComponent(query)}`): Promise<void> {
  running?.abort();
  const mine = (running = new AbortController());
  try {
    const answer = await fetchPart(address, mine.signal);
    if (mine.signal.aborted || !dialog.open) return;
    mergeGroups(dialog, answer, query);
  } catch {
    if (mine.signal.aborted || !dialog.open) return;
    const list = results(dialog);
    list?.querySelector(".none")?.remove();
    list?.append(make("p", { class: "none", role: "status" }, t("failedLoad")));
  }
}

function mergeGroups(dialog: HTMLElement, answer: DocumentFragment, query: string): void {
  const list = results(dialog);
  if (!list) return;
  const selected = moved ? highlighted(dialog)?.id : undefined;
  const groups = [...answer.querySelectorAll<HTMLElement>("[data-group]")].filter((group) => !(query.startsWith(">") && group.dataset["group"] === "found"));
  const served = new Set(groups.flatMap((group) => options(group).map((row) => row.getAttribute("href") ?? row.id)));
  const local = query ? null : recentGroup("");
  for (const row of local ? options(local) : []) if (served.has(row.getAttribute("href") ?? "")) row.remove();
  if (local) groups.unshift(local);
  const order = merge([...list.children].map((child) => (child as HTMLElement).dataset["group"] ?? ""), groups.map((group) => group.dataset["group"] ?? ""));
  const rank = ["recent", "best", "do", "found"];
  order.sort((a, b) => rank.indexOf(a) - rank.indexOf(b));
  const next = order.flatMap((name) => {
    const fresh = groups.find((group) => group.dataset["group"] === name);
    return fresh ? [mergeGroup(list.querySelector<HTMLElement>(`[data-group='${CSS.escape(name)}']`), fresh)] : [];
  });
  const none = answer.querySelector(".none");
  list.replaceChildren(...next, ...(none ? [none] : []));
  const rows = options(list);
  highlight(dialog, rows.find((row) => row.id === selected) ?? rows[0]);
  announce(rows.length ? String(rows.length) : (none?.textContent ?? t("none")));
}

/** Rows that stay are replaced by their new drawing in place; new ones come last. */
function mergeGroup(shown: HTMLElement | null, fresh: HTMLElement): HTMLElement {
  if (!shown) return fresh;
  const rows = new Map(options(fresh).map((row) => [row.id, row]));
  const order = merge(options(shown).map((row) => row.id), [...rows.keys()]);
  for (const row of options(shown)) row.remove();
  shown.append(...order.map((id) => rows.get(id)).filter((row) => row !== undefined));
  return shown;
}

function move(dialog: HTMLElement, step: number): void {
  const rows = options(dialog);
  const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
  moved = true;
  highlight(dialog, rows[Math.min(rows.length - 1, Math.max(0, at + step))]);
}

/** Opens or does what a row stands for. */
function choose(dialog: HTMLDialogElement, row: HTMLElement, aside: boolean): void {
  const href = row.getAttribute("href");
  const post = row.dataset["post"];
  if (post) {
    dialog.close();
    const values = row.dataset["vals"] ? (JSON.parse(row.dataset["vals"]) as Record<string, string>) : {};
    void send("POST", post, { values });
  } else if (row.dataset["dialog"]) {
    dialog.close();
    document.querySelector<HTMLDialogElement>(row.dataset["dialog"])?.showModal();
  } else if (row.dataset["query"] !== undefined) {
    open(row.dataset["query"]);
  } else if (href && row.hasAttribute("data-modal")) {
    dialog.close();
    void openModal(href);
  } else if (href && aside) {
    window.open(href, "_blank", "noopener");
  } else if (href) {
    row.setAttribute("aria-busy", "true");
    location.assign(href);
  }
  emit(document, "atlas:palette", { id: row.id });
}

function onKeydown(event: KeyboardEvent): void {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
    if (!palette()) return;
    event.preventDefault();
    if (palette()?.open) palette()?.close();
    else open();
    return;
  }
  const dialog = palette();
  if (!dialog?.open || !dialog.contains(event.target as Node)) return;
  const row = highlighted(dialog);
  const actions: Record<string, (() => void) | undefined> = {
    ArrowDown: () => move(dialog, 1),
    ArrowUp: () => move(dialog, -1),
    PageDown: () => move(dialog, 8),
    PageUp: () => move(dialog, -8),
    Enter: () => row && choose(dialog, row, event.ctrlKey || event.metaKey),
    Tab: row?.dataset["actions"] ? () => void find(dialog, "", row.dataset["actions"]) : undefined,
  };
  const action = actions[event.key];
  if (!action || event.isComposing) return;
  event.preventDefault();
  action();
}

function onInput(event: Event): void {
  const dialog = closest<HTMLDialogElement>(event.target, "dialog[data-palette]");
  if (!dialog) return;
  const query = (event.target as HTMLInputElement).value;
  moved = false;
  clearTimeout(timer);
  timer = window.setTimeout(() => void find(dialog, query), WAIT);
}

function onClick(event: MouseEvent): void {
  const opener = closest(event.target, "[data-palette-open]");
  if (opener && palette() && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    return open(opener.dataset["paletteOpen"] ?? "");
  }
  const dialog = palette();
  if (!dialog?.open) return;
  const row = closest(event.target, "[role='option']");
  if (row && dialog.contains(row) && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    choose(dialog, row, false);
  } else if (event.target === dialog) {
    dialog.close();
  }
}

export function start(): void {
  remember();
  document.addEventListener("keydown", onKeydown);
  document.addEventListener("input", onInput);
  document.addEventListener("click", onClick);
  document.addEventListener("submit", (event) => closest(event.target, "dialog[data-palette]") && event.preventDefault());
}
