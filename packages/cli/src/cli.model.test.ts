import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { json, jsonLines, runCli } from "../test/run-cli.ts";

const core = await import("@advisor/core");
const models = fileURLToPath(new URL("../../nano/models/", import.meta.url));

const PAGES: Record<string, string> = {
  "docs/hr/leave.md":
    "---\nroles: [staff]\n---\n# Leave\n\nEvery employee gets 27 days of paid leave a year. Requests go to the team lead.\n\n" +
    "## Carrying over\n\nFive unused days may be carried over until 31 March of the next year.\n",
  "docs/hr/salary.md":
    "---\nroles: [hr]\n---\n# Salary bands\n\nThe band for senior engineers goes from 70,000 to 92,000 euros.\n",
  "docs/it/codes.txt":
    "Error E-4012 means that the licence has expired. Restart the agent after renewing it.\n",
};

let cwd: string;
const advisor = (...argv: string[]) => runCli(argv, { core, cwd });

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "advisor-cli-"));
  for (const [path, text] of Object.entries(PAGES)) {
    mkdirSync(join(cwd, path, ".."), { recursive: true });
    writeFileSync(join(cwd, path), text);
  }
  writeFileSync(join(cwd, "docs/latin.txt"), Buffer.from([0x63, 0x61, 0x66, 0xe9]));
  const synced = await advisor("sync", "docs", "--json", "--default-role", "staff");
  expect(synced.err).toBe("");
  expect(json(synced)).toMatchObject({
    changed: [],
    removed: [],
    unchanged: 0,
    skipped: [{ uri: "latin.txt" }],
  });
  expect((json(synced).added as string[]).toSorted()).toEqual([
    "hr/leave.md",
    "hr/salary.md",
    "it/codes.txt",
  ]);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

interface Cited {
  readonly uri: string;
  readonly quote: string;
  readonly start: number;
  readonly end: number;
  readonly verdict: string;
}

describe("on the embedded models", () => {
  it("finds an identifier in a page, at its offsets in the file", async () => {
    const [first] = json(await advisor("search", "--json", "E-4012")).passages as (Cited & {
      text: string;
    })[];
    expect(first).toMatchObject({ uri: "it/codes.txt" });
    expect(PAGES["docs/it/codes.txt"]?.slice(first?.start, first?.end)).toBe(first?.text);
  });

  it("answers with a citation that points at the sentence in the file", async () => {
    const ran = await advisor("ask", "--json", "How many days of paid leave does an employee get?");
    const answer = json(ran);
    expect(ran.code).toBe(0);
    expect(answer.refused).toBe(false);
    const [citation] = answer.citations as Cited[];
    expect(citation).toMatchObject({
      uri: "hr/leave.md",
      quote: "Every employee gets 27 days of paid leave a year.",
      verdict: "verified",
    });
    expect(PAGES["docs/hr/leave.md"]?.slice(citation?.start, citation?.end)).toBe(citation?.quote);
    expect(answer.timings).toMatchObject({ retrievalMs: expect.any(Number), totalMs: expect.any(Number) });
  });

  it("names file and line for people", async () => {
    const ran = await advisor("ask", "How many days of paid leave does an employee get?");
    expect(ran.out).toContain(
      "[1] hr/leave.md:6 › Leave\n    “Every employee gets 27 days of paid leave a year.”\n",
    );
    expect(ran.out).toContain("✓ verified");
  });

  it("shows a role nothing that is not its own", async () => {
    const question = "What is the salary band for senior engineers?";
    const uris = async (...role: string[]) =>
      (json(await advisor("search", "--json", "--top-k", "50", question, ...role)).passages as Cited[]).map(
        ({ uri }) => uri,
      );
    expect(await uris("--role", "hr")).toEqual(["hr/salary.md"]);
    expect(new Set(await uris("--role", "staff"))).toEqual(new Set(["hr/leave.md", "it/codes.txt"]));
    expect(new Set(await uris("--role", "hr,staff")).size).toBe(3);
    expect(await uris("--tenant", "other")).toEqual([]);
    const asked = await advisor("ask", "--json", "--role", "staff", question);
    expect(asked.out + asked.err).not.toMatch(/92,000|salary\.md/);
  });

  it("answers a batch in order, bad lines included, in one process", async () => {
    const questions = [
      '{"id":"a","question":"How many unused days may be carried over?"}',
      "nonsense",
      '{"id":"c","question":"What does E-4012 mean?","gold":"x"}',
    ];
    writeFileSync(join(cwd, "q.jsonl"), questions.join("\n"));
    const ran = await advisor("ask", "--batch", "q.jsonl");
    expect(ran.code).toBe(1);
    const [a, bad, c] = jsonLines(ran);
    expect(a).toMatchObject({ id: "a", citations: [{ uri: "hr/leave.md", verdict: "verified" }] });
    expect(bad).toMatchObject({ id: null, error: { line: 2 } });
    expect(c).toMatchObject({ id: "c", citations: [{ uri: "it/codes.txt" }] });
  });

  it("chats from a pipe", async () => {
    const ran = await runCli(["chat", "--json"], {
      core,
      cwd,
      stdin: "How many days of paid leave does an employee get?\n/role staff\nWhat does E-4012 mean?\n",
    });
    expect(ran.code).toBe(0);
    expect(jsonLines(ran)).toMatchObject([
      { citations: [{ uri: "hr/leave.md" }] },
      { citations: [{ uri: "it/codes.txt" }] },
    ]);
  });

  it("says that all is well here, with the network off", async () => {
    const ran = await advisor("doctor", "--json");
    expect(ran.code).toBe(0);
    const findings = json(ran).findings as { name: string; status: string; text: string }[];
    expect(findings.find(({ name }) => name === "network")).toMatchObject({ status: "ok" });
    expect(findings.find(({ name }) => name === "tenant")?.text).toMatch(/^default: 3 pages, /);
  });
});

