// Replay of the raw log: there is no command yet that does it on a stored workspace.
export async function replay(kind, _, tell) {
  tell({ gate: "replay of the raw log", bound: "equal projections, no network", result: "missing: no command replays a stored log", pass: false });
}
