// Menus and other popovers: placed at their button, moved through with arrows, Home, End and letters.
import { all, closest } from "./lib/page.ts";

const GAP = 4;
const EDGE = 8;

const items = (menu: HTMLElement) => all("[role='menuitem'], [role='menuitemradio'], [role='menuitemcheckbox']", menu);
const invokers = new WeakMap<HTMLElement, HTMLElement>();

function invokerOf(pop: HTMLElement): HTMLElement | null {
  const known = invokers.get(pop);
  if (known?.isConnected) return known;
  return document.querySelector<HTMLElement>(`[popovertarget="${CSS.escape(pop.id)}"]`);
}

/** Opens a popover that has no popovertarget button of its own. */
export function openAt(pop: HTMLElement, invoker: HTMLElement): void {
  invokers.set(pop, invoker);
  pop.showPopover();
}

/** Below the button, above it when there is no room, inside the window either way. */
function place(pop: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect();
  const size = { width: pop.offsetWidth, height: pop.offsetHeight };
  const end = getComputedStyle(button).direction === "rtl" || at.left + size.width > innerWidth - EDGE;
  const left = end ? at.right - size.width : at.left;
  const below = at.bottom + GAP;
  const top = below + size.height > innerHeight - EDGE && at.top - GAP - size.height > EDGE ? at.top - GAP - size.height : below;
  pop.style.setProperty("left", `${Math.max(EDGE, Math.min(left, innerWidth - EDGE - size.width))}px`);
  pop.style.setProperty("top", `${Math.max(EDGE, Math.min(top, innerHeight - EDGE - size.height))}px`);
}

function onToggle(event: Event): void {
  const pop = event.target;
  if (!(pop instanceof HTMLElement) || !pop.matches(".pop[popover]")) return;
  const open = (event as ToggleEvent).newState === "open";
  const button = invokerOf(pop);
  button?.setAttribute("aria-expanded", String(open));
  if (!open) {
    invokers.delete(pop);
    return;
  }
  if (button) place(pop, button);
  const first = pop.matches("[role='menu']") ? items(pop)[0] : pop.querySelector<HTMLElement>("[autofocus], input:not([type='hidden']), select, a, button");
  first?.focus({ preventScroll: true });
}

function onKeydown(event: KeyboardEvent): void {
  const menu = closest(event.target, "[popover][role='menu']");
  if (!menu || event.ctrlKey || event.metaKey || event.altKey) return;
  const list = items(menu);
  const at = list.indexOf(closest(event.target, "[role^='menuitem']") as HTMLElement);
  const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 };
  const step = steps[event.key];
  let next = step === undefined ? undefined : list[(step + list.length) % list.length];
  if (event.key.length === 1 && event.key !== " ") {
    const letter = event.key.toLowerCase();
    const later = [...list.slice(at + 1), ...list.slice(0, at + 1)];
    next = later.find((item) => item.textContent?.trim().toLowerCase().startsWith(letter));
    event.stopPropagation();
  }
  if (event.key === "Tab") menu.hidePopover();
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function onClick(event: MouseEvent): void {
  const item = closest(event.target, "[popover][role='menu'] [role^='menuitem']");
  if (!item) return;
  if (item.getAttribute("aria-disabled") === "true") return event.preventDefault();
  // A form's button must still be in the page when it submits.
  if (!item.hasAttribute("popovertarget")) queueMicrotask(() => item.closest<HTMLElement>("[popover]")?.hidePopover());
}

export function start(): void {
  document.addEventListener("toggle", onToggle, true);
  document.addEventListener("keydown", onKeydown);
  document.addEventListener("click", onClick);
}
