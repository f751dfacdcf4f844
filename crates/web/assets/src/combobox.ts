// Comboboxes: type to narrow, arrows and Enter to choose, what is missing can be made by the last row.
import { all, closest, emit, fetchPart, make } from "./lib/page.ts";
import { t } from "./lib/strings.ts";

const WAIT = 120;
const state = new WeakMap<HTMLElement, { timer: number; abort?: AbortController; rows?: HTMLElement[]; label: string }>();

const inputOf = (combo: HTMLElement) => combo.querySelector<HTMLInputElement>("[role='combobox']");
const listOf = (combo: HTMLElement) => combo.querySelector<HTMLElement>("[role='listbox']");
const valueOf = (combo: HTMLElement) => combo.querySelector<HTMLInputElement>("[data-combobox-value]");
const optionsOf = (combo: HTMLElement) => all("[role='option']:not([hidden])", combo);

function memory(combo: HTMLElement) {
  let known = state.get(combo);
  if (!known) {
    known = { timer: 0, label: inputOf(combo)?.value ?? "" };
    state.set(combo, known);
  }
  return known;
}

function highlight(combo: HTMLElement, row: HTMLElement | undefined): void {
  for (const option of optionsOf(combo)) option.setAttribute("aria-selected", String(option === row));
  const input = inputOf(combo);
  if (row) input?.setAttribute("aria-activedescendant", row.id);
  else input?.removeAttribute("aria-activedescendant");
  row?.scrollIntoView({ block: "nearest" });
}

function expand(combo: HTMLElement, open: boolean): void {
  const list = listOf(combo);
  if (!list) return;
  list.hidden = !open;
  inputOf(combo)?.setAttribute("aria-expanded", String(open));
  if (!open) highlight(combo, undefined);
}

async function fill(combo: HTMLElement, query: string): Promise<void> {
  const known = memory(combo);
  const list = listOf(combo);
  if (!list) return;
  const address = combo.dataset["combobox"];
  if (!address) {
    known.rows ??= all("[role='option']", combo);
    for (const row of known.rows) row.hidden = !(row.textContent ?? "").toLowerCase().includes(query.toLowerCase());
  } else {
    known.abort?.abort();
    const mine = (known.abort = new AbortController());
    try {
      const separator = address.includes("?") ? "&" : "?";
      list.replaceChildren(await fetchPart(`${address}${separator}q=${encodeURIComponent(query)}`, mine.signal));
    } catch {
      if (mine.signal.aborted) return;
      list.replaceChildren(make("p", { class: "none" }, t("failedLoad")));
    }
  }
  const rows = optionsOf(combo);
  list.querySelector(".none")?.remove();
  if (!rows.length) list.append(make("p", { class: "none" }, t("none")));
  expand(combo, true);
  highlight(combo, rows[0]);
}

function choose(combo: HTMLElement, row: HTMLElement): void {
  const input = inputOf(combo);
  const value = valueOf(combo);
  if (!input || row.getAttribute("aria-disabled") === "true") return;
  const label = row.dataset["label"] ?? row.textContent?.trim() ?? "";
  input.value = label;
  memory(combo).label = label;
  expand(combo, false);
  if (value) {
    value.value = row.dataset["value"] ?? "";
    value.dispatchEvent(new Event("change", { bubbles: true }));
  }
  emit(combo, "atlas:chosen", { value: row.dataset["value"], label });
}

/** An emptied field means nobody; any other text that was not chosen goes back to what was. */
function settle(combo: HTMLElement): void {
  const input = inputOf(combo);
  const value = valueOf(combo);
  const known = memory(combo);
  expand(combo, false);
  if (!input || !value) return;
  if (input.value.trim() === "" && !input.required) {
    known.label = "";
    if (value.value !== "") {
      value.value = "";
      value.dispatchEvent(new Event("change", { bubbles: true }));
    }
  } else {
    input.value = known.label;
  }
}

function onKeydown(event: KeyboardEvent): void {
  const combo = closest(event.target, "[data-combobox]");
  if (!combo || !(event.target as Element).matches("[role='combobox']") || event.isComposing) return;
  const open = !listOf(combo)?.hidden;
  const rows = optionsOf(combo);
  const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" && !open) void fill(combo, "");
  else if (event.key === "ArrowDown") highlight(combo, rows[Math.min(rows.length - 1, at + 1)]);
  else if (event.key === "ArrowUp" && open) highlight(combo, rows[Math.max(0, at - 1)]);
  else if (event.key === "Enter" && open && rows[at]) choose(combo, rows[at]);
  else if (event.key === "Escape" && open) expand(combo, false);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

export function start(): void {
  document.addEventListener("focusin", (event) => {
    const combo = closest(event.target, "[data-combobox]");
    if (combo) memory(combo);
  });
  document.addEventListener("input", (event) => {
    const combo = closest(event.target, "[data-combobox]");
    if (!combo || !(event.target as Element).matches("[role='combobox']")) return;
    const known = memory(combo);
    clearTimeout(known.timer);
    known.timer = window.setTimeout(() => void fill(combo, (event.target as HTMLInputElement).value), WAIT);
  });
  // Before other listeners: Enter chooses a row instead of sending the form.
  document.addEventListener("keydown", onKeydown, true);
  document.addEventListener("pointerdown", (event) => {
    const row = closest(event.target, "[data-combobox] [role='option']");
    const combo = row?.closest<HTMLElement>("[data-combobox]");
    if (!row || !combo) return;
    event.preventDefault();
    choose(combo, row);
  });
  document.addEventListener("focusout", (event) => {
    const combo = closest(event.target, "[data-combobox]");
    if (combo && !(event.relatedTarget instanceof Node && combo.contains(event.relatedTarget))) settle(combo);
  }, true);
}
