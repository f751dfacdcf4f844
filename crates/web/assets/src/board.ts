// Boards: cards moved by pointer, by keys and by menu; seen at once, put back when the server says no.
import { did } from "./lib/status.ts";
import { landing } from "./lib/order.ts";
import { all, closest, emit } from "./lib/page.ts";
import type { Atlas } from "./core.ts";
import { startDrag } from "./board-drag.ts";

let atlas: Atlas;
let menuCard: HTMLElement | undefined;

const boardOf = (element: Element | null) => element?.closest<HTMLElement>("[data-board]") ?? null;
export const laneOf = (card: Element) => card.closest<HTMLElement>("[data-lane]");
export const listOf = (lane: Element) => lane.querySelector<HTMLElement>("[data-cards]");
export const cardsOf = (lane: Element) => all("[data-card]", listOf(lane) ?? lane);
const lanesOf = (board: Element) => all("[data-lane]", board);
const linkOf = (card: Element) => card.querySelector<HTMLElement>("a.card");
const focused = () => closest(document.activeElement, "[data-board] [data-card]");

/** Where a card is: enough to put it back. */
interface Spot {
  lane: HTMLElement;
  next: HTMLElement | null;
}

const spotOf = (card: HTMLElement): Spot | null => {
  const lane = laneOf(card);
  return lane ? { lane, next: card.nextElementSibling as HTMLElement | null } : null;
};

/** Puts a card somewhere in the page and corrects both lanes' counts; focus stays on it. */
function put(card: HTMLElement, spot: Spot): void {
  const from = laneOf(card);
  const had = card.contains(document.activeElement);
  const list = listOf(spot.lane);
  list?.insertBefore(card, spot.next?.parentElement === list ? spot.next : null);
  if (from && from !== spot.lane) {
    count(from, -1);
    count(spot.lane, 1);
  }
  if (had) linkOf(card)?.focus({ preventScroll: true });
  rove(card);
}

function count(lane: HTMLElement, by: number): void {
  const number = lane.querySelector<HTMLElement>("[data-lane-count]");
  const value = Number(number?.textContent?.replace(/\D/g, ""));
  if (number && Number.isFinite(value)) number.textContent = String(Math.max(0, value + by));
}

/** Moves a card: in the page at once, then on the server; back again on any failure. */
export async function move(card: HTMLElement, lane: HTMLElement, before: HTMLElement | null): Promise<void> {
  const board = boardOf(card);
  const origin = spotOf(card);
  const address = board?.dataset["action"];
  if (!board || !origin || !address || before === card) return;
  if (origin.lane === lane && origin.next === before) return;
  put(card, { lane, next: before });
  card.setAttribute("data-ui-pending", "");
  say(card, lane);
  const values: Record<string, string> = { id: card.dataset["card"] ?? "", lane: lane.dataset["lane"] ?? "", before: before?.dataset["card"] ?? "" };
  if (card.dataset["version"]) values["version"] = card.dataset["version"];
  const status = await atlas.send("POST", address, { values, quiet: true });
  const here = document.getElementById(card.id) ?? card;
  here.removeAttribute("data-ui-pending");
  if (did(status)) return emit(here, "atlas:moved", { id: values["id"], lane: values["lane"] });
  if (here.isConnected) put(here, origin);
  atlas.toast({ text: atlas.t("notMoved"), tone: "danger" });
  atlas.htmx.trigger(board, "live", {}, false);
  emit(here, "atlas:move-failed", { id: values["id"], status });
}

function say(card: HTMLElement, lane: HTMLElement): void {
  const name = lane.querySelector("h2")?.textContent?.trim() ?? "";
  const cards = cardsOf(lane);
  atlas.announce(atlas.t("movedTo", { lane: name, n: cards.indexOf(card) + 1, m: cards.length }));
}

/** One tab stop per board: the card last used. */
function rove(active?: HTMLElement): void {
  for (const board of all("[data-board]")) {
    const cards = all("[data-card]", board);
    const stop = cards.find((card) => card === active) ?? cards.find((card) => card.contains(document.activeElement)) ?? cards.find((card) => linkOf(card)?.tabIndex === 0 && linkOf(card)?.hasAttribute("data-ui-stop")) ?? cards[0];
    for (const card of cards) {
      for (const control of all("a, button", card)) {
        control.toggleAttribute("data-ui-stop", card === stop);
        if (card === stop) control.removeAttribute("tabindex");
        else control.tabIndex = -1;
      }
    }
  }
}

