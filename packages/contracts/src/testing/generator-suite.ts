import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { GenerateRequest, GenerateResult, Generator } from "../generator.ts";
import type { Message } from "../message.ts";

/** What the suite runs against. */
export interface GeneratorUnderTest {
  readonly generator: Generator;
  /** A conversation that it answers, at temperature 0, with two words at least. */
  readonly messages: readonly Message[];
  /** A loaded adapter whose greedy answer to it differs from the base's. Without one, its tests are left out. */
  readonly adapter?: string;
}

/**
 * The contract of a {@link Generator}, as tests. Run it against each implementation.
 * @param make makes one for the whole suite, which disposes it.
 */
export function describeGenerator(name: string, make: () => Promise<GeneratorUnderTest>): void {
  describe(`${name} keeps the Generator contract`, () => {
    let under: GeneratorUnderTest;
    let generator: Generator;
    beforeAll(async () => {
      under = await make();
      generator = under.generator;
    });
    afterAll(async () => {
      await generator?.dispose();
    });

    async function collect(request: Partial<GenerateRequest> = {}) {
      const pieces: string[] = [];
      const results: GenerateResult[] = [];
      for await (const event of generator.generate({
        messages: under.messages,
        maxTokens: 40,
        ...request,
      })) {
        if (event.type === "text") {
          expect(results, "text after done").toEqual([]);
          pieces.push(event.text);
        } else {
          results.push(event.result);
        }
      }
      expect(results).toHaveLength(1);
      return { pieces, result: results[0] as GenerateResult };
    }
    const write = async (request?: Partial<GenerateRequest>) => (await collect(request)).result;

    it("streams pieces that make up the text, then one result", async () => {
      const { pieces, result } = await collect();
      expect(pieces.length).toBeGreaterThan(1);
      expect(pieces.every((piece) => piece.length > 0)).toBe(true);
      expect(pieces.join("")).toBe(result.text);
      expect(result.finish).toBe("stop");
      expect(result.completionTokens).toBeGreaterThan(1);
    });

    it("counts the prompt it sends, and shows it", async () => {
      const result = await write();
      expect(result.promptTokens).toBe(generator.countTokens(under.messages));
      for (const { content } of under.messages) expect(result.prompt).toContain(content);
      const longer = [...under.messages, { role: "assistant", content: "One more turn." } as const];
      expect(generator.countTokens(longer)).toBeGreaterThan(result.promptTokens);
    });

    it("measures its times", async () => {
      const { timings } = await write();
      expect(timings.queueMs).toBeGreaterThanOrEqual(0);
      expect(timings.firstTokenMs).toBeGreaterThanOrEqual(0);
      expect(timings.totalMs).toBeGreaterThanOrEqual(timings.firstTokenMs);
      expect(timings.tokensPerSecond).toBeGreaterThan(0);
    });

    it("writes the same each time at temperature 0", async () => {
      expect((await write()).text).toBe((await write()).text);
    });

    it("stops at maxTokens", async () => {
      const result = await write({ maxTokens: 1 });
      expect(result).toMatchObject({ finish: "length", completionTokens: 1 });
      expect(result.timings.tokensPerSecond).toBe(0);
    });

    it("ends before a stop string, wherever tokens begin and end", async () => {
      const { text } = await write();
      const middle = Math.floor(text.length / 2);
      const stop = text.slice(middle, middle + 3);
      const { pieces, result } = await collect({ stop: [stop] });
      expect(result.text).toBe(text.slice(0, text.indexOf(stop)));
      expect(pieces.join("")).toBe(result.text);
      expect(result.finish).toBe("stop");
    });

    it("answers concurrent requests each by itself", async () => {
      const alone = await Promise.all([write(), write({ maxTokens: 2 })]);
      const together = await Promise.all([
        write(),
        write({ maxTokens: 2 }),
        write(),
        write({ maxTokens: 2 }),
        write(),
        write(),
      ]);
      expect(together.map(({ text }) => text)).toEqual([0, 1, 0, 1, 0, 0].map((index) => alone[index]?.text));
    });

    it("throws cancelled when aborted, before and while it writes", async () => {
      const before = AbortSignal.abort();
      await expect(write({ signal: before })).rejects.toMatchObject({ code: "cancelled" });
      const controller = new AbortController();
      const reading = (async () => {
        for await (const event of generator.generate({
          messages: under.messages,
          signal: controller.signal,
        })) {
          expect(event.type, "done after abort").toBe("text");
          controller.abort();
        }
      })();
      await expect(reading).rejects.toMatchObject({ code: "cancelled" });
      expect((await write()).text).not.toBe("");
    });

    it("can be left early, again and again", async () => {
      const { text } = await write();
      for (let round = 0; round < 12; round++) {
        for await (const event of generator.generate({ messages: under.messages })) {
          expect(event.type).toBe("text");
          break;
        }
      }
      expect((await write()).text).toBe(text);
    });

    it("refuses what it cannot do by name", async () => {
      await expect(write({ messages: [] })).rejects.toMatchObject({ code: "invalid_request" });
      await expect(write({ adapter: { name: "no-such-adapter" } })).rejects.toMatchObject({
        code: "unknown_adapter",
      });
      const endless = "word ".repeat(generator.model.contextLength + 10);
      await expect(write({ messages: [{ role: "user", content: endless }] })).rejects.toMatchObject({
        code: "context_exceeded",
      });
      expect((await write()).text).not.toBe("");
    });

    it("names its adapters", () => {
      for (const { name: adapter, manifest } of generator.adapters()) expect(manifest.name).toBe(adapter);
      if (under.adapter) expect(generator.adapters().map((each) => each.name)).toContain(under.adapter);
      else expect(generator.adapters()).toEqual([]);
    });

    it("is steered by an adapter, and is the base again without it", async () => {
      if (!under.adapter) return;
      const base = await write();
      const steered = await write({ adapter: { name: under.adapter } });
      expect(steered.text).not.toBe(base.text);
      expect((await write()).text).toBe(base.text);
      expect((await write({ adapter: { name: under.adapter, scale: 0 } })).text).toBe(base.text);
      expect((await write({ adapter: { name: under.adapter } })).text).toBe(steered.text);
    });

    it("hands over validated JSON", async () => {
      if (!generator.capabilities.formats) return;
      const schema = z.strictObject({ yes: z.boolean() });
      const { json, text } = await write({ format: { type: "json", schema }, maxTokens: 60 });
      expect(schema.parse(json)).toEqual(JSON.parse(text));
    });

    it("scores candidates", async () => {
      if (!generator.capabilities.likelihood || !generator.likelihoods) return;
      const { text } = await write();
      const candidates = [text, "qzx vvkw 88 jjq", text];
      const scores = await generator.likelihoods({ messages: under.messages, candidates });
      expect(scores).toHaveLength(3);
      expect(scores.every((score) => Number.isFinite(score) && score <= 0)).toBe(true);
      expect(scores[0]).toBeGreaterThan(scores[1] as number);
      expect(scores[2]).toBe(scores[0]);
      await expect(
        generator.likelihoods({ messages: under.messages, candidates, adapter: { name: "no-such-adapter" } }),
      ).rejects.toMatchObject({ code: "unknown_adapter" });
      expect(await generator.likelihoods({ messages: under.messages, candidates: [] })).toEqual([]);
    });

    it("finishes what runs when it is disposed, and takes nothing new", async () => {
      const running = write();
      // The first piece shows that the work has begun.
      const second = generator.generate({ messages: under.messages, maxTokens: 40 })[Symbol.asyncIterator]();
      await second.next();
      const draining = (async () => {
        let last: unknown;
        for (;;) {
          const { value, done } = await second.next();
          if (done) return last;
          last = value;
        }
      })();
      await generator.dispose();
      expect((await running).text).not.toBe("");
      expect(await draining).toMatchObject({ type: "done" });
      await expect(write()).rejects.toMatchObject({ code: "disposed" });
      await generator.dispose();
    });
  });
}
