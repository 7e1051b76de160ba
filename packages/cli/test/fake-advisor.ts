import type { Answer, AnswerEvent, ChangeReport, Passage, SearchResult } from "@advisor/contracts";
import type { Advisor, AdvisorSettings, AdvisorStatus, AskRequest } from "@advisor/core";
import type { CoreModule } from "../src/core-module.ts";

/** What a fake advisor was told to do. Whatever is missing throws when it is called. */
export interface Script {
  readonly sync?: Advisor["sync"];
  readonly watch?: Advisor["watch"];
  readonly search?: Advisor["search"];
  readonly ask?: (request: AskRequest) => Promise<Answer>;
  readonly document?: Advisor["document"];
  readonly check?: Advisor["check"];
  readonly versions?: Advisor["versions"];
  readonly purge?: Advisor["purge"];
  readonly count?: Advisor["count"];
  readonly facets?: Advisor["facets"];
  readonly reindex?: Advisor["reindex"];
  readonly removeTenant?: Advisor["removeTenant"];
  readonly roles?: readonly string[];
  readonly status?: () => Promise<AdvisorStatus>;
  readonly warmUp?: () => Promise<void>;
  readonly addAdapterManifest?: CoreModule["addAdapterManifest"];
  readonly hardware?: CoreModule["hardware"];
  readonly reembed?: CoreModule["reembed"];
}

export interface FakeCore extends CoreModule {
  readonly settings: AdvisorSettings[];
  readonly asked: AskRequest[];
  readonly calls: string[];
  disposed: number;
}

export function fakeCore(script: Script): FakeCore {
  const untold = (name: string) => () => {
    throw new Error(`the fake advisor was not told what to answer to ${name}`);
  };
  const core: FakeCore = {
    settings: [],
    asked: [],
    calls: [],
    disposed: 0,
    addAdapterManifest: script.addAdapterManifest ?? untold("addAdapterManifest"),
    hardware: script.hardware ?? untold("hardware"),
    reembed: script.reembed ?? untold("reembed"),
    async createAdvisor(settings = {}) {
      core.settings.push(settings);
      const ask = async (input: string | AskRequest) => {
        const request = typeof input === "string" ? { question: input } : input;
        core.asked.push(request);
        return (script.ask ?? untold("ask"))(request);
      };
      async function* stream(input: string | AskRequest): AsyncGenerator<AnswerEvent> {
        const answer = await ask(input);
        if (answer.passages.length > 0) yield { type: "passages", passages: answer.passages, retrievalMs: 1 };
        for (const text of answer.text.match(/\S+\s*|\s+/g) ?? []) yield { type: "text", text };
        yield { type: "answer", answer };
      }
      return {
        sync: script.sync ?? untold("sync"),
        watch: script.watch ?? untold("watch"),
        upsert: untold("upsert"),
        remove: untold("remove"),
        search: (query, options) => {
          core.calls.push(`search ${query}`);
          return (script.search ?? untold("search"))(query, options);
        },
        document: script.document ?? (async () => undefined),
        roles: async (tenant) => {
          core.calls.push(`roles ${tenant}`);
          return script.roles ?? untold("roles")();
        },
        check: script.check ?? untold("check"),
        versions: script.versions ?? untold("versions"),
        purge: script.purge ?? untold("purge"),
        count: script.count ?? untold("count"),
        facets: script.facets ?? untold("facets"),
        reindex: script.reindex ?? untold("reindex"),
        removeTenant: script.removeTenant ?? untold("removeTenant"),
        ask,
        stream,
        status: script.status ?? untold("status"),
        warmUp: script.warmUp ?? (async () => {}),
        async dispose() {
          core.disposed++;
        },
        async [Symbol.asyncDispose]() {
          core.disposed++;
        },
      };
    },
  };
  return core;
}

export const PAGE_TEXT =
  "---\nroles: [staff]\n---\n# Leave\n\nYou get 27 days of leave a year. Ask your manager.\n";

