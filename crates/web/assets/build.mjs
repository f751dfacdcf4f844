// Builds styles, modules, fonts and icons into ../dist with hashed names and a manifest.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { sprite } from "./icons/sprite.mjs";

const ROOT = fileURLToPath(new URL(".", import.meta.url));
const DIST = join(ROOT, "..", "dist");
const BASE = "/assets/";
const MODULES = ["core", "board", "plan"];
const FONTS = ["atlas-sans", "atlas-serif", "atlas-mono"];
const BUDGET = { script: 60_000, style: 20_000, font: 80_000 };
const TYPES = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  woff2: "font/woff2",
};

/** Content hash in file names: ten letters and digits of SHA-256. */
const hash = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 10);

/** Writes one file under its hashed name and returns its manifest entry. */
async function emit(logical, bytes) {
  const extension = logical.split(".").pop();
  const file = `${logical.slice(0, -extension.length - 1)}.${hash(bytes)}.${extension}`;
  await writeFile(join(DIST, file), bytes);
  const integrity = `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
  const gzip = extension === "woff2" ? bytes.length : gzipSync(bytes, { level: 9 }).length;
  return { file, type: TYPES[extension], integrity, size: bytes.length, gzip };
}

/** Bundles one stylesheet; font addresses become the hashed ones. */
async function styles(fonts) {
  const resolveFonts = {
    name: "fonts",
    setup(b) {
      b.onResolve({ filter: /\.woff2$/ }, ({ path }) => {
        const entry = fonts[basename(path)];
        if (!entry) return { errors: [{ text: `no such font: ${path}` }] };
        return { path: BASE + entry.file, external: true };
      });
    },
  };
  const result = await build({
    entryPoints: [join(ROOT, "styles/app.css")],
    bundle: true, minify: true, write: false, target: "esnext", plugins: [resolveFonts], logLevel: "warning",
  });
  if (result.warnings.length) throw new Error("the stylesheet has warnings");
  return Buffer.from(result.outputFiles[0].contents);
}

/** Bundles one module of the page; each is self-contained. */
async function script(name) {
  const result = await build({
    entryPoints: [join(ROOT, `src/${name}.ts`)],
    bundle: true, minify: true, write: false, format: "esm", target: "es2022", charset: "utf8",
    legalComments: "none", logLevel: "warning", tsconfig: join(ROOT, "tsconfig.json"),
  });
  return Buffer.from(result.outputFiles[0].contents);
}

/** The licences of what is shipped, in one text. */
async function licences() {
  const parts = [["Fonts", "fonts/LICENSES.txt"], ["Icons (Lucide)", "icons/LICENSE-lucide.txt"], ["htmx", "node_modules/htmx.org/LICENSE"]];
  const texts = await Promise.all(parts.map(async ([what, path]) => `${what}\n\n${(await readFile(join(ROOT, path), "utf8")).trim()}\n`));
  return Buffer.from(texts.join(`\n${"-".repeat(72)}\n\n`));
}

/** Refuses code that a strict content policy would stop. */
function refuseEval(name, bytes) {
  const found = /\beval\(|document\.write\(|\bjavascript:(?!")/.exec(bytes.toString("utf8"));
  if (found) throw new Error(`${name} contains ${found[0]}`);
}

async function main() {
  await rm(DIST, { recursive: true, force: true });
  await mkdir(DIST, { recursive: true });
  const files = {};
  for (const name of FONTS) {
    files[`${name}.woff2`] = await emit(`${name}.woff2`, await readFile(join(ROOT, `fonts/${name}.woff2`)));
  }
  files["app.css"] = await emit("app.css", await styles(files));
  for (const name of MODULES) {
    const bytes = await script(name);
    refuseEval(name, bytes);
    files[`${name}.js`] = await emit(`${name}.js`, bytes);
  }
  files["icons.svg"] = await emit("icons.svg", Buffer.from(await sprite()));
  files["favicon.svg"] = await emit("favicon.svg", await readFile(join(ROOT, "icons/favicon.svg")));
  files["licences.txt"] = await emit("licences.txt", await licences());
  const manifest = { version: 1, base: BASE, files };
  await writeFile(join(DIST, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
  report(files);
}

/** Prints every size and fails when a budget is exceeded. */
function report(files) {
  const sum = (extension) => Object.entries(files).filter(([name]) => name.endsWith(extension)).reduce((total, [, f]) => total + f.gzip, 0);
  for (const [name, f] of Object.entries(files)) {
    console.log(`${name.padEnd(18)} ${String(f.size).padStart(7)} B  ${String(f.gzip).padStart(6)} B gzip  ${f.file}`);
  }
  // The heaviest page carries the core and one page module.
  const heaviest = files["core.js"].gzip + Math.max(...MODULES.filter((m) => m !== "core").map((m) => files[`${m}.js`].gzip));
  const lines = [
    ["JavaScript, heaviest page", heaviest, BUDGET.script],
    ["CSS, whole product", files["app.css"].gzip, BUDGET.style],
    ["Fonts", sum(".woff2"), BUDGET.font],
  ];
  let over = false;
  for (const [what, now, limit] of lines) {
    console.log(`${what}: ${(now / 1000).toFixed(1)} kB of ${limit / 1000} kB`);
    over ||= now > limit;
  }
  if (over) {
    console.error("over budget");
    process.exitCode = 1;
  }
}

await main();
