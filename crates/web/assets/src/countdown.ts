// Time left until something happens on the server, such as a purge.
import { left } from "./lib/clock.ts";
import { all, emit, now, onContent } from "./lib/page.ts";

let timer = 0;
const over = new WeakSet<Element>();

function draw(): void {
  clearTimeout(timer);
  const at = now();
  let running = false;
  for (const element of all<HTMLTimeElement>("time[data-countdown]")) {
    const until = Date.parse(element.dateTime);
    if (Number.isNaN(until)) continue;
    const text = left(until, at);
    if (element.textContent !== text) element.textContent = text;
    if (until > at) {
      running = true;
      over.delete(element);
    } else if (!over.has(element)) {
      over.add(element);
      emit(element, "atlas:elapsed");
    }
  }
  if (running && !document.hidden) timer = window.setTimeout(draw, 1000);
}

export function start(): void {
  onContent(draw);
  document.addEventListener("visibilitychange", draw);
}
