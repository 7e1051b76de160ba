import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { BadInputError } from "@advisor/contracts";
import { describe, expect, it } from "vitest";
import { answer, document, type FakeCore, fakeCore, status } from "../../test/fake-advisor.ts";
import { inFolder, json, type RunOptions, runCli } from "../../test/run-cli.ts";

function runStored(argv: readonly string[], core: FakeCore, options: RunOptions = {}) {
  return inFolder((cwd) => {
    mkdirSync(join(cwd, ".advisor"));
    return runCli(argv, { core, cwd, ...options });
  });
}

const answering = (over: Parameters<typeof fakeCore>[0] = {}) =>
  fakeCore({ ask: async () => answer(), document: async () => document(), ...over });

describe("ask", () => {
  const expected = [
    "You get 27 days of leave a year. [1]",
    "",
    "[1] people/leave.md:6 › Leave",
    "    “You get 27 days of leave a year.”",
    "    ✓ verified",
    "",
    "retrieval, quoted · search 11 ms · prompt 120 tokens · first token 80 ms",
    "61 tokens/s · total 240 ms",
    "",
  ].join("\n");

  it("prints the answer, its sources with their quotes, and where the time went", async () => {
    const ran = await runStored(["ask", "how", "many", "days?"], answering());
    expect(ran).toEqual({ code: 0, out: expected, err: "" });
  });

  it("writes the same word by word on a terminal", async () => {
    const pieces: string[] = [];
    const ran = await runStored(["ask", "how many?"], answering(), {
      columns: 80,
      env: { NO_COLOR: "1" },
      onOut: (text) => pieces.push(text),
    });
    expect(ran.out).toBe(expected);
    expect(pieces.slice(0, 3)).toEqual(["You", " get", " 27"]);
  });

  it("prints one JSON object for machines", async () => {
    const ran = await runStored(["ask", "--json", "q"], answering());
    const { citations, timings } = answer();
    expect(json(ran)).toMatchObject({
      id: "a1",
      text: "You get 27 days of leave a year. [1]",
      refused: false,
      mode: "retrieval",
      grounding: "quoted",
      citations,
      timings,
      warnings: [],
    });
    expect(json(ran)).not.toHaveProperty("prompt");
    expect(ran.err).toBe("");
  });

  it("says which verdict a citation got, each sentence once, and what has no source", async () => {
    const [good] = answer().citations;
    if (!good) throw new Error("no citation to start from");
    const core = answering({
      ask: async () =>
        answer({
          citations: [
            good,
            { ...good, claim: "again" },
            { ...good, n: 2, verdict: "misattributed" },
            { n: 7, claim: "made up", quote: "", verdict: "fabricated" },
          ],
          warnings: [{ code: "passages_dropped", message: "one passage did not fit" }],
        }),
    });
    const ran = await runStored(["ask", "q"], core);
    expect(ran.out.match(/✓ verified/g)).toHaveLength(1);
    expect(ran.out).toContain("✗ misattributed: another source says it");
    expect(ran.out).toContain("[7] no source of this number\n    ✗ fabricated: no source says it");
    expect(ran.err).toBe("warning  one passage did not fit\n");
  });

  it("says where it looked when the sources hold no answer", async () => {
    const core = answering({
      ask: async () => answer({ refused: true, text: "Not in the sources.", citations: [] }),
    });
    const ran = await runStored(["ask", "q"], core);
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/^Not in the sources\.\n\nLooked in: people\/leave\.md\n/);
  });

  it("shows the prompt as sent when asked", async () => {
    const core = answering({
      ask: async ({ includePrompt }) => answer(includePrompt ? { prompt: "<|im_start|>user\nq" } : {}),
    });
    const ran = await runStored(["ask", "q", "--prompt"], core);
    expect(ran.out).toContain("\nPrompt as sent\n  <|im_start|>user\n  q\n");
    expect(json(await runStored(["ask", "q", "--prompt", "--json"], core)).prompt).toContain("user");
  });

  it("hands every choice on", async () => {
    const core = answering({ roles: ["hr"] });
    const flags =
      "--mode hybrid --adapter voice --adapter-scale 0.5 --grounding cited --top-k 3 --max-tokens 50 " +
      "--temperature 0.7 --seed 9 --role hr --model m.gguf --embedder e --adapters a.gguf --adapters b.gguf --no-gpu";
    await inFolder(async (cwd) => {
      mkdirSync(join(cwd, ".advisor"));
      await runCli(["ask", "q", ...flags.split(" ")], { core, cwd });
      const { signal, ...request } = core.asked[0] ?? {};
      expect(signal).toBeInstanceOf(AbortSignal);
      expect(request).toEqual({
        question: "q",
        mode: "hybrid",
        adapter: { name: "voice", scale: 0.5 },
        grounding: "cited",
        topK: 3,
        maxTokens: 50,
        temperature: 0.7,
        seed: 9,
        principal: { tenant: "default", roles: ["hr"] },
      });
      expect(core.settings[0]).toMatchObject({
        model: join(cwd, "m.gguf"),
        embedder: join(cwd, "e"),
        adapters: [join(cwd, "a.gguf"), join(cwd, "b.gguf")],
        gpu: false,
      });
    });
  });

  it("takes an adapter without a mode for hybrid, and neither for retrieval", async () => {
    const core = answering();
    await runStored(["ask", "q"], core);
    await runStored(["ask", "q", "--adapter", "voice"], core);
    expect(core.asked.map(({ mode }) => mode)).toEqual(["retrieval", "hybrid"]);
  });

  it("needs no store where no sources are used", async () => {
    await inFolder(async (cwd) => {
      const core = answering({
        ask: async () => answer({ mode: "base", citations: [], passages: [] }),
        // The model is loaded before the question, so that the answer's timings are not those of loading.
        status: async () => {
          expect(core.asked).toHaveLength(0);
          return status();
        },
      });
      expect((await runCli(["ask", "q", "--mode", "base"], { core, cwd })).code).toBe(0);
      const ran = await runCli(["ask", "q"], { core, cwd });
      expect(ran.code).toBe(1);
      expect(ran.err).toContain("`advisor sync FOLDER`");
    });
  });

  it.each([
    [["q", "--mode", "hybird"], /--mode hybird: .*Use one of base, retrieval, adapter, hybrid/],
    [["q", "--grounding", "proved"], /--grounding proved: .*Use one of cited, quoted/],
    [
      ["q", "--mode", "retrieval", "--adapter", "v"],
      /--adapter v: the mode retrieval runs without an adapter/,
    ],
    [["q", "--adapter-scale", "2"], /--adapter-scale: no adapter is named/],
    [["q", "--adapter", "v", "--adapter-scale", "x"], /--adapter-scale x: must be a number/],
    [["q", "--temperature", "-1"], /--temperature -1: must be a number from 0/],
    [["q", "--seed", "1.5"], /--seed 1.5: must be a whole number/],
    [["q", "--max-tokens", "0"], /--max-tokens 0/],
    [[], /advisor ask: the question is missing/],
  ])("calls ask %j wrong use", async (argv, message) => {
    const ran = await runCli(["ask", ...argv]);
    expect(ran.code).toBe(2);
    expect(ran.out).toBe("");
    expect(ran.err).toMatch(message);
  });

  it("passes wrong use found by the SDK on", async () => {
    const core = answering({
      ask: async () => {
        throw new BadInputError({
          code: "unknown_adapter",
          subject: "adapter x",
          reason: "it is not loaded; loaded are: voice",
          nextStep: "Name one of these",
        });
      },
    });
    const ran = await runStored(["ask", "q", "--adapter", "x"], core);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain("loaded are: voice");
  });
});
