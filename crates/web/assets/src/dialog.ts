// Dialogs: open, close, focus back to the opener, forms fetched into the modal.
import { all, closest, fetchPart } from "./lib/page.ts";
import { htmx } from "./lib/htmx.ts";
import { t } from "./lib/strings.ts";
import { toast } from "./toast.ts";

const openers = new WeakMap<HTMLDialogElement, HTMLElement>();

function show(dialog: HTMLDialogElement, opener?: HTMLElement | null): void {
  if (dialog.open) return;
  const origin = opener?.closest<HTMLElement>("[popover]") ? invokerOf(opener) : opener;
  if (origin) openers.set(dialog, origin);
  for (const menu of all("[popover]:popover-open")) menu.hidePopover();
  dialog.showModal();
}

/** A menu item is gone when its menu closes: focus goes back to the menu's button. */
function invokerOf(item: HTMLElement): HTMLElement | null {
  const menu = item.closest<HTMLElement>("[popover]");
  return menu ? document.querySelector<HTMLElement>(`[popovertarget="${CSS.escape(menu.id)}"]`) : item;
}

/** Fetches a form and shows it in #modal; without a modal the address opens as a page. */
export async function openModal(address: string, opener?: HTMLElement | null): Promise<void> {
  const dialog = document.querySelector<HTMLDialogElement>("dialog#modal");
  const body = document.getElementById("modal-body");
  if (!dialog || !body) return location.assign(address);
  opener?.setAttribute("aria-busy", "true");
  try {
    body.replaceChildren(await fetchPart(address));
    htmx.process(body);
    const heading = body.querySelector("h1, h2");
    if (heading?.textContent) dialog.setAttribute("aria-label", heading.textContent.trim());
    show(dialog, opener);
    body.querySelector<HTMLElement>("[autofocus], input:not([type='hidden']), textarea, select")?.focus();
  } catch {
    toast({ text: t("failedLoad"), tone: "danger", again: () => void openModal(address, opener) });
  } finally {
    opener?.removeAttribute("aria-busy");
  }
}

function onClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const modal = closest<HTMLAnchorElement>(event.target, "a[data-modal]");
  if (modal && !closest(event.target, "dialog[data-palette]")) {
    event.preventDefault();
    return void openModal(modal.href, modal);
  }
  const opener = closest(event.target, "[data-dialog]");
  const named = opener && document.querySelector(opener.dataset["dialog"] ?? "");
  if (opener && named instanceof HTMLDialogElement) {
    event.preventDefault();
    return show(named, opener);
  }
  const closer = closest(event.target, "[data-close]");
  const inside = closer?.closest("dialog");
  if (closer && inside) {
    event.preventDefault();
    inside.close();
  } else if (event.target instanceof HTMLDialogElement && outside(event.target, event)) {
    event.target.close();
  }
}

/** Whether a click on a dialog was on its backdrop. */
function outside(dialog: HTMLDialogElement, event: MouseEvent): boolean {
  if (dialog.querySelector("form") && !dialog.matches("[data-palette]")) return false;
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

export function start(): void {
  document.addEventListener("click", onClick);
  document.addEventListener("close", (event) => {
    if (!(event.target instanceof HTMLDialogElement)) return;
    const opener = openers.get(event.target);
    openers.delete(event.target);
    if (opener?.isConnected) opener.focus();
  }, true);
  document.addEventListener("close-modal", () => {
    for (const dialog of all<HTMLDialogElement>("dialog[open]")) dialog.close();
  });
}
