// Requests as the reader sees them: busy buttons, focus on the first error, and failures said in words.
import { contextOf, type RequestContext } from "./lib/htmx.ts";
import { all, closest, onContent } from "./lib/page.ts";
import { t } from "./lib/strings.ts";
import { toast } from "./toast.ts";

const BUSY_AFTER = 300;
const waits = new WeakMap<object, { button: HTMLElement; timer: number }>();

function busyLater(key: object, button: HTMLElement | null | undefined): void {
  if (!button?.matches("button, a.btn")) return;
  const timer = window.setTimeout(() => button.setAttribute("aria-busy", "true"), BUSY_AFTER);
  waits.set(key, { button, timer });
}

function idle(key: object): void {
  const wait = waits.get(key);
  if (!wait) return;
  clearTimeout(wait.timer);
  wait.button.removeAttribute("aria-busy");
  waits.delete(key);
}

const pressed = (ctx: RequestContext) =>
  ctx.request.submitter ?? (ctx.sourceElement.matches?.("button, a") ? ctx.sourceElement : ctx.sourceElement.querySelector<HTMLElement>(":scope > button[type='submit']"));

/** Requests whose module says itself how they ended. */
function quiet(ctx: RequestContext): boolean {
  return ctx.quiet === true || (ctx.sourceEvent as Event | undefined)?.type === "live";
}

/** The same request once more. */
function again(ctx: RequestContext): () => void {
  const { sourceElement, request } = ctx;
  return () => {
    if (sourceElement instanceof HTMLFormElement) sourceElement.requestSubmit(request.submitter?.isConnected ? request.submitter : undefined);
    else sourceElement.click();
  };
}

function sentence(status: number, method: string): string {
  if (status === 403) return t("failedRefused");
  if (status === 404 || status === 410) return t("failedGone");
  if (status === 429) return t("failedOften");
  if (method === "GET") return t("failedLoad");
  return status ? t("failedServer") : t("failedOffline");
}

function onFailure(event: Event): void {
  const ctx = contextOf(event);
  if (!ctx?.request) return;
  const status = ctx.response?.status ?? 0;
  if (status === 409 || status === 422 || quiet(ctx)) return;
  if (/(^|[{,"\s])toast\b/.test(ctx.hx?.["trigger"] ?? "")) return;
  if (status === 401) {
    const next = encodeURIComponent(location.pathname + location.search);
    return toast({ text: t("signedOut"), href: `/signin?next=${next}`, label: t("signIn"), tone: "danger" });
  }
  const retry = ctx.marker ? undefined : again(ctx);
  toast({ text: sentence(status, ctx.request.method), tone: "danger", again: retry });
}

/** A whole page in answer to a request for a part: go there instead of putting a page into the page. */
function onBeforeSwap(event: Event): void {
  const ctx = contextOf(event);
  if (!ctx?.text || ctx.select || ctx.target === document.body || !/^\s*<(!doctype|html)\b/i.test(ctx.text)) return;
  event.preventDefault();
  if (ctx.response?.raw.ok) location.assign(ctx.response.raw.url);
}

function onAfterSwap(event: Event): void {
  const ctx = contextOf(event);
  if (ctx?.response?.status !== 422) return;
  const active = document.activeElement;
  const free = !active || active === document.body || active.matches("button, [type='submit']");
  if (!free) return;
  const root = ctx.sourceElement.isConnected ? ctx.sourceElement : document;
  (root.querySelector<HTMLElement>("[aria-invalid='true']") ?? document.querySelector<HTMLElement>("form [aria-invalid='true']"))?.focus();
}

/** Grows a textarea with its words where the style sheet cannot. */
function grow(area: HTMLTextAreaElement): void {
  if (CSS.supports("field-sizing", "content")) return;
  area.style.setProperty("height", "auto");
  area.style.setProperty("height", `${area.scrollHeight + 2}px`);
}

export function start(): void {
  document.addEventListener("htmx:before:request", (event) => {
    const ctx = contextOf(event);
    if (ctx) busyLater(ctx, pressed(ctx));
  });
  document.addEventListener("htmx:finally:request", (event) => {
    const ctx = contextOf(event);
    if (ctx) idle(ctx);
  });
  document.addEventListener("htmx:response:error", onFailure);
  document.addEventListener("htmx:error", onFailure);
  document.addEventListener("htmx:before:swap", onBeforeSwap);
  document.addEventListener("htmx:after:swap", onAfterSwap);
  addEventListener("submit", (event) => {
    if (!event.defaultPrevented && event.target instanceof HTMLFormElement) busyLater(event.target, event.submitter);
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const element of all("[aria-busy='true']:is(button, a)")) element.removeAttribute("aria-busy");
  });
  document.addEventListener("input", (event) => {
    const area = closest<HTMLTextAreaElement>(event.target, "textarea[data-grow]");
    if (area) grow(area);
  });
  onContent(() => all<HTMLTextAreaElement>("textarea[data-grow]").forEach(grow));
}
