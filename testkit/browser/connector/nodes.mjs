// Two nodes on one PostgreSQL: one connection's work and one budget between them, and either may die at any moment.
import { equalsTruth, good, syncNow, synced } from "../lib/api.mjs";
import { until } from "../lib/atlas.mjs";
import { begin, ended, scene, sleep, stats } from "./scene.mjs";
import { count, seconds } from "./table.mjs";

const PER_MINUTE = 3_000;
const SIZE = { contacts: 600, companies: 60, conversations: 1_600, "limit-per-minute": PER_MINUTE, "latency-ms": 100 };

export async function nodes(kind, _, tell) {
  if (kind.name !== "PostgreSQL") return;
  await scene(kind, SIZE, async (w) => {
    await begin(w, PER_MINUTE);
    const second = (await w.another()).slice("http://".length);
    const burst = () => good(w.sandbox("POST", "/_sandbox/burst", { replies: 60, conversations: 5, contacts: 5 }));
    await sleep(3_000);
    await burst();
    await w.processes[second].kill();
    const first = await resumed(w);
    await w.another();
    await burst();
    await w.processes.atlas.kill();
    const again = await resumed(w);
    await w.start();
    const { requests } = await stats(w);
    await synced(w, 300_000);
    await syncNow(w, 300_000);
    const found = await equalsTruth(w).then(() => "equal to the truth", (error) => error.message);
    const seen = await stats(w);
    tell({
      gate: "two nodes, each killed once in a sync",
      bound: "no 429; equal to the truth",
      result: `${found}; ${count(seen.requests)} calls, ${seen.rejected429} × 429; the other node went on after ${seconds(first)} and ${seconds(again)}`,
      pass: seen.rejected429 === 0 && found === "equal to the truth" && seen.requests > requests,
    });
  });
}

/** How long until a call is made again, or there is nothing left to make one for. */
async function resumed(w) {
  const begun = Date.now();
  await until(async () => (await stats(w)).concurrent === 0, "calls of a dead program stay open", 20_000, 10);
  const { requests } = await stats(w);
  const over = () => ended(w).catch(() => false);
  await until(async () => (await stats(w)).requests > requests || (await over()), "the other node does not go on", 60_000, 20);
  return Date.now() - begun;
}
