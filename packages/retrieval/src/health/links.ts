import { posix } from "node:path";
import type { MarkdownLink } from "../extract/markdown-links.ts";
import { type Finding, isMarkdown, type Page, placeIn } from "./page.ts";
import { parsePage } from "./parse-page.ts";

const PAGE = /\.(?:md|markdown|mdown|mkd|txt|text|x?html?)$/i;
/** A scheme such as `https:` or `mailto:`, or a host without one. */
const EXTERNAL = /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i;

export interface LinkResult {
  readonly findings: Finding[];
  readonly checked: number;
  readonly external: number;
  readonly files: number;
}

interface Site {
  readonly pages: ReadonlyMap<string, Page>;
  /** By lower-cased path, to see a mistake in the case. */
  readonly folded: ReadonlyMap<string, string>;
  readonly folders: ReadonlySet<string>;
  /** By lower-cased file name without its ending, and by title: what wiki links name. */
  readonly names: ReadonlyMap<string, Page>;
}

/**
 * Links of Markdown pages to pages and headings that their source does not have. Nothing is fetched and no file system is
 * read: links to other sites are counted, and so are links to files that are no pages. The links of HTML pages are not
 * kept in the store, so they are not looked at.
 */
export function checkLinks(pages: readonly Page[]): LinkResult {
  const sites = new Map<string, Page[]>();
  for (const page of pages) {
    const site = sites.get(page.source);
    if (site) site.push(page);
    else sites.set(page.source, [page]);
  }
  const anchors = anchorIndex();
  const findings: Finding[] = [];
  const counts = { checked: 0, external: 0, files: 0 };
  for (const members of sites.values()) {
    const site = siteOf(members);
    const wiki: Finding[] = [];
    let wikiWorks = false;
    for (const page of members) {
      for (const link of parsePage(page).links) {
        const result = resolve(link, page, site, anchors);
        if (result === "external" || result === "files") {
          counts[result]++;
          continue;
        }
        counts.checked++;
        if (result === undefined) {
          wikiWorks ||= link.kind === "wiki";
          continue;
        }
        const finding: Finding = { check: "link", severity: "problem", ...placeIn(page, link), ...result };
        (link.kind === "wiki" ? wiki : findings).push(finding);
      }
    }
    // Double brackets mean other things too: they are links where at least one of them leads somewhere.
    if (wikiWorks) findings.push(...wiki);
  }
  return { findings, ...counts };
}

type Broken = { readonly message: string; readonly nextStep: string };
type AnchorsOf = (page: Page) => ReadonlySet<string> | undefined;

function resolve(
  { target, kind }: MarkdownLink,
  page: Page,
  site: Site,
  anchorsOf: AnchorsOf,
): Broken | "external" | "files" | undefined {
  const hash = target.indexOf("#");
  const path = hash < 0 ? target : target.slice(0, hash);
  const anchor = hash < 0 ? "" : target.slice(hash + 1);
  if (kind === "wiki") {
    const found = path === "" ? page : site.names.get(path.trim().toLowerCase());
    if (!found) return broken(`There is no page named ${path}`, "Correct the name, or write the page");
    return checkAnchor(found, slug(anchor), anchor, anchorsOf);
  }
  if (EXTERNAL.test(target)) return "external";
  const bare = decoded(path.replace(/\?.*$/, ""));
  if (bare === "") return checkAnchor(page, decoded(anchor), anchor, anchorsOf);

  const joined = bare.startsWith("/") ? bare.slice(1) : posix.join(posix.dirname(page.uri), bare);
  const uri = posix.normalize(joined).replace(/^\.\//, "");
  const found = pageAt(uri, site);
  if (found) return checkAnchor(found, decoded(anchor), anchor, anchorsOf);
  const folder = uri.replace(/\/$/, "");
  if (uri === "." || site.folders.has(folder)) return undefined;
  if (posix.extname(uri) !== "" && !PAGE.test(uri)) return "files";
  if (uri.startsWith("..")) {
    return broken(
      `The link leads out of the source, to ${bare}`,
      "Point to a page of the source, or to a web address",
    );
  }
  const meant = site.folded.get(uri.toLowerCase());
  if (meant !== undefined) {
    return broken(`There is no page ${uri}, but there is ${meant}`, `Write the link as ${meant} is written`);
  }
  return broken(`There is no page ${uri}`, "Correct the link, or remove it with what it promised");
}

function pageAt(uri: string, { pages }: Site): Page | undefined {
  const folder = uri.replace(/\/$/, "");
  for (const name of [
    uri,
    `${uri}.md`,
    `${uri}.html`,
    `${folder}/index.md`,
    `${folder}/README.md`,
    `${folder}/index.html`,
  ]) {
    const page = pages.get(name);
    if (page) return page;
  }
  return undefined;
}

function checkAnchor(page: Page, wanted: string, written: string, anchorsOf: AnchorsOf): Broken | undefined {
  // `#top` and the empty anchor lead to the page's beginning in every browser (HTML, section "Scrolling to a fragment").
  if (wanted === "" || wanted.toLowerCase() === "top" || wanted.startsWith(":~:")) return undefined;
  const anchors = anchorsOf(page);
  if (!anchors || anchors.has(wanted) || anchors.has(wanted.toLowerCase())) return undefined;
  return broken(
    `${page.uri} has no heading for #${written}`,
    "Correct the anchor, or link to the page alone",
  );
}

function broken(message: string, nextStep: string): Broken {
  return { message, nextStep };
}

function siteOf(members: readonly Page[]): Site {
  const pages = new Map(members.map((page) => [page.uri, page]));
  const folders = new Set<string>();
  const names = new Map<string, Page>();
  for (const page of members) {
    for (
      let folder = posix.dirname(page.uri);
      folder !== "." && !folders.has(folder);
      folder = posix.dirname(folder)
    ) {
      if (folder === "/") break;
      folders.add(folder);
    }
    const withoutEnding = page.uri.replace(PAGE, "");
    for (const name of [withoutEnding, posix.basename(withoutEnding), page.title]) {
      names.set(name.toLowerCase(), page);
    }
  }
  return { pages, folders, names, folded: new Map(members.map(({ uri }) => [uri.toLowerCase(), uri])) };
}

/** Anchors of Markdown pages, each read once. Undefined for other pages: their ids are not kept. */
function anchorIndex(): AnchorsOf {
  const known = new Map<string, ReadonlySet<string>>();
  return (page) => {
    if (!isMarkdown(page)) return undefined;
    let anchors = known.get(page.documentId);
    if (!anchors) {
      anchors = anchorsOfMarkdown(page);
      known.set(page.documentId, anchors);
    }
    return anchors;
  };
}

function anchorsOfMarkdown(page: Page): Set<string> {
  const anchors = new Set<string>();
  const uses = new Map<string, number>();
  for (const block of parsePage(page).blocks) {
    if (block.kind !== "heading") continue;
    const own = /\{#([^}\s]+)\}\s*$/.exec(block.title)?.[1];
    if (own !== undefined) anchors.add(own);
    const name = slug(block.title);
    const before = uses.get(name) ?? 0;
    uses.set(name, before + 1);
    anchors.add(before === 0 ? name : `${name}-${before}`);
  }
  for (const match of page.text.matchAll(/<[a-z][^<>]{0,1000}?\b(?:id|name)\s*=\s*["']?([^"'\s>]+)/gi))
    anchors.add(match[1] as string);
  return anchors;
}

/** The anchor that GitHub and most generators give a heading: lower case, signs left out, spaces as hyphens. */
function slug(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
