// The shipped ES module has no declarations beside it; htmx.d.ts describes the same object.
declare module "htmx.org/dist/htmx.esm.js" {
  import type { Htmx } from "htmx.org/dist/htmx";
  const htmx: Htmx & {
    registerExtension(name: string, extension: Record<string, unknown>): unknown;
  };
  export default htmx;
}
