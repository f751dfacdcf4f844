// Quick add: what the text was understood as, shown while it is typed.
import { closest, fetchPart } from "./lib/page.ts";

const WAIT = 120;

let timer = 0;
let running: AbortController | undefined;

async function preview(form: HTMLFormElement, text: string): Promise<void> {
  running?.abort();
  const box = form.querySelector<HTMLElement>(".quick-preview");
  if (!box) return;
  if (!text.trim()) return box.replaceChildren();
  const mine = (running = new AbortController());
  try {
    const part = await fetchPart(`${form.dataset["quickAdd"]}?text=${encodeURIComponent(text)}`, mine.signal);
    if (!mine.signal.aborted) box.replaceChildren(part);
  } catch {
    if (!mine.signal.aborted) box.replaceChildren();
  }
}

export function start(): void {
  document.addEventListener("input", (event) => {
    const form = closest<HTMLFormElement>(event.target, "form[data-quick-add]");
    if (!form || (event.target as HTMLInputElement).name !== "text") return;
    clearTimeout(timer);
    const text = (event.target as HTMLInputElement).value;
    timer = window.setTimeout(() => void preview(form, text), WAIT);
  });
}
