import { DEFAULT_PRINCIPAL, type Retriever } from "@advisor/contracts";
import {
  createFakeEmbedder,
  createFakeS3,
  describeHistory,
  describeRetriever,
  type FakeS3,
} from "@advisor/contracts/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type KnowledgeSettings, openKnowledge } from "./knowledge.ts";

let s3: FakeS3;
let stores = 0;
let location: string;
beforeAll(async () => {
  s3 = await createFakeS3();
});
afterAll(() => s3.dispose());
beforeEach(() => {
  s3.fault = undefined;
  location = `s3://test/stores/${stores++}`;
});

const open = (settings: Partial<KnowledgeSettings> = {}) =>
  openKnowledge({
    location,
    storageOptions: s3.storageOptions,
    embedder: createFakeEmbedder(),
    ...settings,
  });
const find = async (knowledge: Retriever, query: string) =>
  (await knowledge.search({ query, principal: DEFAULT_PRINCIPAL, topK: 50 })).passages.map(
    ({ text }) => text,
  );
const impatient = { client_max_retries: "0", lance_aimd_max_retries: "0" };

const anew = () => {
  location = `s3://test/contract/${stores++}`;
  return open();
};
describeRetriever("LanceDB on an object store", anew);
describeHistory("LanceDB on an object store", anew);

describe("a store on Google Cloud Storage", () => {
  test("is written, changed, read again, erased, and survives the lost answer to a commit", async () => {
    await using gcs = await createFakeS3({ dialect: "gcs" });
    const { storageOptions } = gcs;
    const place = { location: "gs://test/stores/a", storageOptions };
    {
      await using knowledge = await open(place);
      await knowledge.upsert([{ uri: "a", text: "The zebra is striped." }]);
      let lost = 0;
      gcs.fault = ({ method, key }) =>
        method === "PUT" && key.includes("tenant-") && key.endsWith(".manifest") && lost++ === 0
          ? "cut-after"
          : undefined;
      await knowledge.upsert([{ uri: "a", text: "The zebra is fast." }]);
      gcs.fault = undefined;
      expect(lost).toBeGreaterThan(1);
    }
    await using knowledge = await open({ ...place, create: false });
    await using other = await open({ ...place, create: false });
    await Promise.all([
      knowledge.upsert([{ uri: "b", text: "The lion sleeps." }]),
      other.upsert([{ uri: "c", text: "The otter swims." }]),
    ]);
    expect(await find(knowledge, "zebra")).toContain("The zebra is fast.");
    expect((await other.status()).tenants).toMatchObject([{ documents: 3 }]);
    await knowledge.purge?.([{ uri: "a" }], DEFAULT_PRINCIPAL);
    expect(await find(other, "zebra")).not.toContain("The zebra is fast.");
    const held = gcs.objects.keys.map((key) => String(gcs.objects.get(key)?.body));
    expect(held.filter((body) => body.includes("zebra"))).toEqual([]);
  });
});

