import { createHash, randomUUID } from "node:crypto";

/** An object as it is stored. */
export interface StoredObject {
  readonly body: Buffer;
  readonly etag: string;
  readonly modified: Date;
}

/** When a put may take place: nothing under the key yet, or an object with this ETag. Neither: always. */
export interface PutCondition {
  readonly ifNoneMatch?: string | undefined;
  readonly ifMatch?: string | undefined;
}

export interface ListQuery {
  readonly prefix: string;
  /** Keys with this sign behind the prefix are folded into common prefixes. Empty: none are. */
  readonly delimiter: string;
  /** Only what comes after this key, in the order of UTF-8 bytes. */
  readonly after: string;
  readonly maxKeys: number;
}

export interface Listing {
  readonly objects: readonly (readonly [key: string, object: StoredObject])[];
  readonly prefixes: readonly string[];
  /** Where the next page begins; undefined on the last one. */
  readonly next: string | undefined;
}

/** The objects of one bucket, in memory. Each call is atomic, and what it wrote is seen by the next one, as on S3. */
export interface Bucket {
  get(key: string): StoredObject | undefined;
  /** False when the condition does not hold: then nothing was written. */
  put(key: string, body: Buffer, condition?: PutCondition): StoredObject | undefined;
  delete(key: string): void;
  list(query: ListQuery): Listing;
  beginUpload(): string;
  /** False when there is no such upload. */
  putPart(upload: string, part: number, body: Buffer): string | undefined;
  completeUpload(upload: string, key: string, condition?: PutCondition): "missing" | StoredObject | undefined;
  abortUpload(upload: string): void;
  readonly keys: readonly string[];
}

export function createBucket(): Bucket {
  const objects = new Map<string, StoredObject>();
  const uploads = new Map<string, Map<number, Buffer>>();
  // Chosen before they are sorted: a listing looks at one of many prefixes.
  const sortedKeys = (prefix = "") =>
    [...objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key): [Buffer, string] => [Buffer.from(key), key])
      .sort(([a], [b]) => Buffer.compare(a, b))
      .map(([, key]) => key);

  const put: Bucket["put"] = (key, body, condition = {}) => {
    const present = objects.get(key);
    if (condition.ifNoneMatch === "*" && present) return undefined;
    if (condition.ifMatch !== undefined && present?.etag !== condition.ifMatch) return undefined;
    const etag = `"${createHash("md5").update(body).digest("hex")}"`;
    const object = { body, etag, modified: new Date() };
    objects.set(key, object);
    return object;
  };

  return {
    get: (key) => objects.get(key),
    put,
    delete(key) {
      objects.delete(key);
    },
    list({ prefix, delimiter, after, maxKeys }) {
      const found: [string, StoredObject][] = [];
      const prefixes: string[] = [];
      let last = after;
      for (const key of sortedKeys(prefix)) {
        if (byBytes(key, after) <= 0) continue;
        const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
        const common = cut < 0 ? undefined : key.slice(0, cut + delimiter.length);
        // A page that ended with a common prefix goes on behind all of its keys.
        if (common !== undefined && (common === prefixes.at(-1) || after.startsWith(common))) continue;
        if (found.length + prefixes.length >= maxKeys) return { objects: found, prefixes, next: last };
        if (common === undefined) found.push([key, objects.get(key) as StoredObject]);
        else prefixes.push(common);
        last = common ?? key;
      }
      return { objects: found, prefixes, next: undefined };
    },
    beginUpload() {
      const id = randomUUID();
      uploads.set(id, new Map());
      return id;
    },
    putPart(upload, part, body) {
      const parts = uploads.get(upload);
      if (!parts) return undefined;
      parts.set(part, body);
      return `"${createHash("md5").update(body).digest("hex")}"`;
    },
    completeUpload(upload, key, condition) {
      const parts = uploads.get(upload);
      if (!parts) return "missing";
      const body = Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, part]) => part));
      const object = put(key, body, condition);
      if (object) uploads.delete(upload);
      return object;
    },
    abortUpload(upload) {
      uploads.delete(upload);
    },
    get keys() {
      return sortedKeys();
    },
  };
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
