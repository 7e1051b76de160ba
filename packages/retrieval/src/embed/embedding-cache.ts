import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Embedder, EmbeddingKind } from "@advisor/contracts";
import { parseInput, throwIfAborted } from "@advisor/contracts";
import { z } from "zod";

const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;
const KEY_BYTES = 16;
const CHECK_BYTES = 4;
/** Records read at once when a file is opened. */
const SCAN_RECORDS = 4096;

const settingsSchema = z.strictObject({
  folder: z.string().min(1),
  maxBytes: z
    .number()
    .int()
    .min(1024 * 1024)
    .default(DEFAULT_MAX_BYTES),
});

export interface EmbeddingCacheSettings {
  /** Where vectors are kept; made when missing, readable by its owner alone. Embedders may share it, and processes. */
  readonly folder: string;
  /** Most room on the disk for this embedder, in bytes; what was not asked for longest goes. Default 256 MiB, least 1 MiB. */
  readonly maxBytes?: number;
}

/** An embedder that remembers. */
export interface CachedEmbedder extends Embedder {
  /** Texts whose vectors were found, and texts that were embedded, since it was made. */
  readonly counts: { readonly found: number; readonly embedded: number };
  forget(): Promise<void>;
}

/**
 * Puts a cache on the disk before an embedder, keyed by the model (`id`), the kind and the whole text: what was embedded once
 * is not embedded again, in any store, tenant or process that uses the folder. It pays where an embedder is slow or paid
 * for, and pages move or stores are made anew.
 *
 * A vector tells of its text, and the time of an answer tells whether a text is known: leave the cache out where tenants
 * must not learn that of each other. `purge` empties it. A cache that cannot be read or written is passed by: a damaged
 * record is embedded again.
 *
 * @param embedder Stays yours to dispose until this one is disposed, which disposes both.
 * @throws BadInputError `invalid_setting`
 */
