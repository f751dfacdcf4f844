import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { merge, landing, backoff } = await load("lib/order.ts");

test("rows that stay keep their order, new ones follow", () => {
  assert.deepEqual(merge(["a", "b", "c"], ["c", "x", "a"]), ["a", "c", "x"]);
  assert.deepEqual(merge([], ["b", "a"]), ["b", "a"]);
  assert.deepEqual(merge(["a"], []), []);
});

test("a card lands before the first box whose middle is below it", () => {
  const boxes = [{ top: 0, height: 40 }, { top: 50, height: 40 }, { top: 100, height: 40 }];
  assert.equal(landing(boxes, -10), 0);
  assert.equal(landing(boxes, 19), 0);
  assert.equal(landing(boxes, 21), 1);
  assert.equal(landing(boxes, 119), 2);
  assert.equal(landing(boxes, 130), 3);
  assert.equal(landing([], 5), 0);
});

test("waiting doubles to half a minute and is spread", () => {
  assert.equal(backoff(0, 0.5), 1000);
  assert.equal(backoff(3, 0.5), 8000);
  assert.equal(backoff(20, 0.5), 30_000);
  assert.equal(backoff(0, 0), 750);
  assert.ok(backoff(20, 0.999) <= 37_500);
});
