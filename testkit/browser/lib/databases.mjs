// The databases that API tests run on: SQLite always, PostgreSQL with a fresh database when TEST_DATABASE_URL is set.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const HOME = "/usr/lib/postgresql";

/** A PostgreSQL program, from PATH or from where distributions put it. */
function program(name) {
  const versions = existsSync(HOME) ? readdirSync(HOME).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(HOME, version, "bin", name)).find((path) => existsSync(path)) ?? name;
}

/** A new, empty PostgreSQL database beside the one of TEST_DATABASE_URL: its address, and how to drop it. */
export function freshPostgres(maintenance = process.env.TEST_DATABASE_URL) {
  const url = new URL(maintenance);
  const name = `atlas_e2e_${process.pid}_${Date.now().toString(36)}`;
  const where = ["--maintenance-db", maintenance];
  execFileSync(program("createdb"), [...where, "-T", "template0", "-E", "UTF8", name], { stdio: ["ignore", "ignore", "inherit"] });
  url.pathname = `/${name}`;
  const dump = () => execFileSync(program("pg_dump"), ["--data-only", "--dbname", url.href], { encoding: "latin1", maxBuffer: 1 << 30 });
  return { url: url.href, contents: () => [dump()], drop: () => execFileSync(program("dropdb"), [...where, "--if-exists", "--force", name], { stdio: "ignore" }) };
}

/** Every file in a data folder, byte for byte. */
export function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), "latin1"));
}

/** The databases of this run: `{name, open}`, where `open` answers `{url, contents(world), drop}`. */
export function databases() {
  const sqlite = { name: "SQLite", open: () => ({ url: undefined, contents: (w) => files(w.data), drop: () => undefined }) };
  const postgres = { name: "PostgreSQL", open: () => freshPostgres() };
  return process.env.TEST_DATABASE_URL ? [sqlite, postgres] : [sqlite];
}
