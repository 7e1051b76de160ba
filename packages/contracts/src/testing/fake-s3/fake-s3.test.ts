import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeS3, type FakeS3 } from "./fake-s3.ts";

let s3: FakeS3;
beforeEach(async () => {
  s3 = await createFakeS3();
});
afterEach(() => s3.dispose());

const signed = () => ({ authorization: `AWS4-HMAC-SHA256 Credential=${s3.credentials.accessKeyId}/x` });
const call = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
  fetch(`${s3.endpoint}/test${path}`, {
    method,
    headers: { ...signed(), ...headers },
    ...(body !== undefined && { body }),
  });
const put = (key: string, body: string, headers?: Record<string, string>) =>
  call("PUT", `/${key}`, headers, body);

test("of many puts that want no object to be there, one succeeds", async () => {
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, i) => put("a", `text ${i}`, { "if-none-match": "*" })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(412)]);
  const winner = answers.findIndex(({ status }) => status === 200);
  expect(await (await call("GET", "/a")).text()).toBe(`text ${winner}`);
});

test("a put with an ETag replaces that object alone", async () => {
  const etag = (await put("a", "one")).headers.get("etag") ?? "";
  expect((await put("a", "two", { "if-match": etag })).status).toBe(200);
  expect((await put("a", "three", { "if-match": etag })).status).toBe(412);
  expect((await put("b", "one", { "if-match": etag })).status).toBe(412);
  expect(await (await call("GET", "/a")).text()).toBe("two");
});

test("reads whole, by range, by ETag, and only the head", async () => {
  const etag = (await put("a b/ä", "0123456789")).headers.get("etag") ?? "";
  const range = async (value: string) => {
    const answer = await call("GET", "/a%20b/%C3%A4", { range: value });
    return [
      answer.status,
      answer.status === 206 ? await answer.text() : "",
      answer.headers.get("content-range"),
    ];
  };
  expect(await range("bytes=2-4")).toEqual([206, "234", "bytes 2-4/10"]);
  expect(await range("bytes=7-")).toEqual([206, "789", "bytes 7-9/10"]);
  expect(await range("bytes=-3")).toEqual([206, "789", "bytes 7-9/10"]);
  expect(await range("bytes=8-99")).toEqual([206, "89", "bytes 8-9/10"]);
  expect((await range("bytes=10-12"))[0]).toBe(416);
  const head = await call("HEAD", "/a%20b/%C3%A4");
  expect([head.status, head.headers.get("content-length"), head.headers.get("etag")]).toEqual([
    200,
    "10",
    etag,
  ]);
  expect(head.headers.get("last-modified")).toMatch(/GMT$/);
  expect((await call("GET", "/a%20b/%C3%A4", { "if-none-match": etag })).status).toBe(304);
  expect((await call("GET", "/none")).status).toBe(404);
});

test("lists by prefix and delimiter, page by page, in the order of bytes", async () => {
  for (const key of ["p/a", "p/b/1", "p/b/2", "p/c/1", "p/d", "p/é", "p&<>", "q"])
    await put(encodeURIComponent(key), "x");
  const pages: string[][] = [];
  let token: string | null = null;
  do {
    const next: string = token === null ? "" : `&continuation-token=${encodeURIComponent(token)}`;
    const xml = await (await call("GET", `?list-type=2&prefix=p%2F&delimiter=%2F&max-keys=2${next}`)).text();
    pages.push([...xml.matchAll(/<(?:Key|Prefix)>([^<]*)</g)].map(([, key = ""]) => key));
    token = /<NextContinuationToken>([^<]*)</.exec(xml)?.[1] ?? null;
  } while (token !== null);
  expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
  expect(pages.flat().sort()).toEqual(["p/a", "p/b/", "p/c/", "p/d", "p/é"]);
  const after = await (await call("GET", "?list-type=2&start-after=p/c/1")).text();
  expect([...after.matchAll(/<Key>([^<]*)</g)].map(([, key]) => key)).toEqual(["p/d", "p/é", "q"]);
  expect(await (await call("GET", "?list-type=2&prefix=p%26")).text()).toContain("<Key>p&amp;&lt;&gt;</Key>");
});

test("uploads in parts, which may come in any order; an aborted upload leaves nothing", async () => {
  const begin = async () =>
    /<UploadId>([^<]*)</.exec(await (await call("POST", "/a?uploads")).text())?.[1] ?? "";
  const id = await begin();
  await call("PUT", `/a?partNumber=2&uploadId=${id}`, {}, "world");
  await call("PUT", `/a?partNumber=1&uploadId=${id}`, {}, "hello ");
  expect((await call("GET", "/a")).status).toBe(404);
  expect((await call("POST", `/a?uploadId=${id}`, { "if-none-match": "*" }, "<x/>")).status).toBe(200);
  expect(await (await call("GET", "/a")).text()).toBe("hello world");
  const second = await begin();
  await call("PUT", `/a?partNumber=1&uploadId=${second}`, {}, "other");
  expect((await call("POST", `/a?uploadId=${second}`, { "if-none-match": "*" }, "<x/>")).status).toBe(412);
  expect((await call("DELETE", `/a?uploadId=${second}`)).status).toBe(204);
  expect((await call("POST", `/a?uploadId=${second}`, {}, "<x/>")).status).toBe(404);
  expect(await (await call("GET", "/a")).text()).toBe("hello world");
});

test("deletes one, deletes many, and copies", async () => {
  for (const key of ["a", "b&c", "d"]) await put(encodeURIComponent(key), key);
  expect((await call("PUT", "/copy", { "x-amz-copy-source": "/test/d" })).status).toBe(200);
  expect((await call("DELETE", "/a")).status).toBe(204);
  expect((await call("DELETE", "/a")).status).toBe(204);
  const keys = "<Delete><Object><Key>b&amp;c</Key></Object><Object><Key>none</Key></Object></Delete>";
  expect((await call("POST", "?delete", {}, keys)).status).toBe(200);
  expect(s3.objects.keys).toEqual(["copy", "d"]);
});

test("other keys, other buckets and unknown calls are refused", async () => {
  expect((await fetch(`${s3.endpoint}/test/a`)).status).toBe(403);
  expect((await fetch(`${s3.endpoint}/other/a`, { headers: signed() })).status).toBe(404);
  expect((await call("GET", "?acl")).status).toBe(501);
});

test("faults: an error, a cut before and after the work", async () => {
  s3.fault = ({ key }) =>
    key === "slow"
      ? { status: 503, code: "SlowDown" }
      : key === "cut"
        ? "cut"
        : key === "late"
          ? "cut-after"
          : undefined;
  expect((await put("slow", "x")).status).toBe(503);
  await expect(put("cut", "x")).rejects.toThrow();
  await expect(put("late", "x")).rejects.toThrow();
  expect(s3.objects.keys).toEqual(["late"]);
  expect(s3.requests).toBe(3);
});
