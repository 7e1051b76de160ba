import type { PageView } from "../../shared/wire.ts";

export interface Folder {
  readonly name: string;
  readonly pages: readonly PageView[];
}

/** Pages by their top folder, each page once, folders and pages by name. */
export function folders(pages: readonly PageView[]): readonly Folder[] {
  const byName = new Map<string, Map<string, PageView>>();
  for (const page of pages) {
    const name = page.uri.includes("/") ? page.uri.slice(0, page.uri.indexOf("/")) : "pages";
    const folder = byName.get(name) ?? new Map<string, PageView>();
    byName.set(name, folder.set(page.id, page));
  }
  return [...byName]
    .map(([name, folder]) => ({ name, pages: [...folder.values()].sort((a, b) => compare(a.uri, b.uri)) }))
    .sort((a, b) => compare(a.name, b.name));
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
