import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Advisor, Answer, AnswerEvent, AskRequest } from "@advisor/core";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../server/app.ts";
import { openHandbook } from "../server/handbook.ts";
import { type Listening, listen } from "../server/listen.ts";
import { readPageFiles } from "../server/page-files.ts";
import { principalOf } from "../server/roles.ts";
import { setupView } from "../server/setup.ts";
import type { RoleId } from "../shared/roles.ts";
import { ARMS, type Arm } from "../shared/wire.ts";
import { findChromium } from "../testing/find-chromium.ts";

/** What the advisor said to one question, by arm: the page must show this and nothing else. */
interface Recorded {
  readonly pieces: Partial<Record<Arm, string[]>>;
  readonly answers: Partial<Record<Arm, Answer>>;
}
let recorded: Recorded = { pieces: {}, answers: {} };
let lastSignal: AbortSignal | undefined;
/** Answers wait for this. */
let gate: Promise<void> = Promise.resolve();

async function* record(events: AsyncIterable<AnswerEvent>, request: string | AskRequest) {
  if (typeof request === "string") throw new Error("The server names the arm and the principal.");
  const into = recorded;
  const arm = request.mode as Arm;
  lastSignal = request.signal;
  await gate;
  for await (const event of events) {
    if (event.type === "answer") into.answers[arm] = event.answer;
    if (event.type === "text") into.pieces[arm] = [...(into.pieces[arm] ?? []), event.text];
    yield event;
  }
}

/** Open to every employee, and open to HR alone. */
const OPEN_QUESTION = "How many days of paid leave do employees in Norway have?";
const CLOSED_QUESTION = "What's the most a senior engineer can earn here?";
const CLOSED_PAGE = "hr/salary-bands.md";

const found = findChromium();
const leftOut = found.path === undefined && !found.mustBeThere;
// The reporter shows a test that is left out, but not why.
if (leftOut) console.warn(`The page is not tested in a browser: ${found.reason}.`);

