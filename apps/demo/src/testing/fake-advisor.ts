import {
  type Advisor,
  type AdvisorStatus,
  type Answer,
  type AnswerEvent,
  type AskRequest,
  CancelledError,
  type Citation,
  DEFAULT_PRINCIPAL,
  DEFAULT_TENANT,
  type Document,
  isAdministrator,
  type Mode,
  type Passage,
  type PassagePlace,
  type Principal,
  usesAdapter,
  usesSources,
} from "@advisor/core";

/** A page of the fake's handbook: its whole text, the one sentence that answers, and who may read it. */
export interface FakePage {
  readonly uri: string;
  readonly title: string;
  readonly text: string;
  readonly answer: string;
  /** The page answers questions that hold this word. */
  readonly keyword: string;
  /** Where in its file the answer stands. */
  readonly place?: PassagePlace;
  readonly roles: readonly string[];
}

export interface FakeAdvisorOptions {
  readonly pages: readonly FakePage[];
  /** Milliseconds between two pieces of text. Default 0. */
  readonly paceMs?: number;
  /** Arms that throw this instead of answering. */
  readonly failing?: Partial<Record<Mode, unknown>>;
}

export interface FakeAdvisor extends Advisor {
  readonly asked: readonly AskRequest[];
  readonly searchedAs: readonly (Principal | undefined)[];
  /** Arms that were left before their answer came. */
  readonly abandoned: readonly Mode[];
}

const SHA = "0".repeat(64);
export const FAKE_REFUSAL = "The sources do not answer this.";

/** An advisor without models: it looks a keyword up among the pages the principal may read. Everything else throws. */
export function fakeAdvisor(options: FakeAdvisorOptions): FakeAdvisor {
  const asked: AskRequest[] = [];
  const searchedAs: (Principal | undefined)[] = [];
  const abandoned: Mode[] = [];
  const documents = options.pages.map(documentOf);
  const readable = (principal: Principal = DEFAULT_PRINCIPAL) =>
    documents.filter(
      ({ access }) =>
        isAdministrator(principal) || access.roles.some((role) => principal.roles.includes(role)),
    );
  const unexpected = (call: string) => async (): Promise<never> => {
    throw new Error(`The fake advisor was not told what to answer to ${call}.`);
  };

  async function* stream(request: string | AskRequest): AsyncGenerator<AnswerEvent> {
    const ask = typeof request === "string" ? { question: request } : request;
    const mode = ask.mode ?? "retrieval";
    asked.push(ask);
    let finished = false;
    try {
      const failure = options.failing?.[mode];
      if (failure !== undefined) throw failure;
      const allowed = readable(ask.principal);
      const found = options.pages.filter(
        (page) =>
          ask.question.toLowerCase().includes(page.keyword) && allowed.some(({ uri }) => uri === page.uri),
      );
      const passages = usesSources(mode) ? found.map((page) => passageOf(page, documents)) : [];
      if (usesSources(mode)) yield { type: "passages", passages, retrievalMs: 12.5 };
      const answer = answerOf(ask, mode, found[0], passages);
      for (const piece of answer.text.match(/\s*\S+/g) ?? []) {
        await new Promise((resolve) => setTimeout(resolve, options.paceMs ?? 0));
        if (ask.signal?.aborted) {
          throw new CancelledError({
            code: "cancelled",
            subject: "answer",
            reason: "was cancelled",
            nextStep: "Ask again",
          });
        }
        yield { type: "text", text: piece };
      }
      yield { type: "answer", answer };
      finished = true;
    } finally {
      if (!finished) abandoned.push(mode);
    }
  }

  return {
    asked,
    searchedAs,
    abandoned,
    stream,
    async document(id, settings) {
      return readable(settings?.principal).find((document) => document.id === id);
    },
    async search(_query, settings) {
      searchedAs.push(settings?.principal);
      const allowed = readable(settings?.principal);
      return {
        passages: options.pages
          .filter((page) => allowed.some(({ uri }) => uri === page.uri))
          .map((page) => passageOf(page, documents)),
        timings: { totalMs: 1 },
        warnings: [],
      };
    },
    status: async () => fakeStatus(documents.length),
    warmUp: async () => undefined,
    dispose: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
    check: unexpected("check"),
    watch: unexpected("watch"),
    versions: unexpected("versions"),
    purge: unexpected("purge"),
    count: unexpected("count"),
    facets: unexpected("facets"),
    reindex: unexpected("reindex"),
    removeTenant: unexpected("removeTenant"),
    sync: unexpected("sync"),
    upsert: unexpected("upsert"),
    remove: unexpected("remove"),
    roles: unexpected("roles"),
    ask: unexpected("ask"),
  };
}

