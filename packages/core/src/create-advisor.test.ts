import {
  type AnswerEvent,
  type Embedder,
  type Generator,
  type Retriever,
  StoreError,
} from "@advisor/contracts";
import { createFakeEmbedder, createFakeGenerator, createFakeRetriever } from "@advisor/contracts/testing";
import { describe, expect, it, vi } from "vitest";
import { collect, createFixture, EMPLOYEE, NOTICE, PAGES, takeFirstChoice } from "../test/fixture.ts";
import type { AdvisorSettings } from "./advisor.ts";
import { assembleAdvisor, createAdvisor } from "./create-advisor.ts";
import { GENERAL_PROFILE } from "./model-profile.ts";
import type { StoreRequest } from "./parts.ts";
import type { RerankerChoice } from "./reranker-choice.ts";
import { parseSettings } from "./settings.ts";

const QUESTION = "How long is the notice period?";

/** Loaders that count, on fakes. */
function createLoaders(replies: Parameters<typeof createFakeGenerator>[0] = { replies: takeFirstChoice }) {
  const retriever = createFakeRetriever();
  const generator = createFakeGenerator(replies);
  const embedder = createFakeEmbedder();
  const loaders = {
    retriever: vi.fn(async (_request: StoreRequest): Promise<Retriever> => {
      await retriever.upsert(PAGES);
      return retriever;
    }),
    generator: vi.fn(async (): Promise<Generator> => generator),
    embedder: vi.fn(async (): Promise<Embedder> => embedder),
    reranker: vi.fn(async (_: string | RerankerChoice) => createReranker()),
    profile: vi.fn(async () => ({ ...GENERAL_PROFILE, grounding: "quoted" as const })),
  };
  let time = 0;
  let ids = 0;
  const environment = { now: () => ++time, newId: () => `answer-${++ids}` };
  const withSettings = (settings: AdvisorSettings) =>
    assembleAdvisor(parseSettings({ adapter: "voice", ...settings }), loaders, environment);
  return { advisor: withSettings({}), withSettings, loaders, retriever, generator, embedder };
}

function createReranker() {
  const dispose = vi.fn(async () => undefined);
  const score = vi.fn(async (_: string, texts: readonly string[]) => texts.map(() => 0));
  return { id: "fake-reranker", score, dispose, [Symbol.asyncDispose]: dispose };
}

const loads = (loaders: ReturnType<typeof createLoaders>["loaders"]) => ({
  retriever: loaders.retriever.mock.calls.length,
  generator: loaders.generator.mock.calls.length,
  embedder: loaders.embedder.mock.calls.length,
});

describe("settings", () => {
  const wrong: [string, unknown, string, RegExp][] = [
    ["a misspelt field", { stroe: "x" }, "invalid_setting", /stroe/],
    [
      "an empty store",
      { store: "" },
      "invalid_setting",
      /settings, store: must be the folder of a store, or an object/,
    ],
    ["a store without its methods", { store: { search() {} } }, "invalid_setting", /store.*upsert/],
    ["a model that is a number", { model: 7 }, "invalid_setting", /settings, model.*path of a GGUF/],
    [
      "an embedder without embed",
      { embedder: { countTokens() {} } },
      "invalid_setting",
      /settings, embedder/,
    ],
    ["a reranker without score", { reranker: { dispose() {} } }, "invalid_setting", /settings, reranker/],
    ["a rerankDepth of 0", { rerankDepth: 0 }, "invalid_setting", /settings, rerankDepth/],
    ["a topK of 0", { topK: 0 }, "invalid_setting", /settings, topK/],
    ["an unknown mode", { mode: "all" }, "unknown_mode", /settings, mode/],
    ["an unknown grounding", { grounding: "free" }, "invalid_setting", /settings, grounding/],
    ["a tiny context", { contextLength: 3 }, "invalid_setting", /contextLength/],
    ["a broken prompt format", { promptFormat: { system: "x" } }, "invalid_setting", /promptFormat/],
    [
      "a principal with an empty tenant",
      { principal: { tenant: " ", roles: [] } },
      "invalid_setting",
      /principal.tenant/,
    ],
    ["an adapter without a name", { adapter: { scale: 1 } }, "invalid_setting", /adapter.*name/],
    ["gpu by name", { gpu: "cuda" }, "invalid_setting", /gpu.*auto or false/],
  ];
  it.each(wrong)("refuse %s", async (_name, settings, code, message) => {
    await expect(createAdvisor(settings as object)).rejects.toMatchObject({
      code,
      wrongUse: true,
      message: expect.stringMatching(message),
    });
  });

  it("take parts by their shape and load nothing", async () => {
    const advisor = await createAdvisor({
      store: createFakeRetriever(),
      model: "/nowhere.gguf",
      embedder: "/nowhere",
    });
    await advisor.dispose();
  });
});

