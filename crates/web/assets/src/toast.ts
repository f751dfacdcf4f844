// Toasts: one at a time, eight seconds, Undo and Z, paused by hover, focus or a hidden tab.
import { send } from "./lib/htmx.ts";
import { did } from "./lib/status.ts";
import { announce, closest, emit, icon, make } from "./lib/page.ts";
import { t } from "./lib/strings.ts";
import { onKeys } from "./keys.ts";

/** What a toast says and offers. `undo` is an address that takes a POST. */
export interface Toast {
  text: string;
  undo?: string | undefined;
  href?: string | undefined;
  label?: string | undefined;
  tone?: string | undefined;
  again?: (() => void) | undefined;
}

const TIME = 8000;

let timer = 0;
let rest = TIME;
let since = 0;
let shown: HTMLElement | undefined;

function region(): HTMLElement {
  const found = document.getElementById("toasts");
  if (found) return found;
  const made = make("div", { class: "toasts", id: "toasts" });
  document.body.append(made);
  return made;
}

function button(label: string, mark: string): HTMLButtonElement {
  return make("button", { class: "btn", type: "button", "data-size": "sm", [mark]: "" }, label);
}

/** Shows a toast in place of the one before. Failures stay until they are closed. */
export function toast(spec: Toast): void {
  const failed = spec.tone === "danger";
  const element = make("div", { class: "toast", role: failed ? "alert" : "status", "data-toast": "", ...(failed ? { "data-tone": "danger" } : {}) });
  if (spec.undo) element.dataset["undo"] = spec.undo;
  region().replaceChildren(element);
  const parts: Node[] = [make("span", {}, spec.text)];
  if (failed) parts.unshift(icon("triangle-alert", 14));
  if (spec.href) parts.push(make("a", { class: "btn", "data-size": "sm", href: spec.href }, spec.label ?? spec.href));
  if (spec.again) {
    const again = button(t("again"), "data-toast-again");
    again.addEventListener("click", () => (close(), spec.again?.()), { once: true });
    parts.push(again);
  }
  // The live region is filled after it exists: otherwise readers may miss it.
  requestAnimationFrame(() => {
    element.prepend(...parts);
    adopt(element);
  });
}

/** Gives a toast, drawn here or sent by the server, its buttons and its time. */
function adopt(element: HTMLElement): void {
  shown = element;
  if (element.dataset["undo"] && !element.querySelector("[data-toast-undo]")) {
    element.append(button(t("undo"), "data-toast-undo"), make("kbd", { "aria-hidden": "true" }, "Z"));
  }
  if (element.dataset["tone"] === "danger") {
    const shut = make("button", { class: "btn", type: "button", "data-icon": "", "data-size": "sm", "aria-label": t("close"), title: t("close"), "data-toast-close": "" }, icon("x", 14));
    if (!element.querySelector("[data-toast-close]")) element.append(shut);
    clearTimeout(timer);
    return;
  }
  rest = TIME;
  resume();
}

function resume(): void {
  clearTimeout(timer);
  if (!shown || shown.dataset["tone"] === "danger" || document.hidden) return;
  since = performance.now();
  timer = window.setTimeout(close, rest);
}

function pause(): void {
  if (!timer) return;
  clearTimeout(timer);
  timer = 0;
  rest = Math.max(1500, rest - (performance.now() - since));
}

function close(): void {
  clearTimeout(timer);
  timer = 0;
  const hadFocus = shown?.contains(document.activeElement);
  shown?.remove();
  shown = undefined;
  if (hadFocus) document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
}

/** Takes back the change the toast tells of. */
async function undo(): Promise<void> {
  const address = shown?.dataset["undo"];
  if (!address) return;
  close();
  if (!did(await send("POST", address))) return;
  announce(t("undone"));
  emit(document, "atlas:undone");
}

export function start(): void {
  document.addEventListener("toast", (event) => toast((event as CustomEvent<Toast>).detail));
  document.addEventListener("click", (event) => {
    if (closest(event.target, "[data-toast-undo]")) void undo();
    else if (closest(event.target, "[data-toast-close]")) close();
  });
  for (const name of ["pointerover", "focusin"] as const) {
    document.addEventListener(name, (event) => closest(event.target, "#toasts") && pause());
  }
  for (const name of ["pointerout", "focusout"] as const) {
    document.addEventListener(name, (event) => closest(event.target, "#toasts") && resume());
  }
  document.addEventListener("visibilitychange", () => (document.hidden ? pause() : resume()));
  onKeys((stroke) => {
    if ((stroke !== "z" && stroke !== "mod+z") || !shown?.dataset["undo"]) return false;
    void undo();
    return true;
  });
  const sent = document.querySelector<HTMLElement>("#toasts > [data-toast]");
  if (sent) adopt(sent);
}
