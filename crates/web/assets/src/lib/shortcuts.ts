// Keys and key sequences as plain values: no document needed.

/** The parts of a keyboard event that name a key. */
export interface Stroke {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

const NAMES: Record<string, string> = { " ": "space", esc: "escape", "↵": "enter" };
const MODIFIERS = new Set(["control", "meta", "alt", "shift", "altgraph"]);

/**
 * A stroke as a word: `c`, `?`, `shift+s`, `mod+k`, `alt+arrowup`. Ctrl and ⌘ are both `mod`.
 * Shift is written for letters and named keys only: on most layouts it is part of a sign like `?`.
 * A modifier alone has no word.
 */
export function word(stroke: Stroke): string | null {
  const lower = stroke.key.toLowerCase();
  if (MODIFIERS.has(lower)) return null;
  const key = NAMES[lower] ?? lower;
  const named = key.length > 1 || /^\p{L}$/u.test(key);
  const parts = [];
  if (stroke.ctrlKey || stroke.metaKey) parts.push("mod");
  if (stroke.altKey) parts.push("alt");
  if (stroke.shiftKey && named) parts.push("shift");
  parts.push(key);
  return parts.join("+");
}

/** A written shortcut (`G T`, `Ctrl+K`, `/`) as words in order. */
export function words(written: string): string[] {
  return written
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .map((step) => {
      if (step.length === 1) return NAMES[step] ?? step;
      const parts = step.split("+").map((part) => NAMES[part] ?? part);
      return parts.map((part) => (["ctrl", "cmd", "meta", "⌘"].includes(part) ? "mod" : part)).join("+");
    });
}

/** How long the second key of a sequence may take, in milliseconds. */
export const PATIENCE = 1200;

/** Follows strokes through sequences such as `g t`. */
export class Sequence {
  #steps: string[] = [];
  #at = 0;

  /** Whether a sequence has begun and the next key belongs to it. */
  pending(at: number): boolean {
    return this.#steps.length > 0 && at - this.#at <= PATIENCE;
  }

  /** Takes one stroke; returns the shortcut it completes, "pending" when more is needed, null otherwise. */
  press(step: string, shortcuts: readonly string[][], at: number): string[] | "pending" | null {
    const before = this.pending(at) ? this.#steps : [];
    this.#steps = [];
    for (const steps of before.length ? [[...before, step], [step]] : [[step]]) {
      const complete = shortcuts.find((s) => s.length === steps.length && s.every((part, i) => part === steps[i]));
      if (complete) return complete;
      const begun = shortcuts.some((s) => s.length > steps.length && steps.every((part, i) => part === s[i]));
      if (begun) {
        this.#steps = steps;
        this.#at = at;
        return "pending";
      }
    }
    return null;
  }
}
