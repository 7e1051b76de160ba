import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inFolder } from "../test/run-cli.ts";
import { rerankingOf } from "./reranker-flag.ts";

describe("--reranker", () => {
  it("names a folder from the working directory, and --rerank-depth how much it reads", () => {
    expect(rerankingOf({}, "/home/me")).toEqual({});
    expect(rerankingOf({ reranker: "models/cross" }, "/home/me")).toEqual({
      reranker: "/home/me/models/cross",
    });
    expect(rerankingOf({ reranker: "/models/cross", rerankDepth: "50" }, "/home/me")).toEqual({
      reranker: "/models/cross",
      rerankDepth: 50,
    });
    expect(rerankingOf({ reranker: "http://127.0.0.1:1" }, "/home/me")).toEqual({
      reranker: "http://127.0.0.1:1",
    });
  });

  it("reads settings, whose folder is meant from their file", async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, "reranker.json"), '{"folder":"cross","dtype":"q8"}');
      expect(rerankingOf({ reranker: "reranker.json" }, folder)).toEqual({
        reranker: { folder: join(folder, "cross"), dtype: "q8" },
      });
      expect(() => rerankingOf({ reranker: "none.json" }, folder)).toThrow("--reranker");
    });
  });

  it("a depth without a reranker, or one that is no number in its limits, is wrong use", () => {
    expect(() => rerankingOf({ rerankDepth: "10" }, "/")).toThrow("Name one with --reranker");
    for (const rerankDepth of ["0", "201", "1.5", "ten"]) {
      expect(() => rerankingOf({ reranker: "x", rerankDepth }, "/")).toThrow("whole number from 1 to 200");
    }
  });
});