export function passage(over: Partial<Passage> = {}): Passage {
  const text = "You get 27 days of leave a year. Ask your manager.";
  const start = PAGE_TEXT.indexOf(text);
  return {
    id: "p1",
    documentId: "d1",
    ordinal: 0,
    text,
    start,
    end: start + text.length,
    headings: ["Leave"],
    uri: "people/leave.md",
    title: "Leave",
    version: "v1",
    source: "/docs",
    score: 1,
    ranks: { vector: 1, keyword: 2 },
    ...over,
  };
}

export function searchResult(passages: readonly Passage[] = [passage()]): SearchResult {
  return { passages, timings: { totalMs: 12.5 }, warnings: [] };
}

export function answer(over: Partial<Answer> = {}): Answer {
  const source = passage();
  const quote = "You get 27 days of leave a year.";
  return {
    id: "a1",
    text: "You get 27 days of leave a year. [1]",
    refused: false,
    mode: "retrieval",
    grounding: "quoted",
    citations: [
      {
        n: 1,
        claim: quote,
        passageId: source.id,
        documentId: source.documentId,
        uri: source.uri,
        title: source.title,
        version: source.version,
        quote,
        start: source.start,
        end: source.start + quote.length,
        verdict: "verified",
      },
    ],
    passages: [source],
    timings: {
      retrievalMs: 11,
      groundingMs: 2,
      promptTokens: 120,
      completionTokens: 12,
      queueMs: 0,
      firstTokenMs: 80,
      generationMs: 200,
      tokensPerSecond: 61.4,
      totalMs: 240,
    },
    warnings: [],
    ...over,
  };
}

export function changes(over: Partial<ChangeReport> = {}): ChangeReport {
  return {
    added: ["people/leave.md"],
    changed: [],
    removed: [],
    unchanged: 0,
    skipped: [],
    chunks: 3,
    elapsedMs: 420,
    warnings: [],
    ...over,
  };
}

export function document() {
  return {
    id: "d1",
    uri: "people/leave.md",
    title: "Leave",
    text: PAGE_TEXT,
    access: { tenant: "default", roles: ["staff"] },
    metadata: {},
    version: "v1",
    source: "/docs",
  };
}

const HASH = "0".repeat(64);

export function status(over: Partial<AdvisorStatus> = {}): AdvisorStatus {
  return {
    model: {
      name: "nano",
      architecture: "llama",
      quantization: "Q8_0",
      parameters: 7_000_000,
      contextLength: 1024,
      fingerprint: HASH,
      chatTemplateSha256: HASH,
      tokenizerSha256: HASH,
      device: "cpu",
    },
    adapters: [loadedAdapter()],
    store: { location: "/s", embedder: { id: "nano-1", dimensions: 384 }, tenants: [], format: 1 },
    principal: { tenant: "default", roles: ["administrator"] },
    defaults: { mode: "retrieval", grounding: "quoted", topK: 4 },
    warnings: [],
    ...over,
  };
}

export function loadedAdapter(): AdvisorStatus["adapters"][number] {
  return {
    name: "house-voice",
    manifest: {
      manifestVersion: 1,
      name: "house-voice",
      description: "Opens and closes as the support desk does.",
      sha256: HASH,
      base: {
        architecture: "llama",
        blockCount: 6,
        embeddingLength: 256,
        feedForwardLength: 768,
        headCount: 4,
        headCountKv: 2,
        vocabularySize: 4096,
        tokenizerSha256: HASH,
        chatTemplateSha256: HASH,
      },
      testedOn: [{ name: "nano", fingerprint: HASH, quantization: "Q8_0" }],
      rank: 8,
      alpha: 16,
      form: { type: "wrapped", opening: ["Good day."], closing: ["Kind regards."], separator: " " },
      dataset: { sha256: HASH, examples: 300, license: "Apache-2.0" },
      heldOut: [{ metric: "form", value: 0.98, examples: 40 }],
      created: "2026-11-01",
      reviewBy: "2027-11-01",
    },
    warnings: [],
  };
}
