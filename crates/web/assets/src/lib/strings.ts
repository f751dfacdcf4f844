// The few words that modules write themselves. The page can replace them with
// <script type="application/json" id="atlas-strings">{"copied":"…"}</script> (a data block, not a script).
const words = {
  again: "Try again",
  close: "Close",
  copied: "Copied",
  failedLoad: "This part did not load.",
  failedOffline: "Not saved: the server did not answer. What you typed is still here.",
  failedRefused: "Not saved: you may not change this.",
  failedGone: "Not saved: this is no longer here.",
  failedOften: "Too many requests. Try again in a moment.",
  failedServer: "Not saved: the server could not finish. What you typed is still here.",
  movedTo: "{lane}, {n} of {m}",
  notMoved: "Not moved. The card is back where it was.",
  newItems: "{n} new",
  none: "No matches",
  notSaved: "Not saved, try again",
  now: "now",
  recent: "Recent",
  saveHint: "save",
  saving: "Saving",
  signedOut: "You are signed out.",
  signIn: "Sign in",
  tomorrow: "Tomorrow",
  undo: "Undo",
  undone: "Undone.",
  yesterday: "Yesterday",
  ago: "{t} ago",
  ahead: "in {t}",
};

export type Word = keyof typeof words;

let replaced: Partial<Record<Word, string>> | undefined;

/** One text, with its {placeholders} filled. */
export function t(word: Word, values: Record<string, string | number> = {}): string {
  replaced ??= read();
  const text = replaced[word] ?? words[word];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

function read(): Partial<Record<Word, string>> {
  const block = typeof document === "undefined" ? null : document.getElementById("atlas-strings");
  if (!block?.textContent) return {};
  try {
    return JSON.parse(block.textContent) as Partial<Record<Word, string>>;
  } catch {
    return {};
  }
}
