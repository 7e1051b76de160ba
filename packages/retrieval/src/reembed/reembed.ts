import {
  type Embedder,
  type OnProgress,
  parseInput,
  StoreError,
  throwIfAborted,
  type Warning,
} from "@advisor/contracts";
import { z } from "zod";
import { dropGeneration, finishSwitch, openGeneration } from "../store/generation.ts";
import { DEFAULT_INDEX_POLICY } from "../store/index-policy.ts";
import type { LanceDatabase } from "../store/lance.ts";
import type { StorageOptions } from "../store/location.ts";
import {
  isTenantTable,
  type Manifest,
  type NextGeneration,
  readManifest,
  writeManifest,
} from "../store/manifest.ts";
import { missing, openingFields, openPlace, type StorePlace } from "../store/open-store.ts";
import type { WriterTurn } from "../writers/writer-turn.ts";
import { copyTable } from "./copy-table.ts";
import { bytesOf, requireSpace } from "./disk-space.ts";

/** Passes without the lock end when one of them moved no more documents than this: the rest is moved in a moment. */
const FEW_DOCUMENTS = 64;
/** Passes without the lock at most, since writers may be faster than the embedder. */
const MAX_PASSES = 8;

/** Which store, and the embedder it is brought to. */
export interface ReembedSettings {
  /** Folder of the store, or an object store's URI, which needs `allowRemote`. */
  readonly location: string;
  /** An object store's endpoint, region and credentials, by LanceDB's names. They come up in no message. */
  readonly storageOptions?: StorageOptions;
  /** Lets a store on another machine be read and written. Default false. */
  readonly allowRemote?: boolean;
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
  /** What was moved by this call; former versions, and what an earlier call had moved, are not counted. */
  readonly documents: number;
  readonly chunks: number;
  /** Bytes of the tables before and after; both stood side by side until the switch. Absent on an object store. */
  readonly bytes?: { readonly before: number; readonly after: number };
  readonly elapsedMs: number;
  readonly warnings: readonly Warning[];
}

const settingsSchema = z.strictObject({
  ...openingFields,
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
  const store = await openPlace({ ...parsed, create: false });
  try {
    const manifest = await alone(store, parsed, () => begun(store, parsed.embedder));
    const { next } = manifest;
    const report = { from: nameOf(manifest), to: nameOf(next ?? manifest), elapsedMs: 0, warnings: [] };
    const moved = next ? await move(store, manifest, next, parsed) : { documents: 0, chunks: 0 };
    return { ...report, ...moved, elapsedMs: performance.now() - begin };
  } finally {
    store.database.close();
  }
}

const nameOf = ({ embedderId, dimensions }: Pick<Manifest, "embedderId" | "dimensions">) => ({
  id: embedderId,
  dimensions,
});

/** Does the work as the only writer of a place. */
const alone = <Result>(
  { writers }: StorePlace,
  { lockTimeoutMs, signal, onProgress }: Parsed,
  work: (turn: WriterTurn) => Promise<Result>,
) => writers.run({ timeoutMs: lockTimeoutMs, signal, onProgress }, work);

/** The manifest with this embedder as the next one, of an earlier call or written now; without when nothing is to do. */
async function begun(store: StorePlace, embedder: Embedder): Promise<Manifest> {
  const { database, location } = store;
  const found = await readManifest(database, location);
  if (!found) throw missing(location);
  await finishSwitch(store, found);
  const { replaced: _, next, ...manifest } = found;
  const isSame = (other: Pick<Manifest, "embedderId" | "dimensions">) =>
    other.embedderId === embedder.id && other.dimensions === embedder.dimensions;
  if (next && isSame(next)) return { ...manifest, next };
  // Another one was begun, or none is wanted any more.
  if (next) await dropGeneration(store, next.generation);
  if (isSame(manifest)) return next ? writeManifest(database, manifest) : manifest;
  const { id: embedderId, dimensions } = embedder;
  const generation = (next?.generation ?? manifest.generation) + 1;
  return writeManifest(database, { ...manifest, next: { generation, embedderId, dimensions } });
}

/** Makes the next generation and switches to it. */
async function move(store: StorePlace, manifest: Manifest, next: NextGeneration, parsed: Parsed) {
  const source = await openGeneration(store, manifest.generation);
  const target = await openGeneration(store, next.generation);
  try {
    // Two of them at once would do everything twice.
    return await alone(target, parsed, () => moveInto({ store, manifest, next, source, target }, parsed));
  } finally {
    target.database.close();
    if (source !== store) source.database.close();
  }
}

interface Move {
  readonly store: StorePlace;
  readonly manifest: Manifest;
  readonly next: NextGeneration;
  readonly source: StorePlace;
  readonly target: StorePlace;
}

async function moveInto(move: Move, parsed: Parsed) {
  const { store, manifest, next, source, target } = move;
  const before = await bytesOf(source);
  if (before !== undefined) await requireSpace(store.location, before, (await bytesOf(target)) ?? 0);
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
  await tidy(target.database, next.dimensions);

  await alone(store, parsed, async (turn) => {
    const now = await readManifest(store.database, store.location);
    if (now?.generation !== manifest.generation || now.next?.generation !== next.generation) {
      throw overtaken(store.location);
    }
    if ((await run()) > 0) await tidy(target.database, next.dimensions);
    await target.database.dropDocumentTables(new Set(await source.database.tableNames()));
    throwIfAborted(parsed.signal, "re-embedding", "Call again: it goes on from where it stopped");
    await turn.check();
    const { format, keepVersions } = now;
    const switched = { format, keepVersions, ...next, replaced: manifest.generation };
    await finishSwitch(store, await writeManifest(store.database, switched));
  });
  const after = await bytesOf(target);
  const { documents, chunks, cut } = total;
  return {
    documents,
    chunks,
    ...(before !== undefined && after !== undefined && { bytes: { before, after } }),
    warnings: cut === 0 ? [] : [tooLong(cut, parsed.embedder)],
  };
}

/** One pass over all tables, which looks again only at those that changed since the pass before. */
function createPass(move: Move, { embedder, signal, onProgress }: Parsed) {
  const { next } = move;
  const [source, target] = [move.source.database, move.target.database];
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
            onProgress: (done, total) =>
              onProgress?.({ stage: "re-embedding", done, total, unit: "passages" }),
          });
          sum.cut += moved.cut;
          // Former versions are moved with the present ones, and not counted.
          if (isTenantTable(name)) {
            sum.documents += moved.documents;
            sum.chunks += moved.chunks;
          }
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
      await table.tidy(DEFAULT_INDEX_POLICY, true);
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
