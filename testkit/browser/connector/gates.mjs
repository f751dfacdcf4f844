// The gates by name, most valuable first. `apart`: never beside another database; `long`: only with `--all` or by name.
import { arrivals } from "./arrivals.mjs";
import { calm } from "./calm.mjs";
import { kills } from "./kills.mjs";
import { leaving } from "./leaving.mjs";
import { fast, paced } from "./pacing.mjs";
import { progress } from "./progress.mjs";
import { replay } from "./replay.mjs";
import { storm } from "./storm.mjs";
import { volume } from "./volume.mjs";

export const gates = {
  pacing: { run: paced, apart: true },
  fast: { run: fast, apart: true },
  kills: { run: kills },
  storm: { run: storm, apart: true },
  webhook: { run: arrivals, apart: true },
  replay: { run: replay },
  progress: { run: progress },
  calm: { run: calm },
  volume: { run: volume, apart: true, long: true },
  leaving: { run: leaving, apart: true },
};
