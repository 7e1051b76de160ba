import { AdvisorError, BadInputError, type Passage, type Principal } from "@advisor/core";
import { describe, expect, it, vi } from "vitest";
import { ROLE_IDS, type RoleId } from "../shared/roles.ts";
import { ARMS, type AskEvent, type SetupView, type ShelfView, type SourceView } from "../shared/wire.ts";
import { FAKE_REFUSAL, type FakeAdvisorOptions, fakeAdvisor } from "../testing/fake-advisor.ts";
import { fakePages } from "../testing/fake-pages.ts";
import { type AppSettings, createApp } from "./app.ts";
import { MAX_BODY_BYTES, MAX_QUESTION_LENGTH, MAX_QUESTIONS_AT_ONCE } from "./limits.ts";
import type { PageFiles } from "./page-files.ts";
import { roleViews } from "./roles.ts";

const HOST = "127.0.0.1:4173";
const ORIGIN = `http://${HOST}`;

const setup: SetupView = {
  roles: roleViews(),
  samples: [{ question: "What is a return?", shows: "a fact" }],
  model: { name: "fake", architecture: "llama", parameters: 7, quantization: "Q8_0", device: "cpu" },
  adapter: null,
  grounding: "quoted",
  warnings: [],
};
const bytes = (text: string) => new TextEncoder().encode(text);
const page: PageFiles = new Map([
  ["/index.html", { body: bytes("<!doctype html>"), type: "text/html; charset=utf-8", immutable: false }],
  ["/assets/a.js", { body: bytes("1"), type: "text/javascript; charset=utf-8", immutable: true }],
]);

function make(options: Partial<FakeAdvisorOptions> = {}, settings: Partial<AppSettings> = {}) {
  const advisor = fakeAdvisor({ pages: fakePages, ...options });
  const log = vi.fn();
  const app = createApp({ advisor, setup, page, port: () => 4173, log, ...settings });
  const get = (path: string, headers: Record<string, string> = {}) =>
    app.request(path, { headers: { host: HOST, ...headers } });
  const post = (body: unknown, init: { headers?: Record<string, string>; signal?: AbortSignal } = {}) =>
    app.request("/api/ask", {
      method: "POST",
      headers: { host: HOST, origin: ORIGIN, "content-type": "application/json", ...init.headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
      ...(init.signal && { signal: init.signal }),
    });
  return { advisor, app, get, post, log };
}

async function events(response: Response): Promise<AskEvent[]> {
  const text = await response.text();
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as AskEvent);
}

const errorCode = async (response: Response) =>
  ((await response.json()) as { error: { code: string } }).error.code;

const idOf = (uri: string) => `id-of-${uri.replace(/[^a-z]/g, "-")}`;

