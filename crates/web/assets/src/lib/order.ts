// Orders and positions as plain values: merging result rows, where a card lands, waiting before another try.

/**
 * The order of rows after new results: rows that are still wanted stay where they are, rows that are
 * not wanted leave, new ones come after those that stayed.
 */
export function merge(before: readonly string[], wanted: readonly string[]): string[] {
  const want = new Set(wanted);
  const kept = before.filter((id) => want.has(id));
  const known = new Set(kept);
  return [...kept, ...wanted.filter((id) => !known.has(id))];
}

/** A card's box along the lane. */
export interface Box {
  top: number;
  height: number;
}

/** The index at which a card dropped at `y` lands among boxes in order. */
export function landing(boxes: readonly Box[], y: number): number {
  const after = boxes.findIndex((box) => y < box.top + box.height / 2);
  return after === -1 ? boxes.length : after;
}

/** Milliseconds before try number `attempt` (0, 1, …): 1 s doubling to 30 s, spread by up to a quarter either way. */
export function backoff(attempt: number, random = Math.random()): number {
  const base = Math.min(30_000, 1000 * 2 ** attempt);
  return Math.round(base * (0.75 + random / 2));
}
