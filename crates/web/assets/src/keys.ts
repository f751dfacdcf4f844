// Shortcuts: data-key on links, buttons and fields, sequences such as `g t`, and the shortcut sheet.
import { all, isTyping, make, openDialog } from "./lib/page.ts";
import { Sequence, word, words } from "./lib/shortcuts.ts";

/** A module's own keys on the page: returns true when it used the stroke. */
export type KeyHandler = (stroke: string, event: KeyboardEvent) => boolean;

const handlers: KeyHandler[] = [];
const sequence = new Sequence();

/** Adds a module's keys. They come before data-key, and never while typing or under a dialog. */
export function onKeys(handler: KeyHandler): void {
  handlers.push(handler);
}

interface Binding {
  steps: string[];
  element: HTMLElement;
}

const usable = (element: HTMLElement) =>
  !element.closest("[hidden], [inert]") && !element.matches(":disabled, [aria-disabled='true']");

/** The shortcuts in force: those of the open dialog alone, else main's before the frame's. */
function bindings(): Binding[] {
  const dialog = openDialog();
  const inMain = (element: HTMLElement) => (element.closest("main") ? 0 : 1);
  return all("[data-key]", dialog ?? document)
    .filter((element) => usable(element) && (dialog || !element.closest("dialog")))
    .sort((a, b) => inMain(a) - inMain(b))
    .flatMap((element) => (element.dataset["key"] ?? "").split(",").map((written) => ({ steps: words(written), element })));
}

function use(element: HTMLElement): void {
  if (!isTyping(element)) return element.click();
  element.focus();
  if (element instanceof HTMLInputElement) element.select();
}

function switchedOff(stroke: string): boolean {
  return document.body.dataset["keys"] === "off" && /^(shift\+)?.$/u.test(stroke);
}

function onKeydown(event: KeyboardEvent): void {
  const stroke = word(event);
  if (!stroke || event.defaultPrevented || event.isComposing) return;
  if (stroke === "mod+enter") return submit(event);
  const heldDown = event.repeat && /^[^jkhl]$/u.test(stroke);
  if (isTyping(event.target) || heldDown || switchedOff(stroke)) return;
  const at = event.timeStamp;
  const waiting = sequence.pending(at);
  if (!waiting && !openDialog() && !openMenu() && handlers.some((handler) => handler(stroke, event))) {
    return event.preventDefault();
  }
  if (openMenu()) return;
  const known = bindings();
  const done = sequence.press(stroke, known.map((binding) => binding.steps), at);
  if (done === "pending") return event.preventDefault();
  const found = done && known.find((binding) => binding.steps === done);
  if (found) {
    event.preventDefault();
    use(found.element);
  } else if (stroke === "?" && !openDialog()) {
    const sheet = document.querySelector<HTMLDialogElement>("dialog#shortcuts");
    if (!sheet) return;
    event.preventDefault();
    sheet.showModal();
  }
}

const openMenu = () => document.querySelector("[popover][role='menu']:popover-open");

/** Ctrl or ⌘ with Enter sends the form being written. */
function submit(event: KeyboardEvent): void {
  const form = event.target instanceof Element ? event.target.closest("form") : null;
  if (!form || form.matches("[data-palette] form, .edit-form")) return;
  event.preventDefault();
  form.requestSubmit();
}

/** What a shortcut is called: data-key-label, else the element's name without its key caps. */
function labelOf(element: HTMLElement): string {
  const given = element.dataset["keyLabel"] ?? element.getAttribute("aria-label");
  if (given) return given;
  const copy = element.cloneNode(true) as HTMLElement;
  for (const part of all("kbd, .keys, .n", copy)) part.remove();
  return copy.textContent?.trim().replace(/\s+/g, " ") || element.getAttribute("placeholder") || "";
}

/** Lists this page's keys at the head of the sheet. */
function fillSheet(sheet: HTMLElement): void {
  const here = sheet.querySelector<HTMLElement>("[data-keys-here]");
  const list = here?.querySelector("dl");
  if (!here || !list) return;
  const seen = new Set<string>();
  const rows = bindings().flatMap(({ steps, element }) => {
    const label = labelOf(element);
    if (!element.closest("main, .top") || !label || seen.has(steps.join())) return [];
    seen.add(steps.join());
    const caps = steps.map((step) => make("kbd", {}, step.replace(/^./, (first) => first.toUpperCase())));
    return [make("div", {}, make("dt", {}, label), make("dd", {}, make("span", { class: "keys" }, ...caps)))];
  });
  list.replaceChildren(...rows);
  here.hidden = rows.length === 0;
}

export function start(): void {
  document.addEventListener("keydown", onKeydown);
  document.addEventListener(
    "beforetoggle",
    (event) => {
      const sheet = event.target as HTMLElement;
      if (sheet.id === "shortcuts" && (event as ToggleEvent).newState === "open") fillSheet(sheet);
    },
    true,
  );
}
