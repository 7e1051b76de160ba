import { setImmediate as nextTurn } from "node:timers/promises";
import { type ChangeReport, type OnProgress, throwIfAborted } from "@advisor/contracts";
import type { FolderListing } from "../extract/folder.ts";
import { fromUnpacked } from "../extract/from-unpacked.ts";
import { Unreadable } from "../extract/front-matter.ts";
import { createIsolatedReader, type IsolatedReader } from "../extract/isolated-reader.ts";
import type { KnownFiles } from "../extract/known-files.ts";
import { loadFiles } from "../extract/load-files.ts";
import { binaryFormat, mediaTypeOf } from "../extract/read-file.ts";
import { documentId } from "./prepare.ts";
import { readIsolated } from "./read-isolated.ts";
import type { ChangeWriter, StoredHeader } from "./write.ts";

export interface SyncParts {
  readonly writer: ChangeWriter;
  readonly listing: FolderListing;
  /** Stored documents of the source, by uri; of a part of the folder, those in that part. */
  readonly stored: ReadonlyMap<string, StoredHeader>;
  readonly tenant: string;
  readonly source: string;
  readonly defaultRoles: readonly string[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** States of files that need not be read. Default: each is read. */
  readonly known?: KnownFiles | undefined;
  /** The listing is of a part of the folder, so that there may well be nothing to read in it. Default false. */
  readonly partial?: boolean;
  /** Reads a file as text, or throws `Unreadable`. Tests put failures in its place. */
  readonly read?: (path: string) => Promise<string>;
  /** Reads PDF, DOCX and long texts. Tests put other limits in its place. Disposed of at the end. */
  readonly reader?: IsolatedReader;
}

/**
 * Brings the stored documents of one source in step with a folder's listing: changed and new files are put, those no
 * longer there are removed. A file that cannot be read keeps its stored version.
 */
export async function syncFolder(parts: SyncParts): Promise<ChangeReport> {
  const { reader = createIsolatedReader() } = parts;
  try {
    return await syncWith(parts, reader);
  } finally {
    await reader.dispose();
  }
}

async function syncWith(parts: SyncParts, reader: IsolatedReader): Promise<ChangeReport> {
  const { writer, listing, stored, tenant, source, defaultRoles, signal, onProgress, known, read } = parts;
  const stopIfAborted = () => throwIfAborted(signal, "sync", "Sync again: it goes on from where it stopped");
  const kept = new Set<string>();
  let readable = 0;
  for (const { uri, reason } of listing.skipped) {
    writer.skip(uri, reason);
    kept.add(uri);
  }
  const files = loadFiles(listing.files, {
    root: listing.root,
    isBinary: (uri) => formatOf(uri) !== undefined,
    isKnown: (uri, state) => {
      const before = stored.get(uri);
      return before !== undefined && known?.has(before.id, state, before.version) === true;
    },
    ...(read && { readText: read }),
  });
  const total = listing.files.length;
  let done = 0;
  stopIfAborted();
  for await (const file of files) {
    const { uri, state } = file;
    stopIfAborted();
    onProgress?.({ stage: "sync", done, total, unit: "files", subject: uri });
    done++;
    if (done % 16 === 0) await nextTurn();
    kept.add(uri);
    if (file.kind === "unreadable") {
      writer.skip(uri, file.reason);
      continue;
    }
    readable++;
    let version: string | undefined;
    if (file.kind === "unchanged") {
      writer.keep();
      version = stored.get(uri)?.version;
    } else {
      const mediaType = mediaTypeOf(uri);
      if (!mediaType) continue;
      const about = { tenant, source, uri, mediaType, defaultRoles };
      try {
        if (file.kind === "text") {
          const text = { ...about, content: file.content };
          version = await writer.put({ ...text, ...readIsolated(text, reader, signal) });
        } else {
          const { bytes, hash } = file;
          const format = formatOf(uri) ?? "pdf";
          const unpacked = async () => fromUnpacked(await reader.unpack(bytes, format, signal));
          version = await writer.put({ ...about, content: hash, read: unpacked });
        }
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        writer.skip(uri, error.reason);
      }
      stopIfAborted();
    }
    if (state && version !== undefined) known?.note(documentId(tenant, source, uri), state, version);
  }
  const gone = [...stored.values()].filter(
    ({ uri }) => !kept.has(uri) && !listing.unlisted.some((prefix) => uri.startsWith(prefix)),
  );
  if (readable === 0 && !parts.partial) {
    writer.warn({
      code: "folder_empty",
      message:
        gone.length === 0
          ? `${listing.root}: no file in it could be read, so there is nothing to search. Put files there, or look at what is included, excluded and ignored, and sync again.`
          : `${listing.root}: no file could be read in it, so its ${gone.length} stored documents were kept. Put back at least one file and sync again, and those that are gone will be removed.`,
    });
  } else await writer.remove(gone);
  // After a change of a part, whoever asked for it tidies when it is quiet.
  const report = await writer.finish(!parts.partial);
  await known?.save();
  onProgress?.({ stage: "sync", done: total, total, unit: "files" });
  return report;
}

function formatOf(uri: string) {
  const mediaType = mediaTypeOf(uri);
  return mediaType && binaryFormat(mediaType);
}
