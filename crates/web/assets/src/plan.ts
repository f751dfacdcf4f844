// My plan: blocks moved by keys and by dragging, in steps of a quarter of an hour.
import { all, closest } from "./lib/page.ts";
import { did } from "./lib/status.ts";
import type { Atlas } from "./core.ts";

const QUARTER = 15;
/** Minutes in one line of the day's grid. */
const LINE = 5;

let atlas: Atlas;

const blocks = () => all("[data-plan] .block");
const focused = () => closest<HTMLElement>(document.activeElement, "[data-plan] .block");

async function move(block: HTMLElement, minutes: number): Promise<void> {
  const start = block.dataset["start"];
  const key = block.dataset["block"];
  if (!start || !key || minutes === 0) return;
  const to = new Date(Date.parse(start) + minutes * 60_000).toISOString();
  block.setAttribute("data-ui-pending", "");
  const status = await atlas.send("POST", `/plan/tasks/${key}/move`, { values: { start: to, piece: start, back: location.pathname }, quiet: true });
  block.removeAttribute("data-ui-pending");
  block.style.removeProperty("translate");
  if (!did(status)) atlas.toast({ text: atlas.t("notMoved"), tone: "danger" });
}

function onStroke(stroke: string): boolean {
  const block = focused();
  if (!block) return false;
  if (stroke === "alt+arrowup" || stroke === "alt+arrowdown") {
    void move(block, stroke.endsWith("up") ? -QUARTER : QUARTER);
    return true;
  }
  const step = { j: 1, arrowdown: 1, k: -1, arrowup: -1 }[stroke];
  if (step) {
    const list = blocks();
    list[list.indexOf(block) + step]?.focus();
    return true;
  }
  if (stroke === "enter") {
    block.querySelector<HTMLAnchorElement>("h3 a")?.click();
    return true;
  }
  return false;
}

/** While a block is in hand, live parts of the page wait: they would take it out of the hand. */
const hold = (held: boolean) => document.documentElement.toggleAttribute("data-ui-holding", held);

function startDrag(): void {
  let from: { block: HTMLElement; y: number; line: number } | undefined;
  let minutes = 0;
  document.addEventListener("pointerdown", (event) => {
    const block = closest<HTMLElement>(event.target, "[data-block]");
    if (!block || event.button !== 0 || event.pointerType === "touch" || closest(event.target, "a, button")) return;
    const day = block.closest<HTMLElement>("[data-plan]");
    const line = day ? day.getBoundingClientRect().height / Number(getComputedStyle(day).getPropertyValue("--rows") || 1) : 0;
    if (line < 1) return;
    from = { block, y: event.clientY, line };
    minutes = 0;
    hold(true);
  });
  document.addEventListener("pointermove", (event) => {
    if (!from) return;
    const delta = event.clientY - from.y;
    minutes = Math.round(((delta / from.line) * LINE) / QUARTER) * QUARTER;
    from.block.style.translate = `0 ${(minutes / LINE) * from.line}px`;
    from.block.toggleAttribute("data-ui-lifted", minutes !== 0);
  });
  const drop = () => {
    if (!from) return;
    const { block } = from;
    from = undefined;
    block.removeAttribute("data-ui-lifted");
    if (minutes === 0) block.style.removeProperty("translate");
    hold(false);
    void move(block, minutes);
  };
  document.addEventListener("pointerup", drop);
  document.addEventListener("pointercancel", () => {
    minutes = 0;
    drop();
  });
}

if (window.atlas && !document.documentElement.hasAttribute("data-ui-plan")) {
  document.documentElement.setAttribute("data-ui-plan", "");
  atlas = window.atlas;
  atlas.onKeys(onStroke);
  startDrag();
}
