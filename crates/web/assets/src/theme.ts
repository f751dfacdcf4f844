// The theme switch: seen at once, stored by the server in the background.
import { closest } from "./lib/page.ts";

const root = document.documentElement;

function dark(): boolean {
  if (root.dataset["theme"]) return root.dataset["theme"] === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** `light`, `dark`, or `system`, which follows the device. */
function apply(theme: string): void {
  if (theme === "light" || theme === "dark") root.dataset["theme"] = theme;
  else delete root.dataset["theme"];
}

async function store(form: HTMLFormElement, theme: string): Promise<void> {
  const body = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
  body.set("theme", theme);
  const headers = { "HX-Request": "true", "HX-Request-Type": "partial" };
  await fetch(form.action, { method: "POST", body, headers, credentials: "same-origin", redirect: "manual" }).catch(() => {});
}

export function start(): void {
  document.addEventListener("submit", (event) => {
    const form = closest<HTMLFormElement>(event.target, "form[data-theme-form]");
    if (!form) return;
    event.preventDefault();
    const submitter = (event as SubmitEvent).submitter as HTMLButtonElement | null;
    const choice = form.querySelector<HTMLInputElement>("[name='theme']:checked")?.value;
    // The shell's single button switches to the other one; a choice in Settings says which.
    const theme = choice ?? (submitter?.hasAttribute("data-theme-value") ? submitter.value : dark() ? "light" : "dark");
    apply(theme);
    void store(form, theme);
  });
  document.addEventListener("change", (event) => {
    const input = closest<HTMLInputElement>(event.target, "form[data-theme-form] [name='theme']");
    if (!input?.form) return;
    apply(input.value);
    void store(input.form, input.value);
  });
}
