import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ReembedOptions } from "@advisor/core";
import { describe, expect, it } from "vitest";
import { fakeCore } from "../../test/fake-advisor.ts";
import { inFolder, json, runCli } from "../../test/run-cli.ts";

const report = {
  from: { id: "nano-embed@1", dimensions: 256 },
  to: { id: "bge@2", dimensions: 384 },
  documents: 37,
  chunks: 412,
  bytes: { before: 2_000_000, after: 3_000_000 },
  elapsedMs: 2100,
  warnings: [{ code: "passages_cut", message: "3 passages are longer than that" }],
};

/** Runs the command over a store that is there, with a core that answers with this. */
async function run(argv: readonly string[], answer: typeof report | Error = report) {
  const asked: ReembedOptions[] = [];
  const core = fakeCore({
    reembed: async (options) => {
      asked.push(options);
      options.onProgress?.({ stage: "re-embedding", done: 1, total: 37, unit: "documents" });
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return inFolder(async (cwd) => {
    mkdirSync(join(cwd, ".advisor"));
    return { ...(await runCli(["reembed", ...argv], { core, cwd })), asked, cwd };
  });
}

describe("advisor reembed", () => {
  it("hands over store and embedder, and says what was done and what comes next", async () => {
    const ran = await run(["--embedder", "models/bge"]);
    expect(ran.code).toBe(0);
    expect(ran.asked).toMatchObject([
      { store: join(ran.cwd, ".advisor"), embedder: join(ran.cwd, "models/bge") },
    ]);
    expect(ran.asked[0]).not.toHaveProperty("gpu");
    expect(ran.out).toBe(
      [
        "Re-embedded .advisor in 2.1 s",
        "  from  nano-embed@1, 256 dimensions",
        "  to    bge@2, 384 dimensions",
        "  412 chunks of 37 pages embedded; 1.9 MiB on the disk before, 2.9 MiB now",
        "From now on the store takes the new embedder alone; name it with --embedder models/bge.",
        "",
      ].join("\n"),
    );
    expect(ran.err).toContain("3 passages are longer");
  });

  it("says so when there is nothing to do", async () => {
    const ran = await run(["--no-gpu"], { ...report, to: report.from, warnings: [] });
    expect(ran.out).toBe("Nothing to do: .advisor is of the embedder nano-embed@1 already\n");
    expect(ran.asked).toMatchObject([{ embedder: "nano", gpu: false }]);
  });

  it("--json prints the report", async () => {
    const ran = await run(["--json", "--embedder", "bge.gguf"]);
    expect(json(ran)).toEqual({ store: join(ran.cwd, ".advisor"), ...report });
  });

  it("needs a store", async () => {
    const ran = await inFolder((cwd) => runCli(["reembed", "--json"], { core: fakeCore({}), cwd }));
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.err).error).toMatchObject({ code: "store_missing" });
  });

  it("an error is told like any other", async () => {
    const ran = await run(["--embedder", "bge"], new Error("no such folder"));
    expect(ran.code).toBe(1);
    expect(ran.err).toContain("no such folder");
  });
});
