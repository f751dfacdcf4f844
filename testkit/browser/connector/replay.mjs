// Replay of the raw log: landed again with the provider away, it leaves every record and every timeline as it was.
import { createHash } from "node:crypto";
import { all, eachOf, good, timeline } from "../lib/api.mjs";
import { EMAIL, atlas } from "../lib/atlas.mjs";
import { scene, settle, sleep } from "./scene.mjs";
import { count, seconds } from "./table.mjs";

const SIZE = { contacts: 400, companies: 60, conversations: 400, "limit-per-minute": 0 };

export async function replay(kind, _, tell) {
  await scene(kind, SIZE, async (w, db) => {
    await settle(w, 0);
    await good(w.sandbox("POST", "/_sandbox/burst", { contacts: 20, conversations: 50, replies: 200, notes: 50 }));
    await sleep(5_000);
    const before = await fingerprints(w);
    await w.processes.atlas.end();
    await w.processes.sandbox.end();
    const begun = performance.now();
    const said = atlas(["admin", "replay-connection", "--data", w.data, "--email", EMAIL], { env: db.url ? { DATABASE_URL: db.url } : {} });
    const took = performance.now() - begun;
    await w.start();
    const after = await fingerprints(w);
    const differ = Object.keys(before).filter((what) => before[what] !== after[what]);
    tell({
      gate: "replay of the raw log",
      bound: "equal projections, no network",
      result: `${said}; ${differ.length === 0 ? `${count(Object.keys(before).length)} lists and timelines equal` : `${differ.length} differ: ${differ.slice(0, 3).join(", ")}`}, the provider was off; ${seconds(took)}`,
      pass: differ.length === 0,
    });
  });
}

/** A hash of every list of records, and of every contact's timeline. */
async function fingerprints(w) {
  const lists = {};
  for (const what of ["contacts", "companies", "conversations", "tasks"]) lists[what] = await all(w, `/v1/${what}`);
  const made = Object.fromEntries(Object.entries(lists).map(([what, rows]) => [what, hash(rows)]));
  await eachOf(lists.contacts, 6, async (contact) => {
    made[`timeline of ${contact.id}`] = hash(await timeline(w, contact.id));
  });
  return made;
}

const hash = (rows) => createHash("sha256").update(JSON.stringify(rows)).digest("hex");
