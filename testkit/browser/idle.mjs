// Idle memory, binary size and cold start, beside their aims: under 64 MB, one process, under 0.3 s.
import { readFileSync, statSync } from "node:fs";
import { spawn } from "node:child_process";
import { EMAIL, PASSWORD, atlas, freePort, temporaryFolder } from "./lib/atlas.mjs";

const data = temporaryFolder();
atlas(["admin", "create-owner", "--data", data, "--email", EMAIL, "--password-stdin", "--workspace", "Acme"], { input: PASSWORD });

const starts = [];
let memory = 0;
let processes = 0;
for (let round = 0; round < 5; round++) {
  const port = await freePort();
  const begun = performance.now();
  const child = spawn(process.env.ATLAS, ["serve", "--listen", `127.0.0.1:${port}`, "--data", data], { env: { ...process.env, ATLAS_LOG: "error" }, stdio: "ignore" });
  while (!(await fetch(`http://127.0.0.1:${port}/readyz`).then((r) => r.ok, () => false))) await new Promise((r) => setTimeout(r, 2));
  starts.push(performance.now() - begun);
  if (round === 4) {
    await new Promise((r) => setTimeout(r, 10_000));
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    memory = Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
    processes = 1 + readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(/\s+/).filter(Boolean).length;
  }
  child.kill("SIGTERM");
  await new Promise((r) => child.on("exit", r));
}
starts.sort((a, b) => a - b);
const rows = [
  ["cold start, median of 5", `${(starts[2] / 1000).toFixed(3)} s`, "0.3 s", starts[2] < 300],
  ["memory 10 s after the start", `${memory.toFixed(1)} MB`, "64 MB", memory < 64],
  ["processes", String(processes), "1", processes === 1],
  ["binary (release, stripped)", `${(statSync(process.env.ATLAS).size / 1024 / 1024).toFixed(1)} MB`, "", true],
];
console.log("figure".padEnd(34), "value".padEnd(12), "aim".padEnd(8), "met");
for (const [name, value, aim, met] of rows) console.log(name.padEnd(34), value.padEnd(12), aim.padEnd(8), aim ? (met ? "yes" : "no") : "");
process.exit(0);
