// No limit and no answer time: how fast records come in, and the most memory that a very large workspace takes.
import { readFileSync } from "node:fs";
import { connection, good, synced } from "../lib/api.mjs";
import { begin, scene, stats } from "./scene.mjs";
import { count, seconds } from "./table.mjs";

const EACH = 20;
/** What the readers that others wrote were measured with; the better of the two took 77 s. */
const READ_BY_OTHERS = { contacts: 3_000, companies: 500, conversations: 600 };
const BAR = (10 * 4_100) / 77;

export async function throughput(kind, _, tell) {
  await scene(kind, { ...READ_BY_OTHERS, "limit-per-minute": 0 }, async (w) => {
    const { calls, took } = await read(w);
    const parts = (await good(w.sandbox("GET", "/_sandbox/truth"))).parts.length;
    const records = Object.values(READ_BY_OTHERS).reduce((sum, number) => sum + number) / (took / 1_000);
    const result = `${count(records)} records/s, ${count(parts / (took / 1_000))} parts/s, ${count(calls)} calls, ${seconds(took)}`;
    tell({ gate: "throughput, no limit, no answer time", bound: `10 × the best other reader: ${count(BAR)} records/s`, result, pass: records >= BAR });
  });
}

export async function volume(kind, { parts }, tell) {
  const conversations = Math.ceil(parts / EACH);
  const contacts = Math.ceil(conversations / 5);
  const size = { contacts, companies: 500, conversations, "parts-min": EACH, "parts-max": EACH, "limit-per-minute": 0 };
  await scene(kind, size, async (w) => {
    const { took } = await read(w);
    const most = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${w.processes.atlas.pid}/status`, "utf8"))[1]) / 1024;
    const result = `${most.toFixed(0)} MB resident at most; ${count(parts / (took / 1_000))} parts/s`;
    tell({ gate: `memory while syncing ${count(parts)} parts`, bound: "< 200 MB", result, pass: most < 200 });
  });
}

/** Connects and waits for the first sync: from its first call until all of it is stored and landed. */
async function read(w) {
  await begin(w, 0);
  await synced(w, 3_600_000, 1_000);
  const { requests, firstRequestAt } = await stats(w);
  const { sync } = await connection(w);
  return { calls: requests, took: Date.parse(sync.endedAt) - firstRequestAt };
}
