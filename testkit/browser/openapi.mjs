// Calls every operation of the OpenAPI document with generated input, right and wrong: no answer may be a 5xx or contradict the document.
import { spawn } from "node:child_process";
import { world } from "./lib/atlas.mjs";

const SEED = "20261124";
const CHECKS = "not_a_server_error,response_schema_conformance,status_code_conformance,content_type_conformance";
const LONGEST = 180_000;
const tool = process.env.SCHEMATHESIS ?? "schemathesis";

const w = await world({ seed: true, sandbox: { contacts: 5, companies: 1, conversations: 2 }, env: { ATLAS_RATE_READ: "0", ATLAS_RATE_WRITE: "0", ATLAS_RATE_HEAVY: "0", ATLAS_LOG: "warn" } });
// These could end the token that the run itself uses, after which every answer is 401: they come last, by themselves.
const SELF_ENDING = ["tokens.revoke", "members.remove", "members.update"];
const common = ["run", `${w.url}/v1/openapi.json`, "--header", `Authorization: Bearer ${w.token}`, "--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", process.env.EXAMPLES ?? "25", "--seed", SEED, "--workers", "1", "--continue-on-failure", "--no-shrink", "--request-timeout", "20", "--suppress-health-check", "all", "--warnings", "off", "--generation-database", "none", "--no-color", ...process.argv.slice(2)];
const main = await run(tool, [...common, ...SELF_ENDING.flatMap((id) => ["--exclude-operation-id", id])], LONGEST);
const alive = await w.api("GET", "/v1/me");
const last = await run(tool, [...common, ...SELF_ENDING.flatMap((id) => ["--include-operation-id", id])], LONGEST);
for (const { code, output } of [main, last]) if (code !== 0) console.log(output.slice(Math.max(0, output.indexOf("FAILURES") - 100)).trim());

// A panic is caught and answered, so the log is looked at as well.
const panics = w.log().split("\n").filter((line) => /panicked|ERROR/.test(line));
if (panics.length > 0) console.log(`Atlas logged ${panics.length} errors, such as:\n${panics.slice(0, 5).join("\n")}`);
const counted = await statuses(w);
await w.end();
if (alive.status !== 200) console.log(`afterwards /v1/me answered ${alive.status}`);
console.log(`answers by status: ${Object.entries(counted).map(([status, count]) => `${status}: ${count}`).join(", ")}`);
const failed = main.code !== 0 || last.code !== 0 || panics.length > 0 || alive.status !== 200 || Object.keys(counted).some((status) => status >= 500);
console.log(`openapi: ${[main, last].map(({ output }) => /^\s*\d[\d,]* generated.*/m.exec(output)?.[0].trim() ?? "no summary").join("; ")}${failed ? "; FAILED" : ""}`);
process.exit(failed ? 1 : 0);

/** What Atlas counted itself. */
async function statuses(w) {
  const text = await (await fetch(w.metrics)).text();
  const counts = {};
  for (const [, labels, count] of text.matchAll(/^atlas_http_requests_total\{(.*)\} (\d+)$/gm)) {
    const status = /status="(\d+)"/.exec(labels)[1];
    counts[status] = (counts[status] ?? 0) + Number(count);
  }
  return counts;
}

/** Runs the program to its end, or ends it when its time is over. */
function run(program, args, longest) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    const words = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => words.push(data));
    const timer = setTimeout(() => {
      words.push(`\nnot done after ${longest / 1000} s\n`);
      child.kill("SIGINT");
    }, longest);
    child.on("error", reject);
    child.on("exit", (status) => {
      clearTimeout(timer);
      resolve({ code: status ?? 1, output: Buffer.concat(words.map((word) => Buffer.from(word))).toString() });
    });
  });
}
