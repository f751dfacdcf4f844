// Times in words: no document needed.
import { t } from "./strings.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Where and in which language a time is read. */
export interface Place {
  locale: string;
  timeZone?: string | undefined;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(at: number, place: Place, options: Intl.DateTimeFormatOptions): string {
  const id = JSON.stringify([place, options]);
  let made = formats.get(id);
  if (!made) {
    const zone = place.timeZone ? { timeZone: place.timeZone } : {};
    made = new Intl.DateTimeFormat(place.locale, { ...options, ...zone });
    formats.set(id, made);
  }
  return made.format(at);
}

/** The calendar day at a place, as a sortable text. */
function day(at: number, place: Place): string {
  return format(at, { ...place, locale: "sv-SE" }, { year: "numeric", month: "2-digit", day: "2-digit" });
}

/** `12 s ago`, `5 min ago`, `3 h ago`, `in 2 h`; after 24 hours `Yesterday 17:20`, then `18 Nov`, with the year when it is another. */
export function relative(at: number, now: number, place: Place): string {
  const gap = Math.abs(now - at);
  if (gap < SECOND) return t("now");
  if (gap < DAY) return t(at <= now ? "ago" : "ahead", { t: length(gap) });
  const clock = () => format(at, place, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  if (day(at, place) === day(now - DAY, place)) return `${t("yesterday")} ${clock()}`;
  if (day(at, place) === day(now + DAY, place)) return `${t("tomorrow")} ${clock()}`;
  const sameYear = day(at, place).slice(0, 4) === day(now, place).slice(0, 4);
  return format(at, place, { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) });
}

function length(gap: number): string {
  if (gap < MINUTE) return `${Math.floor(gap / SECOND)} s`;
  if (gap < HOUR) return `${Math.floor(gap / MINUTE)} min`;
  return `${Math.floor(gap / HOUR)} h`;
}

/** The exact time, for a title. */
export function exact(at: number, place: Place): string {
  return format(at, place, { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" });
}

/** Milliseconds until the words of `relative` can change. */
export function patience(at: number, now: number): number {
  const gap = Math.abs(now - at);
  if (gap < MINUTE) return SECOND;
  if (gap < HOUR) return 15 * SECOND;
  return 5 * MINUTE;
}

/** Time left: `2 d 3 h`, `23 h 40 min`, `40 min`, `9 min 12 s`, `40 s`, `0 s`. */
export function left(until: number, now: number): string {
  const gap = Math.max(0, Math.ceil((until - now) / SECOND) * SECOND);
  const days = Math.floor(gap / DAY);
  const hours = Math.floor((gap % DAY) / HOUR);
  const minutes = Math.floor((gap % HOUR) / MINUTE);
  const seconds = Math.floor((gap % MINUTE) / SECOND);
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  if (minutes >= 10) return `${minutes} min`;
  if (minutes) return `${minutes} min ${seconds} s`;
  return `${seconds} s`;
}
