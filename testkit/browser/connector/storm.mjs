// A storm of notices, many twice, late or never: after one reconcile the timeline is the provider's truth.
import { connection, equalsTruth, good, syncNow } from "../lib/api.mjs";
import { until } from "../lib/atlas.mjs";
import { scene, set, settle, stats } from "./scene.mjs";
import { count, seconds } from "./table.mjs";

const SIZE = { contacts: 1_000, companies: 50, conversations: 1_000, "limit-per-minute": 0 };

export async function storm(kind, { notices }, tell) {
  await scene(kind, SIZE, async (w) => {
    await settle(w, 0);
    const blown = await good(w.sandbox("POST", "/_sandbox/storm", { notices, duplicates: 0.2, disorder: 0.2, dropped: 0.05, concurrency: 16 }));
    const begun = performance.now();
    await quiet(w);
    const drained = performance.now() - begun;
    await syncNow(w, 600_000);
    await set(w, {});
    const { truth } = await equalsTruth(w).catch((error) => ({ truth: undefined, error }));
    const wrong = truth ? undefined : await equalsTruth(w).catch((error) => error.message);
    tell({
      gate: `${count(notices)} notices, 20 % twice, 20 % late, 5 % lost`,
      bound: "the truth after one reconcile; none twice",
      result: truth ? `${count(truth.parts.length)} parts, each once; ${count(blown.dropped)} were lost` : wrong,
      pass: Boolean(truth) && blown.failed === 0,
    });
    console.log(`    ${JSON.stringify(blown)}: ${count(blown.sent / (blown.ms / 1000))} notices/s taken in; worked off ${seconds(drained)} later`);
  });
}

/** Waits until all notices are worked off: no call for three seconds, none waiting. */
async function quiet(w) {
  let [before, since] = [-1, Date.now()];
  await until(async () => {
    const { requests, concurrent } = await stats(w);
    if (requests !== before || concurrent > 0) [before, since] = [requests, Date.now()];
    return Date.now() - since > 3_000;
  }, "the notices are never worked off", 900_000, 250);
  return connection(w);
}