describe("who may talk to the server", () => {
  it.each(["127.0.0.1:4173", "localhost:4173", "LOCALHOST:4173", "[::1]:4173"])(
    "answers to %s",
    async (host) => {
      expect((await make().get("/", { host })).status).toBe(200);
    },
  );

  it.each([
    "evil.example:4173",
    "evil.example",
    "127.0.0.1",
    "127.0.0.1:4174",
    "localhost.evil.example:4173",
    "127.0.0.1:4173.evil.example",
    "user@127.0.0.1:4173",
    "0.0.0.0:4173",
    "192.168.1.7:4173",
    "",
  ])("refuses the host %j, on every path", async (host) => {
    const { get, advisor } = make();
    for (const path of ["/", "/assets/a.js", "/api/setup", "/api/shelf?role=administrator", "/nowhere"]) {
      const response = await get(path, { host });
      expect(response.status).toBe(403);
      expect(await errorCode(response)).toBe("foreign_host");
    }
    expect(advisor.searchedAs).toEqual([]);
  });

  it("refuses a request without a host", async () => {
    const { app } = make();
    expect((await app.request("/")).status).toBe(403);
  });

  it("knows that a browser leaves port 80 out", async () => {
    const { get } = make({}, { port: () => 80 });
    expect((await get("/", { host: "127.0.0.1" })).status).toBe(200);
    expect((await get("/", { host: "127.0.0.1:80" })).status).toBe(403);
  });

  it.each([
    { origin: "http://evil.example" },
    { origin: "http://localhost:4173" },
    { origin: "http://127.0.0.1:4174" },
    { origin: "https://127.0.0.1:4173" },
    { origin: "null" },
    { origin: "" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ])("refuses a question from another page: %j", async (headers) => {
    const { post, advisor } = make();
    const response = await post({ question: "What is a return?", role: "employee" }, { headers });
    expect(response.status).toBe(403);
    expect(await errorCode(response)).toBe("foreign_origin");
    expect(advisor.asked).toEqual([]);
  });

  it("refuses a question without an origin", async () => {
    const { app } = make();
    const response = await app.request("/api/ask", {
      method: "POST",
      headers: { host: HOST, "content-type": "application/json" },
      body: JSON.stringify({ question: "x", role: "employee" }),
    });
    expect(response.status).toBe(403);
  });

  it("refuses reads that another site started", async () => {
    const { get } = make();
    expect((await get("/api/shelf?role=hr", { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await get("/api/shelf?role=hr", { "sec-fetch-site": "same-origin" })).status).toBe(200);
  });

  it("does not take other methods", async () => {
    const { app } = make();
    for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const response = await app.request("/api/ask", { method, headers: { host: HOST, origin: ORIGIN } });
      expect(response.status).toBe(404);
    }
  });
});

describe("headers", () => {
  it("lets the page run nothing but its own files, and keeps answers out of caches", async () => {
    const { get, post } = make();
    const responses = [
      await get("/"),
      await get("/api/setup"),
      await get("/api/nothing"),
      await get("/", { host: "evil.example" }),
      await post({ question: "What is a return?", role: "employee" }),
    ];
    for (const response of responses) {
      const policy = response.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).not.toMatch(/unsafe|\*|http|data:/);
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
      await response.body?.cancel();
    }
  });

  it("serves what was built, by its type, and nothing else", async () => {
    const { get } = make();
    const script = await get("/assets/a.js");
    expect(script.headers.get("content-type")).toContain("text/javascript");
    expect(script.headers.get("cache-control")).toContain("immutable");
    for (const path of [
      "/package.json",
      "/../package.json",
      "/%2e%2e/package.json",
      "/assets",
      "/index.htm",
    ]) {
      expect((await get(path)).status).toBe(404);
    }
  });
});

describe("POST /api/ask", () => {
  it("answers in the four arms, one after another, and says when it is done", async () => {
    const { post, advisor } = make();
    const response = await post({ question: "  Can I return it?  ", role: "employee" });
    expect(response.headers.get("content-type")).toContain("application/x-ndjson");
    const all = await events(response);
    expect(all.at(-1)).toEqual({ type: "done" });
    const order = all.flatMap((event) => ("arm" in event ? [event.arm] : []));
    expect([...new Set(order)]).toEqual([...ARMS]);
    expect(order).toEqual([...order].sort((a, b) => ARMS.indexOf(a) - ARMS.indexOf(b)));
    for (const arm of ARMS) {
      const own = all.filter((event) => "arm" in event && event.arm === arm);
      const answer = own.at(-1);
      if (answer?.type !== "answer") throw new Error(`${arm} ended with ${answer?.type}`);
      expect(own[0]?.type).toBe("started");
      const streamed = own.flatMap((event) => (event.type === "text" ? [event.text] : [])).join("");
      expect(streamed).toBe(answer.answer.text);
    }
    expect(advisor.asked.map(({ mode }) => mode)).toEqual([...ARMS]);
    expect(advisor.asked.every(({ question }) => question === "Can I return it?")).toBe(true);
  });

  it("says in words which page of its file a citation is on", async () => {
    const pages = fakePages.map((each) => ({ ...each, place: { unit: "page" as const, first: 3, last: 3 } }));
    const { post } = make({ pages });
    const all = await events(await post({ question: "Can I return it?", role: "employee" }));
    const cited = all.flatMap((event) => (event.type === "answer" ? event.answer.citations : []));
    expect(cited.length).toBeGreaterThan(0);
    for (const { place } of cited) expect(place).toBe("page 3");
  });

  it("hands on citations with their offsets, and the prompt", async () => {
    const { post } = make();
    const all = await events(await post({ question: "Can I return it?", role: "employee" }));
    const hybrid = all.find((event) => event.type === "answer" && event.arm === "hybrid");
    if (hybrid?.type !== "answer") throw new Error("no answer");
    const [citation] = hybrid.answer.citations;
    const source = fakePages[0];
    expect(source?.text.slice(citation?.start, citation?.end)).toBe(citation?.quote);
    expect(citation).not.toHaveProperty("passageId");
    expect(hybrid.answer.prompt).toContain("Can I return it?");
    expect(hybrid.answer.adapter).toBe("fake-voice");
  });

  const expected: Record<RoleId, Principal> = {
    employee: { tenant: "default", roles: ["employee"] },
    support: { tenant: "default", roles: ["employee", "support"] },
    sales: { tenant: "default", roles: ["employee", "sales"] },
    hr: { tenant: "default", roles: ["employee", "hr"] },
    finance: { tenant: "default", roles: ["employee", "finance"] },
    security: { tenant: "default", roles: ["employee", "security"] },
    administrator: { tenant: "default", roles: ["administrator"] },
  };
  it.each(ROLE_IDS)("asks as the principal it knows for %s", async (role) => {
    const { post, advisor } = make();
    await events(await post({ question: "Can I return it?", role }));
    expect(advisor.asked).toHaveLength(4);
    for (const ask of advisor.asked) expect(ask.principal).toEqual(expected[role]);
  });

  it("gives the same question another answer when another role asks it", async () => {
    const { post } = make();
    const textOf = async (role: RoleId) => {
      const all = await events(await post({ question: "What is the salary of band 4?", role }));
      const found = all.find((event) => event.type === "answer" && event.arm === "retrieval");
      return found?.type === "answer" ? found.answer : undefined;
    };
    expect(await textOf("hr")).toMatchObject({ refused: false, text: expect.stringContaining("61,000") });
    expect(await textOf("support")).toMatchObject({
      refused: true,
      text: FAKE_REFUSAL,
      citations: [],
      passages: [],
    });
  });

  it.each([
    { principal: { tenant: "default", roles: ["administrator"] } },
    { roles: ["administrator"] },
    { tenant: "other" },
    { principal: null },
  ])("refuses a request that says who asks: %j", async (extra) => {
    const { post, advisor } = make();
    const response = await post({ question: "x", role: "employee", ...extra });
    expect(response.status).toBe(403);
    expect(await errorCode(response)).toBe("identity_in_request");
    expect(advisor.asked).toEqual([]);
  });

  it.each([
    ["no JSON", "{", "not_json"],
    ["an array", [], "invalid_request"],
    ["null", "null", "invalid_request"],
    ["nothing", "", "not_json"],
    ["no question", { role: "employee" }, "invalid_request"],
    ["an empty question", { question: "  \n ", role: "employee" }, "invalid_request"],
    [
      "a long question",
      { question: "x".repeat(MAX_QUESTION_LENGTH + 1), role: "employee" },
      "invalid_request",
    ],
    ["a question of another type", { question: 4, role: "employee" }, "invalid_request"],
    ["no role", { question: "x" }, "invalid_request"],
    ["an unknown role", { question: "x", role: "root" }, "invalid_request"],
    ["a role of the prototype", { question: "x", role: "constructor" }, "invalid_request"],
    ["roles in place of a role", { question: "x", role: ["hr"] }, "invalid_request"],
    ["a field it does not know", { question: "x", role: "hr", mode: "base" }, "invalid_request"],
  ])("refuses %s", async (_, body, code) => {
    const { post, advisor } = make();
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await errorCode(response)).toBe(code);
    expect(advisor.asked).toEqual([]);
  });

  it("refuses what is not JSON by its type, and what is too large", async () => {
    const { post } = make();
    const plain = await post({ question: "x", role: "hr" }, { headers: { "content-type": "text/plain" } });
    expect(plain.status).toBe(415);
    const large = await post({ question: "x", role: "hr", padding: "x".repeat(MAX_BODY_BYTES) });
    expect(large.status).toBe(413);
  });

  it("shows an arm's own error in its place and goes on with the next arm", async () => {
    const failure = new BadInputError({
      code: "unknown_adapter",
      subject: "adapter none",
      reason: "is not there",
      nextStep: "Name one",
    });
    const { post, log } = make({ failing: { adapter: failure, hybrid: new Error("secret: /home/someone") } });
    const all = await events(await post({ question: "Can I return it?", role: "employee" }));
    const errors = all.filter((event) => event.type === "error");
    expect(errors).toEqual([
      { type: "error", arm: "adapter", error: { code: "unknown_adapter", message: failure.message } },
      {
        type: "error",
        arm: "hybrid",
        error: { code: "internal", message: expect.not.stringContaining("secret") },
      },
    ]);
    expect(all.filter((event) => event.type === "answer")).toHaveLength(2);
    expect(all.at(-1)).toEqual({ type: "done" });
    expect(log).toHaveBeenCalledTimes(1);
    expect(AdvisorError.isInstance(log.mock.calls[0]?.[0])).toBe(false);
  });

  it("stops the work when the reader goes away", async () => {
    const { post, advisor } = make({ paceMs: 20 });
    const response = await post({ question: "Can I return it?", role: "employee" });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await vi.waitFor(() => expect(advisor.abandoned).toEqual(["base"]));
    expect(advisor.asked[0]?.signal?.aborted).toBe(true);
    expect(advisor.asked).toHaveLength(1);
  });

  it("stops the work when the request is aborted before anything is read", async () => {
    const { post, advisor } = make({ paceMs: 20 });
    const abort = new AbortController();
    await post({ question: "Can I return it?", role: "employee" }, { signal: abort.signal });
    abort.abort();
    await vi.waitFor(() => expect(advisor.abandoned).toEqual(["base"]));
  });

  it("says in each remaining arm that the time is over", async () => {
    const { post, advisor } = make({ paceMs: 10 }, { askTimeoutMs: 90 });
    const all = await events(await post({ question: "Can I return it?", role: "employee" }));
    expect(all.at(-1)).toEqual({ type: "done" });
    const late = all.filter((event) => event.type === "error");
    expect(late.length).toBeGreaterThan(0);
    for (const event of late) expect(event.error.code).toBe("timeout");
    expect(late.at(-1)?.arm).toBe("hybrid");
    expect(advisor.asked.length).toBeLessThan(5);
  });

  it("answers a few questions at once, says when it is busy, and is free again afterwards", async () => {
    const { post, advisor } = make({ paceMs: 5 });
    const ask = () => post({ question: "Can I return it?", role: "employee" });
    const running = await Promise.all(Array.from({ length: MAX_QUESTIONS_AT_ONCE }, ask));
    expect(running.map(({ status }) => status)).toEqual(running.map(() => 200));
    const busy = await ask();
    expect(busy.status).toBe(429);
    expect(busy.headers.get("retry-after")).toBe("2");
    const [first, ...rest] = running;
    await first?.body?.cancel();
    await vi.waitFor(async () => expect(advisor.abandoned).toHaveLength(1));
    const next = await ask();
    expect(next.status).toBe(200);
    for (const response of [...rest, next]) expect((await events(response)).at(-1)).toEqual({ type: "done" });
  });
});

