import { type FSWatcher, watch } from "node:fs";
import { join, sep } from "node:path";
import { isPassedOver } from "../extract/folder.ts";
import { IGNORE_FILES, type IgnoreRules } from "../extract/ignore-files.ts";

/** Notifications of the operating system about a folder and those in it. */
export interface FolderEvents {
  /** Follows these folders, given as uri prefixes with the ignore rules in each. One already followed is followed anew. */
  follow(folders: ReadonlyMap<string, IgnoreRules>): void;
  /** Follows what lies at or below a prefix no longer. */
  forget(prefix: string): void;
  follows(prefix: string): boolean;
  close(): void;
}

export interface FolderEventsSettings {
  readonly root: string;
  /** Told the uri of what may have changed; empty for the folder itself. May be told more often than needed. */
  readonly onChange: (uri: string) => void;
  /** A folder can be followed no longer; it was forgotten. */
  readonly onError: (error: Error, prefix: string) => void;
  /** Default: as this system does it. See {@link followsTrees}. */
  readonly tree?: boolean;
}

/** macOS and Windows watch a whole tree with one handle. On Linux Node would make one for each file to imitate that. */
export const followsTrees = process.platform === "darwin" || process.platform === "win32";

/**
 * One handle for each folder, or one for the whole tree where the system has such. A folder's handle tells of the files in
 * it as well, so that their number does not matter.
 * `follow` throws the system's error: ENOSPC when there are more folders than the system lets one user follow.
 */
export function createFolderEvents(settings: FolderEventsSettings): FolderEvents {
  const { root, onChange, onError, tree = followsTrees } = settings;
  const followed = new Map<string, IgnoreRules>();
  const handles = new Map<string, FSWatcher>();

  const tell = (kind: string, prefix: string, name: string | null) => {
    if (name === null) return onChange(prefix.slice(0, -1));
    const parts = (prefix + name.replaceAll(sep, "/")).split("/");
    const last = parts.pop() as string;
    if (parts.some(isPassedOver)) return;
    const folder = parts.length === 0 ? "" : `${parts.join("/")}/`;
    if ((IGNORE_FILES as readonly string[]).includes(last)) return onChange(folder.slice(0, -1));
    if (isPassedOver(last)) return;
    const uri = folder + last;
    const rules = rulesIn(folder);
    if (rules?.ignores(uri) && rules.ignores(`${uri}/`)) return;
    // A tree's handle says that a folder changed whenever something in it does.
    if (tree && kind === "change" && followed.has(`${uri}/`)) return;
    onChange(uri);
  };

  /** Of the nearest folder that is known. */
  const rulesIn = (folder: string): IgnoreRules | undefined => {
    for (let prefix = folder; ; prefix = prefix.slice(0, prefix.lastIndexOf("/", prefix.length - 2) + 1)) {
      const rules = followed.get(prefix);
      if (rules || prefix === "") return rules;
    }
  };

  const open = (prefix: string) => {
    handles.get(prefix)?.close();
    const handle = watch(join(root, prefix), { persistent: true, recursive: tree }, (kind, name) =>
      tell(kind, prefix, name),
    );
    handle.on("error", (error) => {
      if (handles.get(prefix) !== handle) return;
      forget(prefix);
      onError(error, prefix);
    });
    handles.set(prefix, handle);
  };

  const forget = (prefix: string) => {
    for (const known of followed.keys()) {
      if (!known.startsWith(prefix)) continue;
      followed.delete(known);
      handles.get(known)?.close();
      handles.delete(known);
    }
  };

  return {
    follow(folders) {
      for (const [prefix, rules] of folders) {
        followed.set(prefix, rules);
        if (tree && prefix !== "") continue;
        try {
          open(prefix);
        } catch (error) {
          followed.delete(prefix);
          // Gone again: whoever holds the folder above is told.
          if ((error as NodeJS.ErrnoException).code === "ENOENT" && prefix !== "") continue;
          throw error;
        }
      }
    },
    forget,
    follows: (prefix) => followed.has(prefix),
    close() {
      for (const handle of handles.values()) handle.close();
      handles.clear();
      followed.clear();
    },
  };
}
