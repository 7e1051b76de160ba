import { mkdir } from "node:fs/promises";
import {
  type Embedder,
  type OnProgress,
  parseInput,
  StoreError,
  throwIfAborted,
  type Warning,
} from "@advisor/contracts";
import { z } from "zod";
import { dropGeneration, finishSwitch, generationLocation } from "../store/generation.ts";
import { type LanceDatabase, openDatabase } from "../store/lance.ts";
import { isLocalLocation } from "../store/local-location.ts";
import { asOnlyWriter, DEFAULT_LOCK_TIMEOUT_MS } from "../store/lock.ts";
import {
  isTenantTable,
  type Manifest,
  type NextGeneration,
  readManifest,
  writeManifest,
} from "../store/manifest.ts";
import { missing, type OpenStore, openStore } from "../store/open-store.ts";
import { copyTable } from "./copy-table.ts";
import { bytesOf, requireSpace } from "./disk-space.ts";

/** Passes without the lock end when one of them moved no more documents than this: the rest is moved in a moment. */
const FEW_DOCUMENTS = 64;
/** Passes without the lock at most, since writers may be faster than the embedder. */
const MAX_PASSES = 8;

/** Which store, and the embedder it is brought to. */
export interface ReembedSettings {
  /** Folder of the store, or a LanceDB URI. */
  readonly location: string;
  /** The new embedder, which stays the caller's. That of the store ends a re-embedding that was not finished. */
  readonly embedder: Embedder;
  /** How long a step that needs the store alone waits for a writer in another process, in milliseconds. Default 30,000. */
  readonly lockTimeoutMs?: number;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** What was done. */
export interface ReembedReport {
  readonly from: { readonly id: string; readonly dimensions: number };
  readonly to: { readonly id: string; readonly dimensions: number };
  /** What was moved by this call; what an earlier one that was interrupted had moved is not counted. */
  readonly documents: number;
  readonly chunks: number;
  /** Bytes of the tables before and after; both stood side by side until the switch. Absent on an object store. */
  readonly bytes?: { readonly before: number; readonly after: number };
  readonly elapsedMs: number;
  readonly warnings: readonly Warning[];
}

const settingsSchema = z.strictObject({
  location: z.string().min(1),
  embedder: z.custom<Embedder>(
    (value) => typeof (value as Embedder | null)?.embed === "function",
    "must be an embedder",
  ),
  lockTimeoutMs: z.number().min(0).default(DEFAULT_LOCK_TIMEOUT_MS),
  onProgress: z.custom<OnProgress>((value) => typeof value === "function").optional(),
  signal: z.instanceof(AbortSignal).optional(),
});
type Parsed = z.output<typeof settingsSchema>;

/**
 * Brings a store to another embedder while it is searched and written with the old one. New vectors are made beside the
 * old ones; what writers change meanwhile is caught up with; at last, for a moment as the only writer, the rest is moved
 * and the store switched in one commit. Chunks, their ids and versions stay as they are, so citations hold.
 *
 * Stopped or killed at any moment, the store works with the old embedder, and the next call goes on from there. Whoever
 * has the store open at the switch is told by `store_embedder_mismatch` at the next call, and opens it with the new one.
 * On a folder the room for a second set of tables is looked for first.
 * @throws StoreError `store_missing`, `store_locked`, `store_disk_full`, `store_corrupt`, `store_version`. CancelledError.
 */
export async function reembedKnowledge(settings: ReembedSettings): Promise<ReembedReport> {
  const parsed = parseInput(settingsSchema, settings, "reembed settings", "invalid_setting");
  const begin = performance.now();
  throwIfAborted(parsed.signal, "re-embedding");
  const store = await openStore({ ...parsed, create: false });
  try {
    const manifest = await exclusively(store, parsed, () => begun(store, parsed.embedder));
    const { next } = manifest;
    const report = { from: nameOf(manifest), to: nameOf(next ?? manifest), elapsedMs: 0, warnings: [] };
    const moved = next ? await move(store, manifest, next, parsed) : { documents: 0, chunks: 0 };
    return { ...report, ...moved, elapsedMs: performance.now() - begin };
  } finally {
    store.root.close();
  }
}

const nameOf = ({ embedderId, dimensions }: Pick<Manifest, "embedderId" | "dimensions">) => ({
  id: embedderId,
  dimensions,
});

const exclusively = <Result>(store: OpenStore, { signal, onProgress }: Parsed, work: () => Promise<Result>) =>
  store.exclusively({ ...(signal && { signal }), ...(onProgress && { onProgress }) }, work);

/** The manifest with this embedder as the next one, of an earlier call or written now; without when nothing is to do. */
async function begun({ root, location }: OpenStore, embedder: Embedder): Promise<Manifest> {
  const found = await readManifest(root, location);
  if (!found) throw missing(location);
  await finishSwitch(root, location, found);
  const { replaced: _, next, ...manifest } = found;
  const isSame = (other: Pick<Manifest, "embedderId" | "dimensions">) =>
    other.embedderId === embedder.id && other.dimensions === embedder.dimensions;
  if (next && isSame(next)) return { ...manifest, next };
  // Another one was begun, or none is wanted any more.
  if (next) await dropGeneration(root, location, next.generation);
  if (isSame(manifest)) return next ? writeManifest(root, manifest) : manifest;
  const { id: embedderId, dimensions } = embedder;
  const generation = (next?.generation ?? manifest.generation) + 1;
  return writeManifest(root, { ...manifest, next: { generation, embedderId, dimensions } });
}

/** Makes the next generation and switches to it. */
async function move(store: OpenStore, manifest: Manifest, next: NextGeneration, parsed: Parsed) {
  const { root, location } = store;
  const { signal, onProgress, lockTimeoutMs: timeoutMs } = parsed;
  const place = generationLocation(location, next.generation);
  const isLocal = isLocalLocation(location);
  if (isLocal) await mkdir(place, { recursive: true });
  const inPlace = generationLocation(location, manifest.generation);
  const source = manifest.generation === 0 ? root : await openDatabase(inPlace);
  const work = async () => {
    const target = await openDatabase(place);
    try {
      return await moveInto(store, { manifest, next, source, target }, parsed);
    } finally {
      target.close();
    }
  };
  try {
    // Two of them at once would do everything twice.
    return isLocal
      ? await asOnlyWriter({ location: place, timeoutMs, signal, onProgress }, work)
      : await work();
  } finally {
    if (source !== root) source.close();
  }
}

interface Move {
  readonly manifest: Manifest;
  readonly next: NextGeneration;
  readonly source: LanceDatabase;
  readonly target: LanceDatabase;
}

async function moveInto(store: OpenStore, move: Move, parsed: Parsed) {
  const { root, location } = store;
  const { manifest, next, source, target } = move;
  const inPlace = generationLocation(location, manifest.generation);
  const place = generationLocation(location, next.generation);
  const before = await bytesOf(inPlace, await source.tableNames());
  if (before !== undefined) {
    await requireSpace(location, before, (await bytesOf(place, await target.tableNames())) ?? 0);
  }
  const pass = createPass(move, parsed);
  const total = { documents: 0, chunks: 0, cut: 0 };
  const run = async () => {
    const moved = await pass();
    total.documents += moved.documents;
    total.chunks += moved.chunks;
    total.cut += moved.cut;
    return moved.documents;
  };
  for (let passes = 0; passes < MAX_PASSES && (await run()) > FEW_DOCUMENTS; passes++);
  // Indexes take longer than the last few documents, so they are made while writers may still write.
  await tidy(target, next.dimensions);

  await exclusively(store, parsed, async () => {
    const now = await readManifest(root, location);
    if (now?.generation !== manifest.generation || now.next?.generation !== next.generation) {
      throw overtaken(location);
    }
    if ((await run()) > 0) await tidy(target, next.dimensions);
    await target.dropDocumentTables(new Set(await source.tableNames()));
    throwIfAborted(parsed.signal, "re-embedding", "Call again: it goes on from where it stopped");
    const { format } = manifest;
    const switched = await writeManifest(root, { format, ...next, replaced: manifest.generation });
    await finishSwitch(root, location, switched);
  });
  const after = await bytesOf(place, await target.tableNames());
  const { documents, chunks, cut } = total;
  return {
    documents,
    chunks,
    ...(before !== undefined && after !== undefined && { bytes: { before, after } }),
    warnings: cut === 0 ? [] : [tooLong(cut, parsed.embedder)],
  };
}

/** One pass over all tables, which looks again only at those that changed since the pass before. */
function createPass({ source, target, next }: Move, { embedder, signal, onProgress }: Parsed) {
  const seen = new Map<string, number>();
  return async () => {
    const sum = { documents: 0, chunks: 0, cut: 0 };
    for (const name of await source.tableNames()) {
      const from = await source.openRaw(name);
      if (!from) continue;
      try {
        const version = await from.version();
        if (seen.get(name) === version) continue;
        const to = (await target.openRaw(name)) ?? (await madeLike(name, source, target, next.dimensions));
        try {
          const moved = await copyTable({
            source: from,
            target: to,
            embedder,
            signal,
            onCommit: (done, total) =>
              onProgress?.({ stage: "re-embedding", done, total, unit: "documents" }),
          });
          sum.documents += moved.documents;
          sum.chunks += moved.chunks;
          sum.cut += moved.cut;
        } finally {
          to.close();
        }
        seen.set(name, version);
      } finally {
        from.close();
      }
    }
    return sum;
  };
}

async function madeLike(name: string, source: LanceDatabase, target: LanceDatabase, dimensions: number) {
  await target.createLike(name, source, dimensions);
  const made = await target.openRaw(name);
  if (!made) throw new TypeError(`${name} is no table of documents`);
  return made;
}

/** Makes the indexes of the tables that are searched. */
async function tidy(target: LanceDatabase, dimensions: number): Promise<void> {
  for (const name of (await target.tableNames()).filter(isTenantTable)) {
    const table = await target.openOrCreate(name, dimensions);
    try {
      await table.tidy(true);
    } finally {
      table.close();
    }
  }
}

function tooLong(cut: number, embedder: Embedder): Warning {
  return {
    code: "passages_cut",
    message: `${cut} passages are longer than the ${embedder.maxTokens} tokens that ${embedder.id} sees of a text; it does not see their ends. A store synced anew with it has passages of its measure`,
  };
}

function overtaken(location: string): StoreError {
  return new StoreError({
    code: "store_locked",
    subject: `knowledge store ${location}`,
    reason: "another process re-embedded it, or began to, with another embedder",
    nextStep: "See what advisor doctor says of it, and call again if you still want to",
  });
}
