import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bucket, createBucket } from "./bucket.ts";
import { DIALECTS } from "./dialects.ts";
import { answer, type S3Request, type S3Response, s3Error } from "./operations.ts";

/** What becomes of a request: nothing is done for it, or only its answer is lost. */
export type S3Fault =
  | "cut"
  | "cut-after"
  | { readonly status: number; readonly code: string; readonly after?: boolean }
  | { readonly delayMs: number };

/** The one key pair that is let in. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** An S3 server for tests: one bucket, in memory, on a free port of the loopback address. */
export interface FakeS3 {
  readonly bucket: string;
  /** Such as `http://127.0.0.1:41234`. */
  readonly endpoint: string;
  readonly credentials: S3Credentials;
  /** LanceDB's names for endpoint and credentials. */
  readonly storageOptions: Readonly<Record<string, string>>;
  readonly objects: Bucket;
  /** Requests so far, those with a fault included. */
  readonly requests: number;
  /** Asked for each request until it is set to another function or to undefined. */
  fault: ((request: S3Request) => S3Fault | undefined) | undefined;
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts the server. It knows conditional puts (`If-None-Match: *`, `If-Match`), reads by range and by ETag, HEAD,
 * ListObjectsV2 with prefix, delimiter and pages, uploads in parts, single and bulk deletion, and copying. With the dialect
 * `gcs` it is Google Cloud Storage by its XML API, which is nearly the same.
 */
export async function createFakeS3({
  bucket = "test",
  port = 0,
  dialect = "s3" as keyof typeof DIALECTS,
} = {}): Promise<FakeS3> {
  const { storageOptions, isLetIn, headersOf } = DIALECTS[dialect];
  const objects = createBucket();
  const credentials = { accessKeyId: "TESTKEY", secretAccessKey: "a-secret-that-nobody-may-see" };
  let requests = 0;

  const handle = async (message: IncomingMessage, response: ServerResponse) => {
    const body = await readBody(message);
    const request = { ...parse(message, bucket, body), headers: headersOf(message.headers) };
    requests++;
    const fault = fake.fault?.(request);
    if (fault === "cut") return message.socket.destroy();
    if (typeof fault === "object" && "delayMs" in fault) await sleep(fault.delayMs);
    const refused = !isLetIn(message.headers, credentials);
    const error = typeof fault === "object" && "status" in fault ? fault : undefined;
    let result: S3Response;
    if (error && !error.after) result = s3Error(error.status, error.code);
    else if (refused) result = s3Error(403, "InvalidAccessKeyId");
    else if (request.bucket !== bucket) result = s3Error(404, "NoSuchBucket");
    else result = answer(request, objects);
    if (fault === "cut-after") return message.socket.destroy();
    if (error?.after) result = s3Error(error.status, error.code);
    response.writeHead(result.status, {
      ...result.headers,
      "content-length": String(result.length ?? result.body?.length ?? 0),
    });
    response.end(request.method === "HEAD" ? undefined : result.body);
  };
  const server = createServer((message, response) => {
    handle(message, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  let disposed: Promise<void> | undefined;
  const dispose = () => {
    disposed ??= new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return disposed;
  };
  const fake: FakeS3 = {
    bucket,
    endpoint,
    credentials,
    storageOptions: storageOptions(endpoint, credentials),
    objects,
    get requests() {
      return requests;
    },
    fault: undefined,
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
  return fake;
}

function parse(message: IncomingMessage, bucket: string, body: Buffer): Omit<S3Request, "headers"> {
  const url = new URL(message.url ?? "/", "http://127.0.0.1");
  const [, named = "", ...rest] = url.pathname.split("/");
  return {
    method: message.method ?? "GET",
    bucket: decodeURIComponent(named) || bucket,
    key: decodeURIComponent(rest.join("/")),
    query: url.searchParams,
    body,
  };
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  const body = Buffer.concat(parts);
  const encoding = String(message.headers["x-amz-content-sha256"] ?? "");
  return encoding.startsWith("STREAMING-") ? unchunked(body) : body;
}

/** The content of an aws-chunked body: each piece stands behind a line with its size in hexadecimal digits. */
function unchunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const line = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.toString("latin1", at, line), 16);
    if (line < 0 || !(size > 0)) break;
    parts.push(body.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
  return Buffer.concat(parts);
}
