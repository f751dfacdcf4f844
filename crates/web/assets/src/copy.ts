// Copy buttons: data-copy="#id" | "next", or data-copy-text.
import { announce, closest } from "./lib/page.ts";
import { t } from "./lib/strings.ts";

const TIME = 2000;
const before = new WeakMap<HTMLElement, Node[]>();

/** The element whose text is copied. */
function sourceOf(button: HTMLElement): HTMLElement | null {
  const what = button.dataset["copy"] ?? "";
  if (what === "next") return button.closest<HTMLElement>(".code")?.querySelector("pre") ?? null;
  return what ? document.querySelector<HTMLElement>(what) : null;
}

function textOf(button: HTMLElement): string {
  const given = button.dataset["copyText"];
  if (given !== undefined) return given;
  const source = sourceOf(button);
  if (source instanceof HTMLInputElement || source instanceof HTMLTextAreaElement) return source.value;
  return source?.textContent ?? "";
}

/** The clipboard needs a secure page; on plain http the text is selected and the old command tried. */
async function write(button: HTMLElement, text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const source = sourceOf(button);
    if (source instanceof HTMLInputElement || source instanceof HTMLTextAreaElement) source.select();
    else if (source) getSelection()?.selectAllChildren(source);
    return source !== null && document.execCommand("copy");
  }
}

async function copy(button: HTMLElement): Promise<void> {
  if (!(await write(button, textOf(button)))) return;
  announce(t("copied"));
  if (before.has(button) || button.hasAttribute("data-icon")) return;
  before.set(button, [...button.childNodes]);
  button.replaceChildren(t("copied"));
  setTimeout(() => {
    button.replaceChildren(...(before.get(button) ?? []));
    before.delete(button);
  }, TIME);
}

export function start(): void {
  document.addEventListener("click", (event) => {
    const button = closest(event.target, "[data-copy], [data-copy-text]");
    if (button) void copy(button);
  });
}
