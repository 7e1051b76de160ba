import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { fallenScores, installModel } from "./lib/install.mjs";
import { findPython, plan, withWholePaths } from "./run.mjs";

const recipe = fileURLToPath(new URL(".", import.meta.url));
const oneLine = (least: number, most: number) =>
  z
    .string()
    .min(least)
    .max(most)
    .regex(/^[^\n]*$/, "must be one line");
/** As data/README.md lays it down. */
const writtenSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
  title: oneLine(1, 120),
  sentences: z.array(oneLine(10, 400)).min(2).max(14),
  questions: z
    .array(
      z.strictObject({
        q: oneLine(8, 250),
        sentence: z.number().int().min(0),
        answer: z.string().min(1),
        standalone: z.boolean().optional(),
      }),
    )
    .min(1)
    .max(20),
  unanswerable: z.array(oneLine(8, 250)).max(10),
  kind: z.string().regex(/^[a-z]+$/),
  source: oneLine(1, 120).optional(),
  licence: z.string().min(1),
});

async function readRows(folder: string) {
  const rows: { where: string; row: unknown }[] = [];
  for (const file of (await readdir(folder).catch(() => []))
    .filter((name) => name.endsWith(".jsonl"))
    .sort()) {
    const lines = (await readFile(join(folder, file), "utf8")).split("\n");
    for (const [index, line] of lines.entries())
      if (line.trim() !== "") rows.push({ where: `${file}:${index + 1}`, row: JSON.parse(line) });
  }
  return rows;
}

describe("the questions written for training", () => {
  const folder = join(recipe, "data/questions");

  it("keep to the schema, with answers that stand in their sentences and ids of their own", async () => {
    const seen = new Set<string>();
    for (const { where, row } of await readRows(folder)) {
      const parsed = writtenSchema.safeParse(row);
      expect(parsed.error?.message, where).toBeUndefined();
      if (!parsed.success) continue;
      expect(seen.has(parsed.data.id), `${where}: id ${parsed.data.id} stands twice`).toBe(false);
      seen.add(parsed.data.id);
      for (const { q, sentence, answer } of parsed.data.questions)
        expect(parsed.data.sentences[sentence] ?? "", `${where}: ${q}`).toContain(answer);
    }
  });

  it("hold nothing of the handbook's questions", async () => {
    const examples = join(recipe, "../../../examples");
    const asked = new Set<string>();
    for (const { row } of await readRows(examples)) {
      const { question, sentence } = row as { question: string; sentence?: string };
      asked.add(question.toLowerCase());
      if (sentence) asked.add(sentence.toLowerCase());
    }
    expect(asked.size).toBeGreaterThan(50);
    for (const { where, row } of await readRows(folder)) {
      const { sentences, questions, unanswerable } = writtenSchema.parse(row);
      for (const text of [...sentences, ...unanswerable, ...questions.map(({ q }) => q)])
        expect(asked.has(text.toLowerCase()), `${where}: ${text}`).toBe(false);
    }
  });

  it("are described field by field in the README, whose example keeps to the schema", async () => {
    const readme = await readFile(join(recipe, "data/README.md"), "utf8");
    for (const field of [...Object.keys(writtenSchema.shape), "q", "sentence", "answer"])
      expect(readme).toContain(`\`${field}\``);
    const example = /```json\n(.+?)\n```/s.exec(readme)?.[1] ?? "";
    expect(writtenSchema.safeParse(JSON.parse(example)).error).toBeUndefined();
  });
});