describe.skipIf(leftOut)("the page in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "advisor-demo-"));
  /** Addresses the browser asked for, and whatever it complained about. */
  const requests: string[] = [];
  const complaints: string[] = [];
  let advisor: Advisor;
  let listening: Listening;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    if (found.path === undefined) throw new Error(found.reason);
    const pageFolder = join(folder, "page");
    const root = fileURLToPath(new URL("../..", import.meta.url));
    await build({
      root,
      configFile: join(root, "vite.config.ts"),
      logLevel: "warn",
      build: { outDir: pageFolder, emptyOutDir: true },
    });
    const store = join(folder, "store");
    const signal = new AbortController().signal;
    ({ advisor } = await openHandbook({ store, signal, onProgress: () => undefined }));
    let port = 0;
    const app = createApp({
      advisor: { ...advisor, stream: (request) => record(advisor.stream(request), request) },
      setup: setupView(await advisor.status()),
      page: readPageFiles(pageFolder),
      port: () => port,
    });
    listening = await listen((request) => app.fetch(request), 0);
    port = listening.port;

    browser = await chromium.launch({
      executablePath: found.path,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
    });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    await page.goto(listening.url);
  });

  afterAll(async () => {
    await browser?.close();
    await listening?.close();
    await advisor?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Does what starts a question, waits for its end, and returns what the advisor said. */
  async function answersTo(start: () => Promise<void>): Promise<Recorded> {
    recorded = { pieces: {}, answers: {} };
    await Promise.all([page.waitForRequest(/\/api\/ask$/), start()]);
    const over = () => page.locator('.arm[data-phase="answered"], .arm[data-phase="failed"]').count();
    await expect.poll(over, { timeout: 60_000 }).toBe(ARMS.length);
    await page.getByRole("button", { name: "Ask", exact: true }).waitFor();
    return recorded;
  }

  async function ask(question: string): Promise<Recorded> {
    await page.getByLabel("Your question to the handbook").fill(question);
    return answersTo(() => page.keyboard.press("Enter"));
  }

  /** A chip shows its number without the brackets; a number that is no citation stays as the model wrote it. */
  const shownText = ({ text, citations }: Answer) =>
    text.replace(/\[(\d+)\]/g, (mark, n) => (citations.some((one) => one.n === Number(n)) ? n : mark));
  const choose = (label: string) => page.getByRole("radio", { name: label }).check({ force: true });
  const column = (arm: Arm) => page.locator(`.arm.${arm}`);
  const answerOf = ({ answers }: Recorded, arm: Arm) => {
    const answer = answers[arm];
    if (!answer) throw new Error(`The arm ${arm} did not answer.`);
    return answer;
  };
  const idOf = async (uri: string, role: RoleId) => {
    const { passages } = await advisor.search(CLOSED_QUESTION, { principal: principalOf(role), topK: 20 });
    return passages.find((passage) => passage.uri === uri)?.documentId;
  };

  it("says what it is before anything is asked", async () => {
    await page.getByRole("heading", { name: "One question, four arms" }).waitFor();
    for (const arm of ARMS) await column(arm).getByRole("heading").first().waitFor();
    await page.getByRole("heading", { name: /^Employee may read \d+ of \d+ pages$/ }).waitFor();
    expect(await page.getByRole("button", { name: "Ask", exact: true }).isEnabled()).toBe(true);
  });

  it("shows the four arms' answers as they were streamed, with timings", async () => {
    const said = await ask(OPEN_QUESTION);
    for (const arm of ARMS) {
      const answer = answerOf(said, arm);
      // A chosen sentence may come in one piece; what is written freely does not.
      expect(said.pieces[arm]?.length).toBeGreaterThan(arm === "base" || arm === "adapter" ? 1 : 0);
      expect(said.pieces[arm]?.join("").trim()).toBe(answer.text.trim());
      await expect.poll(() => column(arm).getAttribute("data-phase")).toBe("answered");
      const shown = await column(arm).locator(".timings").textContent();
      expect(await column(arm).locator(".answer-text").textContent()).toBe(shownText(answer));
      expect(shown).toContain(`${answer.timings.promptTokens.toLocaleString("en")}`);
      expect(shown).toMatch(/Total[\d,.]+ m?s$/);
    }
    for (const arm of ["retrieval", "hybrid"] as const) {
      expect(await column(arm).locator(".quoted").first().textContent()).toContain("27 working days");
    }
    for (const arm of ["base", "adapter"] as const) {
      expect(await column(arm).locator(".chip, .citation, .quoted").count()).toBe(0);
    }
    expect(answerOf(said, "hybrid").text).not.toBe(answerOf(said, "retrieval").text);
  });

  it("opens a citation's page with exactly the quote marked, and gives the focus back", async () => {
    const [citation] = answerOf(recorded, "hybrid").citations;
    if (citation?.documentId === undefined) throw new Error("The hybrid arm cites no document.");
    const chip = column("hybrid").locator("button.chip").first();
    expect(await chip.getAttribute("aria-label")).toContain("verified");
    await chip.click();

    const dialog = page.getByRole("dialog");
    const mark = dialog.locator("mark");
    await mark.waitFor();
    const document = await advisor.document(citation.documentId, {
      principal: principalOf("employee"),
    });
    expect(await dialog.locator(".source-text").textContent()).toBe(document?.text);
    expect(await mark.textContent()).toBe(citation.quote);
    expect(document?.text.slice(citation.start, citation.end)).toBe(citation.quote);
    expect(await dialog.textContent()).toContain("May be read by employee");
    const [box, frame] = [await mark.boundingBox(), await dialog.boundingBox()];
    expect(box && frame && box.y >= frame.y && box.y + box.height <= frame.y + frame.height).toBe(true);

    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(await page.evaluate("document.activeElement.matches('.arm.hybrid button.chip')")).toBe(true);
  });

  it("answers a role that may read the page, and refuses one that may not", async () => {
    const refused = await ask(CLOSED_QUESTION);
    for (const arm of ["retrieval", "hybrid"] as const) {
      expect(answerOf(refused, arm)).toMatchObject({ refused: true, citations: [] });
      await column(arm).locator(".refusal").waitFor();
      expect(await column(arm).locator(".phase").textContent()).toBe("refused");
      expect(await column(arm).locator("button.chip").count()).toBe(0);
    }
    expect(JSON.stringify(refused)).not.toContain(CLOSED_PAGE);
    const pages = await page.locator(".shelf h2").textContent();

    const told = await answersTo(() => choose("HR"));
    for (const arm of ["retrieval", "hybrid"] as const) {
      expect(answerOf(told, arm).citations[0]?.uri).toBe(CLOSED_PAGE);
      expect(await column(arm).locator(".refusal").count()).toBe(0);
      expect(await column(arm).locator("button.chip").count()).toBe(1);
    }
    expect(await page.locator(".effect").textContent()).toMatch(
      /HR is answered from .* Employee is told that/s,
    );
    expect(await page.locator(".shelf h2").textContent()).not.toBe(pages);
  });

  it("does not open a page to a role that may not read it", async () => {
    const id = await idOf(CLOSED_PAGE, "hr");
    expect(id).toBeDefined();
    expect(await idOf(CLOSED_PAGE, "employee")).toBeUndefined();
    const status = (role: RoleId) =>
      page.evaluate(`fetch("/api/source/${id}?role=${role}").then((response) => response.status)`);
    expect(await status("hr")).toBe(200);
    expect(await status("employee")).toBe(404);
    // The browser tells of that 404 by itself.
    expect(complaints.splice(0).join("\n")).toMatch(/^[^\n]*404[^\n]*$/);
  });

  it("stops when it is told to, on the server too", async () => {
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    try {
      await page.getByLabel("Your question to the handbook").fill(OPEN_QUESTION);
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Stop" }).click();
      await expect.poll(() => page.locator('.arm[data-phase="stopped"]').count()).toBe(ARMS.length);
      await expect.poll(() => lastSignal?.aborted).toBe(true);
    } finally {
      open();
    }
  });

  it("works by keyboard, and stacks on a narrow screen without scrolling sideways", async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    const tops = await Promise.all(ARMS.map(async (arm) => (await column(arm).boundingBox())?.y ?? 0));
    expect(tops).toEqual([...tops].sort((a, b) => a - b));
    expect(new Set(tops).size).toBe(4);
    await page.getByRole("radio", { name: "HR" }).focus();
    const said = await answersTo(() => page.keyboard.press("ArrowRight"));
    expect(await page.getByRole("radio", { name: "Finance" }).isChecked()).toBe(true);
    expect(Object.keys(said.answers)).toEqual([...ARMS]);
  });

  it("has talked to its own server alone, and nothing went wrong on the way", () => {
    expect(requests.length).toBeGreaterThan(10);
    expect(requests.filter((url) => !url.startsWith(listening.url))).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
