import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inFolder } from "../test/run-cli.ts";
import { embedderOf } from "./embedder-flag.ts";

describe("--embedder", () => {
  it("names nano, or a path from the working directory", () => {
    expect(embedderOf("nano", "/work")).toBe("nano");
    expect(embedderOf("models/bge", "/work")).toBe("/work/models/bge");
    expect(embedderOf("bge.gguf", "/work")).toBe("/work/bge.gguf");
    expect(embedderOf("http://127.0.0.1:1/v1", "/work")).toBe("http://127.0.0.1:1/v1");
  });

  it("reads settings, whose paths are meant from their file", async () => {
    await inFolder(async (folder) => {
      const file = join(folder, "embedder.json");
      writeFileSync(file, '{"type":"gguf","path":"bge.gguf","queryPrefix":"query: "}');
      expect(embedderOf("embedder.json", folder)).toEqual({
        type: "gguf",
        path: join(folder, "bge.gguf"),
        queryPrefix: "query: ",
      });
    });
  });

  it("names a file that cannot be used, and repeats nothing of it", async () => {
    await inFolder(async (folder) => {
      expect(() => embedderOf("none.json", folder)).toThrow("ENOENT");
      writeFileSync(join(folder, "list.json"), "[]");
      expect(() => embedderOf("list.json", folder)).toThrow("no JSON object");
      writeFileSync(join(folder, "bad.json"), '{"apiKey": "sk-secret" "url": 1}');
      let message = "";
      try {
        embedderOf("bad.json", folder);
      } catch (error) {
        message = `${(error as Error).message} ${(error as Error).cause} ${(error as Error).stack}`;
      }
      expect(message).toContain("it is not JSON");
      expect(message).not.toContain("sk-secret");
    });
  });
});
