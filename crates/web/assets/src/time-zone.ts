// Tells set-up and invitation forms the browser's time zone, so that "today" is right from the first page on.
import { all, onContent } from "./lib/page.ts";

function fill(): void {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const input of all<HTMLInputElement>("input[data-fill-time-zone]")) if (!input.value && zone) input.value = zone;
}

export function start(): void {
  onContent(fill);
}
