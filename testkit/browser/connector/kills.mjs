// Killed at random moments of a first sync and started again: the same state in the end, and hardly a call made twice.
import { equalsTruth, synced } from "../lib/api.mjs";
import { until } from "../lib/atlas.mjs";
import { begin, ended, forget, scene, sleep, stats } from "./scene.mjs";
import { count } from "./table.mjs";

const SIZE = { contacts: 300, companies: 60, conversations: 600, "limit-per-minute": 0, "latency-ms": 100, "latency-max-ms": 600 };
/** Worlds beside each other. */
const BESIDE = 2;
/** Listings that can be open: teammates, companies, contacts, conversations, deleted conversations. */
const STREAMS = 5;

export async function kills(kind, { kills, seed }, tell) {
  const clean = await scene(kind, SIZE, async (w) => {
    await begin(w, 0);
    await synced(w, 300_000);
    return work(await stats(w));
  });
  const calls = inAll(clean);
  const random = sequence(seed);
  const total = { killed: 0, repeats: 0, allowed: 0, worst: -Infinity, worlds: 0, repeated: {} };
  let left = kills;
  const take = () => left-- > 0;
  const lane = async () => {
    while (left > 0) await scene(kind, SIZE, (w) => killOften(w, take, random, clean, total));
  };
  await Promise.all(Array.from({ length: Math.min(BESIDE, kills) }, lane));
  tell({
    gate: `kill -9 at ${total.killed} random points, resume`,
    bound: `the truth; repeats ≤ in flight + ${STREAMS} pages: ${count(total.allowed)}`,
    result: `equal to the truth; ${count(total.repeats)} repeats beside ${count(calls)} calls of a clean run, in ${total.worlds} syncs; ${total.worst <= 0 ? `always within, by ${-total.worst} at least` : `${total.worst} over in one, of ${most(total.repeated)}`}`,
    pass: total.killed >= kills && total.worst <= 0,
  });
}

/** One sync, killed until it is done or nothing is left to kill; adds to the total. */
async function killOften(w, take, random, clean, total) {
  await begin(w, 0);
  let [made, allowed, killed] = [{}, 0, 0];
  while (killed < 25) {
    const moment = 50 + random() * 1_200;
    await until(async () => (await stats(w)).requests > 0 || (await ended(w)), "no call is made", 120_000, 20);
    await sleep(moment);
    if ((await ended(w)) || !take()) break;
    await w.processes.atlas.kill();
    const seen = await stats(w);
    made = sum(made, work(seen), 1);
    allowed += seen.maxConcurrent + STREAMS;
    killed += 1;
    await until(async () => (await stats(w)).concurrent === 0, "calls of a dead program stay open", 20_000, 20);
    await forget(w);
    await w.start();
  }
  await synced(w, 300_000);
  made = sum(made, work(await stats(w)), 1);
  await equalsTruth(w);
  const repeated = sum(made, clean, -1);
  const repeats = inAll(repeated);
  total.worlds += 1;
  total.killed += killed;
  total.repeats += repeats;
  total.allowed += allowed;
  if (repeats - allowed > total.worst) [total.worst, total.repeated] = [repeats - allowed, repeated];
}

/** Calls for data by their route: each start also asks once whose token it has. */
const work = ({ byRoute }) => Object.fromEntries(Object.entries(byRoute).filter(([route]) => route !== "GET /me"));

const inAll = (routes) => Object.values(routes).reduce((all, calls) => all + calls, 0);

/** The calls of both, route by route. */
const sum = (one, other, sign) =>
  Object.fromEntries([...new Set([...Object.keys(one), ...Object.keys(other)])].map((route) => [route, (one[route] ?? 0) + sign * (other[route] ?? 0)]));

/** The routes with most calls. */
const most = (routes) =>
  Object.entries(routes)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3)
    .map(([route, calls]) => `${count(calls)} ${route}`)
    .join(", ");

/** Numbers between 0 and 1, the same for the same seed. */
function sequence(seed) {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
