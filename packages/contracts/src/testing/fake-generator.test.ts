import { describe, expect, it } from "vitest";
import type { GenerateResult } from "../generator.ts";
import type { Message } from "../message.ts";
import { createFakeGenerator, type FakeGenerator } from "./fake-generator.ts";

const messages: readonly Message[] = [{ role: "user", content: "How long is the notice period?" }];

async function run(fake: FakeGenerator, extra: object = {}): Promise<GenerateResult> {
  for await (const event of fake.generate({ messages, ...extra }))
    if (event.type === "done") return event.result;
  throw new Error("no done event");
}

describe("createFakeGenerator", () => {
  it("throws when it was not told what to answer", async () => {
    await expect(run(createFakeGenerator())).rejects.toThrow(/not told what to answer to call 1: How long/);
    const once = createFakeGenerator({ replies: ["One month."] });
    expect((await run(once)).text).toBe("One month.");
    await expect(run(once)).rejects.toThrow(/call 2/);
    await expect(once.likelihoods({ messages, candidates: ["a"] })).rejects.toThrow(/how likely/);
  });

  it("answers by function, records its calls and passes errors on", async () => {
    const fake = createFakeGenerator({ replies: (request, index) => `${index}:${request.messages.length}` });
    await run(fake);
    expect((await run(fake, { temperature: 1 })).text).toBe("1:1");
    expect(fake.requests.map((request) => request.temperature)).toEqual([undefined, 1]);
    await expect(run(createFakeGenerator({ replies: [new Error("broken")] }))).rejects.toThrow("broken");
  });

  it("honours stop strings, maxTokens and the context", async () => {
    const fake = createFakeGenerator({ replies: "one two three four" });
    expect(await run(fake, { stop: [" three"] })).toMatchObject({ text: "one two", finish: "stop" });
    expect(await run(fake, { maxTokens: 3 })).toMatchObject({ text: "one two three", finish: "length" });
    const small = createFakeGenerator({ replies: "x", model: { contextLength: 4 } });
    await expect(run(small)).rejects.toMatchObject({ code: "context_exceeded" });
  });

  it("writes nothing but a choice", async () => {
    const format = { type: "choice", choices: ["yes", "no"] };
    expect((await run(createFakeGenerator({ replies: "no" }), { format })).text).toBe("no");
    await expect(run(createFakeGenerator({ replies: "maybe" }), { format })).rejects.toThrow(
      /no choice: maybe/,
    );
  });

  it("knows its adapters and refuses others", async () => {
    const fake = createFakeGenerator({
      adapters: ["voice"],
      replies: (request) => (request.adapter ? "Dear customer" : "Hello"),
    });
    expect((await run(fake, { adapter: { name: "voice" } })).text).toBe("Dear customer");
    await expect(run(fake, { adapter: { name: "other" } })).rejects.toMatchObject({
      code: "unknown_adapter",
    });
    expect(fake.adapters()[0]?.manifest.name).toBe("voice");
  });

  it("stops when aborted and after dispose", async () => {
    const fake = createFakeGenerator({ replies: "one two three" });
    const controller = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of fake.generate({ messages, signal: controller.signal })) {
        if (event.type === "text") seen.push(event.text);
        controller.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "cancelled" });
    expect(seen).toEqual(["one"]);
    await fake.dispose();
    await expect(run(fake)).rejects.toMatchObject({ code: "disposed" });
  });
});