describe("GET /api/source/:id", () => {
  it("opens a page to a role that may read it", async () => {
    const { get } = make();
    const response = await get(`/api/source/${idOf("people/salary-bands.md")}?role=hr`);
    const source = (await response.json()) as SourceView;
    expect(source).toMatchObject({ uri: "people/salary-bands.md", title: "Salary bands", roles: ["hr"] });
    expect(source.text).toBe(fakePages[1]?.text);
  });

  it.each(["employee", "support", "finance", "security"])("does not know the page for %s", async (role) => {
    const { get } = make();
    const hidden = await get(`/api/source/${idOf("people/salary-bands.md")}?role=${role}`);
    const missing = await get(`/api/source/nothing?role=${role}`);
    expect(hidden.status).toBe(404);
    expect(missing.status).toBe(404);
    expect(await hidden.text()).toBe(await missing.text());
  });

  it.each([
    "",
    "?role=",
    "?role=root",
    "?role=hr&roles=administrator",
    "?principal=administrator",
    "?role=employee&tenant=other",
  ])("refuses the query %j", async (query) => {
    const { get } = make();
    expect((await get(`/api/source/${idOf("support/returns.md")}${query}`)).status).toBe(400);
  });

  it("refuses an id that no store makes", async () => {
    const { get } = make();
    expect((await get(`/api/source/${"x".repeat(300)}?role=hr`)).status).toBe(400);
    expect((await get("/api/source/..%2f..%2fetc%2fpasswd?role=administrator")).status).toBe(404);
  });

  it("gives up on a store that does not answer", async () => {
    const advisor = {
      ...fakeAdvisor({ pages: fakePages }),
      document: () => new Promise<never>(() => undefined),
    };
    const { get } = make({}, { advisor, readTimeoutMs: 20 });
    expect((await get("/api/source/x?role=hr")).status).toBe(504);
  });

  it("tells an unexpected failure to the terminal, not to the page", async () => {
    const advisor = {
      ...fakeAdvisor({ pages: fakePages }),
      document: async () => {
        throw new Error("secret: /home/someone");
      },
    };
    const { get, log } = make({}, { advisor });
    const response = await get("/api/source/x?role=hr");
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret");
    expect(log).toHaveBeenCalledOnce();
  });
});

