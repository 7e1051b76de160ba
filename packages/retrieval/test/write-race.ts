import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_PRINCIPAL, type Passage, type Retriever } from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { openKnowledge } from "../src/knowledge.ts";
import type { StorageOptions } from "../src/store/location.ts";
import { type Child, spawnChild } from "./spawn-child.ts";

/** What a writing process notes before a call, and again with `end` when the call was acknowledged. */
export interface WriteNote {
  readonly uri: string;
  /** Null for a removal. */
  readonly stamp: string | null;
  readonly begin: number;
  readonly end?: number;
}

export interface RaceSettings {
  readonly location: string;
  readonly storageOptions?: StorageOptions;
  readonly processes: number;
  readonly seconds: number;
}

export interface RaceResult {
  readonly acknowledged: number;
  readonly failed: readonly string[];
  /** What is wrong with the store afterwards; empty when nothing is. */
  readonly problems: readonly string[];
  readonly documents: number;
}

/** Documents that all processes write first at about one moment, each its own text, over the whole time. */
export const NEW_DOCUMENTS = 10;
export const SHARED_DOCUMENTS = 4;
export const OWN_DOCUMENTS = 3;

/** The text of a stamp: its stamp in each section, and as many sections as its stamp says. */
export function textOf(uri: string, stamp: string): string {
  const sections = 1 + (Number(stamp.split("-").at(-1)) % 3);
  const body = Array.from(
    { length: sections },
    (_, i) => `## Part ${i}\n\nThe zebra of ${stamp} eats grass.`,
  );
  return `# Page ${uri}\n\n${body.join("\n\n")}\n`;
}

/** Lets processes write at once, then looks whether each document is one that was written last. */
export async function raceWriters(settings: RaceSettings): Promise<RaceResult> {
  const { location, storageOptions, processes, seconds } = settings;
  const folder = await mkdtemp(join(tmpdir(), "race-"));
  const file = (i: number) => join(folder, `${i}.jsonl`);
  const children: Child[] = await Promise.all(
    Array.from({ length: processes }, (_, i) =>
      spawnChild(
        "write-race-child.ts",
        JSON.stringify({ location, storageOptions, seconds, writer: i, file: file(i) }),
      ),
    ),
  );
  try {
    await Promise.all(children.map(({ ready }) => ready));
    for (const child of children) child.say("go");
    const codes = await Promise.all(children.map(({ ended }) => ended));
    const failed: string[] = codes.flatMap((code, i) =>
      code === 0 ? [] : [`writer ${i} ended with ${code}`],
    );
    const notes: WriteNote[] = [];
    for (let i = 0; i < processes; i++) {
      for (const line of (await readFile(file(i), "utf8")).trim().split("\n").filter(Boolean)) {
        const note = JSON.parse(line);
        if ("error" in note) failed.push(note.error);
        else notes.push(note);
      }
    }
    const found = await look(settings);
    const problems = found.problems.concat(judge(notes, found.stamps));
    const acknowledged = notes.filter(({ end }) => end !== undefined).length;
    return { acknowledged, failed, problems, documents: found.stamps.size };
  } finally {
    for (const child of children) child.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

async function look({ location, storageOptions }: RaceSettings) {
  const knowledge = await openKnowledge({
    location,
    ...(storageOptions && { storageOptions }),
    embedder: createFakeEmbedder(),
    create: false,
  });
  try {
    return await lookInto(knowledge);
  } finally {
    await knowledge.dispose();
  }
}

/** What a store holds: the stamp of each document, and what is wrong with it. */
export async function lookInto(knowledge: Retriever) {
  const { passages } = await knowledge.search({
    query: "zebra grass",
    principal: DEFAULT_PRINCIPAL,
    mode: "vector",
    topK: 200,
  });
  const byUri = new Map<string, Passage[]>();
  for (const passage of passages) byUri.set(passage.uri, [...(byUri.get(passage.uri) ?? []), passage]);
  const problems: string[] = [];
  const stamps = new Map<string, string>();
  for (const [uri, found] of byUri) {
    const document = await knowledge.document(found[0]?.documentId ?? "", DEFAULT_PRINCIPAL);
    const stamp = /zebra of (\S+) eats/.exec(document?.text ?? "")?.[1] ?? "none";
    stamps.set(uri, stamp);
    if (document?.text !== textOf(uri, stamp)) problems.push(`${uri}: its text is none that was written`);
    const expected = (document?.text.match(/zebra/g) ?? []).length;
    const own = found.filter(
      (passage) => passage.version === document?.version && passage.text.includes(` ${stamp} `),
    );
    if (own.length !== found.length || found.length !== expected) {
      problems.push(`${uri}: ${found.length} passages, ${own.length} of its text, which has ${expected}`);
    }
    if (new Set(found.map(({ id }) => id)).size !== found.length) problems.push(`${uri}: a passage twice`);
  }
  const status = (await knowledge.status()).tenants[0];
  if (status?.documents !== byUri.size || status.chunks !== passages.length) {
    problems.push(
      `${byUri.size} documents of ${passages.length} passages are found, ${JSON.stringify(status)} are stored`,
    );
  }
  return { stamps, problems };
}

/** A document must be as a call left it that no acknowledged call came after. */
export function judge(notes: readonly WriteNote[], stamps: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  for (const uri of new Set(notes.map((note) => note.uri))) {
    const stamp = stamps.get(uri) ?? null;
    const calls = notes.filter((note) => note.uri === uri);
    const left = calls.filter((note) => note.stamp === stamp);
    const acknowledged = calls.filter(({ end }) => end !== undefined);
    const stands = left.some(
      ({ end }) => !acknowledged.some(({ begin }) => end !== undefined && begin > end),
    );
    if (!stands && !(stamp === null && acknowledged.length === 0)) {
      problems.push(`${uri}: it is ${stamp ?? "gone"}, though a later call was acknowledged`);
    }
  }
  return problems;
}
