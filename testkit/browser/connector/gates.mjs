// The gates by name. `apart`: never beside another one; the others run together.
import { arrivals } from "./arrivals.mjs";
import { calm } from "./calm.mjs";
import { kills } from "./kills.mjs";
import { leaving } from "./leaving.mjs";
import { nodes } from "./nodes.mjs";
import { fast, paced } from "./pacing.mjs";
import { progress } from "./progress.mjs";
import { replay } from "./replay.mjs";
import { storm } from "./storm.mjs";
import { throughput, volume } from "./volume.mjs";

export const gates = {
  pacing: { run: paced, apart: true },
  fast: { run: fast, apart: true },
  storm: { run: storm, apart: true },
  webhook: { run: arrivals, apart: true },
  throughput: { run: throughput, apart: true },
  volume: { run: volume, apart: true },
  progress: { run: progress },
  kills: { run: kills },
  nodes: { run: nodes },
  replay: { run: replay },
  calm: { run: calm },
  leaving: { run: leaving },
};
