// Progress: what the page says of the time left, beside the time that it took.
import { connection } from "../lib/api.mjs";
import { begin, scene, sleep } from "./scene.mjs";
import { seconds } from "./table.mjs";

const SIZE = { contacts: 1_500, companies: 100, conversations: 2_600, "limit-per-minute": 1_000, "latency-ms": 300 };
const MINUTE = 60_000;

export async function progress(kind, _, tell) {
  await scene(kind, SIZE, async (w) => {
    await begin(w, 1_000);
    const told = [];
    let sync;
    do {
      await sleep(500);
      ({ sync } = await connection(w));
      if (sync?.state === "running") told.push({ at: Date.now(), left: sync.secondsLeft });
    } while (sync?.state !== "done");
    const [start, end] = [Date.parse(sync.startedAt), Date.parse(sync.endedAt)];
    const after = told.find((sample) => sample.at - start >= MINUTE);
    const actual = (end - after.at) / 1_000;
    const off = (after.left - actual) / actual;
    // The last window is shorter than what is said of it, so only what still has a minute to go is compared.
    const later = told.filter((sample) => sample.at - start >= MINUTE && end - sample.at >= MINUTE).map((sample) => Math.abs(sample.left * 1_000 - (end - sample.at)) / (end - sample.at));
    tell({
      gate: `progress, a sync of ${seconds(end - start)}`,
      bound: "time left within 10 % after the first minute",
      result: `said ${after.left} s, took ${actual.toFixed(0)} s (${(off * 100).toFixed(1)} %); worst until a minute before the end ${(Math.max(...later) * 100).toFixed(0)} %`,
      pass: Math.abs(off) <= 0.1,
    });
  });
}
