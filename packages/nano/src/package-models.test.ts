import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { adapterManifestSchema } from "@advisor/contracts";
import { describe, expect, it } from "vitest";
import { nanoAdapters, nanoChatModel, nanoEmbedder } from "./index.ts";

describe("the embedded models", () => {
  it("are there, are what their cards say, and resolve to absolute paths", async () => {
    const chat = await nanoChatModel();
    expect(isAbsolute(chat.path)).toBe(true);
    expect((await stat(chat.path)).size).toBe(chat.card.bytes);
    const embedder = await nanoEmbedder();
    expect(isAbsolute(embedder.folder)).toBe(true);
    const config = JSON.parse(await readFile(join(embedder.folder, "config.json"), "utf8"));
    expect(config.hidden_size).toBe(embedder.card.dimensions);
    expect(config.max_position_embeddings).toBe(embedder.card.maxTokens);
  });

  it("have a chat card whose templates have their places", async () => {
    const { prompt, reliablePromptTokens, contextLength } = (await nanoChatModel()).card;
    expect(prompt.sourceHeader).toContain("{n}");
    expect(prompt.question).toContain("{question}");
    expect(prompt.questionWithoutSources).toContain("{question}");
    expect(prompt.citation).toContain("{n}");
    expect(reliablePromptTokens).toBeLessThanOrEqual(contextLength);
  });

  it("come with adapters whose manifests carry their own names and hashes", async () => {
    const adapters = await nanoAdapters();
    expect(adapters.map(({ name }) => name)).toContain((await nanoChatModel()).card.defaultAdapter);
    for (const { name, path } of adapters) {
      const manifest = adapterManifestSchema.parse(
        JSON.parse(await readFile(path.replace(/\.gguf$/, ".manifest.json"), "utf8")),
      );
      expect(manifest.name).toBe(name);
      const weights = await readFile(path);
      expect(createHash("sha256").update(weights).digest("hex")).toBe(manifest.sha256);
      expect(manifest.heldOut.length).toBeGreaterThan(0);
    }
  });
});
