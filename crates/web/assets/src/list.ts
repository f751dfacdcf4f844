// Lists and tables: one tab stop, J and K, selection, peek into the side panel.
import { ajax } from "./lib/htmx.ts";
import { all, closest, emit, onContent } from "./lib/page.ts";
import { onKeys } from "./keys.ts";

let last: { id: string; index: number } | undefined;

const rows = () => all("[data-list] [data-row]").filter((row) => row.checkVisibility?.() ?? true);
const linkOf = (row: Element) => row.querySelector<HTMLElement>(".title a, .cell-link, th a, a[href]");
const boxOf = (row: Element) => row.querySelector<HTMLInputElement>("input.check:not([hx-post])");
const rowOf = (target: EventTarget | null) => closest(target, "[data-list] [data-row]");
const CONTROLS = "a[href], button, input, select, textarea";

/** Leaves the controls of one row per list in the tab order. */
function rove(list: HTMLElement): void {
  const items = all("[data-row]", list);
  const active = items.find((row) => row.hasAttribute("data-ui-active")) ?? items.find((row) => row.getAttribute("aria-current") === "true") ?? items[0];
  for (const row of items) {
    for (const control of all(CONTROLS, row)) {
      if (row === active) control.removeAttribute("tabindex");
      else control.tabIndex = -1;
    }
  }
}

function activate(row: HTMLElement): void {
  const list = row.closest<HTMLElement>("[data-list]");
  if (!list) return;
  for (const other of all("[data-ui-active]", list)) other.removeAttribute("data-ui-active");
  row.setAttribute("data-ui-active", "");
  last = { id: row.id, index: rows().indexOf(row) };
  rove(list);
}

function current(): HTMLElement | undefined {
  const focused = rowOf(document.activeElement);
  if (focused) return focused;
  return rows().find((row) => row.id !== "" && row.id === last?.id);
}

function go(step: number): boolean {
  const list = rows();
  if (!list.length) return false;
  const here = current();
  const at = here ? list.indexOf(here) : -1;
  const next = here ? list[at + step] : list[0];
  if (!next) return true;
  activate(next);
  linkOf(next)?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  if (document.querySelector(".panel > *") && next.dataset["peek"]) peek(next);
  return true;
}

function select(row: HTMLElement, on?: boolean): boolean {
  const box = boxOf(row);
  if (!box) return false;
  box.checked = on ?? !box.checked;
  box.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

/** Shows a row in the side panel; where there is no room the page itself opens. */
function peek(row: HTMLElement): boolean {
  const address = row.dataset["peek"];
  const panel = document.querySelector<HTMLElement>(row.closest<HTMLElement>("[data-list]")?.dataset["panel"] ?? "#panel");
  if (!address || !panel) return false;
  if (!matchMedia("(min-width: 1101px)").matches) {
    linkOf(row)?.click();
    return true;
  }
  for (const other of all("[data-row][aria-current]")) other.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
  void ajax("GET", address, { source: panel, target: panel, swap: "innerHTML" });
  return true;
}

function clear(): boolean {
  const chosen = all<HTMLInputElement>("[data-row] input.check:checked:not([hx-post])");
  for (const box of chosen) box.checked = false;
  if (chosen.length) count();
  return chosen.length > 0;
}

/** Shows how many rows are selected in the bulk bar. */
function count(): void {
  const chosen = all<HTMLInputElement>("[data-row] input.check:checked:not([hx-post])").length;
  for (const list of all("[data-list]")) list.toggleAttribute("data-ui-selecting", chosen > 0);
  for (const bar of all("[data-bulk]")) {
    bar.toggleAttribute("data-ui-on", chosen > 0);
    for (const number of all("[data-bulk-count]", bar)) number.textContent = String(chosen);
  }
  emit(document.querySelector("[data-list]") ?? document, "atlas:selection", { count: chosen });
}

function onStroke(stroke: string, event: KeyboardEvent): boolean {
  if (document.querySelector("[data-board]")?.contains(event.target as Node)) return false;
  const row = rowOf(event.target);
  const arrows = row !== null && event.target === linkOf(row);
  switch (stroke) {
    case "j":
      return !document.querySelector("[data-board]") && go(1);
    case "k":
      return !document.querySelector("[data-board]") && go(-1);
    case "arrowdown":
      return arrows && go(1);
    case "arrowup":
      return arrows && go(-1);
    case "shift+arrowdown":
    case "shift+arrowup": {
      if (!row || !select(row, true)) return false;
      go(stroke === "shift+arrowdown" ? 1 : -1);
      const next = current();
      return next ? select(next, true) : true;
    }
    case "x": {
      const here = current();
      return here ? select(here) : false;
    }
    case "space":
      return arrows && row !== null && peek(row);
    case "escape":
      return clear();
    default:
      return false;
  }
}

/** A click beside the links of a row peeks, or opens when there is nothing to peek into. */
function onClick(event: MouseEvent): void {
  if (closest(event.target, "[data-bulk-clear]")) return void clear();
  const row = rowOf(event.target);
  if (!row || event.defaultPrevented || event.button !== 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || closest(event.target, `${CONTROLS}, label, summary, form, [popover]`)) return;
  if (String(getSelection() ?? "")) return;
  activate(row);
  if (!peek(row)) linkOf(row)?.click();
}

/** After a change: tab stops again, and focus to the row that took the place of a focused one that left. */
function refresh(): void {
  for (const list of all("[data-list]")) rove(list);
  const gone = last && last.id !== "" && !document.getElementById(last.id);
  if (gone && document.activeElement === document.body) {
    const list = rows();
    const next = list[Math.min(last?.index ?? 0, list.length - 1)];
    last = undefined;
    if (next) {
      activate(next);
      linkOf(next)?.focus({ preventScroll: true });
    }
  }
  if (document.querySelector("[data-bulk]")) count();
}

export function start(): void {
  onContent(refresh);
  onKeys(onStroke);
  document.addEventListener("focusin", (event) => {
    const row = rowOf(event.target);
    if (row) activate(row);
  });
  document.addEventListener("change", (event) => {
    if (closest(event.target, "[data-row] input.check")) count();
  });
  document.addEventListener("click", onClick);
}
