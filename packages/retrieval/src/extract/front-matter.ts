import {
  BadInputError,
  MAX_ROLES,
  type Metadata,
  metadataSchema,
  parseInput,
  roleSchema,
} from "@advisor/contracts";
import { parseDocument } from "yaml";
import { z } from "zod";
import { wellFormed } from "./well-formed.ts";

/** Limit on front matter, in UTF-16 units: a page of settings, not a data file for the YAML parser to chew on. */
const MAX_FRONT_MATTER_LENGTH = 64 * 1024;

export interface FrontMatter {
  readonly title?: string;
  /** Absent when the page names no rule. */
  readonly roles?: readonly string[];
  /** Free metadata; `reviewBy` is in it as `YYYY-MM-DD`. */
  readonly metadata: Metadata;
  /** Offset at which the page itself begins. */
  readonly bodyStart: number;
  readonly warnings: readonly string[];
}

/** The page cannot be taken in as it stands. The reason is a clause without a final full stop. */
export class Unreadable extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

const rolesSchema = z.array(roleSchema).max(MAX_ROLES);
const OPEN = /^---[ \t]*(?:\r\n|\n|\r)/;
const CLOSE = /^---[ \t]*$/m;
const KEY_LINE = /^[ \t]*["']?[A-Za-z][\w -]*["']?[ \t]*:/;

/**
 * Reads YAML front matter at the very beginning of a page (after a byte-order mark).
 *
 * It never falls back to a laxer rule: whatever looks like front matter and cannot be read, and whatever looks like a rule
 * and is none, throws {@link Unreadable}, so that the page is left out.
 */
export function readFrontMatter(text: string): FrontMatter {
  const bodyStart = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const none = { metadata: {}, bodyStart, warnings: [] };
  const open = OPEN.exec(text.slice(bodyStart, bodyStart + 256));
  if (!open) {
    refuseMisplaced(text.slice(bodyStart, bodyStart + MAX_FRONT_MATTER_LENGTH));
    return none;
  }
  const start = bodyStart + open[0].length;
  const window = text.slice(start, start + MAX_FRONT_MATTER_LENGTH);
  const close = CLOSE.exec(window);
  if (!close) {
    if (!KEY_LINE.test(window)) return none;
    throw new Unreadable("its front matter has no closing --- line within 65,536 characters");
  }
  const source = window.slice(0, close.index);
  let end = start + close.index + close[0].length;
  if (text.startsWith("\r\n", end)) end += 2;
  else if (text[end] === "\n" || text[end] === "\r") end += 1;
  return { ...readFields(source), bodyStart: end };
}

/** Front matter that a reader of another tool would take for such, in a place or form where it has no effect here. */
function refuseMisplaced(head: string): void {
  const text = head.trimStart();
  if (/^\+\+\+[ \t]*\r?\n/.test(text) && /^\+\+\+[ \t]*$/m.test(text.slice(3))) {
    throw new Unreadable("its front matter is TOML (+++), only YAML (---) is read");
  }
  const open = OPEN.exec(text);
  if (
    open &&
    text !== head &&
    KEY_LINE.test(text.slice(open[0].length)) &&
    CLOSE.test(text.slice(open[0].length))
  ) {
    throw new Unreadable("its front matter does not begin on the first line");
  }
}

function readFields(source: string): Omit<FrontMatter, "bodyStart"> {
  const fields = parseYaml(source);
  const metadata = new Map<string, Metadata[string]>();
  const warnings: string[] = [];
  let title: string | undefined;
  let roles: readonly string[] | undefined;
  for (const [key, value] of fields) {
    if (key === "title") title = readTitle(value);
    else if (key === "roles") roles = readRoles(value);
    else if (key === "reviewBy") metadata.set(key, readDay(value));
    else if (/^roles?$/i.test(key.trim())) {
      throw new Unreadable(`its front matter names "${key}"; the rule for who may read is called roles`);
    } else if (key.trim().toLowerCase() === "tenant") {
      warnings.push("its front matter names a tenant, which only the caller can set; it was ignored");
    } else metadata.set(key, flatten(value));
  }
  const checked = readMetadata(Object.fromEntries(metadata), "its front matter");
  return { ...(title ? { title } : {}), ...(roles ? { roles } : {}), metadata: checked, warnings };
}

/** Checks free metadata. Throws {@link Unreadable}, with `subject` in the reason, when it cannot be kept. */
export function readMetadata(value: unknown, subject: string): Metadata {
  // A prototype's key would be dropped without a word.
  if (typeof value === "object" && value !== null && Object.hasOwn(value, "__proto__")) {
    throw new Unreadable(`${subject} does not fit: __proto__ is no key`);
  }
  try {
    return parseInput(metadataSchema, value, subject);
  } catch (error) {
    if (!BadInputError.isInstance(error)) throw error;
    throw new Unreadable(`${error.subject}: ${error.reason}`);
  }
}

function parseYaml(source: string): [string, unknown][] {
  let value: unknown;
  try {
    const document = parseDocument(source, {
      schema: "core",
      uniqueKeys: true,
      merge: false,
      logLevel: "silent",
    });
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem) throw problem;
    // No aliases: a page needs none, and nested ones grow without bound.
    value = document.toJS({ mapAsMap: true, maxAliasCount: 0 });
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw new Unreadable(`its front matter is not valid YAML (${reason.replace(/[.:]$/, "")})`);
  }
  if (value === null || value === undefined) return [];
  if (!(value instanceof Map)) throw new Unreadable("its front matter is not a list of keys and values");
  return [...value].map(([key, field]) => {
    if (typeof key !== "string") throw new Unreadable("its front matter has a key that is not text");
    return [key, field];
  });
}

function readTitle(value: unknown): string | undefined {
  if (value === null) return undefined;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return clean(String(value)) || undefined;
  }
  throw new Unreadable("the title in its front matter is not text");
}

function readRoles(value: unknown): readonly string[] {
  const roles = rolesSchema.safeParse(value);
  if (roles.success) return [...new Set(roles.data)];
  throw new Unreadable("roles in its front matter is not a list of role names, such as [hr, legal]");
}

function readDay(value: unknown): string {
  const day = z.iso.date().safeParse(value);
  if (day.success) return day.data;
  throw new Unreadable("reviewBy in its front matter is not a day such as 2027-01-31");
}

/** Free metadata is flat, but for lists of plain values: anything deeper becomes its JSON. */
function flatten(value: unknown): Metadata[string] {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value) && value.every((item) => item === null || typeof item !== "object"))
    return value.filter((item) => item !== null).map((item) => flatten(item) as string | number | boolean);
  if (value instanceof Map || Array.isArray(value)) return JSON.stringify(value, plain);
  return String(value);
}

function plain(_key: string, value: unknown): unknown {
  return value instanceof Map ? [...value] : value;
}

function clean(text: string): string {
  return wellFormed(text.replace(/\s+/g, " ").trim().slice(0, 1024));
}
