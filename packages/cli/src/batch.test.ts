import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { AdapterError, ContextError } from "@advisor/contracts";
import { describe, expect, it } from "vitest";
import { answer, fakeCore, searchResult } from "../test/fake-advisor.ts";
import { inFolder, jsonLines, type RunOptions, runCli } from "../test/run-cli.ts";

const core = () =>
  fakeCore({
    ask: async ({ question }) => {
      // The first takes longest, so that order is not what falls out by itself.
      await new Promise((resolve) => setTimeout(resolve, question === "one" ? 30 : 1));
      if (question === "huge") {
        throw new ContextError({
          code: "context_exceeded",
          subject: "the prompt",
          reason: "it is too long",
          nextStep: "Shorten it",
        });
      }
      if (question === "bug") throw new TypeError("undefined is not a thing");
      if (question === "no adapter") {
        throw new AdapterError({
          code: "adapter_missing",
          subject: "a.gguf",
          reason: "there is no such file",
          nextStep: "Look again",
        });
      }
      return answer({ id: "own", text: `answer to ${question}` });
    },
    search: async (query) => ({ ...searchResult(), warnings: [{ code: "q", message: query }] }),
  });

function runBatch(
  lines: string | Buffer | null,
  argv: readonly string[] = ["ask"],
  options: RunOptions = {},
) {
  return inFolder((cwd) => {
    mkdirSync(join(cwd, ".advisor"));
    if (lines !== null) writeFileSync(join(cwd, "q.jsonl"), lines);
    return runCli([...argv, "--batch", "q.jsonl"], { core: core(), cwd, ...options });
  });
}

