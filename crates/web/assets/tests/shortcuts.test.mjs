import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { word, words, Sequence, PATIENCE } = await load("lib/shortcuts.ts");

const stroke = (key, held = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });

test("a stroke is one word", () => {
  assert.equal(word(stroke("c")), "c");
  assert.equal(word(stroke("C", { shiftKey: true })), "shift+c");
  assert.equal(word(stroke("?", { shiftKey: true })), "?");
  assert.equal(word(stroke("[")), "[");
  assert.equal(word(stroke(" ")), "space");
  assert.equal(word(stroke("k", { metaKey: true })), "mod+k");
  assert.equal(word(stroke("k", { ctrlKey: true })), "mod+k");
  assert.equal(word(stroke("ArrowUp", { altKey: true })), "alt+arrowup");
  assert.equal(word(stroke("ArrowDown", { shiftKey: true })), "shift+arrowdown");
  assert.equal(word(stroke("ß")), "ß");
});

test("a modifier alone is no word", () => {
  for (const key of ["Shift", "Control", "Alt", "Meta", "AltGraph"]) assert.equal(word(stroke(key)), null);
});

test("written shortcuts become words", () => {
  assert.deepEqual(words("G T"), ["g", "t"]);
  assert.deepEqual(words(" Ctrl+K "), ["mod+k"]);
  assert.deepEqual(words("⌘+k"), ["mod+k"]);
  assert.deepEqual(words("/"), ["/"]);
  assert.deepEqual(words("Shift+S"), ["shift+s"]);
});

const shortcuts = [["g", "t"], ["g", "h"], ["c"], ["t"]];

test("a single key is complete at once", () => {
  assert.equal(new Sequence().press("c", shortcuts, 0), shortcuts[2]);
  assert.equal(new Sequence().press("q", shortcuts, 0), null);
});

test("a sequence waits for its second key", () => {
  const sequence = new Sequence();
  assert.equal(sequence.press("g", shortcuts, 0), "pending");
  assert.ok(sequence.pending(100));
  assert.equal(sequence.press("t", shortcuts, 200), shortcuts[0]);
  assert.ok(!sequence.pending(201));
});

test("a sequence is forgotten after its patience", () => {
  const sequence = new Sequence();
  sequence.press("g", shortcuts, 0);
  assert.equal(sequence.press("h", shortcuts, PATIENCE + 1), null);
});

test("a wrong second key can still be a shortcut of its own", () => {
  const sequence = new Sequence();
  sequence.press("g", shortcuts, 0);
  assert.equal(sequence.press("c", shortcuts, 10), shortcuts[2]);
});

test("the first key again starts the sequence again", () => {
  const sequence = new Sequence();
  sequence.press("g", shortcuts, 0);
  assert.equal(sequence.press("g", shortcuts, 10), "pending");
  assert.equal(sequence.press("h", shortcuts, 20), shortcuts[1]);
});
