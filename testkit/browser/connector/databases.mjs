// The databases to measure on: `{name, open}`, as for the tests, chosen by a flag.
import { databases } from "../lib/databases.mjs";

/** All that are there, or the one that was asked for. */
export function kinds(wanted) {
  const all = databases();
  const chosen = all.filter((kind) => !wanted || kind.name.toLowerCase().startsWith(wanted.toLowerCase()));
  if (chosen.length === 0) throw new Error(`no database ${wanted}; there is ${all.map((kind) => kind.name).join(", ")}`);
  return chosen;
}