export function createCachedEmbedder(embedder: Embedder, settings: EmbeddingCacheSettings): CachedEmbedder {
  const { folder, maxBytes } = parseInput(
    settingsSchema,
    settings,
    "embedding cache settings",
    "invalid_setting",
  );
  const { id, dimensions } = embedder;
  const name = createHash("sha256").update(`${id}\n${dimensions}`).digest("hex").slice(0, 32);
  const counts = { found: 0, embedded: 0 };
  let opening: Promise<Generations | undefined> | undefined;
  const generations = () => {
    opening ??= openGenerations(folder, name, dimensions, maxBytes).catch(() => undefined);
    return opening;
  };
  const close = async () => {
    const opened = await opening;
    opening = undefined;
    await opened?.close();
  };
  const dispose = async () => {
    await close();
    await embedder.dispose();
  };
  return {
    id,
    dimensions,
    maxTokens: embedder.maxTokens,
    counts,
    countTokens: (texts) => embedder.countTokens(texts),
    async embed(texts, kind, signal) {
      throwIfAborted(signal, `embedder ${id}`);
      const cache = await generations();
      const keys = texts.map((text) => keyOf(kind, text));
      const known = (await cache?.read(keys)) ?? new Map<string, Float32Array>();
      const missing = new Map<string, string>();
      for (const [index, key] of keys.entries())
        if (!known.has(key)) missing.set(key, texts[index] as string);
      counts.found += keys.filter((key) => known.has(key)).length;
      counts.embedded += missing.size;
      if (missing.size > 0) {
        const vectors = await embedder.embed([...missing.values()], kind, signal);
        const made = new Map([...missing.keys()].map((key, index) => [key, vectors[index] as Float32Array]));
        await cache?.write(made);
        for (const [key, vector] of made) known.set(key, vector);
      }
      return keys.map((key) => known.get(key) as Float32Array);
    },
    async forget() {
      await embedder.forget?.();
      await close();
      for (const path of paths(folder, name)) await rm(path, { force: true });
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** The first 128 bits of a hash, as a string of as many bytes. */
function keyOf(kind: EmbeddingKind, text: string): string {
  return createHash("sha256")
    .update(`${kind}\n`)
    .update(text)
    .digest()
    .subarray(0, KEY_BYTES)
    .toString("latin1");
}

function paths(folder: string, name: string): readonly [string, string] {
  return [join(folder, `${name}.vectors`), join(folder, `${name}.old.vectors`)];
}

interface Generations {
  read(keys: readonly string[]): Promise<Map<string, Float32Array>>;
  write(vectors: ReadonlyMap<string, Float32Array>): Promise<void>;
  close(): Promise<void>;
}

/**
 * Two files of records of one length: key, checksum, vector. New ones are appended to the first, in one write, so that
 * processes may share it; when it holds half of the room it takes the place of the second. What is found in the second is
 * appended to the first again, and so outlives the change.
 */
async function openGenerations(
  folder: string,
  name: string,
  dimensions: number,
  maxBytes: number,
): Promise<Generations> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [path, oldPath] = paths(folder, name);
  let young = await openRecords(path, dimensions);
  let old = await openRecords(oldPath, dimensions);
  /** One call at a time changes the files. */
  let tail: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = tail.then(work);
    tail = result.catch(() => {});
    return result;
  };
  const append = async (vectors: ReadonlyMap<string, Float32Array>) => {
    if (young.bytes() > maxBytes / 2) {
      await old.close();
      await young.close();
      await rename(path, oldPath);
      young = await openRecords(path, dimensions);
      old = await openRecords(oldPath, dimensions);
    }
    await young.append(vectors);
  };
  return {
    read: (keys) =>
      inTurn(async () => {
        const found = new Map<string, Float32Array>();
        const again = new Map<string, Float32Array>();
        for (const key of new Set(keys)) {
          const vector = await young.read(key);
          const former = vector ?? (await old.read(key));
          if (former) found.set(key, former);
          if (former && !vector) again.set(key, former);
        }
        if (again.size > 0) await append(again);
        return found;
      }).catch(() => new Map<string, Float32Array>()),
    // A disk that is full costs the cache, not the answer.
    write: (vectors) => inTurn(() => append(vectors)).catch(() => {}),
    close: () =>
      inTurn(async () => {
        await young.close();
        await old.close();
      }),
  };
}

interface Records {
  read(key: string): Promise<Float32Array | undefined>;
  append(vectors: ReadonlyMap<string, Float32Array>): Promise<void>;
  bytes(): number;
  close(): Promise<void>;
}

async function openRecords(path: string, dimensions: number): Promise<Records> {
  const length = KEY_BYTES + CHECK_BYTES + 4 * dimensions;
  const file = await open(path, "a+", 0o600);
  const places = new Map<string, number>();
  let end = await wholeRecords(file, length);
  const buffer = Buffer.alloc(length * SCAN_RECORDS);
  for (let at = 0; at < end; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead < length) break;
    for (let from = 0; from + length <= bytesRead; from += length, at += length)
      places.set(buffer.toString("latin1", from, from + KEY_BYTES), at);
  }
  return {
    async read(key) {
      const at = places.get(key);
      if (at === undefined) return undefined;
      const record = Buffer.alloc(length);
      const { bytesRead } = await file.read(record, 0, length, at);
      const vector = bytesRead === length ? vectorOf(record, key) : undefined;
      if (!vector) places.delete(key);
      return vector;
    },
    async append(vectors) {
      const records = Buffer.concat([...vectors].map(([key, vector]) => recordOf(key, vector, length)));
      // Where another process wrote meanwhile, the records lie behind its own.
      const before = await wholeRecords(file, length);
      const { bytesWritten } = await file.write(records);
      end = before + bytesWritten;
      let at = before;
      for (const key of vectors.keys()) {
        if (at + length <= end) places.set(key, at);
        at += length;
      }
    },
    bytes: () => end,
    close: () => file.close(),
  };
}

/** The file's size, after what a killed writer left of a record is cut off: records lie at multiples of their length. */
async function wholeRecords(file: FileHandle, length: number): Promise<number> {
  const { size } = await file.stat();
  const whole = size - (size % length);
  if (whole < size) await file.truncate(whole);
  return whole;
}

function recordOf(key: string, vector: Float32Array, length: number): Buffer {
  const record = Buffer.alloc(length);
  record.write(key, 0, KEY_BYTES, "latin1");
  for (const [index, value] of vector.entries())
    record.writeFloatLE(value, KEY_BYTES + CHECK_BYTES + 4 * index);
  record.writeUInt32LE(checkOf(record), KEY_BYTES);
  return record;
}

/** Undefined when the record is damaged, or another's: places are only as good as what was read of the file. */
function vectorOf(record: Buffer, key: string): Float32Array | undefined {
  if (record.toString("latin1", 0, KEY_BYTES) !== key) return undefined;
  if (record.readUInt32LE(KEY_BYTES) !== checkOf(record)) return undefined;
  const numbers = (record.length - KEY_BYTES - CHECK_BYTES) / 4;
  return Float32Array.from({ length: numbers }, (_, index) =>
    record.readFloatLE(KEY_BYTES + CHECK_BYTES + 4 * index),
  );
}

const checkOf = (record: Buffer): number =>
  crc32(record.subarray(KEY_BYTES + CHECK_BYTES), crc32(record.subarray(0, KEY_BYTES)));
