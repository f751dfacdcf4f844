// When nothing happens: calls of a look for changes that finds none, and of a notice that comes twice.
import { connection, good } from "../lib/api.mjs";
import { until } from "../lib/atlas.mjs";
import { forget, quiet, scene, settle, sleep, stats } from "./scene.mjs";

const SIZE = { contacts: 300, companies: 40, conversations: 300 };

export async function calm(kind, _, tell) {
  await scene(kind, SIZE, async (w) => {
    await settle(w, 1_000);
    await good(w.api("PATCH", "/v1/connections/intercom", { pollSeconds: 10 }));
    // What changed in the second of its first fetch is looked at again soon after.
    await quiet(w);
    await forget(w);
    const first = await look(w);
    const early = await stats(w);
    tell({ gate: "the first look after a sync", bound: "≤ 3 calls", result: `${early.requests} calls (${first.sync.kind}: ${routes(early)})`, pass: early.requests <= 3 });
    await forget(w);
    const looked = await look(w);
    const { requests, byRoute } = await stats(w);
    await good(w.api("PATCH", "/v1/connections/intercom", { pollSeconds: 86_400 }));
    tell({ gate: "a look with nothing changed", bound: "≤ 3 calls", result: `${requests} calls (${looked.sync.kind}: ${routes({ byRoute })})`, pass: requests <= 3 && looked.sync.kind === "incremental" });
    // A look that was due already may still come.
    await sleep(12_000);
    await forget(w);
    await good(w.sandbox("POST", "/_sandbox/burst", { replies: 1 }));
    await until(async () => (await stats(w)).requests > 0, "the reply's notice has no effect", 20_000, 50);
    await quiet(w);
    await forget(w);
    await good(w.sandbox("POST", "/_sandbox/webhooks/resend", { count: 1 }));
    await until(async () => (await stats(w)).webhooks.acked > 0, "the notice is not taken in", 20_000, 50);
    await sleep(3_000);
    const after = await stats(w);
    tell({ gate: "a notice delivered again", bound: "no call", result: `${after.webhooks.acked} taken in, ${after.requests} calls${after.requests > 0 ? ` (${routes(after)})` : ""}`, pass: after.requests === 0 && after.webhooks.acked > 0 });
  });
}

const routes = ({ byRoute }) => Object.entries(byRoute).map(([route, calls]) => (calls > 1 ? `${calls} × ${route}` : route)).join(", ");

/** Waits for the next look at the schedule, and answers the connection after it. */
async function look(w) {
  const before = (await connection(w)).lastSyncAt;
  const over = async () => {
    const now = await connection(w);
    return now.lastSyncAt !== before && now.sync.state === "done" && now;
  };
  return until(over, "no look for changes", 60_000, 50);
}
