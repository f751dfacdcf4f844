// Leaving: the provider is told soon, and of a thousand planted strings none is left after the purge.
import { connection, good, synced } from "../lib/api.mjs";
import { until } from "../lib/atlas.mjs";
import { files } from "../lib/databases.mjs";
import { scene, settle, sleep, stats } from "./scene.mjs";
import { count, seconds } from "./table.mjs";

const PLANTED = 1_000;
const SIZE = { contacts: 100, companies: 20, conversations: 100, "limit-per-minute": 0 };

export async function leaving(kind, _, tell) {
  await scene(kind, SIZE, async (w, db) => {
    await settle(w, 0);
    const words = await plant(w);
    await good(w.api("POST", "/v1/connections/intercom/sync"));
    await sleep(500);
    await synced(w, 120_000);
    const left = () => found(w, db, words);
    const before = left();
    const { auth } = await stats(w);
    const begun = performance.now();
    await good(w.api("DELETE", "/v1/connections/intercom"));
    await until(async () => (await stats(w)).auth.uninstalls > auth.uninstalls, "the provider is never told", 90_000, 20);
    const told = performance.now() - begun;
    tell({ gate: "disconnect told to the provider", bound: "< 1 min", result: seconds(told), pass: told < 60_000 });
    const purging = performance.now();
    await good(w.api("DELETE", "/v1/connections/intercom?purge=now"));
    await until(async () => (await connection(w)).receipt, "the purge does not end", 300_000, 100);
    const took = performance.now() - purging;
    const after = left();
    tell({ gate: `${count(PLANTED)} planted strings after the purge`, bound: "found in database, index and logs: 0", result: `${before.size} found before, ${after.size} after ${[...after].slice(0, 3).join(" ")}; purged in ${seconds(took)}`, pass: before.size === PLANTED && after.size === 0 });
  });
}

/** Words that nobody else writes: in messages, notes, names and addresses. */
async function plant(w) {
  const words = Array.from({ length: PLANTED }, (_, n) => `zq${(n + 46_656).toString(36)}planted${(n * 7_919 + 46_656).toString(36)}`);
  let person;
  for (let n = 0; n < PLANTED; n += 5) {
    const [name, mail, body, reply, note] = words.slice(n, n + 5);
    person = await good(w.sandbox("POST", "/_sandbox/contacts", { name: `Person ${name}`, email: `${mail}@planted.example` }));
    const conversation = await good(w.sandbox("POST", "/_sandbox/conversations", { contactId: person.id, body: `Opening ${body}` }));
    await good(w.sandbox("POST", `/_sandbox/conversations/${conversation.id}/reply`, { as: "user", body: `Reply ${reply}` }));
    await good(w.sandbox("POST", `/_sandbox/conversations/${conversation.id}/note`, { body: `Note ${note}` }));
  }
  return words;
}

/** Which of the words are anywhere in the database, the data folder or the log. */
function found(w, db, words) {
  const here = new Set();
  for (const text of [...db.contents(w), ...files(w.data), w.log()]) {
    for (const [word] of text.matchAll(/zq[0-9a-z]+planted[0-9a-z]{3,}/g)) here.add(word);
  }
  return new Set(words.filter((word) => here.has(word)));
}
