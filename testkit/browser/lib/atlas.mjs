// Starts Atlas and a local Intercom on free ports with a data folder of their own, and ends them again.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const EMAIL = "owner@acme.example";
export const PASSWORD = "correct horse battery staple";
const ATLAS = process.env.ATLAS ?? fail("set ATLAS to the built binary");

function fail(words) {
  throw new Error(words);
}

/** A free port on loopback. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Runs `atlas …` to its end and answers what it printed. */
export function atlas(args, { input, env } = {}) {
  const done = spawnSync(ATLAS, args, { input, env: { ...process.env, ...env }, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`atlas ${args.join(" ")} ended with ${done.status}: ${done.stderr}`);
  return done.stdout.trim();
}

/** Starts `atlas …` in the background, with the words it logs kept. */
export async function background(args, url, { env } = {}) {
  const child = spawn(ATLAS, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const words = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => words.push(data.toString()));
  let ended;
  child.on("exit", (code, signal) => (ended = code ?? signal));
  const answers = async () => {
    if (ended !== undefined) throw new Error(`atlas ${args[0]} ended with ${ended}: ${words.join("")}`);
    return await fetch(url).then(() => true, () => false);
  };
  try {
    await until(answers, `nothing answers at ${url}`);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return {
    pid: child.pid,
    log: () => words.join(""),
    kill: () => stop(child, "SIGKILL", () => ended !== undefined),
    end: () => stop(child, "SIGTERM", () => ended !== undefined),
  };
}

async function stop(child, signal, hasEnded) {
  child.kill(signal);
  await until(hasEnded, "the program does not end", 15_000).catch(() => child.kill("SIGKILL"));
}

/** Waits until `check` answers something true, and answers that. */
export async function until(check, complaint, patience = 20_000, step = 50) {
  const end = Date.now() + patience;
  let last;
  while (Date.now() < end) {
    last = await check();
    if (last) return last;
    await new Promise((resolve) => setTimeout(resolve, step));
  }
  throw new Error(`${typeof complaint === "function" ? complaint() : complaint} (waited ${patience} ms)`);
}

const folders = [];
process.on("exit", () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A folder that goes when the process ends. */
export function temporaryFolder() {
  folders.push(mkdtempSync(join(tmpdir(), "atlas-browser-")));
  return folders.at(-1);
}

/**
 * Atlas with an owner, a local Intercom beside it, and a token for `/v1`.
 * `prepare(admin)` may run further `atlas admin` commands before the server starts; what it answers becomes `prepared`.
 */
export async function world({ sandbox = {}, seed = false, env = {}, owner = true, email = EMAIL, databaseUrl, prepare } = {}) {
  const data = temporaryFolder();
  const [port, sandboxPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const intercom = `http://127.0.0.1:${sandboxPort}`;
  const environment = { ATLAS_LOG: "info", ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}), ...env };
  const admin = (command, flags, input) => atlas(["admin", command, "--data", data, ...flags], { input, env: environment });
  let token;
  if (owner) {
    admin("create-owner", ["--email", email, "--password-stdin", "--workspace", "Acme"], PASSWORD);
    if (seed) admin("seed-demo", ["--email", email]);
    token = admin("create-token", ["--email", email, "--scopes", "all"]);
  }
  const prepared = prepare?.(admin);
  const options = { contacts: 200, companies: 40, conversations: 300, "limit-per-minute": 1000, ...sandbox };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const sandboxArgs = ["sandbox", "intercom", "--listen", `127.0.0.1:${sandboxPort}`, "--webhook-url", `${url}/webhooks/intercom`, ...flags];
  const serveArgs = ["serve", "--listen", `127.0.0.1:${port}`, "--data", data, "--allow-private-providers", "--local-intercom", intercom, "--metrics-listen", `127.0.0.1:${metricsPort}`];
  const processes = {};
  const runs = [];
  const start = async () => {
    processes.atlas = await background(serveArgs, `${url}/readyz`, { env: environment });
    runs.push(processes.atlas);
  };
  /** A further node on the same data (PostgreSQL only): its address. */
  const another = async () => {
    const address = `127.0.0.1:${await freePort()}`;
    processes[address] = await background(["serve", "--listen", address, "--data", data, "--base-url", url, "--allow-private-providers"], `http://${address}/readyz`, { env: environment });
    runs.push(processes[address]);
    return `http://${address}`;
  };
  // What does not come up must not leave the rest running.
  const endAll = () => Promise.all(Object.values(processes).map((process) => process.end()));
  try {
    await start();
    processes.sandbox = await background(sandboxArgs, intercom);
  } catch (error) {
    await endAll();
    throw error;
  }
  const self = { data, url, intercom, metrics: `http://127.0.0.1:${metricsPort}/metrics`, email, token, prepared, processes, start, another };
  self.api = (method, path, body, headers = {}) => call(url, token, method, path, body, headers);
  self.as = (other, method, path, body, headers = {}) => call(url, other, method, path, body, headers);
  self.sandbox = (method, path, body) => call(intercom, undefined, method, path, body);
  /** What Atlas has logged since the beginning, over all its starts. */
  self.log = () => runs.map((run) => run.log()).join("");
  self.end = async () => {
    await endAll();
    rmSync(data, { recursive: true, force: true });
  };
  return self;
}

/** One JSON call; answers status, headers and body. */
export async function call(base, token, method, path, body, headers = {}) {
  const auth = token ? { authorization: `Bearer ${token}` } : {};
  const content = body === undefined ? {} : { "content-type": "application/json" };
  const response = await fetch(base + path, { method, headers: { ...auth, ...content, ...headers }, body: body === undefined ? undefined : JSON.stringify(body), redirect: "manual" });
  const text = await response.text();
  let json;
  try {
    json = text ? JSON.parse(text) : undefined;
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, body: json, text };
}
