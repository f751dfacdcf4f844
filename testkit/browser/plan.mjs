// Memory of the server while it plans a big workspace, beside its bound: `node plan.mjs TASKS PEOPLE CHANGES`.
import { readFileSync, writeFileSync } from "node:fs";
import { until, world } from "./lib/atlas.mjs";
import { good } from "./lib/api.mjs";
import { databases } from "./lib/databases.mjs";

const [tasks = "10000", people = "200", changes = "20"] = process.argv.slice(2);
const BOUND = 100;

console.log("database".padEnd(12), "before".padStart(10), "loaded".padStart(10), "at most".padStart(10), "more".padStart(10), `  bound ${BOUND} MB`);
for (const { name, open } of databases()) {
  const db = open();
  const env = { ATLAS_LOG: "error", ATLAS_RATE_READ: "0", ATLAS_RATE_WRITE: "0", ATLAS_RATE_HEAVY: "0" };
  const w = await world({ databaseUrl: db.url, env, sandbox: { contacts: 1, companies: 1, conversations: 1 }, prepare: (admin) => admin("seed-plan", ["--tasks", tasks, "--people", people]) });
  const { pid } = w.processes.atlas;
  const before = memory(pid, "VmRSS");
  const rows = (await good(w.api("GET", "/v1/tasks?limit=200"))).data;
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
  await good(w.api("POST", "/v1/plan/propose", {}));
  const loaded = memory(pid, "VmRSS");
  for (let n = 0; n < Number(changes); n++) await change(w, rows, n);
  const most = memory(pid, "VmHWM");
  const mb = (value) => `${value.toFixed(1)} MB`.padStart(10);
  console.log(name.padEnd(12), mb(before), mb(loaded), mb(most), mb(most - before), most - before < BOUND ? "  met" : "  not met");
  await w.end();
  db.drop();
}
process.exit(0);

/** One change by its verb and one by the job, each until the plan has followed. */
async function change(w, rows, n) {
  const task = rows[(n * 7919) % rows.length];
  await good(w.api("POST", `/v1/plan/tasks/${task.id}/late`, { minutes: 30 }));
  const { revision } = await good(w.api("GET", "/v1/plan"));
  await good(w.api("PATCH", `/v1/tasks/${task.id}`, { estimateMinutes: (task.estimateMinutes ?? 60) + 30 * (1 + (n % 5)) }));
  await until(async () => (await good(w.api("GET", "/v1/plan"))).revision > revision, "the plan does not follow", 60_000);
}

/** A figure of a process's status, MB. */
function memory(pid, figure) {
  return Number(new RegExp(`${figure}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
}
