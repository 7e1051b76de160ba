import type { IncomingHttpHeaders } from "node:http";
import type { Bucket, StoredObject } from "./bucket.ts";

/** A request as S3 reads it. An empty key means the bucket itself. */
export interface S3Request {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface S3Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Of a body that HEAD leaves out. */
  readonly length?: number;
}

const MAX_KEYS = 1000;

/** Does what the request asks for, as the S3 API reference describes it. */
export function answer(request: S3Request, bucket: Bucket): S3Response {
  const { method, key, query } = request;
  if (key === "") {
    if (method === "GET" && query.get("list-type") === "2") return list(query, bucket);
    if (method === "POST" && query.has("delete")) return deleteMany(request.body, bucket);
    if (method === "HEAD") return { status: 200 };
    return s3Error(501, "NotImplemented");
  }
  const upload = query.get("uploadId");
  if (method === "POST" && query.has("uploads")) {
    return xml(
      `<InitiateMultipartUploadResult><UploadId>${bucket.beginUpload()}</UploadId></InitiateMultipartUploadResult>`,
    );
  }
  if (method === "POST" && upload !== null) return complete(request, upload, bucket);
  if (method === "PUT" && upload !== null) {
    const etag = bucket.putPart(upload, Number(query.get("partNumber")), request.body);
    return etag === undefined ? s3Error(404, "NoSuchUpload") : { status: 200, headers: { etag } };
  }
  if (method === "PUT") return put(request, bucket);
  if (method === "GET" || method === "HEAD") return read(request, bucket.get(key));
  if (method === "DELETE") {
    if (upload === null) bucket.delete(key);
    else bucket.abortUpload(upload);
    return { status: 204 };
  }
  return s3Error(501, "NotImplemented");
}

export function s3Error(status: number, code: string): S3Response {
  return xml(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`, status);
}

const conditionOf = ({ headers }: S3Request) => ({
  ifNoneMatch: headers["if-none-match"],
  ifMatch: headers["if-match"],
});

function put(request: S3Request, bucket: Bucket): S3Response {
  const { headers, key } = request;
  const copied = headers["x-amz-copy-source"];
  let body = request.body;
  if (copied !== undefined) {
    const [, ...path] = decodeURIComponent(String(copied)).replace(/^\//, "").split("/");
    const from = bucket.get(path.join("/"));
    if (!from) return s3Error(404, "NoSuchKey");
    body = from.body;
  }
  const object = bucket.put(key, body, conditionOf(request));
  if (!object) return s3Error(412, "PreconditionFailed");
  if (copied !== undefined)
    return xml(`<CopyObjectResult><ETag>${escaped(object.etag)}</ETag></CopyObjectResult>`);
  return { status: 200, headers: { etag: object.etag } };
}

function complete(request: S3Request, upload: string, bucket: Bucket): S3Response {
  const object = bucket.completeUpload(upload, request.key, conditionOf(request));
  if (object === "missing") return s3Error(404, "NoSuchUpload");
  if (!object) return s3Error(412, "PreconditionFailed");
  return xml(
    `<CompleteMultipartUploadResult><ETag>${escaped(object.etag)}</ETag></CompleteMultipartUploadResult>`,
  );
}

function read({ headers }: S3Request, object: StoredObject | undefined): S3Response {
  if (!object) return s3Error(404, "NoSuchKey");
  const { body, etag, modified } = object;
  if (headers["if-match"] !== undefined && headers["if-match"] !== etag)
    return s3Error(412, "PreconditionFailed");
  const about = { etag, "last-modified": modified.toUTCString(), "accept-ranges": "bytes" };
  if (headers["if-none-match"] === etag) return { status: 304, headers: about };
  const range = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? "");
  if (!range || (range[1] === "" && range[2] === ""))
    return { status: 200, headers: about, body, length: body.length };
  const suffix = range[1] === "";
  const start = suffix ? Math.max(0, body.length - Number(range[2])) : Number(range[1]);
  const end = suffix || range[2] === "" ? body.length : Math.min(body.length, Number(range[2]) + 1);
  if (start >= end) return s3Error(416, "InvalidRange");
  const part = body.subarray(start, end);
  return {
    status: 206,
    headers: { ...about, "content-range": `bytes ${start}-${end - 1}/${body.length}` },
    body: part,
    length: part.length,
  };
}

function list(query: URLSearchParams, bucket: Bucket): S3Response {
  const token = query.get("continuation-token");
  const asked = Number(query.get("max-keys") ?? MAX_KEYS);
  const found = bucket.list({
    prefix: query.get("prefix") ?? "",
    delimiter: query.get("delimiter") ?? "",
    after: token === null ? (query.get("start-after") ?? "") : Buffer.from(token, "base64url").toString(),
    maxKeys: Math.min(MAX_KEYS, Math.max(1, asked)),
  });
  const contents = found.objects.map(
    ([key, { body, etag, modified }]) =>
      `<Contents><Key>${escaped(key)}</Key><LastModified>${modified.toISOString()}</LastModified>` +
      `<ETag>${escaped(etag)}</ETag><Size>${body.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
  );
  const prefixes = found.prefixes.map(
    (prefix) => `<CommonPrefixes><Prefix>${escaped(prefix)}</Prefix></CommonPrefixes>`,
  );
  const next =
    found.next === undefined
      ? ""
      : `<NextContinuationToken>${Buffer.from(found.next).toString("base64url")}</NextContinuationToken>`;
  const count = contents.length + prefixes.length;
  return xml(
    `<ListBucketResult><KeyCount>${count}</KeyCount><IsTruncated>${found.next !== undefined}</IsTruncated>` +
      `${next}${contents.join("")}${prefixes.join("")}</ListBucketResult>`,
  );
}

function deleteMany(body: Buffer, bucket: Bucket): S3Response {
  const keys = [...body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => plain(key));
  if (keys.length === 0 || keys.length > MAX_KEYS) return s3Error(400, "MalformedXML");
  for (const key of keys) bucket.delete(key);
  return xml(
    `<DeleteResult>${keys.map((key) => `<Deleted><Key>${escaped(key)}</Key></Deleted>`).join("")}</DeleteResult>`,
  );
}

function xml(content: string, status = 200): S3Response {
  const body = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${content}`);
  return { status, headers: { "content-type": "application/xml" }, body };
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}

function plain(text: string): string {
  const signs = Object.fromEntries(Object.entries(ENTITIES).map(([sign, entity]) => [entity, sign]));
  return text.replace(/&(?:amp|lt|gt|quot|apos);/g, (entity) => signs[entity] ?? entity);
}