describe("GET /api/shelf", () => {
  it.each([
    ["employee", ["support/returns.md"]],
    ["hr", ["people/salary-bands.md", "support/returns.md"]],
    ["administrator", ["legal/litigation.md", "people/salary-bands.md", "support/returns.md"]],
  ] as const)("lists what %s may read and nothing else", async (role, uris) => {
    const { get } = make();
    const shelf = (await (await get(`/api/shelf?role=${role}`)).json()) as ShelfView;
    expect(shelf.pages.map(({ uri }) => uri)).toEqual(uris);
    expect(shelf.complete).toBe(true);
  });

  it("says when a search was too short to show every page", async () => {
    const whole = fakeAdvisor({ pages: fakePages });
    const long = async (...call: Parameters<typeof whole.search>) => {
      const result = await whole.search(...call);
      return {
        ...result,
        passages: Array.from({ length: 200 }, (_, at) => result.passages[at % 2] as Passage),
      };
    };
    const { get } = make({}, { advisor: { ...whole, search: long } });
    expect(await (await get("/api/shelf?role=administrator")).json()).toMatchObject({ complete: false });
    const few = fakeAdvisor({ pages: fakePages.slice(0, 2) });
    const { get: getFew } = make({}, { advisor: { ...few, search: long } });
    expect(await (await getFew("/api/shelf?role=administrator")).json()).toMatchObject({ complete: true });
  });

  it("refuses an unknown role", async () => {
    expect((await make().get("/api/shelf?role=root")).status).toBe(400);
  });
});