describe("parts", () => {
  it("load on first use: searching needs no model, base needs no store", async () => {
    const searching = createLoaders();
    expect(loads(searching.loaders)).toEqual({ retriever: 0, generator: 0, embedder: 0 });
    await searching.advisor.search("notice");
    expect(loads(searching.loaders)).toEqual({ retriever: 1, generator: 0, embedder: 1 });
    const base = createLoaders({ replies: "x" });
    await base.advisor.ask({ question: QUESTION, mode: "base" });
    expect(loads(base.loaders)).toEqual({ retriever: 0, generator: 1, embedder: 0 });
  });

  it("load once for calls at the same time", async () => {
    const { advisor, loaders } = createLoaders();
    await Promise.all([
      advisor.ask(QUESTION),
      advisor.ask(QUESTION),
      advisor.search("vpn"),
      advisor.status(),
      advisor.warmUp(),
    ]);
    expect(loads(loaders)).toEqual({ retriever: 1, generator: 1, embedder: 1 });
  });

  it("load side by side", async () => {
    const { advisor, loaders, generator } = createLoaders();
    let storeIsOpen = (): void => {};
    const opened = new Promise<void>((resolve) => {
      storeIsOpen = resolve;
    });
    loaders.generator.mockImplementation(async () => {
      await opened;
      return generator;
    });
    const search = loaders.retriever.getMockImplementation();
    loaders.retriever.mockImplementation(async (request) => {
      expect(loaders.generator).toHaveBeenCalledOnce();
      storeIsOpen();
      return (await search?.(request)) as Retriever;
    });
    expect((await advisor.ask(QUESTION)).text).toBe(`${NOTICE} [1]`);
  });

  it("are loaded again after a failure", async () => {
    const { advisor, loaders, retriever } = createLoaders();
    loaders.retriever.mockRejectedValueOnce(new Error("locked"));
    loaders.generator.mockRejectedValueOnce(new Error("no memory"));
    await expect(advisor.ask(QUESTION)).rejects.toThrow("locked");
    await expect(advisor.ask(QUESTION)).resolves.toMatchObject({ text: `${NOTICE} [1]` });
    expect(loads(loaders)).toEqual({ retriever: 2, generator: 2, embedder: 1 });
    retriever.failNext(new Error("search failed"));
    await expect(advisor.ask(QUESTION)).rejects.toThrow("search failed");
    await advisor.dispose();
  });

  it("make a store for writing, never for reading", async () => {
    const { advisor, loaders, retriever } = createLoaders();
    let exists = false;
    loaders.retriever.mockImplementation(async ({ create }) => {
      if (!exists && !create) {
        throw new StoreError({
          code: "store_missing",
          subject: "s",
          reason: "there is none",
          nextStep: "Sync",
        });
      }
      exists = true;
      return retriever;
    });
    await advisor.warmUp();
    for (const read of [() => advisor.ask(QUESTION), () => advisor.search("x"), () => advisor.status()]) {
      await expect(read()).rejects.toMatchObject({ code: "store_missing" });
    }
    expect(exists).toBe(false);
    await Promise.all([advisor.upsert(PAGES), advisor.upsert(PAGES)]);
    expect((await advisor.ask(QUESTION)).text).toBe(`${NOTICE} [1]`);
  });

  it("of the caller's own are not disposed, loaded ones are", async () => {
    const own = await createFixture({ grounding: "quoted" });
    await own.advisor.ask(QUESTION);
    await own.advisor.dispose();
    expect([own.retriever.disposed, own.generator.disposed, own.embedder.disposed]).toEqual([
      false,
      false,
      false,
    ]);

    const loaded = createLoaders();
    await loaded.advisor.ask(QUESTION);
    await loaded.advisor.dispose();
    expect([loaded.retriever.disposed, loaded.generator.disposed, loaded.embedder.disposed]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it("hand a reranker to the store: the caller's own stays theirs, a loaded one is freed", async () => {
    const own = createReranker();
    const parts = createLoaders();
    await using given = parts.withSettings({ reranker: own });
    await given.search("notice");
    expect(parts.loaders.retriever.mock.lastCall?.[0].reranker).toBe(own);
    expect(parts.loaders.reranker).not.toHaveBeenCalled();
    await given.dispose();
    expect(own.dispose).not.toHaveBeenCalled();

    const named = createLoaders();
    const advisor = named.withSettings({ reranker: "models/cross" });
    await advisor.warmUp();
    expect(named.loaders.reranker.mock.calls).toEqual([["models/cross"]]);
    const loaded = await named.loaders.reranker.mock.results[0]?.value;
    expect(named.loaders.retriever.mock.lastCall?.[0].reranker).toBe(loaded);
    named.retriever.dispose = async () => {
      throw new Error("store stuck");
    };
    await expect(advisor.dispose()).rejects.toThrow("store stuck");
    expect(loaded.dispose).toHaveBeenCalledOnce();
  });

  it("are all freed when one of them fails to close, and the failure is told", async () => {
    const { advisor, retriever, generator, embedder } = createLoaders();
    await advisor.warmUp();
    retriever.dispose = async () => {
      throw new Error("store stuck");
    };
    await expect(advisor.dispose()).rejects.toThrow("store stuck");
    expect([generator.disposed, embedder.disposed]).toEqual([true, true]);
  });
});

describe("dispose", () => {
  it("waits for work in flight, then refuses", async () => {
    const { advisor, generator } = createLoaders({ replies: () => ({ text: "one two three", delayMs: 5 }) });
    const asked = advisor.ask({ question: QUESTION, mode: "base" });
    const disposed = advisor.dispose();
    await expect(advisor.ask(QUESTION)).rejects.toMatchObject({ code: "disposed" });
    expect(generator.disposed).toBe(false);
    expect((await asked).text).toBe("one two three");
    await disposed;
    expect(generator.disposed).toBe(true);
    for (const call of [
      () => advisor.search("x"),
      () => advisor.sync("."),
      () => advisor.upsert([]),
      () => advisor.remove([]),
      () => advisor.document("x"),
      () => advisor.roles(),
      () => advisor.status(),
      () => advisor.warmUp(),
      () => collect(advisor.stream("x")),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: "disposed" });
    }
    await advisor.dispose();
  });

  it("waits for a load under way, and loads nothing when nothing was used", async () => {
    const { advisor, loaders, generator } = createLoaders();
    let release = (): void => {};
    loaders.generator.mockImplementation(
      () =>
        new Promise((resolve) => {
          release = () => resolve(generator);
        }),
    );
    const controller = new AbortController();
    const asked = advisor.ask({ question: QUESTION, mode: "base", signal: controller.signal });
    await vi.waitFor(() => expect(loaders.generator).toHaveBeenCalled());
    controller.abort();
    await expect(asked).rejects.toMatchObject({ code: "cancelled" });
    const disposed = advisor.dispose();
    release();
    await disposed;
    expect(generator.disposed).toBe(true);

    const unused = createLoaders();
    await unused.advisor.dispose();
    expect(loads(unused.loaders)).toEqual({ retriever: 0, generator: 0, embedder: 0 });
  });

  it("works with `await using`", async () => {
    const { advisor, generator } = createLoaders();
    {
      await using scoped = advisor;
      await scoped.ask(QUESTION);
    }
    expect(generator.disposed).toBe(true);
  });
});

describe("stream", () => {
  it("yields passages, text pieces, then the answer that they make", async () => {
    const { advisor } = await createFixture({ grounding: "quoted" });
    const events = await collect(advisor.stream(QUESTION));
    const types = events.map(({ type }) => type);
    expect(types[0]).toBe("passages");
    expect(types.at(-1)).toBe("answer");
    expect(new Set(types.slice(1, -1))).toEqual(new Set(["text"]));
    expect(types.length).toBeGreaterThan(4);
    const last = events.at(-1) as AnswerEvent & { type: "answer" };
    expect(events.flatMap((event) => (event.type === "text" ? [event.text] : [])).join("")).toBe(
      last.answer.text,
    );
    const { id: _a, timings: _b, ...asked } = await advisor.ask(QUESTION);
    expect(last.answer).toMatchObject(asked);
  });

  it("aborts the work when it is left early", async () => {
    const { advisor, generator } = await createFixture({
      replies: () => ({ text: "one two three four", delayMs: 1 }),
    });
    for await (const event of advisor.stream({ question: QUESTION, mode: "base" })) {
      if (event.type === "text") break;
    }
    expect(generator.requests[0]?.signal?.aborted).toBe(true);
    await advisor.dispose();
    await generator.dispose();
  });

  it("stops in the middle when its signal aborts", async () => {
    const { advisor } = await createFixture({ replies: () => ({ text: "one two three four", delayMs: 1 }) });
    const controller = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of advisor.stream({
        question: QUESTION,
        mode: "base",
        signal: controller.signal,
      })) {
        if (event.type === "text") seen.push(event.text);
        controller.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "cancelled" });
    expect(seen).toEqual(["one"]);
    await expect(advisor.ask({ question: QUESTION, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "cancelled",
    });
    await advisor.dispose();
  });

  it("fails on the first step when the request is wrong", async () => {
    const { advisor } = await createFixture();
    const events = advisor.stream({ question: "" });
    await expect(collect(events)).rejects.toMatchObject({ code: "invalid_request" });
    await advisor.dispose();
  });
});

describe("knowledge", () => {
  it("is written in the principal's tenant unless another is named", async () => {
    const { advisor, retriever } = await createFixture({
      principal: { tenant: "acme", roles: ["administrator"] },
      replies: "x",
    });
    await advisor.upsert({ uri: "zebra.md", text: "Zebra food." });
    await advisor.upsert([{ uri: "other.md", text: "Zebra." }], { tenant: "other" });
    expect((await retriever.status()).tenants.map(({ tenant }) => tenant)).toEqual([
      "acme",
      "default",
      "other",
    ]);
    expect((await advisor.search("zebra")).passages.map(({ uri }) => uri)).toEqual(["zebra.md"]);
    expect((await advisor.remove("zebra.md")).removed).toEqual(["zebra.md"]);
    expect((await advisor.search("zebra")).passages).toEqual([]);
    expect(await advisor.roles("default")).toEqual(["employee", "hr"]);
  });

  it("opens a document only to who may read it", async () => {
    const { advisor } = await createFixture();
    const [passage] = (await advisor.search("kroner", { principal: { tenant: "default", roles: ["hr"] } }))
      .passages;
    const id = passage?.documentId ?? "";
    expect((await advisor.document(id))?.uri).toBe("hr/salaries.md");
    expect(await advisor.document(id, { principal: EMPLOYEE })).toBeUndefined();
    await expect(advisor.document(id, { principal: {} as never })).rejects.toMatchObject({
      code: "invalid_request",
    });
  });

  it("is searched with checked options", async () => {
    const { advisor, retriever } = await createFixture({ topK: 2 });
    await advisor.search("notice", { mode: "keyword" });
    expect(retriever.searches[0]).toMatchObject({
      topK: 2,
      mode: "keyword",
      principal: { tenant: "default" },
    });
    await expect(advisor.search("")).rejects.toMatchObject({ code: "invalid_request" });
    await expect(advisor.search("x", { top: 1 } as never)).rejects.toMatchObject({
      message: expect.stringMatching(/top/),
    });
  });
});

describe("status", () => {
  it("says what is loaded and who asks", async () => {
    const { advisor } = await createFixture({ loaded: ["voice"] });
    const status = await advisor.status();
    expect(status).toMatchObject({
      model: { name: "fake" },
      store: { location: "memory" },
      principal: { tenant: "default", roles: ["administrator"] },
      defaults: { mode: "retrieval", grounding: "cited", topK: 4, adapter: "voice" },
    });
    expect(status.adapters.map(({ name }) => name)).toEqual(["voice"]);
    expect(status.warnings.map(({ code }) => code)).toEqual(["principal_default"]);
    const { advisor: named } = await createFixture({ principal: EMPLOYEE });
    expect((await named.status()).warnings).toEqual([]);
  });
});

describe("time and names", () => {
  it("come from the environment", async () => {
    const { advisor } = createLoaders();
    const first = await advisor.ask(QUESTION);
    const second = await advisor.ask(QUESTION);
    expect([first.id, second.id]).toEqual(["answer-1", "answer-2"]);
    // The clock moves by one at each reading: start, search begin and end, grounding begin and end, end.
    expect(first.timings).toMatchObject({ retrievalMs: 1, groundingMs: 1, totalMs: 5 });
    const { advisor: real } = await createFixture({ replies: "x" });
    expect((await real.ask(QUESTION)).id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  });
});

describe("check", () => {
  it("hands the principal on, the advisor's own when none is named, and loads no chat model", async () => {
    const { advisor, loaders, retriever } = createLoaders();
    const asked: unknown[] = [];
    const report = { findings: [], checks: [], documents: 0, chunks: 0, elapsedMs: 0 };
    const links = { checked: 0, external: 0, files: 0 };
    const checking: Retriever = {
      ...retriever,
      check: async (request) => {
        asked.push(request);
        return { ...report, links };
      },
    };
    loaders.retriever.mockResolvedValue(checking);
    expect(await advisor.check()).toEqual({ ...report, links });
    await advisor.check({ principal: EMPLOYEE, today: "2026-11-21" });
    expect(asked).toEqual([
      { principal: { tenant: "default", roles: ["administrator"] } },
      { principal: EMPLOYEE, today: "2026-11-21" },
    ]);
    expect(loads(loaders).generator).toBe(0);
  });

  it("says so when the retriever cannot", async () => {
    const { advisor } = createLoaders();
    await expect(advisor.check()).rejects.toMatchObject({ code: "invalid_setting" });
  });
});
