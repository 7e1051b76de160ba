import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Unreadable } from "./front-matter.ts";
import { readBinaryFile, readTextFile, systemReason } from "./read-file.ts";

/** Files looked at, or read, at once: enough to keep a disk busy, far from any limit on open files. */
const AT_ONCE = 16;
/** Bytes read ahead; one file alone may be larger. */
const MAX_AHEAD_BYTES = 32 * 1024 * 1024;

/** What the file system says of a file without reading it: while it stays the same, so does the content. */
export interface FileState {
  /** Device, inode, size, and the times of the last change of content and of attributes, in nanoseconds. */
  readonly key: string;
  /**
   * Whether a later change must show in the key. Not so when the file was changed just before it was looked at: a second
   * change within the same tick of the file system's clock would leave its times as they are.
   */
  readonly settled: boolean;
}

/** The coarsest clock of a file system in use (FAT: 2 s), and some room for a server's clock that is not ours. */
const SETTLED_MS = 3_000;

export type LoadedFile = { readonly uri: string; readonly state?: FileState } & (
  | { readonly kind: "unchanged" }
  | { readonly kind: "text"; readonly content: string }
  | { readonly kind: "binary"; readonly bytes: Uint8Array; readonly hash: string }
  | { readonly kind: "unreadable"; readonly reason: string }
);

export interface LoadSettings {
  readonly root: string;
  readonly isBinary: (uri: string) => boolean;
  /** Whether a file in this state needs no reading. */
  readonly isKnown: (uri: string, state: FileState) => boolean;
  /** Tests put failures in its place. */
  readonly readText?: (path: string) => Promise<string>;
}

/** Loads files in their order, some ahead of the one that is asked for. */
export async function* loadFiles(
  uris: readonly string[],
  settings: LoadSettings,
): AsyncGenerator<LoadedFile> {
  for (let from = 0; from < uris.length; from += AT_ONCE) {
    const chunk = uris.slice(from, from + AT_ONCE);
    const found = await Promise.all(chunk.map((uri) => look(uri, settings)));
    const waiting: { loading: Promise<LoadedFile>; size: number }[] = [];
    let ahead = 0;
    for (let next = 0; next < found.length || waiting.length > 0; ) {
      for (let file = found[next]; file; file = found[next]) {
        if (waiting.length > 0 && ahead + file.size > MAX_AHEAD_BYTES) break;
        const loading = file.load();
        // Whoever leaves the loop early waits for none of them.
        loading.catch(() => {});
        waiting.push({ loading, size: file.size });
        ahead += file.size;
        next++;
      }
      const first = waiting.shift();
      if (!first) break;
      yield await first.loading;
      ahead -= first.size;
    }
  }
}

interface Found {
  /** Bytes that loading it will take. */
  readonly size: number;
  load(): Promise<LoadedFile>;
}

async function look(uri: string, settings: LoadSettings): Promise<Found> {
  const path = join(settings.root, uri);
  let state: FileState | undefined;
  let size = 0;
  try {
    const now = Date.now();
    const { dev, ino, size: bytes, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    const latest = Math.max(Number(mtimeNs / 1_000_000n), Number(ctimeNs / 1_000_000n));
    state = { key: [dev, ino, bytes, mtimeNs, ctimeNs].join(":"), settled: latest + SETTLED_MS < now };
    size = Number(bytes);
  } catch {
    // Reading it will tell why.
  }
  const known = state;
  if (known && settings.isKnown(uri, known))
    return { size: 0, load: async () => ({ kind: "unchanged", uri, state: known }) };
  return { size, load: () => read(uri, path, state, settings) };
}

async function read(
  uri: string,
  path: string,
  state: FileState | undefined,
  { isBinary, readText = readTextFile }: LoadSettings,
): Promise<LoadedFile> {
  const about = { uri, ...(state && { state }) };
  try {
    if (!isBinary(uri)) return { ...about, kind: "text", content: await readText(path) };
    const bytes = await readBinaryFile(path);
    return { ...about, kind: "binary", bytes, hash: createHash("sha256").update(bytes).digest("hex") };
  } catch (error) {
    if (error instanceof Unreadable) return { ...about, kind: "unreadable", reason: error.reason };
    return { ...about, kind: "unreadable", reason: systemReason(error) };
  }
}
