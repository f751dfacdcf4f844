// A very large workspace with no limit and no answer time: the most memory that Atlas took, and records a second.
import { readFileSync } from "node:fs";
import { synced } from "../lib/api.mjs";
import { begin, scene, stats } from "./scene.mjs";
import { count, seconds } from "./table.mjs";

const EACH = 20;
/** The better of the two measured readers took 77 s for 3,000 contacts, 500 companies and 600 conversations. */
const BAR = (10 * 4_100) / 77;

export async function volume(kind, { parts }, tell) {
  const conversations = Math.ceil(parts / EACH);
  const contacts = Math.ceil(conversations / 5);
  const size = { contacts, companies: 500, conversations, "parts-min": EACH, "parts-max": EACH, "limit-per-minute": 0 };
  await scene(kind, size, async (w) => {
    await begin(w, 0);
    await synced(w, 3_600_000);
    const seen = await stats(w);
    const most = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${w.processes.atlas.pid}/status`, "utf8"))[1]) / 1024;
    const took = seen.lastRequestAt - seen.firstRequestAt;
    tell({ gate: `memory while syncing ${count(parts)} parts`, bound: "< 200 MB", result: `${most.toFixed(0)} MB resident at most`, pass: most < 200 });
    const rate = (objects) => count(objects / (took / 1_000));
    tell({ gate: "throughput, no limit, no answer time", bound: `10 × the best other reader: ${count(BAR)} records/s`, result: `${rate(conversations + contacts + 500)} records/s, ${rate(parts)} parts/s, ${rate(seen.requests)} calls/s, ${seconds(took)}`, pass: (conversations + contacts + 500) / (took / 1_000) >= BAR });
  });
}
