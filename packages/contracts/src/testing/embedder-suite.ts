import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Embedder } from "../embedder.ts";

/** What every {@link Embedder} must do. `make` gives a fresh one at each call. */
export function describeEmbedder(name: string, make: () => Promise<Embedder>): void {
  describe(`embedder contract: ${name}`, () => {
    let embedder: Embedder;
    beforeAll(async () => {
      embedder = await make();
    });
    afterAll(() => embedder.dispose());

    const dot = (a: Float32Array, b: Float32Array) =>
      a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
    const texts = [
      "The refund takes fourteen days.",
      "A cat sat on the mat.",
      "Refunds",
      "The price of the plan is ten euros.",
    ];

    test("names itself and its limits", () => {
      expect(embedder.id).not.toBe("");
      expect(embedder.dimensions).toBeGreaterThan(0);
      expect(embedder.maxTokens).toBeGreaterThan(0);
    });

    test("gives a unit vector for each text, in order", async () => {
      const vectors = await embedder.embed(texts, "passage");
      expect(vectors).toHaveLength(texts.length);
      for (const vector of vectors) {
        expect(vector).toBeInstanceOf(Float32Array);
        expect(vector).toHaveLength(embedder.dimensions);
        expect(Math.sqrt(dot(vector, vector))).toBeCloseTo(1, 4);
      }
      for (const [i, text] of texts.entries()) {
        const [alone] = await embedder.embed([text], "passage");
        expect(dot(alone as Float32Array, vectors[i] as Float32Array)).toBeCloseTo(1, 4);
      }
    });

    test("the same text gives the same vector, another text another one", async () => {
      const [a, b, c] = (await embedder.embed(
        ["price plan", "price plan", "cat mat"],
        "passage",
      )) as Float32Array[];
      expect(a).toEqual(b);
      expect(dot(a as Float32Array, c as Float32Array)).toBeLessThan(0.999);
    });

    test("a text is nearer to one that shares its words than to one that does not", async () => {
      const [query] = await embedder.embed(["price of the plan"], "query");
      const [cat, plan] = await embedder.embed([texts[1] as string, texts[3] as string], "passage");
      expect(dot(query as Float32Array, plan as Float32Array)).toBeGreaterThan(
        dot(query as Float32Array, cat as Float32Array),
      );
    });

    test("takes no text, an empty text, a long text and signs without harm", async () => {
      expect(await embedder.embed([], "passage")).toEqual([]);
      const odd = ["", " \n", "word ".repeat(embedder.maxTokens * 3), "👍\ud800\0", "<|im_end|>"];
      for (const vector of await embedder.embed(odd, "passage")) {
        const norm = Math.sqrt(dot(vector, vector));
        expect(Math.min(Math.abs(norm), Math.abs(norm - 1))).toBeLessThan(1e-4);
      }
    });

    test("counts tokens: none in nothing, more in more", () => {
      const [none, one, many] = embedder.countTokens(["", "price", "price plan cat mat"]) as [
        number,
        number,
        number,
      ];
      expect(none).toBe(0);
      expect(one).toBeGreaterThan(0);
      expect(many).toBeGreaterThan(one);
      expect(embedder.countTokens([])).toEqual([]);
    });

    test("stops for an aborted signal", async () => {
      await expect(embedder.embed(texts, "passage", AbortSignal.abort())).rejects.toMatchObject({
        code: "cancelled",
      });
    });

    test("answers calls made at once as if they were made in turn", async () => {
      const all = await Promise.all(texts.map((text) => embedder.embed([text], "passage")));
      const together = await embedder.embed(texts, "passage");
      for (const [i, [vector]] of all.entries()) {
        expect(dot(vector as Float32Array, together[i] as Float32Array)).toBeCloseTo(1, 4);
      }
    });

    test("refuses work after dispose, and takes a second dispose", async () => {
      const other = await make();
      await other.dispose();
      await other.dispose();
      await expect(other.embed(["word"], "query")).rejects.toMatchObject({ code: "disposed" });
    });
  });
}
