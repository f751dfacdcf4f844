// The connector's gates, each with its bound beside the result: `node connector.mjs [--only pacing,storm] [--database sqlite] [--all]`.
import { writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { kinds } from "./connector/databases.mjs";
import { gates } from "./connector/gates.mjs";
import { header, line, markdown } from "./connector/table.mjs";

const { values } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    only: { type: "string" },
    database: { type: "string" },
    kills: { type: "string", default: "20" },
    notices: { type: "string", default: "10000" },
    parts: { type: "string", default: "60000" },
    seed: { type: "string", default: "1" },
    write: { type: "string" },
  },
});
const only = values.only?.split(",");
const unknown = (only ?? []).filter((name) => !gates[name]);
if (unknown.length > 0) throw new Error(`no gate is called ${unknown.join(", ")}; there are ${Object.keys(gates).join(", ")}`);
const options = { all: values.all, kills: Number(values.kills), notices: Number(values.notices), parts: Number(values.parts), seed: Number(values.seed) };
const begun = performance.now();
const load = () => loadavg()[0].toFixed(1);
const before = load();
const rows = [];
console.log(header());
const chosen = Object.entries(gates).filter(([name]) => !only || only.includes(name));
const each = (picked) => picked.flatMap(([name, gate]) => kinds(values.database).map((kind) => () => measure(name, gate, kind)));
for (const work of each(chosen.filter(([, gate]) => gate.apart))) rows.push(...(await work()));
rows.push(...(await Promise.all(each(chosen.filter(([, gate]) => !gate.apart)).map((work) => work()))).flat());
const failed = rows.filter((row) => !row.pass).length;
const machine = `${cpus().length} processors (${cpus()[0].model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB`;
const words = `${rows.length - failed} of ${rows.length} rows pass; ${((performance.now() - begun) / 60_000).toFixed(1)} minutes; provider, Atlas and this program on one computer: ${machine}; load ${before} before and ${load()} after; ${new Date().toISOString().slice(0, 16)} UTC; ${options.kills} kills, ${options.notices} notices, ${options.parts} parts, seed ${options.seed}.`;
console.log(`\n${words}`);
if (values.write) writeFileSync(values.write, markdown(rows, words));
process.exit(failed === 0 ? 0 : 1);

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
