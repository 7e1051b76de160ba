import { isAbsolute } from "node:path";
import type { ChangeReport, SyncOptions } from "@advisor/contracts";
import { type FolderListing, listFolder, realFolder } from "../extract/folder.ts";
import { openKnownFiles } from "../extract/known-files.ts";
import { aboveOf, type Globs, type Selection, selectionOf } from "../extract/selection.ts";
import { settingsFingerprint } from "./prepare.ts";
import { syncFolder } from "./sync.ts";
import type { ChangeWriter, StoredHeader } from "./write.ts";

/** A folder whose documents are kept in step, and what is read of it. */
export interface FolderSource {
  /** Absolute, without symbolic links. */
  readonly root: string;
  readonly source: string;
  readonly selection: Selection;
  /** Lists the folder, or parts of it: uris, a folder's ending in a slash. */
  list(parts?: readonly string[]): Promise<FolderListing>;
  /** Writes what a listing holds. `stored` are the stored documents of what was listed. */
  write(
    listing: FolderListing,
    writer: ChangeWriter,
    stored: ReadonlyMap<string, StoredHeader>,
    run: WriteRun,
  ): Promise<ChangeReport>;
}

/**
 * What has to be known of the store before a listing of parts is written: the parts, and each file that was found outside
 * of them, such as those of a folder that came where a file was. A document not known to be stored would be added twice.
 */
export function storedParts(parts: readonly string[], { files }: FolderListing): string[] {
  const known = new Set(parts);
  const within = (uri: string) => known.has(uri) || aboveOf(uri).some((folder) => known.has(`${folder}/`));
  return [...parts, ...files.filter((uri) => !within(uri))];
}

export interface WriteRun extends Pick<SyncOptions, "signal" | "onProgress"> {
  /** The listing is of parts of the folder. Default false. */
  readonly partial?: boolean;
}

export interface FolderSourceSettings extends Globs {
  /** Default: the folder's real path. */
  readonly source?: string | undefined;
  readonly defaultRoles?: readonly string[] | undefined;
  readonly rehash?: boolean | undefined;
  readonly tenant: string;
  /** Of the store. */
  readonly location: string;
}

/** @throws BadInputError `folder_missing`, or `invalid_request` for a glob that can name nothing. */
export async function openFolderSource(
  folder: string,
  settings: FolderSourceSettings,
): Promise<FolderSource> {
  const { tenant, location, defaultRoles = [], rehash = false } = settings;
  const selection = selectionOf(settings);
  const root = await realFolder(folder);
  const source = settings.source ?? root;
  return {
    root,
    source,
    selection,
    list: (parts) =>
      listFolder(root, {
        without: location,
        selection,
        parts: parts?.map((part) => part.replace(/\/+$/, "")),
      }),
    async write(listing, writer, stored, { partial = false, signal, onProgress }) {
      // Parts that changed are read in any case, and the states of all files would take long to load for a few of them.
      // On an object store nothing is remembered: there is no folder to keep it in.
      const remembers = !partial && isAbsolute(location);
      const known = remembers
        ? await openKnownFiles(location, `${tenant}\n${source}`, settingsFingerprint(defaultRoles))
        : undefined;
      return syncFolder({
        ...{ writer, listing, stored, tenant, source, defaultRoles, partial },
        ...(known && { known: rehash ? { ...known, has: () => false } : known }),
        signal,
        onProgress,
      });
    },
  };
}