function focus(card: HTMLElement | undefined): boolean {
  if (!card) return true;
  rove(card);
  linkOf(card)?.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
  return true;
}

/** The neighbour of a card: the next one in its lane, or the one beside it in the nearest lane with cards. */
function neighbour(card: HTMLElement, across: number, along: number): HTMLElement | undefined {
  const lane = laneOf(card);
  const board = boardOf(card);
  if (!lane || !board) return undefined;
  const cards = cardsOf(lane);
  if (along) return cards[cards.indexOf(card) + along];
  const lanes = lanesOf(board);
  const at = lanes.indexOf(lane);
  const order = across > 0 ? lanes.slice(at + 1) : lanes.slice(0, at).reverse();
  const next = order.find((other) => cardsOf(other).length > 0);
  if (!next) return undefined;
  const boxes = cardsOf(next).map((other) => other.getBoundingClientRect());
  const middle = card.getBoundingClientRect();
  return cardsOf(next)[Math.min(boxes.length - 1, landing(boxes, middle.top + middle.height / 2))];
}

/** Moves a card one lane or one place. */
function shift(card: HTMLElement, across: number, along: number): boolean {
  const lane = laneOf(card);
  const board = boardOf(card);
  if (!lane || !board) return false;
  const lanes = lanesOf(board);
  const target = lanes[lanes.indexOf(lane) + across];
  if (across && target) {
    const index = cardsOf(lane).indexOf(card);
    void move(card, target, cardsOf(target)[index] ?? null);
  } else if (along) {
    const cards = cardsOf(lane);
    const index = cards.indexOf(card) + along;
    if (index >= 0 && index < cards.length) void move(card, lane, (along > 0 ? cards[index + 1] : cards[index]) ?? null);
  }
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
  return true;
}

const STEPS: Record<string, [number, number] | undefined> = {
  h: [-1, 0], l: [1, 0], k: [0, -1], j: [0, 1],
  arrowleft: [-1, 0], arrowright: [1, 0], arrowup: [0, -1], arrowdown: [0, 1],
};

function onStroke(stroke: string, event: KeyboardEvent): boolean {
  const card = closest(event.target, "[data-board] [data-card]") ?? focused();
  const bare = stroke.replace(/^alt\+/, "");
  const step = STEPS[bare];
  if (!card) return step !== undefined && stroke.length === 1 && document.querySelector("[data-board]") !== null && focus(document.querySelector<HTMLElement>("[data-board] [data-card]") ?? undefined);
  if (stroke === "m") return openMenu(card);
  if (!step) return false;
  if (stroke.startsWith("alt+")) return bare.startsWith("arrow") && shift(card, ...step);
  return focus(neighbour(card, ...step));
}

function openMenu(card: HTMLElement): boolean {
  const menu = document.querySelector<HTMLElement>("[data-move-menu]");
  const button = card.querySelector<HTMLElement>("[data-card-menu]");
  if (!menu || !button) return false;
  menuCard = card;
  const lane = laneOf(card)?.dataset["lane"];
  for (const item of all("[data-move-lane]", menu)) {
    if (item.dataset["moveLane"] === lane) item.setAttribute("aria-disabled", "true");
    else item.removeAttribute("aria-disabled");
  }
  atlas.openAt(menu, button);
  return true;
}

function onClick(event: MouseEvent): void {
  const button = closest(event.target, "[data-card-menu]");
  const card = closest(button, "[data-card]");
  if (button && card) return void openMenu(card);
  const item = closest(event.target, "[data-move-menu] [role='menuitem']");
  if (!item || !menuCard || item.getAttribute("aria-disabled") === "true") return;
  const chosen = document.getElementById(menuCard.id) ?? menuCard;
  const lane = document.querySelector<HTMLElement>(`[data-lane="${CSS.escape(item.dataset["moveLane"] ?? "")}"]`);
  if (item.dataset["moveLane"] && lane) void move(chosen, lane, cardsOf(lane)[0] ?? null);
  else if (item.dataset["move"]) shift(chosen, 0, item.dataset["move"] === "up" ? -1 : 1);
  focus(chosen);
}

function start(core: Atlas): void {
  atlas = core;
  atlas.onContent(() => rove());
  atlas.onKeys(onStroke);
  document.addEventListener("click", onClick);
  document.addEventListener("focusin", (event) => {
    const card = closest(event.target, "[data-board] [data-card]");
    if (card) rove(card);
  });
  startDrag(move);
}

if (window.atlas && !document.documentElement.hasAttribute("data-ui-board")) {
  document.documentElement.setAttribute("data-ui-board", "");
  start(window.atlas);
}
