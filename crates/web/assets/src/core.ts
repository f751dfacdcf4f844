// The script of every page: htmx and the modules that any page can need.
import { ajax, htmx, send } from "./lib/htmx.ts";
import { announce, emit, onContent, watchContent } from "./lib/page.ts";
import { t } from "./lib/strings.ts";
import * as combobox from "./combobox.ts";
import * as copy from "./copy.ts";
import * as countdown from "./countdown.ts";
import * as dialog from "./dialog.ts";
import * as forms from "./forms.ts";
import * as inlineEdit from "./inline-edit.ts";
import * as keys from "./keys.ts";
import * as list from "./list.ts";
import * as live from "./live.ts";
import * as menu from "./menu.ts";
import * as palette from "./palette.ts";
import * as panel from "./panel.ts";
import * as quickAdd from "./quick-add.ts";
import * as relativeTime from "./relative-time.ts";
import * as timeZone from "./time-zone.ts";
import * as theme from "./theme.ts";
import * as toast from "./toast.ts";
import * as toc from "./toc.ts";

/** What page modules may use of the core. */
const atlas = { ajax, announce, emit, htmx, onContent, onKeys: keys.onKeys, openAt: menu.openAt, send, t, toast: toast.toast };

export type Atlas = typeof atlas;

declare global {
  interface Window {
    atlas?: Atlas;
  }
}

if (!window.atlas) {
  window.atlas = atlas;
  watchContent();
  // Order matters where two modules know the same key: the first that uses it wins.
  for (const module of [menu, combobox, dialog, toast, palette, keys, list, panel, inlineEdit, forms, copy, theme, quickAdd, relativeTime, countdown, timeZone, toc, live]) {
    module.start();
  }
  document.documentElement.setAttribute("data-ui-ready", "");
}
