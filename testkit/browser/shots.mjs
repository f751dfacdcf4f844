// Takes the pictures of the documentation: the credential steps in the local Intercom, and the contact page for the README.
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import UPNG from "upng-js";
import { background, freePort, until, world } from "./lib/atlas.mjs";
import { all, contactOf, good, timeline } from "./lib/api.mjs";
import { launch, signIn } from "./lib/browser.mjs";
import { connect } from "./lib/pages.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const guide = join(root, "modules/docs/shots");
const LIMITS = { guide: 80_000, readme: 250_000 };
const HOST = "https://atlas.example.com";
const SCOPES = ["Read and list users and companies", "Write users and companies", "Read conversations", "Read admins"];

/** The five pictures of "Get your credentials". */
async function credentialSteps(browser) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  // A secret that is visibly not one: the picture goes into the documentation.
  const secret = "0".repeat(8) + "-not-a-real-secret";
  const sandbox = await background(["sandbox", "intercom", "--listen", `127.0.0.1:${port}`, "--contacts", "5", "--companies", "1", "--conversations", "2", "--client-id", "example-client-id", "--client-secret", secret], url);
  const context = await browser.newContext({ viewport: { width: 1200, height: 720 }, deviceScaleFactor: 1, colorScheme: "light" });
  const page = await context.newPage();
  const take = (name) => picture(page, join(guide, `intercom-${name}.png`));

  await page.goto(`${url}/hub/apps/new`);
  await page.getByLabel("App name").fill("Atlas Connector");
  await take("new-app");
  await page.getByRole("button", { name: "Create app" }).click();

  await page.goto(`${url}/hub/app/authentication`);
  await page.getByLabel("Redirect URL", { exact: true }).fill(`${HOST}/oauth/callback/intercom`);
  await take("redirect-url");
  await page.getByRole("button", { name: "Add redirect URL" }).click();

  for (const box of await page.getByRole("checkbox").all()) await box.uncheck();
  for (const scope of SCOPES) await page.getByRole("checkbox", { name: scope }).check();
  await page.getByRole("heading", { name: "Permissions" }).evaluate((heading) => window.scrollTo(0, heading.getBoundingClientRect().top + window.scrollY - 40));
  await take("scopes");
  await page.getByRole("button", { name: "Save scopes" }).click();

  await page.goto(`${url}/hub/app/basic`);
  await take("basic-information");
  await page.goto(`${url}/hub`);
  await take("developer-hub");
  await context.close();
  await sandbox.end();
}

/** A picture of the window, small enough to live in the repository. */
async function picture(page, path, limit = LIMITS.guide) {
  mkdirSync(dirname(path), { recursive: true });
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.activeElement?.blur());
  const taken = UPNG.decode(await page.screenshot({ animations: "disabled" }));
  // Screens have few colours: a palette of 256 halves the file and nobody sees it.
  writeFileSync(path, Buffer.from(UPNG.encode(UPNG.toRGBA8(taken), taken.width, taken.height, 256)));
  const { size } = statSync(path);
  console.log(`${path.slice(root.length + 1)}: ${(size / 1000).toFixed(1)} kB`);
  if (size > limit) throw new Error(`${path} is over ${limit / 1000} kB`);
}

/** The README's picture: a customer with chats, notes, deals and tasks on one timeline. */
async function contactPage(browser) {
  const w = await world({ seed: true, email: "maren@harbourlane.example", sandbox: { contacts: 40, companies: 10, conversations: 60 } });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1, colorScheme: "light" });
  const page = await context.newPage();
  await signIn(page, w.url, w.email);
  await connect(page, w);
  const contact = await story(w);
  await page.goto(w.url + contact.url);
  await page.waitForSelector("html[data-ui-ready]");
  await page.evaluate(() => document.fonts.ready);
  await picture(page, join(root, "docs/screenshot.png"), LIMITS.readme);
  await context.close();
  await w.end();
}

/** What both sides wrote to and about one customer; the provider's times have whole seconds, so it takes a few. */
async function story(w) {
  const company = await good(w.sandbox("POST", "/_sandbox/companies", { name: "Harbour & Vale", company_id: "harbour-vale" }));
  const person = await good(w.sandbox("POST", "/_sandbox/contacts", { name: "Ada Lindqvist", email: "ada@harbourvale.example", phone: "+353861234567", companies: [company.id] }));
  const contact = await contactOf(w, person.id);
  await good(w.api("PATCH", `/v1/contacts/${contact.id}`, { role: "Head of operations", location: "Cork", tags: ["Renewal"] }));
  const theirs = await good(w.api("GET", `/v1/contacts/${contact.id}`));
  const [pipeline] = (await good(w.api("GET", "/v1/pipelines"))).data;
  const deal = await good(w.api("POST", "/v1/deals", { title: "Renewal 2027", value: { amount: 4_200_000, currency: "EUR" }, contactId: contact.id, companyId: theirs.companyId }));
  await good(w.api("PATCH", `/v1/deals/${deal.id}`, { stageId: pipeline.stages[2].id, value: { amount: 4_800_000, currency: "EUR" } }));
  const second = () => new Promise((resolve) => setTimeout(resolve, 1_100));
  await second();
  const talk = await good(w.sandbox("POST", "/_sandbox/conversations", { contactId: person.id, body: "<p>Before we sign the renewal: which response times does the new SLA promise at weekends?</p>" }));
  await second();
  const say = (as, body) => good(w.sandbox("POST", `/_sandbox/conversations/${talk.id}/reply`, { as, body }));
  await say("admin", "<p>Two hours, day and night. I will send the wording tomorrow.</p>");
  await second();
  await say("user", "<p>That helps, thank you. Our board meets on Wednesday.</p>");
  await second();
  await good(w.sandbox("POST", `/_sandbox/conversations/${talk.id}/note`, { body: "/task Send the SLA tomorrow @me !high" }));
  await until(async () => (await all(w, `/v1/tasks?link=${contact.id}`)).length > 0, "the note makes no task");
  await second();
  await good(w.api("POST", "/v1/notes", { subject: contact.id, body: "Board meets on Wednesday; **wants the SLA before that**." }));
  await until(async () => (await timeline(w, contact.id, "chat")).length >= 4, "the conversation does not arrive");
  return theirs;
}

const browser = await launch();
const wanted = process.argv.slice(2);
if (wanted.length === 0 || wanted.includes("guide")) await credentialSteps(browser);
if (wanted.length === 0 || wanted.includes("readme")) await contactPage(browser);
await browser.close();
process.exit(0);
