// Loads a TypeScript file for a test: bundled in memory, imported from a data address.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";

/** The exports of `src/<path>`. */
export async function load(path) {
  const entry = fileURLToPath(new URL(`../src/${path}`, import.meta.url));
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, format: "esm", target: "es2022" });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}
