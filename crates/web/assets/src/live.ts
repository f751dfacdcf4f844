// Live parts: one event stream per page tells which topics changed; their elements fetch themselves again.
import { ajax, contextOf, htmx } from "./lib/htmx.ts";
import { backoff } from "./lib/order.ts";
import { all, announce, closest, make } from "./lib/page.ts";
import { t } from "./lib/strings.ts";
import { toast, type Toast } from "./toast.ts";

/** The least time between two fetches of one element, in milliseconds. */
const PACE = 500;
const TRIES = 12;

let source: EventSource | undefined;
let attempts = 0;
let retry = 0;
let connected = false;

interface Pace {
  last: number;
  timer: number;
}
const paces = new WeakMap<Element, Pace>();
const released = new WeakSet<Element>();

/** Whether a hand is on the page: a drag or a menu must not lose its ground. */
const held = () => document.documentElement.hasAttribute("data-ui-holding") || document.querySelector("[data-live-topic] [popover]:popover-open") !== null;

/** Fetches one element again, at most twice a second. */
function refresh(element: HTMLElement): void {
  const pace = paces.get(element) ?? { last: 0, timer: 0 };
  paces.set(element, pace);
  if (pace.timer) return;
  const wait = Math.max(0, pace.last + PACE - performance.now(), held() ? PACE : 0);
  pace.timer = window.setTimeout(() => {
    pace.timer = 0;
    if (!element.isConnected) return;
    if (held()) return refresh(element);
    pace.last = performance.now();
    fetchAgain(element);
  }, wait);
}

function fetchAgain(element: HTMLElement): void {
  if (element.matches("[hx-get], [data-hx-get]")) {
    htmx.trigger(element, "live", {}, false);
  } else if (element.id) {
    const options = { source: element, target: element, swap: "outerMorph", select: `#${CSS.escape(element.id)}` };
    void ajax("GET", location.pathname + location.search, options);
  }
}

const topicsOf = (element: HTMLElement) => (element.dataset["liveTopic"] ?? "").split(/\s+/).filter(Boolean);

function changed(topics: readonly string[]): void {
  for (const element of all("[data-live-topic]")) {
    if (topicsOf(element).some((topic) => topics.includes(topic))) refresh(element);
  }
}

/** Everything live, once: after the stream was away. */
function catchUp(): void {
  for (const element of all("[data-live-topic]")) refresh(element);
}

function connect(): void {
  const address = document.body.dataset["live"];
  clearTimeout(retry);
  if (!address || source || document.hidden) return;
  const stream = (source = new EventSource(address));
  stream.addEventListener("open", () => {
    attempts = 0;
    if (connected) catchUp();
    connected = true;
  });
  stream.addEventListener("refresh", (event) => changed((event as MessageEvent<string>).data.split(/\s+/)));
  stream.addEventListener("toast", (event) => toast(JSON.parse((event as MessageEvent<string>).data) as Toast));
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED || source !== stream) return;
    disconnect();
    if (attempts < TRIES) retry = window.setTimeout(connect, backoff(attempts++));
  });
}

function disconnect(): void {
  clearTimeout(retry);
  source?.close();
  source = undefined;
}

/** Items in an answer that the page does not show yet. */
function unseen(element: HTMLElement, fragment: DocumentFragment, selector: string): number {
  return [...fragment.querySelectorAll<HTMLElement>(selector)].filter((item) => item.id !== "" && !element.querySelector(`#${CSS.escape(item.id)}`)).length;
}

/** Holds back an answer that would push down what is being read; says how many items wait. */
function hold(event: Event): void {
  const ctx = contextOf(event);
  const element = ctx?.sourceElement;
  const selector = element?.dataset?.["liveHold"];
  if (!element || !selector || (ctx.sourceEvent as Event | undefined)?.type !== "live") return;
  if (released.delete(element)) return;
  const tasks = (event as CustomEvent<{ tasks: { type: string; fragment: DocumentFragment }[] }>).detail.tasks;
  const main = tasks.find((task) => task.type === "main");
  const top = element.querySelector(selector)?.getBoundingClientRect().top ?? 0;
  const covered = document.querySelector(".top")?.getBoundingClientRect().bottom ?? 0;
  const waiting = main && top < covered ? unseen(element, main.fragment, selector) : 0;
  if (!waiting) return;
  event.preventDefault();
  pill(element, waiting);
}

function pill(element: HTMLElement, count: number): void {
  const text = t("newItems", { n: count });
  const known = element.querySelector<HTMLElement>(":scope > .new-pill button");
  if (known) known.textContent = text;
  else element.prepend(make("div", { class: "new-pill" }, make("button", { class: "btn", type: "button", "data-size": "sm", "data-live-release": "" }, text)));
  announce(text);
}

function release(button: HTMLElement): void {
  const element = button.closest<HTMLElement>("[data-live-hold]");
  if (!element) return;
  button.closest(".new-pill")?.remove();
  released.add(element);
  element.scrollIntoView({ block: "start" });
  fetchAgain(element);
}

export function start(): void {
  connect();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return disconnect();
    attempts = 0;
    connect();
  });
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", connect);
  addEventListener("online", () => ((attempts = 0), connect()));
  document.addEventListener("htmx:before:swap", hold);
  document.addEventListener("click", (event) => {
    const button = closest(event.target, "[data-live-release]");
    if (button) release(button);
  });
  document.addEventListener("atlas:elapsed", (event) => {
    const element = closest(event.target, "[data-live-topic]");
    if (element) refresh(element);
  });
  document.addEventListener("atlas:undone", catchUp);
}
