// Server time of lists, records and search with very many records, beside the time of their bare SQL: `node pages.mjs CONTACTS EVENTS`.
import { Agent, request } from "node:http";
import { atlas, world } from "./lib/atlas.mjs";
import { percentiles, session } from "./lib/api.mjs";
import { databases } from "./lib/databases.mjs";

const [contacts = "100000", events = "1000000"] = process.argv.slice(2);
const [WARM, ROUNDS] = [30, 300];
const AIM = "p99 < 15 ms, at most 3 × the SQL";

let met = true;
for (const { name, open } of databases()) {
  const db = open();
  const env = { ATLAS_LOG: "error", ATLAS_RATE_READ: "0" };
  const seeded = performance.now();
  const w = await world({ databaseUrl: db.url, env, sandbox: { contacts: 1, companies: 1, conversations: 1 }, prepare: (admin) => admin("seed-bench", ["--contacts", contacts, "--events", events]) });
  console.log(`\n${name}: ${Number(contacts).toLocaleString("en")} contacts, ${Number(events).toLocaleString("en")} events, made in ${((performance.now() - seeded) / 1000).toFixed(0)} s`);
  await w.processes.sandbox.end();
  const environment = { ...env, ...(db.url ? { DATABASE_URL: db.url } : {}) };
  const sql = JSON.parse(atlas(["admin", "bench-sql", "--data", w.data], { env: environment }).split("\n").at(-1));
  const cookie = (await session(w)).cookie();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  console.log(["page".padEnd(24), "p50 ms".padStart(8), "p99 ms".padStart(8), "SQL p50".padStart(8), "SQL p99".padStart(8), "ratio".padStart(6), "queries".padStart(8), " aim"].join(" "));
  for (const [page, figures] of Object.entries(sql)) {
    const { p50, p99 } = await measure(w, agent, cookie, figures.path);
    const ratio = p99 / figures.p99;
    const good = p99 < 15 && ratio <= 3;
    met &&= good;
    console.log([page.padEnd(24), ...[p50, p99, figures.p50, figures.p99].map((ms) => ms.toFixed(2).padStart(8)), ratio.toFixed(1).padStart(6), String(figures.queries ?? "").padStart(8), ` ${good ? "met" : `not met (${AIM})`}`].join(" "));
  }
  agent.destroy();
  await w.end();
  db.drop();
}
console.log(`\naim: ${AIM}; one client, keep-alive, loopback, compressed answers. ${met ? "All met." : "Not all met."}`);
process.exit(0);

/** Times one address, one request after another. */
async function measure(w, agent, cookie, path) {
  const times = [];
  for (let round = 0; round < WARM + ROUNDS; round++) {
    const ms = await get(w.url + path, agent, cookie);
    if (round >= WARM) times.push(ms);
  }
  return percentiles(times);
}

function get(url, agent, cookie) {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const asked = request(url, { agent, headers: { cookie, "accept-encoding": "gzip" } }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`));
      response.resume();
      response.on("end", () => resolve(performance.now() - begun));
    });
    asked.on("error", reject);
    asked.end();
  });
}