describe("installing a rebuilt model", () => {
  let folder: string;
  const card = { kind: "chat", name: "nano-base", file: "new.gguf" };
  const scores = (right: number) => ({ headline: { right, refuses: 0.8 } });
  const install = (rebuilt: unknown, force?: boolean) =>
    installModel({
      models: folder,
      card,
      files: [[join(folder, "made"), "new.gguf"]],
      scores: rebuilt,
      force,
    });
  const shipped = async () => JSON.parse(await readFile(join(folder, "nano-base.scores.json"), "utf8"));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "nano-install-"));
    await writeFile(join(folder, "made"), "weights");
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("writes weights, a card with their hash, and the scores", async () => {
    await install(scores(0.5));
    expect(await readFile(join(folder, "new.gguf"), "utf8")).toBe("weights");
    const written = JSON.parse(await readFile(join(folder, "nano-base.card.json"), "utf8"));
    expect(written).toMatchObject({ bytes: 7, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await shipped()).toEqual(scores(0.5));
  });

  it("hashes what stands beside the weights, by its name in the model's folder", async () => {
    await writeFile(join(folder, "words"), "tokens");
    await installModel({
      models: folder,
      card: { ...card, file: "nano-base" },
      files: [
        [join(folder, "made"), "nano-base/onnx/model.onnx"],
        [join(folder, "words"), "nano-base/tokenizer.json"],
      ],
      scores: scores(0.5),
    });
    const written = JSON.parse(await readFile(join(folder, "nano-base.card.json"), "utf8"));
    expect(written.files).toEqual({ "tokenizer.json": expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it("refuses one that scores lower, names the score, and leaves the folder as it was", async () => {
    await install(scores(0.5));
    await writeFile(join(folder, "made"), "worse");
    await expect(install(scores(0.4))).rejects.toThrow(/right: shipped 0.5, rebuilt 0.4[\s\S]*--force/);
    expect(await readFile(join(folder, "new.gguf"), "utf8")).toBe("weights");
    expect(await shipped()).toEqual(scores(0.5));
  });

  it("installs it when told to, and one that scores the same without", async () => {
    await install(scores(0.5));
    await install(scores(0.5));
    await install(scores(0.4), true);
    expect(await shipped()).toEqual(scores(0.4));
  });

  it("takes a score that nobody measured for a fallen one", () => {
    expect(fallenScores({ right: 0.5 }, {})).toEqual([{ metric: "right", shipped: 0.5, rebuilt: null }]);
    expect(fallenScores({ right: 0.5 }, { right: Number.NaN })).toHaveLength(1);
    expect(fallenScores({}, { right: 0.1 })).toEqual([]);
  });
});

describe("npm run recipe", () => {
  it("trains, then scores, in one folder", () => {
    const [train, score] = plan("base", ["--minutes", "17", "--work", "/tmp/x", "--install"]);
    expect(train).toEqual(["python3", ["-m", "base.train", "--minutes", "17", "--work", "/tmp/x"]]);
    expect(score?.[1].slice(1)).toEqual(["--work", "/tmp/x", "--install"]);
  });

  it("takes paths from where it was called", () => {
    expect(withWholePaths(["--work", "out", "--steps", "3", "--corpus", "/a"], "/here")).toEqual([
      "--work",
      "/here/out",
      "--steps",
      "3",
      "--corpus",
      "/a",
    ]);
  });

  it("never installs a smoke run, which has a folder of its own", () => {
    const [train, score] = plan("adapter", ["triage-json", "--smoke", "--install", "--force"]);
    expect(train?.[1]).toContain("/tmp/nano-recipe/triage-json-smoke");
    expect(score?.[1]).not.toContain("--install");
  });

  it("says what it knows when asked for something else", () => {
    expect(() => plan("adapter", ["pirate"])).toThrow(/support-voice, triage-json, refuse-scope/);
    expect(() => plan("bigger", [])).toThrow(/no recipe/);
  });
});

const python = findPython();
describe.skipIf(!python)(
  `the recipe's Python${python ? "" : " (skipped: no Python with PyTorch and NumPy here)"}`,
  () => {
    it("passes its unit tests", { timeout: 180_000 }, () => {
      const ran = spawnSync(python ?? "", ["-m", "unittest", "discover", "-s", "tests", "-t", "."], {
        cwd: recipe,
        encoding: "utf8",
        env: { ...process.env, OMP_NUM_THREADS: "1" },
      });
      expect(ran.stderr).toContain("OK");
      expect(ran.status).toBe(0);
    });
  },
);
