import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import { iconNames, sprite } from "../icons/sprite.mjs";

const root = new URL("../", import.meta.url);
const read = (path) => readFile(new URL(path, root), "utf8");

test("the sprite holds every listed icon and our glyphs, and nothing that runs", async () => {
  const text = await sprite();
  for (const name of [...(await iconNames()), "mark", "g-todo", "g-progress", "g-review", "g-done", "g-backlog", "g-cancelled", "g-plan", "g-p0", "g-p1", "g-p2", "g-p3", "g-p4"]) {
    assert.ok(text.includes(`<symbol id="${name}"`), name);
  }
  assert.ok(!/<script|<style|on\w+=|href=/.test(text));
});

test("icons named in the contract are in the list", async () => {
  const known = new Set(await iconNames());
  const named = [...(await read("README.md")).matchAll(/\{i(?:12|14)? ([a-z0-9-]+)\}/g)].map((match) => match[1]);
  assert.deepEqual(named.filter((name) => !known.has(name)), []);
});

test("styles outside the tokens use no raw colour", async () => {
  const names = (await readdir(new URL("styles", root), { recursive: true })).filter((name) => name.endsWith(".css") && name !== "tokens.css" && name !== "modes.css");
  for (const name of names) {
    const css = await read(`styles/${name}`);
    assert.doesNotMatch(css, /#[0-9a-f]{3,8}\b(?![^{]*\{)|\b(?:rgb|hsl|oklch)\((?!from)/i, name);
  }
});

test("custom properties that styles use are tokens or set beside them", async () => {
  const tokens = new Set([...(await read("styles/tokens.css")).matchAll(/(--[a-z0-9-]+)\s*:/g)].map((match) => match[1]));
  const local = new Set(["--h", "--x", "--q", "--at", "--for", "--off", "--p", "--v", "--dx", "--dy", "--rows", "--days"]);
  const names = (await readdir(new URL("styles", root), { recursive: true })).filter((name) => name.endsWith(".css"));
  for (const name of names) {
    for (const [, used] of (await read(`styles/${name}`)).matchAll(/var\((--[a-z0-9-]+)/g)) {
      assert.ok(tokens.has(used) || local.has(used), `${name}: ${used}`);
    }
  }
});

test("the lock file names no registry", async () => {
  assert.doesNotMatch(await read("package-lock.json"), /"resolved"/);
});
