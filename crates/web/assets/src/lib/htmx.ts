// htmx, with every way to run code from an attribute closed, whatever the page's content policy says.
import htmx from "htmx.org/dist/htmx.esm.js";

interface Internals {
  initSecurity(policy: unknown, sync: unknown, async: unknown): void;
}

/** Stands in for Function: hx-on, trigger filters and js: values end here. */
function refuse(): never {
  throw new Error("code in attributes is not run");
}

htmx.registerExtension("atlas", {
  init: (api: Internals) => api.initSecurity(undefined, refuse, refuse),
});

/** What the events of a request carry; only the parts used here. */
export interface RequestContext {
  sourceElement: HTMLElement;
  sourceEvent?: Event | { type?: string };
  target?: HTMLElement;
  select?: string | null;
  swap?: string;
  text?: string;
  hx?: Record<string, string>;
  request: { method: string; action: string; submitter?: HTMLElement | null; headers: Record<string, string> };
  response?: { status: number; raw: Response };
  status: string;
  /** Set by `send`: tells its own request apart. */
  marker?: object;
  /** Set by `send`: the module that asked says itself how it ended. */
  quiet?: boolean;
}

/** Options of a request made by a module. */
export interface AjaxOptions {
  source?: Element;
  target?: Element | string;
  swap?: string;
  select?: string;
  push?: string;
  values?: Record<string, string>;
}

/** Sends a request as htmx would from an element: headers, swap, partials and HX-Trigger included. */
export function ajax(verb: "GET" | "POST" | "DELETE", path: string, options: AjaxOptions): Promise<void> {
  return htmx.ajax(verb, path, options as never) as Promise<void>;
}

/**
 * Sends a request and resolves with its status, 0 when there was no answer. It waits for no other request:
 * without a source it starts from an element of its own. With `quiet` no failure toast is shown.
 */
export async function send(verb: "GET" | "POST" | "DELETE", path: string, options: AjaxOptions & { quiet?: boolean } = {}): Promise<number> {
  const marker = {};
  const own = options.source ? null : document.createElement("i");
  if (own) {
    own.hidden = true;
    document.body.append(own);
  }
  let status = 0;
  const done = (event: Event) => {
    const ctx = contextOf(event);
    if (ctx?.marker === marker) status = ctx.response?.status ?? 0;
  };
  document.addEventListener("htmx:finally:request", done);
  const source = options.source ?? own;
  const all = { swap: "none", target: source, ...options, source, marker };
  await (htmx.ajax(verb, path, all as never) as Promise<void>).catch(() => {});
  document.removeEventListener("htmx:finally:request", done);
  own?.remove();
  return status;
}

/** The context of an htmx event, if it has one. */
export function contextOf(event: Event): RequestContext | undefined {
  return (event as CustomEvent<{ ctx?: RequestContext }>).detail?.ctx;
}

export { htmx };
