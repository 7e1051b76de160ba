import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { FolderListing } from "../extract/folder.ts";

/** What a folder's files looked like when they were last looked at. */
export interface FolderSnapshot {
  /** Looks again and gives the uris of files that came, went or changed since; all of them at the first look. */
  look(): Promise<readonly string[]>;
}

/** Files looked at between two turns of the event loop. */
const AT_ONCE = 64;

/** Finds changes by looking, where the system tells of none: file systems of other machines, and too many folders. */
export function createSnapshot(list: () => Promise<FolderListing>): FolderSnapshot {
  let before = new Map<string, string>();
  return {
    async look() {
      const { root, files, skipped } = await list();
      const now = new Map<string, string>();
      // What is left out today may be read tomorrow.
      const uris = [...files, ...skipped.map(({ uri }) => uri)];
      for (let from = 0; from < uris.length; from += AT_ONCE) {
        const chunk = uris.slice(from, from + AT_ONCE);
        const states = await Promise.all(chunk.map((uri) => stateOf(join(root, uri))));
        for (const [index, uri] of chunk.entries()) now.set(uri, states[index] as string);
      }
      const changed = [...now].filter(([uri, state]) => before.get(uri) !== state).map(([uri]) => uri);
      for (const uri of before.keys()) if (!now.has(uri)) changed.push(uri);
      before = now;
      return changed;
    },
  };
}

async function stateOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${ino}:${size}:${mtimeNs}:${ctimeNs}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
