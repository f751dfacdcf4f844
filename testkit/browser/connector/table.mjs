// The printed table: gate, bound, result, pass.
const WIDTHS = [10, 44, 40, 62];

export const header = () => `${row(["database", "gate", "bound", "result"])} | pass\n${WIDTHS.map((width) => "-".repeat(width)).join("-|-")}-|-----`;

export const line = ({ database, gate, bound, result, pass }) => `${row([database, gate, bound, result])} | ${pass ? "yes" : "NO"}`;

function row(cells) {
  return cells.map((cell, at) => String(cell).padEnd(WIDTHS[at])).join(" | ");
}

/** The same as a page of Markdown. */
export function markdown(rows, words) {
  const cell = (text) => String(text).replaceAll("|", "\\|").replaceAll("\n", " ");
  const lines = rows.map(({ database, gate, bound, result, pass }) => `| ${[database, gate, bound, result].map(cell).join(" | ")} | ${pass ? "yes" : "**no**"} |`);
  return ["| database | gate | bound | result | pass |", "|---|---|---|---|---|", ...lines, "", words, ""].join("\n");
}

export const seconds = (ms) => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
export const count = (number) => Math.round(number).toLocaleString("en");