function documentOf(page: FakePage): Document {
  return {
    id: `id-of-${page.uri.replace(/[^a-z]/g, "-")}`,
    uri: page.uri,
    title: page.title,
    text: page.text,
    access: { tenant: DEFAULT_TENANT, roles: page.roles },
    metadata: {},
    version: SHA,
    source: "fake",
  };
}

function passageOf(page: FakePage, documents: readonly Document[]): Passage {
  const document = documents.find(({ uri }) => uri === page.uri);
  if (!document) throw new Error(`The fake has no page ${page.uri}.`);
  return {
    id: `${document.id}-0`,
    documentId: document.id,
    ordinal: 0,
    text: page.text,
    start: 0,
    end: page.text.length,
    headings: [],
    uri: page.uri,
    title: page.title,
    version: SHA,
    source: "fake",
    score: 1,
    ranks: { vector: 1, keyword: 1 },
  };
}

function answerOf(
  ask: AskRequest,
  mode: Mode,
  page: FakePage | undefined,
  passages: readonly Passage[],
): Answer {
  const cited = usesSources(mode) && page ? page : undefined;
  const citations = cited ? [citationOf(cited, passages[0])] : [];
  const evidence = cited ? `${cited.answer} [1]` : usesSources(mode) ? FAKE_REFUSAL : "the the of and the";
  const voiced = usesAdapter(mode) && (cited || !usesSources(mode));
  return {
    id: `${mode}-1`,
    text: voiced ? `Thanks for asking. ${evidence} Happy to help.` : evidence,
    refused: usesSources(mode) && !cited,
    mode,
    ...(usesSources(mode) && { grounding: "quoted" as const }),
    ...(usesAdapter(mode) && { adapter: { name: "fake-voice" } }),
    citations,
    passages,
    ...(ask.includePrompt && { prompt: `<|im_start|>user\n${ask.question}<|im_end|>` }),
    timings: {
      retrievalMs: usesSources(mode) ? 12.5 : 0,
      groundingMs: usesSources(mode) ? 4 : 0,
      promptTokens: usesSources(mode) ? 214 : 31,
      completionTokens: 24,
      queueMs: 0,
      firstTokenMs: usesSources(mode) ? 88 : 17,
      generationMs: 140,
      tokensPerSecond: 310.4,
      totalMs: usesSources(mode) ? 250 : 150,
    },
    warnings:
      mode === "base"
        ? [{ code: "no_sources", message: "This arm has no sources to check it against." }]
        : [],
  };
}

function citationOf(page: FakePage, passage: Passage | undefined): Citation {
  const start = page.text.indexOf(page.answer);
  return {
    n: 1,
    claim: page.answer,
    ...(passage && { passageId: passage.id, documentId: passage.documentId }),
    uri: page.uri,
    title: page.title,
    version: SHA,
    ...(page.place && { place: page.place }),
    quote: page.answer,
    start,
    end: start + page.answer.length,
    verdict: "verified",
  };
}

function fakeStatus(documents: number): AdvisorStatus {
  return {
    model: {
      name: "fake-model",
      architecture: "llama",
      quantization: "Q8_0",
      parameters: 13_400_000,
      contextLength: 2048,
      fingerprint: SHA,
      chatTemplateSha256: SHA,
      tokenizerSha256: SHA,
      device: "cpu",
    },
    adapters: [],
    store: {
      location: "nowhere",
      embedder: { id: "fake", dimensions: 4 },
      tenants: [{ tenant: DEFAULT_TENANT, documents, chunks: documents }],
      format: 1,
    },
    principal: DEFAULT_PRINCIPAL,
    defaults: { mode: "retrieval", grounding: "quoted", topK: 4 },
    warnings: [],
  };
}
