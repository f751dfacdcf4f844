// Pacing: a full sync against windows of ten seconds, from its first call to its last, beside what the windows allow.
import { synced } from "../lib/api.mjs";
import { begin, scene, sleep, stats } from "./scene.mjs";
import { count, seconds } from "./table.mjs";

const WINDOW = 10_000;
const FACTOR = 1.03;
const ANSWERS = [0, 100, 300, 1_000];
/** About 635 calls, the workspace that the other readers were measured with, and one that needs three windows of 10,000 a minute. */
const SMALL = { contacts: 3_000, companies: 500, conversations: 600 };
const LARGE = { contacts: 600, companies: 100, conversations: 3_850 };

/** 1,000 requests a minute. One after the other, because landing is work too: beside each other they would measure the processor. */
export async function paced(kind, options, tell) {
  for (const answer of answers(kind, options)) await run(kind, 1_000, answer, SMALL, tell);
}

/** 10,000 requests a minute. */
export async function fast(kind, options, tell) {
  for (const answer of answers(kind, options)) await run(kind, 10_000, answer, LARGE, tell);
}

/** With `--all`, the second database is paced at the two ends of the answer times only. */
const answers = (kind, { all }) => (all && kind.name === "PostgreSQL" ? [100, 1_000] : ANSWERS);

async function run(kind, perMinute, answer, size, tell) {
  await scene(kind, { ...size, "limit-per-minute": perMinute, "latency-ms": answer }, async (w) => {
    await begin(w, perMinute, () => sleep(WINDOW - (Date.now() % WINDOW)));
    await synced(w, 600_000, 1_000);
    const seen = await stats(w);
    const took = seen.lastRequestAt - seen.firstRequestAt;
    const { bound, words } = limit(seen, perMinute, answer);
    tell({
      gate: `pacing, ${count(perMinute)}/min, answers of ${answer / 1_000} s`,
      bound: `${words} × ${FACTOR}, no 429`,
      result: `${seconds(took)} (${(took / bound).toFixed(3)} ×), ${count(seen.requests)} calls, ${seen.rejected429} × 429`,
      pass: took <= bound * FACTOR && seen.rejected429 === 0,
    });
  });
}

/**
 * What the provider's windows allow at best. R calls need W windows, and the last of them cannot begin before its time: that
 * is (W-1)·10 s, less what of its window was over at the first call; syncs begin as a window does, so that it is little. Pages of a listing come one after the other, so
 * the longest listing's pages times the answer time is a bound too. One answer time is added: the last call waits for one.
 */
export function limit(seen, perMinute, answer) {
  const calls = seen.requests;
  const windows = Math.ceil(calls / Math.floor(perMinute / 6));
  const into = seen.firstRequestAt % WINDOW;
  const waiting = Math.max(0, (windows - 1) * WINDOW - into);
  const pages = Math.max(...Object.entries(seen.byRoute).filter(([route]) => /search|scroll/.test(route)).map(([, made]) => made));
  const chain = (pages + 2) * answer;
  const bound = Math.max(waiting, chain) + answer;
  return { bound, words: `${seconds(bound)} (W=${windows}, from ${seconds(into)})` };
}
