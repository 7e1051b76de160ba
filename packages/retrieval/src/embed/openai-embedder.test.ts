import { describeEmbedder } from "@advisor/contracts/testing";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type EmbeddingServer,
  type Reply,
  startEmbeddingServer,
  status,
} from "../../test/embedding-server.ts";
import { cutToTokens, estimateTokens } from "./estimate-tokens.ts";
import { createOpenAiEmbedder, type OpenAiEmbedderSettings } from "./openai-embedder.ts";

let server: EmbeddingServer;
let waits: number[] = [];
beforeAll(async () => {
  server = await startEmbeddingServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.requests.length = 0;
  server.replies.length = 0;
  waits = [];
});

const SECRET = "sk-very-secret-4711";
const make = (settings: Partial<OpenAiEmbedderSettings> = {}, env: Record<string, string> = {}) =>
  createOpenAiEmbedder(
    { url: server.url, model: "words", ...settings },
    {
      env,
      wait: async (ms) => {
        waits.push(ms);
      },
    },
  );

describeEmbedder("an OpenAI-compatible server", () => make());

describe("createOpenAiEmbedder", () => {
  test("sends texts in batches and puts each vector in its text's place", async () => {
    await using embedder = await make(
      { batchSize: 3, queryPrefix: "query: ", apiKeyEnv: "KEY" },
      { KEY: SECRET },
    );
    expect(embedder.dimensions).toBe(48);
    server.requests.length = 0;
    const texts = Array.from({ length: 8 }, (_, i) => (i === 4 ? " \n" : `word${i} and more`));
    const vectors = await embedder.embed(texts, "query");
    expect(server.requests.map(({ body }) => body.input.length)).toEqual([3, 3, 1]);
    expect(server.requests[0]).toMatchObject({
      path: "/v1/embeddings",
      authorization: `Bearer ${SECRET}`,
      body: {
        model: "words",
        input: ["query: word0 and more", "query: word1 and more", "query: word2 and more"],
      },
    });
    expect(server.requests[0]?.body).not.toHaveProperty("dimensions");
    expect(vectors[4]?.every((value) => value === 0)).toBe(true);
    for (const [i, text] of texts.entries()) {
      const [alone] = await embedder.embed([text], "query");
      expect([...(alone ?? [])].map((value) => value.toFixed(5))).toEqual(
        [...(vectors[i] ?? [])].map((value) => value.toFixed(5)),
      );
    }
  });

  test("asks for dimensions only when they are named, and then needs no first request", async () => {
    await using embedder = await make({ dimensions: 16 });
    expect(server.requests).toEqual([]);
    expect((await embedder.embed(["word"], "passage"))[0]).toHaveLength(16);
    expect(server.requests[0]?.body.dimensions).toBe(16);
  });

  test("its id names model, revision, dimensions and prefixes, and neither address nor key", async () => {
    const other = await startEmbeddingServer();
    const ids = await Promise.all(
      [
        {},
        { url: other.url, apiKey: SECRET, batchSize: 2 },
        { model: "other" },
        { revision: "2" },
        { dimensions: 16 },
        { queryPrefix: "q" },
        { passagePrefix: "q" },
      ].map(async (settings) => (await make(settings)).id),
    );
    await other.close();
    expect(ids[0]).toMatch(/^words@[0-9a-f]{16}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(6);
  });

  test.each<[string, Reply, (ms: number) => boolean]>([
    ["429 with seconds", status(429, { "retry-after": "7" }), (ms) => ms === 7000],
    [
      "503 with a date",
      status(503, { "retry-after": new Date(Date.now() + 30_000).toUTCString() }),
      (ms) => ms > 15_000 && ms <= 30_000,
    ],
    ["500", status(500), (ms) => ms >= 250 && ms <= 500],
    ["a connection that breaks", (_, response) => response.destroy(), (ms) => ms >= 250 && ms <= 500],
    [
      "a connection that breaks within the answer",
      (_, response) => {
        response.writeHead(200, { "content-length": "1000" });
        response.write('{"data":[');
        response.destroy();
      },
      (ms) => ms >= 250 && ms <= 500,
    ],
  ])("sends again after %s", async (_, reply, waited) => {
    await using embedder = await make({ dimensions: 48 });
    server.replies.push(reply);
    expect(await embedder.embed(["word"], "query")).toHaveLength(1);
    expect(server.requests).toHaveLength(2);
    expect(waits).toHaveLength(1);
    expect(waits.every(waited)).toBe(true);
  });

  test("waits longer each time, and gives up after its retries", async () => {
    await using embedder = await make({ dimensions: 48, retries: 3 });
    server.replies.push(...Array.from({ length: 4 }, () => status(502)));
    await expect(embedder.embed(["word"], "query")).rejects.toMatchObject({
      code: "model_failed",
      reason: expect.stringContaining("502, 4 times"),
    });
    expect(waits).toHaveLength(3);
    for (const [i, ms] of waits.entries()) expect(ms).toBeLessThanOrEqual(500 * 2 ** i);
    expect(waits[2]).toBeGreaterThan(waits[0] as number);
  });

  test("gives up at once when the server asks for more than a minute", async () => {
    await using embedder = await make({ dimensions: 48 });
    server.replies.push(status(429, { "retry-after": "3600" }));
    await expect(embedder.embed(["word"], "query")).rejects.toThrow("429 and asks to wait 3600 s");
    expect(waits).toEqual([]);
  });

  test("neither the key nor the texts reach an error, though the server repeats both", async () => {
    await using embedder = await make({ dimensions: 48, apiKey: SECRET, retries: 0 });
    for (const code of [400, 401, 403, 404, 413, 422, 429, 500]) {
      server.replies.push(status(code));
      const error = (await embedder
        .embed(["the salary of Ada"], "passage")
        .catch((e: unknown) => e)) as Error;
      expect(error).toMatchObject({ code: "model_failed", reason: expect.stringContaining(String(code)) });
      const all = `${error.message} ${JSON.stringify(error)} ${String(error.cause)} ${error.stack}`;
      expect(all).not.toContain(SECRET);
      expect(all).not.toContain("salary");
    }
    expect(JSON.stringify(embedder)).not.toContain(SECRET);
  });

  test("a redirect is not followed, so neither texts nor key go elsewhere", async () => {
    const elsewhere = await startEmbeddingServer();
    await using embedder = await make({ dimensions: 48, apiKey: SECRET });
    for (const code of [301, 302, 307, 308]) {
      server.replies.push(status(code, { location: `${elsewhere.url}/embeddings` }));
      await expect(embedder.embed(["word"], "query")).rejects.toThrow("not followed");
    }
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.close();
  });

  const vector = Array.from({ length: 48 }, () => 0.5);
  test.each<[string, unknown, string]>([
    ["no list", { data: "none" }, "no list"],
    ["too few", { data: [{ index: 0, embedding: vector }] }, "1 vectors for 2 texts"],
    ["one twice", { data: [0, 0].map((index) => ({ index, embedding: vector })) }, "not numbered"],
    ["a place beyond", { data: [0, 2].map((index) => ({ index, embedding: vector })) }, "not numbered"],
    [
      "another length",
      { data: [vector, vector.slice(1)].map((embedding, index) => ({ index, embedding })) },
      "47 numbers where 48",
    ],
    [
      "NaN, which JSON writes as null",
      { data: [vector, vector.with(3, Number.NaN)].map((embedding, index) => ({ index, embedding })) },
      "no finite",
    ],
    [
      "a text",
      { data: [vector, vector.map(String)].map((embedding, index) => ({ index, embedding })) },
      "no finite",
    ],
    [
      "zeros",
      { data: [vector, vector.map(() => 0)].map((embedding, index) => ({ index, embedding })) },
      "zeros",
    ],
  ])("refuses vectors that are wrong: %s", async (_, answer, words) => {
    await using embedder = await make({ dimensions: 48 });
    server.replies.push(() => answer);
    await expect(embedder.embed(["one", "two"], "passage")).rejects.toThrow(words);
    expect(waits).toEqual([]);
  });

  test("refuses an answer that is no JSON, or has no end", async () => {
    await using embedder = await make({ dimensions: 48 });
    server.replies.push((_, response) => {
      response.writeHead(200).end("<html>Welcome</html>");
    });
    await expect(embedder.embed(["one"], "passage")).rejects.toThrow("not JSON");
    server.replies.push((_, response) => {
      response.writeHead(200);
      const write = () => {
        while (!response.destroyed && response.write("[".repeat(65_536)));
      };
      response.on("drain", write);
      write();
      return "silence";
    });
    await expect(embedder.embed(["one"], "passage")).rejects.toThrow("longer than");
  });

  test("a server that is silent, or not there, fails in time", async () => {
    await using silent = await make({ dimensions: 48, timeoutMs: 50, retries: 1 });
    server.replies.push(
      () => "silence",
      () => "silence",
    );
    await expect(silent.embed(["one"], "passage")).rejects.toThrow("within 50 ms, 2 times");
    const gone = await startEmbeddingServer();
    await gone.close();
    await expect(make({ url: gone.url, retries: 0 })).rejects.toThrow("ECONNREFUSED");
  });

  test("stops for its signal, also while it waits to send again", async () => {
    const stop = new AbortController();
    const embedder = await createOpenAiEmbedder(
      { url: server.url, model: "words", dimensions: 48 },
      { wait: async () => stop.abort() },
    );
    server.replies.push(status(500));
    await expect(embedder.embed(["one"], "passage", stop.signal)).rejects.toMatchObject({
      code: "cancelled",
    });
    const later = new AbortController();
    server.replies.push(() => {
      later.abort();
      return "silence";
    });
    await expect(embedder.embed(["one"], "passage", later.signal)).rejects.toMatchObject({
      code: "cancelled",
    });
    expect(server.requests).toHaveLength(2);
  });

  test("cuts a text that is too long before it is sent", async () => {
    await using embedder = await make({ dimensions: 48, maxTokens: 20, passagePrefix: "passage: " });
    await embedder.embed(["word ".repeat(100)], "passage");
    expect(server.requests[0]?.body.input).toEqual([`passage: ${"word ".repeat(17)}`]);
    expect(embedder.maxTokens).toBe(17);
  });

  test.each([
    ["http://models.example/v1", "another machine"],
    ["https://127.0.0.1.models.example/v1", "another machine"],
    ["http://localhost.example:80/v1", "another machine"],
    ["http://10.0.0.1/v1", "another machine"],
    ["http://[2001:db8::1]/v1", "another machine"],
    ["file:///etc/passwd", "file:"],
    ["http://ada:secret@127.0.0.1/v1", "user name or password"],
    ["nonsense", "no address"],
  ])("stays on this machine: %s is refused", async (url, words) => {
    const error = (await make({ url }).catch((e: unknown) => e)) as Error;
    expect(error).toMatchObject({ code: "invalid_setting", reason: expect.stringContaining(words) });
    expect(error.message).not.toContain("secret");
  });

  test("another machine is for those who say so, and loopback has many names", async () => {
    const remote = await make({ url: "http://models.example/v1", dimensions: 4, allowRemote: true });
    expect(remote.dimensions).toBe(4);
    for (const url of ["http://localhost:1/v1", "http://127.9.9.9:1/v1", "http://[::1]:1/v1"]) {
      expect((await make({ url, dimensions: 4 })).dimensions).toBe(4);
    }
  });

  test("a key that is not there, or cannot be one, is named and not shown", async () => {
    await expect(make({ apiKeyEnv: "NO_SUCH_KEY" })).rejects.toThrow("NO_SUCH_KEY is not set");
    for (const settings of [{ apiKey: `${SECRET}\nx` }, { apiKeyEnv: SECRET }]) {
      const error = (await make(settings).catch((e: unknown) => e)) as Error;
      expect(error).toMatchObject({ code: "invalid_setting" });
      expect(error.message).not.toContain(SECRET);
    }
    const env = { KEY: `${SECRET} x` };
    const error = (await make({ apiKeyEnv: "KEY" }, env).catch((e: unknown) => e)) as Error;
    expect(error.message).toContain("no key");
    expect(error.message).not.toContain(SECRET);
  });
});

describe("estimateTokens", () => {
  test("is no less than the tokens of English, and cuts within the limit", () => {
    expect(estimateTokens("")).toBe(0);
    expect(estimateTokens("The refund takes fourteen days.")).toBeGreaterThanOrEqual(6);
    expect(estimateTokens("日本語")).toBeGreaterThanOrEqual(3);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 40 }), (text, limit) => {
        const cut = cutToTokens(text, limit);
        expect(text.startsWith(cut)).toBe(true);
        expect(estimateTokens(cut)).toBeLessThanOrEqual(limit);
        if (estimateTokens(text) <= limit) expect(cut).toBe(text);
      }),
    );
  });
});
