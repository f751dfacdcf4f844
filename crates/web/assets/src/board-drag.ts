// Dragging cards with mouse, pen and (after a long press) finger.
import { landing } from "./lib/order.ts";
import { all, closest } from "./lib/page.ts";

type Move = (card: HTMLElement, lane: HTMLElement, before: HTMLElement | null) => Promise<void>;

/** How far a mouse goes before a press is a drag, in pixels; how long a finger rests, in milliseconds. */
const SLACK = 6;
const PRESS = 350;
const EDGE = 56;
const SPEED = 12;

interface Drag {
  card: HTMLElement;
  board: HTMLElement;
  pointer: number;
  x: number;
  y: number;
  scrollX: number;
  scrollY: number;
  at: { x: number; y: number };
  begun: boolean;
  timer: number;
  frame: number;
  drop: { lane: HTMLElement; before: HTMLElement | null } | null;
}

let drag: Drag | undefined;
let move: Move;
const root = document.documentElement;

function onDown(event: PointerEvent): void {
  const card = closest(event.target, "[data-board] [data-card]");
  const board = card?.closest<HTMLElement>("[data-board]");
  if (!card || !board || drag || event.button !== 0 || !event.isPrimary || closest(event.target, "button, input, [popover]")) return;
  const { clientX: x, clientY: y } = event;
  drag = { card, board, pointer: event.pointerId, x, y, scrollX: board.scrollLeft, scrollY: scrollY, at: { x, y }, begun: false, timer: 0, frame: 0, drop: null };
  if (event.pointerType === "touch") drag.timer = window.setTimeout(begin, PRESS);
}

function begin(): void {
  if (!drag || drag.begun) return;
  drag.begun = true;
  root.setAttribute("data-ui-holding", "");
  drag.card.setAttribute("data-ui-dragging", "");
  try {
    drag.card.setPointerCapture(drag.pointer);
  } catch {
    // The pointer is gone already: its end will come as pointercancel.
  }
  drag.frame = requestAnimationFrame(follow);
}

function onMove(event: PointerEvent): void {
  if (!drag || event.pointerId !== drag.pointer) return;
  drag.at = { x: event.clientX, y: event.clientY };
  const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > SLACK;
  if (drag.begun || !far) return;
  if (event.pointerType === "touch") finish(false);
  else begin();
}

/** One frame of a drag: scroll at the edges, carry the card, show where it would land. */
function follow(): void {
  if (!drag?.begun) return;
  const { at, board, card } = drag;
  const box = board.getBoundingClientRect();
  if (at.x > box.right - EDGE) board.scrollLeft += SPEED;
  else if (at.x < box.left + EDGE) board.scrollLeft -= SPEED;
  if (at.y > innerHeight - EDGE) scrollBy(0, SPEED);
  else if (at.y < EDGE) scrollBy(0, -SPEED);
  card.style.setProperty("--dx", `${at.x - drag.x + board.scrollLeft - drag.scrollX}px`);
  card.style.setProperty("--dy", `${at.y - drag.y + scrollY - drag.scrollY}px`);
  aim(drag);
  drag.frame = requestAnimationFrame(follow);
}

/** Finds the place under the pointer and draws a line there. */
function aim(now: Drag): void {
  const { at, board, card } = now;
  const lane = all("[data-lane]", board).find((other) => {
    const box = other.getBoundingClientRect();
    return at.x >= box.left && at.x < box.right;
  });
  clearMarks();
  const list = lane?.querySelector<HTMLElement>("[data-cards]");
  if (!lane || !list) {
    now.drop = null;
    return;
  }
  const others = all("[data-card]", list).filter((other) => other !== card);
  const before = others[landing(others.map((other) => other.getBoundingClientRect()), at.y)] ?? null;
  now.drop = { lane, before };
  if (before) before.setAttribute("data-ui-drop", "before");
  else (others.at(-1) ?? list).setAttribute("data-ui-drop", "after");
}

function clearMarks(): void {
  for (const marked of all("[data-ui-drop]")) marked.removeAttribute("data-ui-drop");
}

function finish(drop: boolean): void {
  const ended = drag;
  drag = undefined;
  if (!ended) return;
  clearTimeout(ended.timer);
  cancelAnimationFrame(ended.frame);
  if (!ended.begun) return;
  clearMarks();
  root.removeAttribute("data-ui-holding");
  ended.card.removeAttribute("data-ui-dragging");
  ended.card.style.removeProperty("--dx");
  ended.card.style.removeProperty("--dy");
  swallowClick();
  if (drop && ended.drop) void move(ended.card, ended.drop.lane, ended.drop.before);
}

/** The click that ends a drag must not open the card. */
function swallowClick(): void {
  const stop = (event: MouseEvent) => {
    event.preventDefault();
    event.stopPropagation();
  };
  addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", stop, { capture: true }), 50);
}

/** Listens for drags on every board; `put` moves the card. */
export function startDrag(put: Move): void {
  move = put;
  document.addEventListener("pointerdown", onDown);
  document.addEventListener("pointermove", onMove);
  document.addEventListener("pointerup", (event) => event.pointerId === drag?.pointer && finish(true));
  document.addEventListener("pointercancel", (event) => event.pointerId === drag?.pointer && finish(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drag?.begun) {
      event.preventDefault();
      finish(false);
    }
  }, true);
  // A link's own dragging and a finger's scrolling would end the pointer's story.
  document.addEventListener("dragstart", (event) => closest(event.target, "[data-board] [data-card]") && event.preventDefault());
  document.addEventListener("touchmove", (event) => drag?.begun && event.preventDefault(), { passive: false });
  document.addEventListener("contextmenu", (event) => drag && closest(event.target, "[data-card]") && event.preventDefault());
}
