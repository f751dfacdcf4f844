// Drives the local Intercom with Intercom's own clients, each in the versions that people use, and compares with what there is.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { check } from "./client.mjs";
import { TOKEN, sandbox } from "./lib.mjs";

/** The version that the client itself was made for, and the newest. */
const VERSIONS = ["2.14", "2.16"];

for (const version of VERSIONS) {
  await drive(`intercom-client for Node.js, API ${version}`, version, (there) => check(there, version));
  await drive(`python-intercom, API ${version}`, version, python);
}

async function drive(name, version, run) {
  const there = await sandbox(version);
  try {
    console.log(name);
    await run(there);
    const { requests, byStatus, byRoute } = await there.stats();
    assert.equal(byStatus["500"] ?? 0, 0);
    console.log(`  ${requests} calls of ${Object.keys(byRoute).length} kinds; answers ${JSON.stringify(byStatus)}`);
  } finally {
    await there.end();
  }
}

async function python(there) {
  const script = fileURLToPath(new URL("client.py", import.meta.url));
  const child = spawn(process.env.PYTHON ?? "python3", ["-u", script, there.url, TOKEN], { stdio: "inherit" });
  const [code] = await once(child, "exit");
  assert.equal(code, 0, "client.py failed; its words are above");
}
