// Puts the listed Lucide icons and our own glyphs into one sprite of symbols.
import { readFile } from "node:fs/promises";

const here = new URL(".", import.meta.url);
const lucide = new URL("../node_modules/lucide-static/icons/", import.meta.url);

/** The names in icons.txt, in order. */
export async function iconNames() {
  const text = await readFile(new URL("icons.txt", here), "utf8");
  return text.split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
}

/** One Lucide icon as a symbol; stroke and size come from the class `ico` where it is used. */
async function symbol(name) {
  const svg = await readFile(new URL(`${name}.svg`, lucide), "utf8").catch(() => {
    throw new Error(`icons.txt names ${name}, which lucide-static does not have`);
  });
  const body = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(svg);
  if (!body) throw new Error(`${name}.svg has no drawing`);
  return `<symbol id="${name}" viewBox="0 0 24 24">${squeeze(body[1])}</symbol>`;
}

/** Removes the white space between elements. */
const squeeze = (text) => text.replace(/<!--[\s\S]*?-->/g, "").replace(/\s*\n\s*/g, "").replace(/ \/>/g, "/>").trim();

/** The whole sprite. */
export async function sprite() {
  const names = await iconNames();
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  if (twice.length) throw new Error(`icons.txt names twice: ${twice.join(", ")}`);
  const symbols = await Promise.all(names.map(symbol));
  const glyphs = squeeze(/<svg[^>]*>([\s\S]*)<\/svg>/.exec(await readFile(new URL("glyphs.svg", here), "utf8"))[1]);
  const licence = "<!-- Icons: Lucide, ISC licence, copyright Lucide Icons and Contributors; some from Feather, MIT licence, copyright Cole Bemis -->";
  return `<svg xmlns="http://www.w3.org/2000/svg">${licence}${symbols.join("")}${glyphs}</svg>\n`;
}
