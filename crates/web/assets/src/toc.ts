// Contents list: marks the heading that is being read.
import { all, onContent } from "./lib/page.ts";

let links: { link: HTMLElement; heading: HTMLElement }[] = [];
let drawn = 0;

function collect(): void {
  links = all<HTMLAnchorElement>("nav.toc a[href^='#']").flatMap((link) => {
    const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    return heading ? [{ link, heading }] : [];
  });
}

/** How far below the top of the window a heading still counts as being read, in pixels. */
const LINE = 120;

/** The last heading above the line; at the end of the page, the last one. */
function draw(): void {
  drawn = 0;
  const atEnd = Math.ceil(scrollY + innerHeight) >= document.documentElement.scrollHeight && scrollY > 0;
  const passed = links.filter(({ heading }) => heading.getBoundingClientRect().top <= LINE);
  const current = atEnd ? links.at(-1) : (passed.at(-1) ?? links[0]);
  for (const { link } of links) {
    if (link === current?.link) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

const later = () => (drawn ||= requestAnimationFrame(draw));

export function start(): void {
  onContent(() => {
    collect();
    if (links.length) later();
  });
  const moved = () => void (links.length && later());
  addEventListener("scroll", moved, { passive: true });
  addEventListener("resize", moved, { passive: true });
}
