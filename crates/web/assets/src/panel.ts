// Sidebar, drawer and side panel: `[`, `]`, the menu button, Esc.
import { all, closest } from "./lib/page.ts";
import { onKeys } from "./keys.ts";

const YEAR = 31_536_000;
const root = document.documentElement;
const narrow = () => matchMedia("(max-width: 820px)").matches;
const drawerButton = () => document.querySelector<HTMLElement>("[data-drawer]");

function drawer(open: boolean): void {
  const button = drawerButton();
  const side = document.getElementById(button?.dataset["drawer"] ?? "side");
  if (!side) return;
  root.toggleAttribute("data-ui-drawer", open);
  button?.setAttribute("aria-expanded", String(open));
  for (const part of all(".app > .body, .tabbar")) part.inert = open;
  if (open) side.querySelector<HTMLElement>("a, button")?.focus();
  else button?.focus();
}

/** Puts the sidebar of a wide screen away or back; the server reads the cookie, so there is no flash. */
function sidebar(): void {
  const closed = root.dataset["side"] !== "closed";
  if (closed) root.dataset["side"] = "closed";
  else delete root.dataset["side"];
  document.cookie = `atlas_side=${closed ? "closed" : "open"}; path=/; max-age=${YEAR}; samesite=lax`;
  drawerButton()?.setAttribute("aria-expanded", String(!closed));
}

const toggle = () => (narrow() ? drawer(!root.hasAttribute("data-ui-drawer")) : sidebar());

/** Closes the side panel and gives focus back to its row. */
function closePanel(): boolean {
  const panel = document.querySelector<HTMLElement>("aside.panel");
  if (!panel?.firstElementChild) return false;
  panel.replaceChildren();
  const row = document.querySelector<HTMLElement>("[data-row][aria-current]");
  row?.removeAttribute("aria-current");
  row?.querySelector<HTMLElement>(".title a, .cell-link")?.focus();
  const address = new URL(location.href);
  if (address.searchParams.has("open")) {
    address.searchParams.delete("open");
    history.replaceState({ htmx: true }, "", address);
  }
  return true;
}

export function start(): void {
  document.addEventListener("click", (event) => {
    if (closest(event.target, "[data-drawer]")) {
      event.preventDefault();
      toggle();
    } else if (closest(event.target, "[data-panel-close]")) {
      if (closePanel()) event.preventDefault();
    } else if (root.hasAttribute("data-ui-drawer") && !closest(event.target, ".side")) {
      drawer(false);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    if (event.key === "Escape" && root.hasAttribute("data-ui-drawer")) drawer(false);
    // The menu button is a link, so that it works without script; with script it must also act like a button.
    if (event.key === " " && closest(event.target, "a[role='button']")) {
      event.preventDefault();
      (event.target as HTMLElement).click();
    }
  });
  matchMedia("(max-width: 820px)").addEventListener("change", () => root.hasAttribute("data-ui-drawer") && drawer(false));
  onKeys((stroke) => {
    if (stroke === "[") return toggle(), true;
    if (stroke === "]" || stroke === "escape") return closePanel();
    return false;
  });
}
