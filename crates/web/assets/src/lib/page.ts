// What every module shares: "content arrived", announcements, small elements, the server's clock.
type Listener = () => void;

const listeners = new Set<Listener>();
let scheduled = false;

/** Runs now and once after every change htmx makes to the page. Listeners must be idempotent and cheap. */
export function onContent(listener: Listener): void {
  listeners.add(listener);
  listener();
}

/** Starts listening for content; called once by the core. */
export function watchContent(): void {
  document.addEventListener("htmx:after:process", () => {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      for (const listener of listeners) listener();
    });
  });
}

/** Everything that matches, as an array of HTML elements. */
export function all<T extends HTMLElement = HTMLElement>(selector: string, root: ParentNode = document): T[] {
  return [...root.querySelectorAll<T>(selector)];
}

/** The nearest matching ancestor of an event's target, itself included. */
export function closest<T extends HTMLElement = HTMLElement>(target: EventTarget | null, selector: string): T | null {
  return target instanceof Element ? target.closest<T>(selector) : null;
}

/** An element with attributes and text or children; text is never parsed as HTML. */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** An icon of the sprite named in body[data-icons]. */
export function icon(name: string, size?: 12 | 14): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "ico");
  svg.setAttribute("aria-hidden", "true");
  if (size) svg.dataset["size"] = String(size);
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${document.body.dataset["icons"] ?? ""}#${name}`);
  svg.append(use);
  return svg;
}

/** Parses a fragment the server sent; scripts in it never run. */
export function parse(html: string): DocumentFragment {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const fragment = document.createDocumentFragment();
  fragment.append(...[...parsed.body.childNodes].map((node) => document.adoptNode(node)));
  return fragment;
}

/** Fetches a part of a page. Rejects on any answer but 2xx and on a redirect elsewhere (a session that ended). */
export async function fetchPart(address: string, signal?: AbortSignal): Promise<DocumentFragment> {
  const headers = { Accept: "text/html", "HX-Request": "true", "HX-Request-Type": "partial" };
  const response = await fetch(address, { headers, credentials: "same-origin", ...(signal ? { signal } : {}) });
  const strayed = response.redirected && new URL(response.url).pathname !== new URL(address, location.href).pathname;
  if (!response.ok || strayed) throw new Error(`answer ${response.status}`);
  return parse(await response.text());
}

let regions: { polite: HTMLElement; assertive: HTMLElement } | undefined;

/** Says a sentence to screen readers. */
export function announce(text: string, urgent = false): void {
  regions ??= {
    polite: make("div", { class: "sr", role: "status" }),
    assertive: make("div", { class: "sr", role: "alert" }),
  };
  const region = urgent ? regions.assertive : regions.polite;
  if (!region.isConnected) document.body.append(region);
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50);
}

let skew: number | undefined;

/** The server's time in milliseconds: the browser's clock corrected by body[data-now]. */
export function now(): number {
  if (skew === undefined) {
    const said = Date.parse(document.body.dataset["now"] ?? "");
    // data-now was written when the page's first byte came: that long ago, whatever the wall clock says.
    const age = performance.now() - startedAt();
    skew = Number.isNaN(said) ? 0 : said + age - Date.now();
  }
  return Date.now() + skew;
}

/** Milliseconds between the start of the page's time and its first byte, when data-now was written. */
function startedAt(): number {
  const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return entry?.responseStart ?? 0;
}

/** Whether keys go into a field rather than to shortcuts. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) {
    return !["checkbox", "radio", "button", "submit", "reset", "range", "color", "file"].includes(target.type);
  }
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/** The dialog that makes the rest of the page inert, if one is open. */
export function openDialog(): HTMLDialogElement | null {
  return all<HTMLDialogElement>("dialog:modal").at(-1) ?? null;
}

/** Dispatches a bubbling event. */
export function emit(target: EventTarget, name: string, detail: unknown = {}): void {
  target.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}
