import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type ChangeReport, type OnProgress, throwIfAborted } from "@advisor/contracts";
import type { FolderListing } from "./extract/folder.ts";
import { Unreadable } from "./extract/front-matter.ts";
import { mediaTypeOf, readTextFile } from "./extract/read-file.ts";
import type { ChangeWriter, StoredHeader } from "./write.ts";

export interface SyncParts {
  readonly writer: ChangeWriter;
  readonly listing: FolderListing;
  readonly stored: ReadonlyMap<string, StoredHeader>;
  readonly tenant: string;
  readonly source: string;
  readonly defaultRoles: readonly string[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Reads a file as text, or throws `Unreadable`. Tests put failures in its place. */
  readonly read?: (path: string) => Promise<string>;
}

/**
 * Brings the stored documents of one source in step with a folder's listing: changed and new files are put, those no
 * longer there are removed. A file that cannot be read keeps its stored version.
 */
export async function syncFolder(parts: SyncParts): Promise<ChangeReport> {
  const {
    writer,
    listing,
    stored,
    tenant,
    source,
    defaultRoles,
    signal,
    onProgress,
    read = readTextFile,
  } = parts;
  const kept = new Set<string>();
  let readable = 0;
  for (const { uri, reason } of listing.skipped) {
    writer.skip(uri, reason);
    kept.add(uri);
  }
  for (const [done, uri] of listing.files.entries()) {
    throwIfAborted(signal, "sync", "Sync again: it goes on from where it stopped");
    onProgress?.({ stage: "sync", done, total: listing.files.length, unit: "files", subject: uri });
    const mediaType = mediaTypeOf(uri);
    if (!mediaType) continue;
    kept.add(uri);
    try {
      const content = await read(join(listing.root, uri));
      readable++;
      await writer.put({ tenant, source, uri, content, mediaType, defaultRoles });
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      writer.skip(uri, error.reason);
    }
    if (done % 16 === 15) await nextTurn();
  }
  const gone = [...stored.values()].filter(
    ({ uri }) => !kept.has(uri) && !listing.unlisted.some((prefix) => uri.startsWith(prefix)),
  );
  if (readable === 0) {
    writer.warn({
      code: "folder_empty",
      message:
        gone.length === 0
          ? `${listing.root}: no Markdown, text or HTML file could be read in it, so there is nothing to search. Put files there and sync again.`
          : `${listing.root}: no file could be read in it, so its ${gone.length} stored documents were kept. Put back at least one file and sync again, and those that are gone will be removed.`,
    });
  } else await writer.remove(gone);
  const report = await writer.finish();
  const total = listing.files.length;
  onProgress?.({ stage: "sync", done: total, total, unit: "files" });
  return report;
}