describe("a cloud that is not set up", () => {
  test.each([
    ["no account of Azure's", "az://container/store", {}, "invalid_setting", /azure_storage_account_name/],
    [
      "a container of Azure's that is not there",
      "az://container/store",
      { azure_storage_account_name: "someone", azure_storage_account_key: "a2V5IG9mIHNvbWVvbmU=" },
      "store_missing",
      /no such bucket/,
    ],
  ])("%s: the next step is said, and no secret", async (_, at, options, code, message) => {
    const { createServer } = await import("node:http");
    const server = createServer((_request, response) => {
      response.statusCode = 404;
      response.end("<Error><Code>ContainerNotFound</Code><Message>x</Message></Error>");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as import("node:net").AddressInfo;
    const storageOptions = {
      ...{ azure_storage_endpoint: `http://127.0.0.1:${port}`, allow_http: "true", ...impatient },
      ...options,
    };
    const failure = await open({ location: at, storageOptions, allowRemote: true }).catch(
      (error: Error) => error,
    );
    server.close();
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
    const { inspect } = await import("node:util");
    expect(inspect(failure, { depth: 9 })).not.toContain("a2V5IG9m");
  });
});

describe("a store on an object store", () => {
  test("is there again when it is opened anew, and leaves nothing outside its prefix", async () => {
    const before = new Set(s3.objects.keys);
    {
      await using knowledge = await open();
      await knowledge.upsert([{ uri: "a", text: "The zebra is striped." }]);
    }
    await using knowledge = await open({ create: false });
    expect(await find(knowledge, "zebra")).toEqual(["The zebra is striped."]);
    const prefix = location.slice("s3://test/".length);
    const made = s3.objects.keys.filter((key) => !before.has(key));
    expect(made.length).toBeGreaterThan(0);
    expect(made.filter((key) => !key.startsWith(`${prefix}/`))).toEqual([]);
  });

  test("a change of one page, and a search, make few requests", async () => {
    await using knowledge = await open();
    await knowledge.upsert([{ uri: "a", text: "The zebra is striped." }]);
    const requestsOf = async (work: () => Promise<unknown>) => {
      const before = s3.requests;
      await work();
      return s3.requests - before;
    };
    const changed = await requestsOf(() => knowledge.upsert([{ uri: "a", text: "The zebra is fast." }]));
    const searched = await requestsOf(() => find(knowledge, "zebra"));
    // Each is a round trip: measured, and a tenth more.
    expect(changed).toBeLessThanOrEqual(105);
    expect(searched).toBeLessThanOrEqual(30);
  });

  test("missing, and not to be made: says so, and makes nothing; so does looking at it", async () => {
    const before = s3.objects.keys.length;
    await expect(open({ create: false })).rejects.toMatchObject({ code: "store_missing" });
    expect(s3.objects.keys).toHaveLength(before);
    await using knowledge = await open();
    expect((await knowledge.status()).writer).toBeUndefined();
  });

  test("without leave for the network nothing is sent to another machine", async () => {
    const storageOptions = { ...s3.storageOptions, aws_endpoint: "http://192.0.2.1:9000" };
    await expect(open({ storageOptions })).rejects.toMatchObject({
      code: "invalid_setting",
      message: expect.stringContaining("allowRemote"),
    });
  });

  test.each([
    [
      "another key",
      { aws_access_key_id: "WRONGKEY" },
      undefined,
      "store_failed",
      /refused access.*credentials/,
    ],
    ["another bucket", {}, "s3://other/x", "store_missing", /no such bucket/],
    [
      "nobody at the endpoint",
      { aws_endpoint: "http://127.0.0.1:1", ...impatient },
      undefined,
      "store_unavailable",
      /Call again/,
    ],
  ])("%s: refused, with the next step and without a secret", async (_, options, at, code, message) => {
    const settings = { storageOptions: { ...s3.storageOptions, ...options }, ...(at && { location: at }) };
    const failure = await open(settings).catch((error: Error) => error);
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
    const { inspect } = await import("node:util");
    expect(inspect(failure, { depth: 9 })).not.toContain(s3.credentials.secretAccessKey);
    expect(inspect(failure, { depth: 9 })).not.toContain("WRONGKEY");
  });

  test("a server that is slow or fails now and then is borne", async () => {
    await using knowledge = await open();
    let asked = 0;
    s3.fault = () => {
      asked++;
      if (asked % 41 === 0) return { status: 503, code: "SlowDown" };
      if (asked % 53 === 0) return "cut-after";
      return { delayMs: 2 };
    };
    await knowledge.upsert([{ uri: "a", text: "The zebra is striped." }]);
    expect(await find(knowledge, "zebra")).toEqual(["The zebra is striped."]);
  });

  test("one that goes on failing is named, retriable, and nothing stored is lost", async () => {
    await using knowledge = await open({ storageOptions: { ...s3.storageOptions, ...impatient } });
    await knowledge.upsert([{ uri: "a", text: "The zebra is striped." }]);
    for (const fault of [{ status: 503, code: "SlowDown" }, "cut"] as const) {
      s3.fault = () => fault;
      await expect(find(knowledge, "zebra")).rejects.toMatchObject({ code: "store_unavailable" });
      s3.fault = ({ method }) => (method === "PUT" ? fault : undefined);
      await expect(knowledge.upsert([{ uri: "b", text: "The lion." }])).rejects.toMatchObject({
        code: "store_unavailable",
        nextStep: expect.stringContaining("Call again"),
      });
      s3.fault = undefined;
      expect(await find(knowledge, "zebra")).toEqual(["The zebra is striped."]);
    }
    await knowledge.upsert([{ uri: "b", text: "The lion." }]);
    expect(await find(knowledge, "lion")).toContain("The lion.");
  });

  test.each([
    ["cut off", "cut-after"],
    ["an error of the server", { status: 500, code: "InternalError", after: true }],
    ["a busy server's", { status: 503, code: "SlowDown", after: true }],
  ] as const)("when the answer to a commit is lost (%s), the commit stays whole", async (_, fault) => {
    await using knowledge = await open();
    await knowledge.upsert([{ uri: "a", text: "The zebra is striped." }]);
    let cuts = 0;
    s3.fault = ({ method, key }) => {
      if (method !== "PUT" || !key.includes("tenant-") || !key.endsWith(".manifest") || cuts > 0)
        return undefined;
      cuts++;
      return fault;
    };
    expect(await knowledge.upsert([{ uri: "a", text: "The zebra is fast." }])).toMatchObject({
      changed: ["a"],
    });
    s3.fault = undefined;
    expect(cuts).toBe(1);
    expect(await find(knowledge, "zebra")).toEqual(["The zebra is fast."]);
    expect((await knowledge.status()).tenants).toMatchObject([{ documents: 1, chunks: 1 }]);
  });

  test("a missing object is damage, with the next step", async () => {
    {
      await using knowledge = await open();
      await knowledge.upsert([{ uri: "a", text: "The zebra is striped." }]);
    }
    const prefix = location.slice("s3://test/".length);
    for (const part of [".manifest", "/data/"]) {
      const keys = s3.objects.keys.filter((key) => key.startsWith(`${prefix}/tenant-`) && key.includes(part));
      const kept = keys.map((key) => [key, s3.objects.get(key)?.body ?? Buffer.alloc(0)] as const);
      expect(kept.length).toBeGreaterThan(0);
      for (const key of keys) s3.objects.delete(key);
      await using knowledge = await open();
      await expect(find(knowledge, "zebra")).rejects.toMatchObject({ code: "store_corrupt" });
      for (const [key, body] of kept) s3.objects.put(key, body);
    }
    await using knowledge = await open();
    expect(await find(knowledge, "zebra")).toEqual(["The zebra is striped."]);
  });
});
