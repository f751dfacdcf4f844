// The connector's gates, each with its bound beside the result: `node connector.mjs [--only pacing,storm] [--database sqlite] [--all]`.
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { kinds } from "./connector/databases.mjs";
import { gates } from "./connector/gates.mjs";
import { header, line } from "./connector/table.mjs";

const { values } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    only: { type: "string" },
    database: { type: "string" },
    kills: { type: "string", default: "20" },
    notices: { type: "string", default: "100000" },
    parts: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
  },
});
const only = values.only?.split(",");
const unknown = (only ?? []).filter((name) => !gates[name]);
if (unknown.length > 0) throw new Error(`no gate is called ${unknown.join(", ")}; there are ${Object.keys(gates).join(", ")}`);
const options = { kills: Number(values.kills), notices: Number(values.notices), parts: Number(values.parts), seed: Number(values.seed) };
const begun = performance.now();
const load = () => loadavg()[0].toFixed(1);
const before = load();
const rows = [];
console.log(header());
for (const [name, gate] of Object.entries(gates)) {
  if (only ? !only.includes(name) : gate.long && !values.all) continue;
  const databases = kinds(values.database);
  const measured = gate.apart ? await oneByOne(databases, (kind) => measure(name, gate, kind)) : await Promise.all(databases.map((kind) => measure(name, gate, kind)));
  rows.push(...measured.flat());
}
const failed = rows.filter((row) => !row.pass).length;
console.log(`\n${rows.length - failed} of ${rows.length} rows pass; ${((performance.now() - begun) / 60_000).toFixed(1)} minutes; provider, Atlas and this program on one computer of ${cpus().length} processors, load ${before} before and ${load()} after.`);
process.exit(failed === 0 ? 0 : 1);

async function oneByOne(databases, work) {
  const done = [];
  for (const kind of databases) done.push(await work(kind));
  return done;
}

/** Runs a gate; what breaks it is a row that fails. */
async function measure(name, gate, kind) {
  const told = [];
  const tell = (row) => {
    told.push({ database: kind.name, ...row });
    console.log(line(told.at(-1)));
  };
  await gate.run(kind, options, tell).catch((error) => tell({ gate: name, bound: "it runs to its end", result: error.message.slice(0, 300), pass: false }));
  return told;
}
