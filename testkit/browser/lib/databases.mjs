// The databases that API tests run on: SQLite always, PostgreSQL with a fresh database when TEST_DATABASE_URL is set.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
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
  return { url: url.href, drop: () => execFileSync(program("dropdb"), [...where, "--if-exists", "--force", name], { stdio: "ignore" }) };
}

/** The databases of this run: `{name, open}`, where `open` answers `{url, drop}`. */
export function databases() {
  const sqlite = { name: "SQLite", open: () => ({ url: undefined, drop: () => undefined }) };
  const postgres = { name: "PostgreSQL", open: () => freshPostgres() };
  return process.env.TEST_DATABASE_URL ? [sqlite, postgres] : [sqlite];
}
