// Notices while a bulk sync runs: how soon each is answered, and how soon its message is on the timeline.
import { Agent, request } from "node:http";
import { createHmac } from "node:crypto";
import { CLIENT, all, connection, conversationNotice, good } from "../lib/api.mjs";
import { until } from "../lib/atlas.mjs";
import { scene, set, settle, silently, sleep } from "./scene.mjs";
import { count } from "./table.mjs";

const PER_MINUTE = 10_000;
const SIZE = { contacts: 60, companies: 5, conversations: 60, "limit-per-minute": PER_MINUTE };
const [NOTICES, EVERY_MS, MESSAGES, APART_MS] = [1_000, 20, 100, 200];

export async function arrivals(kind, _, tell) {
  await scene(kind, SIZE, async (w) => {
    await settle(w, PER_MINUTE);
    await silently(w, () => good(w.sandbox("POST", "/_sandbox/burst", { contacts: 500, conversations: 4_500 })));
    await set(w, { latencyMs: 100 });
    const { workspaceId } = await good(w.sandbox("GET", "/_sandbox/settings"));
    const [first, ...others] = (await all(w, "/v1/conversations")).filter((c) => c.contactIds.length === 1);
    const { id } = await good(w.api("POST", "/v1/connections/intercom/sync"));
    await until(async () => { const { sync } = await connection(w); return sync?.id === id && sync.done > 100; }, "the sync does not begin", 30_000, 50);
    const [answers, rows] = await Promise.all([answerTimes(w, workspaceId, first), rowTimes(w, others)]);
    const { sync } = await connection(w);
    const during = sync?.id === id && sync.state === "running" ? "during a bulk sync" : `the sync ended before (${sync?.state})`;
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(answers, share));
    tell({ gate: "webhook answered", bound: "p99 < 20 ms", result: `p50 ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}, p99 ${p99.toFixed(1)} ms of ${count(answers.length)}, ${during}`, pass: p99 < 20 && sync?.state === "running" });
    const [r50, r95] = [0.5, 0.95].map((share) => percentile(rows, share));
    tell({ gate: "notice to timeline row", bound: "p95 < 1,000 ms", result: `p50 ${r50.toFixed(0)}, p95 ${r95.toFixed(0)}, most ${Math.max(...rows).toFixed(0)} ms of ${rows.length}, answers of 100 ms, ${during}`, pass: r95 < 1_000 && sync?.state === "running" });
  });
}

function percentile(times, share) {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** Sends notices about one conversation at a steady pace, whatever the answers. */
async function answerTimes(w, account, conversation) {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const item = { type: "conversation", id: conversation.source.externalId };
  const sent = [];
  for (let n = 0; n < NOTICES; n++) {
    sent.push(post(agent, `${w.url}/webhooks/intercom`, JSON.stringify(conversationNotice(account, "conversation.user.replied", item))));
    await sleep(EVERY_MS);
  }
  const times = await Promise.all(sent);
  agent.destroy();
  return times;
}

function post(agent, url, body) {
  const signature = `sha1=${createHmac("sha1", CLIENT.clientSecret).update(body).digest("hex")}`;
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const asked = request(url, { agent, method: "POST", headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body), "x-hub-signature": signature } }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`a notice was answered ${response.statusCode}`));
      response.resume();
      response.on("end", () => resolve(performance.now() - begun));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** Writes messages at the provider, and waits for each on its person's timeline. */
async function rowTimes(w, conversations) {
  const waiting = [];
  for (let n = 0; n < MESSAGES; n++) {
    waiting.push(rowTime(w, conversations[n % conversations.length], n));
    await sleep(APART_MS);
  }
  return Promise.all(waiting);
}

async function rowTime(w, conversation, n) {
  const begun = performance.now();
  const { partId } = await good(w.sandbox("POST", `/_sandbox/conversations/${conversation.source.externalId}/reply`, { as: "user", body: `Message number ${n}` }));
  const path = `/v1/contacts/${conversation.contactIds[0]}/timeline?kind=chat&limit=5`;
  const there = async () => (await good(w.api("GET", path))).data.some((item) => item.source?.externalId === partId);
  // The longer it takes, the more seldom it is asked for: a hundred that wait must not be what keeps them waiting.
  for (let asked = 0; !(await there()); asked++) {
    if (performance.now() - begun > 60_000) throw new Error("a message never arrives");
    await sleep(Math.min(25 * 2 ** Math.floor(asked / 8), 400));
  }
  return performance.now() - begun;
}
