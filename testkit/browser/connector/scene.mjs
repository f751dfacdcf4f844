// A world to measure in: Atlas and the provider without limits of their own in the way, connected, its first sync begun or done.
import { until, world } from "../lib/atlas.mjs";
import { connectQuietly, connection, credentials, good, session, synced } from "../lib/api.mjs";

const UNLIMITED = { ATLAS_LOG: "warn", ATLAS_RATE_READ: "0", ATLAS_RATE_WRITE: "0", ATLAS_RATE_HEAVY: "0" };
/** The widest budget that a connection can be given. */
const MOST_PER_MINUTE = 100_000;

/** Runs `work(w)` in a world on a database of its own, and clears both away. */
export async function scene(kind, sandbox, work) {
  const db = kind.open();
  const w = await world({ databaseUrl: db.url, env: UNLIMITED, sandbox });
  try {
    return await work(w, db);
  } finally {
    await w.end();
    db.drop();
  }
}

/** Connects with the budget of the provider's limit, when `ready` says so; the first sync begins with it. */
export async function begin(w, perMinute, ready = () => undefined) {
  const owner = await session(w);
  await good(credentials(w));
  await good(w.api("PATCH", "/v1/connections/intercom", { perMinute: perMinute || MOST_PER_MINUTE, pollSeconds: 86_400 }));
  await ready();
  await connectQuietly(w, owner);
  return owner;
}

/** Connects and waits for the first sync. */
export async function settle(w, perMinute, patience = 600_000) {
  const owner = await begin(w, perMinute);
  await synced(w, patience, 500);
  return owner;
}

export const stats = (w) => good(w.sandbox("GET", "/_sandbox/stats"));
export const forget = (w) => good(w.sandbox("POST", "/_sandbox/reset", {}));
export const set = (w, settings) => good(w.sandbox("POST", "/_sandbox/settings", settings));
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The provider makes changes without a notice. */
export async function silently(w, deed) {
  const { topics } = await good(w.sandbox("GET", "/_sandbox/settings"));
  await set(w, { topics: [] });
  const done = await deed();
  await set(w, { topics });
  return done;
}

/** Calls made so far, each kind of call by its name. */
export async function routes(w) {
  return (await stats(w)).byRoute;
}

/** Whether the sync under way has ended, and how. */
export async function ended(w) {
  const { sync } = await connection(w);
  return sync?.state === "done" && sync;
}

/** Waits until all is worked off: no signal waits, and there was no call for three seconds. Answers when the last one was, Unix milliseconds. */
export async function quiet(w) {
  const still = async () => {
    const { concurrent, lastRequestAt } = await stats(w);
    if (concurrent > 0 || Date.now() - lastRequestAt <= 3_000) return false;
    return (await good(w.api("GET", "/v1/connections/intercom/diagnostics"))).signalsWaiting === 0 && lastRequestAt;
  };
  return until(still, "the notices are never worked off", 900_000, 100);
}
