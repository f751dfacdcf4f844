// A local Intercom for one client: started, asked for its truth, ended.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

export const TOKEN = "sdk-token";
export const ADMIN = "6810042";
const SIZES = ["--contacts", "160", "--companies", "45", "--conversations", "70", "--long-conversation", "520"];
const SCOPES = ["read_users_companies", "write_users_companies", "read_conversations", "read_admins", "read_write_users", "read_single_user", "write_conversations"];

/** Starts `atlas sandbox intercom`; the app is set to that API version, for clients that name none. */
export async function sandbox(appVersion) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = ["sandbox", "intercom", "--listen", `127.0.0.1:${port}`, "--access-token", TOKEN, "--limit-per-minute", "0", "--app-version", appVersion, ...SIZES];
  const child = spawn(process.env.ATLAS ?? "atlas", args, { stdio: ["ignore", "ignore", "inherit"] });
  const call = async (path, body) => {
    const answer = await fetch(url + path, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });
    assert.ok(answer.ok, `${path}: ${answer.status} ${answer.ok ? "" : await answer.text()}`);
    return answer.json();
  };
  for (let tries = 0; ; tries += 1) {
    if (child.exitCode !== null || tries > 400) throw new Error("the local Intercom did not start");
    const there = await fetch(`${url}/_sandbox/stats`).catch(() => undefined);
    if (there?.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  await call("/_sandbox/settings", { scopes: SCOPES, scrollPageSize: 10 });
  return {
    url,
    truth: () => call("/_sandbox/truth"),
    stats: () => call("/_sandbox/stats"),
    burst: (wanted) => call("/_sandbox/burst", wanted),
    set: (change) => call("/_sandbox/settings", change),
    end: async () => {
      child.kill();
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Says what was read beside what there is, and fails when they differ. */
export function same(what, read, there) {
  console.log(`  ${what}: ${read.length} of ${there.length}`);
  assert.deepEqual([...read].sort(), [...there].sort(), what);
}