describe("--batch", () => {
  it("answers each line in the order of the file, in one process", async () => {
    const asked = core();
    const lines = ["one", "two", "three", "four"].map((question, id) =>
      JSON.stringify({ id, question, gold: "x" }),
    );
    const ran = await runBatch(`\ufeff${lines.join("\r\n")}\n\n  \n`, ["ask", "--concurrency", "3"], {
      core: asked,
    });
    expect(ran.code).toBe(0);
    expect(ran.err).toBe("");
    expect(jsonLines(ran).map(({ id, text }) => [id, text])).toEqual([
      [0, "answer to one"],
      [1, "answer to two"],
      [2, "answer to three"],
      [3, "answer to four"],
    ]);
    expect(asked.settings).toHaveLength(1);
    expect(asked.disposed).toBe(1);
  });

  it("searches likewise", async () => {
    const ran = await runBatch('{"id":"a","question":"x"}\n{"id":"b","question":"y"}', ["search", "--json"]);
    expect(ran.code).toBe(0);
    expect(jsonLines(ran)).toMatchObject([
      { id: "a", passages: [{ uri: "people/leave.md" }], warnings: [{ message: "x" }] },
      { id: "b", warnings: [{ message: "y" }] },
    ]);
  });

  it("gives a bad line a result with its error, goes on, and ends with 1", async () => {
    const lines = [
      '{"id":"1","question":"fine"}',
      "{not json",
      "[1]",
      '{"question":"no id"}',
      '{"id":"5"}',
      '{"id":"6","question":7}',
      '{"id":"7","question":"huge"}',
      '{"id":"8","question":"bug"}',
      '{"id":"9","question":"fine too"}',
    ];
    const ran = await runBatch(lines.join("\n"));
    expect(ran.code).toBe(1);
    expect(jsonLines(ran).map((line) => [line.id, (line.error as { code: string })?.code])).toEqual([
      ["1", undefined],
      [null, "invalid_request"],
      [null, "invalid_request"],
      [null, "invalid_request"],
      ["5", "invalid_request"],
      ["6", "invalid_request"],
      ["7", "context_exceeded"],
      ["8", "internal"],
      ["9", undefined],
    ]);
    expect(jsonLines(ran)[1]).toMatchObject({
      error: { line: 2, message: expect.stringContaining("is not JSON") },
    });
  });

  it("looks only at the pages that the flags and the line both name", async () => {
    const asked = core();
    const folder = (lines: string, ...flags: string[]) =>
      inFolder((cwd) => {
        mkdirSync(join(cwd, ".advisor"));
        writeFileSync(join(cwd, "q.jsonl"), lines);
        return runCli(["ask", "--batch", "q.jsonl", ...flags], { core: asked, cwd });
      });
    const own = { key: "year", equals: 2024 };
    const lines = [
      JSON.stringify({ id: 1, question: "one", filter: own }),
      JSON.stringify({ id: 2, question: "two" }),
      JSON.stringify({ id: 3, question: "three", filter: "year = 2024" }),
    ].join("\n");
    const ran = await folder(lines, "--under", "hr/");
    expect(asked.asked.map(({ filter }) => filter)).toEqual([
      { and: [{ uriPrefix: "hr/" }, own] },
      { uriPrefix: "hr/" },
    ]);
    expect(jsonLines(ran)[2]).toMatchObject({
      id: 3,
      error: { message: expect.stringContaining("batch line 3, filter: must be a condition") },
    });
    await folder(lines);
    expect(asked.asked.slice(2).map(({ filter }) => filter)).toEqual([own, undefined]);
  });

  it("names a line that is not UTF-8", async () => {
    const ran = await runBatch(
      Buffer.concat([Buffer.from('{"id":"1","question":"caf'), Buffer.from([0xe9]), Buffer.from('"}\n')]),
    );
    expect(ran.code).toBe(1);
    expect(jsonLines(ran)).toMatchObject([{ id: null, error: { reason: "is not UTF-8 text", line: 1 } }]);
  });

  it("stops at what would strike every line alike", async () => {
    const ran = await runBatch(
      '{"id":"1","question":"two"}\n{"id":"2","question":"no adapter"}\n{"id":"3","question":"x"}',
      ["ask", "--concurrency", "1"],
    );
    expect(ran.code).toBe(2);
    expect(jsonLines(ran).map(({ id }) => id)).toEqual(["1"]);
    expect(ran.err).toBe("error  a.gguf: there is no such file. Look again.\n");
  });

  it("calls a file that is not there wrong use", async () => {
    const ran = await runBatch(null);
    expect(ran).toMatchObject({ code: 2, out: "" });
    expect(ran.err).toContain("--batch q.jsonl: cannot be read (no such file)");
    const folder = await inFolder((cwd) => {
      mkdirSync(join(cwd, ".advisor"));
      return runCli(["ask", "--batch", ".advisor"], { core: core(), cwd });
    });
    expect(folder.code).toBe(2);
    expect(folder.err).toContain("cannot be read (it is a folder)");
  });

  it("has nothing to say of an empty file", async () => {
    expect(await runBatch("")).toEqual({ code: 0, out: "", err: "" });
  });

  it("answers someone on standard input who waits for each result", async () => {
    await inFolder(async (cwd) => {
      mkdirSync(join(cwd, ".advisor"));
      const stdin = new PassThrough();
      const questions = ["one", "two", "three"];
      const send = () => {
        const question = questions.shift();
        if (question) stdin.write(`{"id":"${question}","question":"${question}"}\n`);
        else stdin.end();
      };
      send();
      const ran = await runCli(["ask", "--batch", "-"], { core: core(), cwd, stdin, onOut: send });
      expect(ran.code).toBe(0);
      expect(jsonLines(ran).map(({ id }) => id)).toEqual(["one", "two", "three"]);
    });
  });

  it("can be interrupted while it waits for a line", async () => {
    await inFolder(async (cwd) => {
      mkdirSync(join(cwd, ".advisor"));
      const stdin = new PassThrough();
      stdin.write('{"id":"1","question":"two"}\n');
      let interrupt = () => {};
      const ran = await runCli(["ask", "--batch", "-"], {
        core: core(),
        cwd,
        stdin,
        onStart: (send) => {
          interrupt = send;
        },
        onOut: () => setImmediate(interrupt),
      });
      expect(ran.code).toBe(130);
      expect(jsonLines(ran)).toHaveLength(1);
    });
  });
});
