import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";

/** Length of a key, a string of so many Latin-1 signs. */
export const KEY_BYTES = 16;
const CHECK_BYTES = 4;
/** Records read at once when a file is opened. */
const SCAN_RECORDS = 4096;

/** Vectors by key. A file that cannot be read gives none, and one that cannot be written takes none. */
export interface VectorFiles {
  read(keys: readonly string[]): Promise<Map<string, Float32Array>>;
  write(vectors: ReadonlyMap<string, Float32Array>): Promise<void>;
  close(): Promise<void>;
}

/**
 * Two files of records of one length: key, checksum, vector. New ones are appended to the first, in one write, so that
 * processes may share it; when it holds half of the room it takes the place of the second. What is found in the second is
 * appended to the first again, and so outlives the change.
 */
export async function openVectorFiles(
  folder: string,
  name: string,
  dimensions: number,
  maxBytes: number,
): Promise<VectorFiles> {
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

export async function removeVectorFiles(folder: string, name: string): Promise<void> {
  for (const path of paths(folder, name)) await rm(path, { force: true });
}

function paths(folder: string, name: string): readonly [string, string] {
  return [join(folder, `${name}.vectors`), join(folder, `${name}.old.vectors`)];
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
