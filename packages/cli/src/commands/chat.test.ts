import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { ContextError } from "@advisor/contracts";
import { describe, expect, it } from "vitest";
import { answer, document, type FakeCore, fakeCore } from "../../test/fake-advisor.ts";
import { inFolder, jsonLines, plain, type RunOptions, runCli } from "../../test/run-cli.ts";

function chat(
  lines: readonly string[],
  core: FakeCore,
  argv: readonly string[] = [],
  options: RunOptions = {},
) {
  return inFolder((cwd) => {
    mkdirSync(join(cwd, ".advisor"));
    return runCli(["chat", ...argv], { core, cwd, stdin: `${lines.join("\n")}\n`, ...options });
  });
}

const answering = (over: Parameters<typeof fakeCore>[0] = {}) =>
  fakeCore({
    roles: ["hr", "staff"],
    ask: async ({ question }) => answer({ text: `re: ${question}` }),
    document: async () => document(),
    ...over,
  });

describe("chat", () => {
  it("answers line by line from a pipe, each with its sources, and ends with the input", async () => {
    const core = answering();
    const ran = await chat(["first?", "", "second?"], core);
    expect(ran.code).toBe(0);
    expect(ran.err).toBe("");
    expect(ran.out).toMatch(/^› first\?\nre: first\?\n\n\[1\] people\/leave\.md:6 › Leave\n/);
    expect(ran.out).toContain("\n› second?\nre: second?\n");
    expect(core.settings).toHaveLength(1);
    expect(core.disposed).toBe(1);
  });

  it("hands the conversation so far on with a follow-up question", async () => {
    const core = answering();
    await chat(["one?", "two?", "/new", "three?"], core);
    expect(core.asked.map(({ history }) => history)).toEqual([
      [],
      [
        { role: "user", content: "one?" },
        { role: "assistant", content: "re: one?" },
      ],
      [],
    ]);
  });

  it("changes arm and adapter on the way", async () => {
    const core = answering();
    const ran = await chat(
      ["/mode base", "a", "/adapter voice 0.5", "b", "/mode hybrid", "c", "/adapter none", "d", "/mode"],
      core,
    );
    expect(core.asked.map(({ mode, adapter }) => [mode, adapter])).toEqual([
      ["base", undefined],
      ["adapter", { name: "voice", scale: 0.5 }],
      ["hybrid", { name: "voice", scale: 0.5 }],
      ["retrieval", undefined],
    ]);
    expect(ran.out).toContain("Mode: hybrid with voice\n");
    expect(ran.code).toBe(0);
  });

  it("forgets the conversation and the sources when the role changes", async () => {
    const core = answering();
    const ran = await chat(["salary?", "/role staff", "/sources", "again?", "/role"], core);
    expect(core.asked.map(({ principal, history }) => [principal?.roles, history?.length])).toEqual([
      [["administrator"], 0],
      [["staff"], 0],
    ]);
    expect(ran.out).toContain("You ask as staff of tenant default. The conversation starts anew.\n");
    expect(ran.out).toContain("The last answer was given no sources.\n");
    expect(ran.out).toContain("Known roles: hr, staff, administrator\n");
  });

  it("shows the sources of the last answer", async () => {
    const ran = await chat(["q", "/sources"], answering());
    expect(ran.out).toMatch(/› \/sources\n 1 {2}people\/leave\.md:6 › Leave\n {4}You get 27 days/);
  });

  it("tells of a wrong order or a failed question, goes on, and ends with 1", async () => {
    const core = answering({
      ask: async ({ question }) => {
        if (question === "huge") {
          throw new ContextError({
            code: "context_exceeded",
            subject: "p",
            reason: "too long",
            nextStep: "Cut it",
          });
        }
        return answer();
      },
    });
    const ran = await chat(["/rol", "/role nobody", "/mode x", "/adapter v x", "huge", "fine"], core);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/\/rol: there is no such order\. Use one of \/role, /);
    expect(ran.err).toContain("--role nobody: ");
    expect(ran.err).toContain("/mode x: ");
    expect(ran.err).toContain("/adapter x: must be a number");
    expect(ran.err).toContain("p: too long. Cut it.");
    expect(ran.out).toContain("You get 27 days of leave a year. [1]");
  });

  it("leaves at /quit and lists its orders at /help", async () => {
    const core = answering();
    const ran = await chat(["/help", "/quit", "never asked"], core);
    expect(ran.code).toBe(0);
    for (const order of ["/role", "/mode", "/adapter", "/sources", "/new", "/quit"])
      expect(ran.out).toContain(order);
    expect(core.asked).toEqual([]);
  });

  it("writes one JSON object an answer for machines", async () => {
    const ran = await chat(["one?", "/mode base", "two?"], answering(), ["--json"]);
    expect(jsonLines(ran).map(({ text }) => text)).toEqual(["re: one?", "re: two?"]);
    expect(ran.err).toContain("Mode: base");
  });

  it("does not begin with a model that does not load or a role that does not exist", async () => {
    const broken = answering({ warmUp: () => Promise.reject(new Error("no model")) });
    expect(await chat(["q"], broken)).toMatchObject({ code: 1, out: "" });
    expect(broken.asked).toEqual([]);
    expect((await chat(["q"], answering(), ["--role", "nobody"])).code).toBe(2);
  });

  it("makes no store where no sources are used, and asks for one where they are", async () => {
    await inFolder(async (cwd) => {
      const core = answering({ ask: async () => answer({ mode: "base", citations: [], passages: [] }) });
      const ran = await runCli(["chat", "--mode", "base"], { core, cwd, stdin: "q\n" });
      expect(ran.code).toBe(0);
      expect(typeof core.settings[0]?.store).toBe("object");
      const missing = await runCli(["chat"], { core, cwd, stdin: "q\n" });
      expect(missing.code).toBe(1);
      expect(missing.err).toContain("advisor sync FOLDER");
    });
  });

  it("stops an answer at Ctrl-C and goes on", async () => {
    let interrupt = () => {};
    const core = answering({
      ask: ({ question, signal }) =>
        question === "slow"
          ? new Promise((_, reject) => {
              signal?.addEventListener("abort", () => reject(signal.reason));
              interrupt();
            })
          : Promise.resolve(answer({ text: `re: ${question}` })),
    });
    const ran = await chat(["slow", "quick"], core, [], {
      onStart: (send) => {
        interrupt = send;
      },
    });
    expect(ran.code).toBe(0);
    expect(ran.err).toContain("Stopped.");
    expect(ran.out).toContain("re: quick");
    expect(core.asked.at(-1)?.history).toEqual([]);
  });

  it("talks with someone at a terminal", async () => {
    const core = answering();
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
    const typed = ["first?\r", "second?\r", "\u0003", "\u0003"];
    let out = "";
    const ran = await chat([], core, [], {
      stdin,
      columns: 80,
      env: { NO_COLOR: "1" },
      onOut: (text) => {
        out += text;
        if (!plain(out).endsWith("› ")) return;
        out = "";
        setImmediate(() => stdin.write(typed.shift() ?? "\u0004"));
      },
    });
    expect(ran.code).toBe(0);
    expect(ran.out).toContain("Model nano · store .advisor · retrieval · as administrator of tenant default");
    expect(core.asked.map(({ question }) => question)).toEqual(["first?", "second?"]);
    expect(ran.out).toContain("re: second?\n");
    expect(ran.err).toContain("Ctrl-C again, or /quit, leaves.");
    expect(typed).toEqual([]);
  });
});
