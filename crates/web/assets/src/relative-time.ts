// Times that say how long ago, by the server's clock and in the user's zone.
import { exact, patience, relative, type Place } from "./lib/clock.ts";
import { all, now, onContent } from "./lib/page.ts";

let timer = 0;

/** The user's language and zone, from the html element. */
export function place(): Place {
  const root = document.documentElement;
  return { locale: root.lang || "en-GB", timeZone: root.dataset["tz"] };
}

function draw(): void {
  clearTimeout(timer);
  const at = now();
  const here = place();
  let wait = Number.POSITIVE_INFINITY;
  for (const element of all<HTMLTimeElement>("time[data-relative]")) {
    const when = Date.parse(element.dateTime);
    if (Number.isNaN(when)) continue;
    const text = relative(when, at, here);
    if (element.textContent !== text) element.textContent = text;
    if (!element.title) element.title = exact(when, here);
    wait = Math.min(wait, patience(when, at));
  }
  if (Number.isFinite(wait) && !document.hidden) timer = window.setTimeout(draw, wait);
}

export function start(): void {
  onContent(draw);
  document.addEventListener("visibilitychange", draw);
}
