// A storm of notices, many twice, late or never: after one reconcile the timeline is the provider's truth.
import { equalsTruth, good, syncNow } from "../lib/api.mjs";
import { until } from "../lib/atlas.mjs";
import { scene, settle, stats } from "./scene.mjs";
import { count, seconds } from "./table.mjs";

const SIZE = { contacts: 1_000, companies: 50, conversations: 1_000, "limit-per-minute": 0 };

export async function storm(kind, { notices }, tell) {
  await scene(kind, SIZE, async (w) => {
    await settle(w, 0);
    const earlier = await good(w.sandbox("GET", "/_sandbox/truth"));
    const before = await stats(w);
    const blown = await good(w.sandbox("POST", "/_sandbox/storm", { notices, duplicates: 0.2, disorder: 0.2, dropped: 0.05, concurrency: 16 }));
    const over = Date.now();
    const drained = Math.max(0, (await quiet(w)) - over);
    const calls = (await stats(w)).requests - before.requests;
    const asked = performance.now();
    await syncNow(w, 600_000);
    const reconciled = performance.now() - asked;
    const found = await equalsTruth(w, earlier).then(({ truth }) => `${count(truth.parts.length)} parts, each once`, (error) => error.message);
    const right = found.endsWith("each once");
    const rate = blown.sent / (blown.ms / 1000);
    tell({
      gate: `${count(notices)} notices, 20 % twice, 20 % late, 5 % lost`,
      bound: "the truth after one reconcile; none twice",
      result: `${found}; ${count(blown.dropped)} lost; ${count(rate)} notices/s taken in, worked off ${seconds(drained)} later by ${count(calls)} calls, reconciled in ${seconds(reconciled)}`,
      pass: right && blown.failed === 0 && calls <= blown.acked,
    });
  });
}

/** Waits until all notices are worked off: no call for three seconds. Answers when the last one was, Unix milliseconds. */
async function quiet(w) {
  const still = async () => {
    const { concurrent, lastRequestAt } = await stats(w);
    return concurrent === 0 && Date.now() - lastRequestAt > 3_000 && lastRequestAt;
  };
  return until(still, "the notices are never worked off", 900_000, 100);
}