describe("wrong use and failures", () => {
  it.each([
    [["sync", "no-such-folder"], 2, /no-such-folder/],
    [["search", "x", "--store", "no-such-store"], 1, /no-such-store: .*advisor sync FOLDER/],
    [["search", "x", "--role", "nobody"], 2, /--role nobody: .*hr, staff, administrator/],
    [["ask", "x", "--adapter", "no-such-adapter"], 2, /no-such-adapter/],
    [["ask", "x", "--mode", "base", "--grounding", "quoted"], 2, /quoted/],
    [["ask", "x", "--model", "no-such-model.gguf"], 2, /no-such-model\.gguf/],
    [["search", "x", "--embedder", "no-such-embedder"], 2, /no-such-embedder/],
    [["adapters", "add", "no-such-adapter.gguf", "--base", "nano"], 2, /no-such-adapter\.gguf/],
  ])("%j ends with %i", async (argv, code, message) => {
    const ran = await advisor(...argv);
    expect(ran.out).toBe("");
    expect(ran.err).toMatch(message);
    expect(ran.err).toMatch(/^error {2}[^\n]+\.\n$/m);
    expect(ran.code).toBe(code);
  });

  it("a question longer than a search takes ends with 2", async () => {
    const ran = await advisor("ask", "x".repeat(9000));
    expect(ran).toMatchObject({ code: 2, out: "" });
    expect(ran.err).toContain("question");
  });

  it("refuses hostile and truncated models without harm", async () => {
    const base = readdirSync(models).find((name) => name.endsWith(".gguf")) as string;
    const whole = readFileSync(join(models, base));
    const hostile: Record<string, Buffer> = {
      "empty.gguf": Buffer.alloc(0),
      "other.gguf": Buffer.from("PK\u0003\u0004 this is no model"),
      "truncated.gguf": whole.subarray(0, whole.length - 4096),
      "header.gguf": whole.subarray(0, 512),
      "counts.gguf": Buffer.concat([whole.subarray(0, 8), Buffer.alloc(16, 0xff), whole.subarray(24)]),
    };
    for (const [name, bytes] of Object.entries(hostile)) {
      writeFileSync(join(cwd, name), bytes);
      const ran = await advisor("ask", "x", "--mode", "base", "--model", name);
      expect(ran).toMatchObject({ code: 1, out: "" });
      expect(ran.err).toContain(name);
    }
  });
});

describe("an interrupted sync", () => {
  it("ends with 130, and the next one finishes it with nothing lost or doubled", async () => {
    const folder = join(cwd, "many");
    mkdirSync(folder);
    for (let page = 0; page < 40; page++) {
      writeFileSync(
        join(folder, `${page}.md`),
        `# Page ${page}\n\nWidget ${page} stands in hall ${page * 7}.\n`,
      );
    }
    let interrupt = () => {};
    const interrupting = {
      ...core,
      async createAdvisor(settings: Parameters<typeof core.createAdvisor>[0]) {
        const advisor = await core.createAdvisor(settings);
        const sync: typeof advisor.sync = (path, options = {}) =>
          advisor.sync(path, {
            ...options,
            onProgress: (progress) => {
              if (progress.unit === "files" && progress.done >= 5) interrupt();
            },
          });
        return { ...advisor, sync };
      },
    };
    const broken = await runCli(["sync", "many", "--store", "many-store"], {
      core: interrupting,
      cwd,
      onStart: (send) => {
        interrupt = send;
      },
    });
    expect(broken).toMatchObject({ code: 130, out: "" });
    expect(broken.err).toContain("run the same command again to finish");

    const report = json(await advisor("sync", "many", "--store", "many-store", "--json"));
    const added = (report.added as string[]).length;
    expect(added).toBeGreaterThan(0);
    expect(added + (report.unchanged as number)).toBe(40);
    const found = json(
      await advisor(
        "search",
        "--json",
        "--store",
        "many-store",
        "--top-k",
        "200",
        "which hall does the widget stand in",
      ),
    ).passages as Cited[];
    expect(found.map(({ uri }) => uri).toSorted()).toEqual(
      Array.from({ length: 40 }, (_, page) => `${page}.md`).toSorted(),
    );
  });
});

describe("adapters", () => {
  it("adds a manifest to an adapter, and loads it by the name it was given", async () => {
    const [file] = readdirSync(join(models, "adapters")).filter((name) => name.endsWith(".gguf"));
    copyFileSync(join(models, "adapters", file as string), join(cwd, "voice.gguf"));
    const unmanifested = await advisor("adapters", "--adapters", "voice.gguf");
    expect(unmanifested.code).toBe(1);
    expect(unmanifested.err).toContain("advisor adapters add");

    const added = await advisor("adapters", "add", "voice.gguf", "--base", "nano", "--name", "my-voice");
    expect(added).toMatchObject({ code: 0, err: "" });
    const listed = json(await advisor("adapters", "--adapters", "voice.gguf", "--json"));
    expect((listed.adapters as { name: string }[]).map(({ name }) => name)).toContain("my-voice");
    const shown = await advisor("adapters", "show", "my-voice", "--adapters", "voice.gguf");
    expect(shown.out).toMatch(/^my-voice\n/);

    const again = await advisor("adapters", "add", "voice.gguf", "--base", "nano");
    expect(again.code).toBe(1);
    expect(again.err).toContain("manifest");
    expect((await advisor("adapters", "add", "voice.gguf", "--base", "nano", "--replace")).code).toBe(0);
  });
});
