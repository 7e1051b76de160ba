import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";

const here = fileURLToPath(new URL(".", import.meta.url));
const before = process.cwd();
let folder = "";

// The examples name their files from the working directory, as a reader's own program would.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "advisor-examples-"));
  await cp(join(here, "handbook"), join(folder, "handbook"), { recursive: true });
  process.chdir(folder);
});

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(async () => {
  process.chdir(before);
  await rm(folder, { recursive: true, force: true });
});

/** Runs an example from its first line to its last and returns what it printed. */
async function run(load: () => Promise<unknown>): Promise<string> {
  let printed = "";
  vi.spyOn(console, "log").mockImplementation((line: unknown) => {
    printed += `${line}\n`;
  });
  vi.spyOn(process.stdout, "write").mockImplementation((piece) => {
    printed += String(piece);
    return true;
  });
  await load();
  return printed;
}

describe("examples", () => {
  it("first-answer: a sentence of the handbook and where it stands", async () => {
    const printed = await run(() => import("./first-answer.ts"));
    const sentence = "Employees in Norway have 27 working days of paid leave a year.";
    expect(printed).toMatch(
      new RegExp(`^${sentence} \\[(\\d)\\]\n\\[\\1\\] hr/leave-norway.md: ${sentence}\n$`),
    );
  });

  it("roles: one question, three people, one answer", async () => {
    const lines = (await run(() => import("./roles.ts"))).trim().split("\n");
    expect(lines).toEqual([
      "employee: The sources do not answer this.",
      "head of people: Band B5 pays up to 1,150,000 kroner. [1]",
      "someone of another company: The sources do not answer this.",
    ]);
  });

  it("adapter: the four arms, and another adapter", async () => {
    const printed = await run(() => import("./adapter.ts"));
    const arms = new Map(
      [...printed.matchAll(/^(\w+) \(\d+ ms\): (.*(?:\n(?!\w+ \().*)*)/gm)].map((m) => [m[1], m[2]]),
    );
    expect([...arms.keys()]).toEqual(["base", "retrieval", "adapter", "hybrid"]);
    const sentence = "Employees in Norway have 27 working days of paid leave a year. [";
    expect(arms.get("retrieval")).toContain(sentence);
    expect(arms.get("hybrid")).toContain(sentence);
    expect(arms.get("hybrid")).not.toBe(arms.get("retrieval"));
    expect(arms.get("adapter")).not.toBe(arms.get("base"));
    expect(printed).toMatch(/triage-json: \{.*"answer":"Employees in Norway have 27 working days/);
  });

  it("streaming: passages, text, answer", async () => {
    const printed = await run(() => import("./streaming.ts"));
    expect(printed).toMatch(
      /^found: hr\/leave-norway\.md.*\nCarried days lapse on 30 June\. \[1\]\nfirst token after \d+ ms, 1 citation/,
    );
  });

  it("json-output: a value of the schema", async () => {
    expect(await run(() => import("./json-output.ts"))).toMatch(
      /^area: (?:leave|expenses|security), urgent: (?:true|false)\n$/,
    );
  });

  it("search-tool: what a model sees, and its answer checked", async () => {
    const lines = (await run(() => import("./search-tool.ts"))).trim().split("\n");
    expect(lines[0]).toBe("handbook takes query, topK");
    expect(lines[1]).toMatch(/^\[1\] hr\/leave-norway\.md: /);
    expect(lines.at(-2)).toBe("principal refused");
    expect(lines.at(-1)).toBe("[1] verified: Employees in Norway have 27 working days of paid leave a year.");
  });

  it("as-of: the page of then, under the rules of now", async () => {
    expect(await run(() => import("./as-of.ts"))).toBe(
      "now: Everyone has 27 days of leave. [1] (the present version)\n" +
        "then: Everyone has 25 days of leave. [1] (a former version)\n",
    );
  });

  it("embedding-cache: a second store embeds nothing", async () => {
    expect(await run(() => import("./embedding-cache.ts"))).toBe(
      ".advisor-first: some texts embedded\n.advisor-second: no texts embedded\n",
    );
  });

  it("own-embedder: finds misspelt words", async () => {
    expect(await run(() => import("./own-embedder.ts"))).toContain("support/calibration.md");
  });
});
