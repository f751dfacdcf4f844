// Inline edit: text that becomes a field in place. Resting, hover, editing, saving, failed, empty.
import { send } from "./lib/htmx.ts";
import { did } from "./lib/status.ts";
import { all, announce, closest, emit, make } from "./lib/page.ts";
import { t } from "./lib/strings.ts";

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const originals = new WeakMap<HTMLElement, string>();
const shown = new WeakMap<HTMLElement, Node[]>();

const formOf = (cell: HTMLElement) => cell.querySelector<HTMLFormElement>(":scope > form");
const buttonOf = (cell: HTMLElement) => cell.querySelector<HTMLElement>("[data-edit-open]");
const fieldOf = (cell: HTMLElement) =>
  formOf(cell)?.querySelector<Field>("select:not([hidden]), textarea, input:not([type='hidden'])") ?? null;

const snapshot = (cell: HTMLElement) => {
  const form = formOf(cell);
  return form ? JSON.stringify([...new FormData(form)].map(([name, value]) => [name, String(value)])) : "";
};

function note(cell: HTMLElement, element: HTMLElement | null): void {
  for (const old of all(":scope > .edit-note, :scope > form > .edit-note", cell)) old.remove();
  if (element) (cell.hasAttribute("data-ui-editing") ? (formOf(cell) ?? cell) : cell).append(element);
}

function open(cell: HTMLElement): void {
  const field = fieldOf(cell);
  if (!field || cell.dataset["uiState"] === "saving") return;
  if (cell.dataset["uiState"] !== "failed") originals.set(cell, snapshot(cell));
  cell.setAttribute("data-ui-editing", "");
  note(cell, field instanceof HTMLSelectElement || cell.hasAttribute("data-edit-long") ? null
    : make("span", { class: "edit-note", "aria-hidden": "true" }, make("span", { class: "keys" }, make("kbd", {}, "↵")), ` ${t("saveHint")}`));
  field.focus();
  if (field instanceof HTMLInputElement && field.type !== "date") field.select();
  if (field instanceof HTMLTextAreaElement) field.setSelectionRange(field.value.length, field.value.length);
}

function close(cell: HTMLElement, refocus: boolean): void {
  cell.removeAttribute("data-ui-editing");
  note(cell, null);
  if (refocus) buttonOf(cell)?.focus();
}

/** Esc: the value from before editing comes back. */
function restore(cell: HTMLElement): void {
  const before = originals.get(cell);
  const form = formOf(cell);
  if (form && before) {
    const values = new Map(JSON.parse(before) as [string, string][]);
    for (const element of form.elements) {
      const field = element as Field;
      if (!field.name) continue;
      if (field instanceof HTMLInputElement && ["checkbox", "radio"].includes(field.type)) field.checked = values.get(field.name) === field.value;
      else field.value = values.get(field.name) ?? "";
    }
  }
  unshow(cell);
  delete cell.dataset["uiState"];
  close(cell, true);
}

/** The typed value, where the text was, while it is on its way. */
function show(cell: HTMLElement): void {
  const button = buttonOf(cell);
  const field = fieldOf(cell);
  if (!button || !field) return;
  const text = field instanceof HTMLSelectElement ? (field.selectedOptions[0]?.textContent ?? "") : field.value;
  if (!shown.has(button)) shown.set(button, [...button.childNodes]);
  const prefix = button.querySelector(".sr");
  button.replaceChildren(...(prefix ? [prefix] : []), text.trim() || "–");
}

function unshow(cell: HTMLElement): void {
  const button = buttonOf(cell);
  const nodes = button && shown.get(button);
  if (!button || !nodes) return;
  button.replaceChildren(...nodes);
  shown.delete(button);
}

async function save(cell: HTMLElement, refocus: boolean): Promise<void> {
  const form = formOf(cell);
  if (!form || cell.dataset["uiState"] === "saving") return;
  const unchanged = snapshot(cell) === originals.get(cell) && cell.dataset["uiState"] !== "failed";
  if (unchanged) return close(cell, refocus);
  if (!form.checkValidity()) return void form.reportValidity();
  show(cell);
  close(cell, refocus);
  cell.dataset["uiState"] = "saving";
  note(cell, make("span", { class: "edit-note", role: "status" }, t("saving")));
  const id = cell.id;
  const status = await send("POST", form.action, { source: form, target: cell, swap: "outerMorph", quiet: true });
  const here = document.getElementById(id) ?? cell;
  if (did(status) || status === 422 || status === 409) settle(here, refocus);
  else fail(here);
}

/** The server answered with the cell; an error in it keeps the field open. */
function settle(cell: HTMLElement, refocus: boolean): void {
  const button = buttonOf(cell);
  if (button) shown.delete(button);
  delete cell.dataset["uiState"];
  note(cell, null);
  if (formOf(cell)?.querySelector(".error")) {
    cell.setAttribute("data-ui-editing", "");
    fieldOf(cell)?.focus();
    return;
  }
  cell.removeAttribute("data-ui-editing");
  if (refocus && document.activeElement === document.body) button?.focus();
  emit(cell, "atlas:saved");
}

function fail(cell: HTMLElement): void {
  cell.dataset["uiState"] = "failed";
  const again = make("button", { class: "edit-note", type: "button", "data-edit-again": "" }, t("notSaved"));
  note(cell, again);
  announce(t("notSaved"), true);
  emit(cell, "atlas:save-failed");
}

function onKeydown(event: KeyboardEvent): void {
  const cell = closest(event.target, "[data-edit]");
  if (!cell?.hasAttribute("data-ui-editing") || event.isComposing || event.defaultPrevented) return;
  const long = event.target instanceof HTMLTextAreaElement;
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    restore(cell);
  } else if (event.key === "Enter" && (!long || event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    void save(cell, true);
  }
}

export function start(): void {
  document.addEventListener("click", (event) => {
    const again = closest(event.target, "[data-edit-again]");
    const cell = closest(event.target, "[data-edit]");
    if (again && cell) return void save(cell, false);
    const opener = closest(event.target, "[data-edit-open]");
    if (opener && cell) {
      event.preventDefault();
      open(cell);
    }
  });
  document.addEventListener("keydown", onKeydown);
  document.addEventListener("focusout", (event) => {
    const cell = closest(event.target, "[data-edit][data-ui-editing]");
    const next = event.relatedTarget;
    if (!cell || (next instanceof Node && cell.contains(next)) || !document.hasFocus()) return;
    void save(cell, false);
  });
  document.addEventListener("change", (event) => {
    const cell = closest(event.target, "[data-edit][data-ui-editing]");
    const chosen = event.target instanceof HTMLSelectElement || closest(event.target, "[data-combobox-value]");
    if (cell && chosen) void save(cell, true);
  });
  document.addEventListener("submit", (event) => {
    const cell = closest(event.target, "[data-edit]");
    if (!cell || closest(event.target, "form")?.parentElement !== cell) return;
    event.preventDefault();
    void save(cell, true);
  });
}
