import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { relative, left, patience, exact } = await load("lib/clock.ts");

const NOW = Date.parse("2026-11-24T10:20:07Z");
const dublin = { locale: "en-GB", timeZone: "Europe/Dublin" };
const ago = (text, place = dublin) => relative(Date.parse(text), NOW, place);

test("up to a day it says how long ago", () => {
  assert.equal(ago("2026-11-24T10:20:07Z"), "now");
  assert.equal(ago("2026-11-24T10:19:55Z"), "12 s ago");
  assert.equal(ago("2026-11-24T10:18:07Z"), "2 min ago");
  assert.equal(ago("2026-11-24T08:00:00Z"), "2 h ago");
  assert.equal(ago("2026-11-23T10:20:08Z"), "23 h ago");
});

test("after a day it says the day", () => {
  assert.equal(ago("2026-11-23T10:20:07Z"), "Yesterday 10:20");
  assert.equal(ago("2026-11-23T00:05:00Z"), "Yesterday 00:05");
  assert.equal(ago("2026-11-22T10:20:07Z"), "22 Nov");
  assert.equal(ago("2025-11-22T10:20:07Z"), "22 Nov 2025");
});

test("yesterday is the user's yesterday", () => {
  const auckland = { locale: "en-GB", timeZone: "Pacific/Auckland" };
  // 23 November 10:00 in London is 23 November 23:00 in Auckland, where it is 24 November 23:20 now.
  assert.equal(ago("2026-11-23T10:00:00Z", auckland), "Yesterday 23:00");
  // 22 November 23:00 in London is already 23 November 12:00 in Auckland.
  assert.equal(ago("2026-11-22T23:00:00Z", auckland), "Yesterday 12:00");
  assert.equal(ago("2026-11-22T23:00:00Z"), "22 Nov");
});

test("what lies ahead", () => {
  assert.equal(ago("2026-11-24T10:25:07Z"), "in 5 min");
  assert.equal(ago("2026-11-25T12:00:00Z"), "Tomorrow 12:00");
  assert.equal(ago("2026-12-02T12:00:00Z"), "2 Dec");
});

test("the exact time names its zone", () => {
  assert.match(exact(NOW, dublin), /Tue, 24 Nov 2026, 10:20:07 (GMT|UTC)/);
});

test("time left", () => {
  const until = (seconds) => left(NOW + seconds * 1000, NOW);
  assert.equal(until(51 * 3600), "2 d 3 h");
  assert.equal(until(23 * 3600 + 40 * 60), "23 h 40 min");
  assert.equal(until(40 * 60 + 10), "40 min");
  assert.equal(until(9 * 60 + 12), "9 min 12 s");
  assert.equal(until(40), "40 s");
  assert.equal(until(0), "0 s");
  assert.equal(until(-5), "0 s");
});

test("old times are looked at less often", () => {
  assert.equal(patience(NOW - 5_000, NOW), 1000);
  assert.ok(patience(NOW - 300_000, NOW) > 1000);
  assert.ok(patience(NOW - 7_200_000, NOW) > patience(NOW - 300_000, NOW));
});
