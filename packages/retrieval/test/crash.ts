import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AdvisorError, DEFAULT_PRINCIPAL, type Passage, type Retriever } from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { openKnowledge } from "../src/knowledge.ts";
import { spawnChild } from "./spawn-child.ts";

/**
 * What is killed: a sync of changed, new and removed pages and changed rules; the first sync, which makes the store; the
 * making of indexes with compaction; the removal of the tenant.
 */
const WORK = ["sync", "first sync", "reindex", "remove"] as const;
type Work = (typeof WORK)[number];

const SOURCE = "folder";
/** Pages are spread over roles so that a search, which gives 200 passages at most, can give all that a role may read. */
const PAGES_A_ROLE = 60;

export interface CrashSettings {
  readonly kills: number;
  readonly pages: number;
  /** In [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** How long the works take, in milliseconds. Default: the first of each runs to its end, and is timed. */
  readonly lengthMs?: number;
}

export interface CrashResult {
  /** How many of the works were killed before they ended. */
  readonly killed: Readonly<Record<Work, number>>;
  readonly ended: number;
  readonly problems: readonly string[];
}

/** Kills a process at random moments of its work; each time the next sync must leave what a clean one leaves. */
export async function killAtRandom({
  kills,
  pages,
  random = Math.random,
  lengthMs,
}: CrashSettings): Promise<CrashResult> {
  const root = await mkdtemp(join(tmpdir(), "crash-"));
  const location = join(root, "store");
  const folder = join(root, "pages");
  const problems: string[] = [];
  const killed: Record<Work, number> = { sync: 0, "first sync": 0, reindex: 0, remove: 0 };
  const lengths = new Map<Work, number>(lengthMs === undefined ? [] : WORK.map((work) => [work, lengthMs]));
  let ended = 0;
  try {
    let round = 0;
    while (Object.values(killed).reduce((sum, count) => sum + count) < kills && round < kills * 3) {
      const work = WORK[round % WORK.length] as Work;
      await writePages(folder, pages, round++);
      if (work === "first sync") await rm(location, { recursive: true, force: true });
      const child = await spawnChild(
        "crash-child.ts",
        JSON.stringify({ work, location, pages: folder, source: SOURCE }),
      );
      await child.ready;
      const begin = performance.now();
      const length = lengths.get(work);
      // Of each work the first runs to its end, which says how long it takes.
      if (length !== undefined) {
        await sleep(random() * length);
        child.kill();
      }
      const code = await child.ended;
      if (code === null) killed[work]++;
      else ended++;
      if (length === undefined) lengths.set(work, performance.now() - begin);
      if (code !== null && code !== 0) problems.push(`${work}: it ended with ${code}`);
      const told = (problem: string) => problems.push(`round ${round}, ${work}: ${problem}`);
      await compare({ location, folder, pages, clean: join(root, `clean-${round}`) }, told);
      await rm(join(root, `clean-${round}`), { recursive: true, force: true });
    }
    return { killed, ended, problems };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

interface Places {
  readonly location: string;
  readonly folder: string;
  readonly clean: string;
  readonly pages: number;
}

async function compare({ location, folder, clean, pages }: Places, told: (problem: string) => void) {
  const open = (at: string, create: boolean) =>
    openKnowledge({ location: at, embedder: createFakeEmbedder(), create });
  try {
    const reader = await open(location, false);
    const halves = halvesOf(await everything(reader, pages));
    if (halves.length > 0) told(`before the next sync a reader sees half of ${halves}`);
    await reader.dispose();
  } catch (error) {
    if (!(AdvisorError.isInstance(error) && error.code === "store_missing")) told(`a reader fails: ${error}`);
  }
  const knowledge = await open(location, true);
  const fresh = await open(clean, true);
  try {
    await knowledge.sync(folder, { source: SOURCE });
    await fresh.sync(folder, { source: SOURCE });
    const statuses = await Promise.all([knowledge, fresh].map((each) => each.status()));
    const [held, wanted] = statuses.map(({ tenants }) => JSON.stringify(tenants));
    if (held !== wanted) told(`it holds ${held}, a clean one ${wanted}`);
    const [found, expected] = await Promise.all([knowledge, fresh].map((each) => everything(each, pages)));
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      told(`${found?.length} passages are found, in a clean one ${expected?.length}, or others`);
    }
    const again = await knowledge.sync(folder, { source: SOURCE });
    if (again.added.length + again.changed.length + again.removed.length > 0) told("another sync changes it");
  } catch (error) {
    told(`the next sync fails: ${error}`);
  } finally {
    await knowledge.dispose();
    await fresh.dispose();
  }
}

/** All that each role finds by words and by meaning, as plain data. */
async function everything(knowledge: Retriever, pages: number) {
  const all: (Pick<Passage, "id" | "uri" | "text" | "version" | "ordinal"> & {
    readonly role: string;
    readonly mode: string;
  })[] = [];
  for (const role of rolesOf(pages)) {
    for (const mode of ["vector", "keyword"] as const) {
      const principal = { ...DEFAULT_PRINCIPAL, roles: [role] };
      const { passages } = await knowledge.search({ query: "zebra grass", principal, mode, topK: 200 });
      for (const { id, uri, text, version, ordinal } of passages)
        all.push({ id, uri, text, version, ordinal, role, mode });
    }
  }
  const key = (each: (typeof all)[number]) => `${each.role} ${each.mode} ${each.id}`;
  return all.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Pages that are found, but not by all of their three passages of one version. */
function halvesOf(found: Awaited<ReturnType<typeof everything>>): string[] {
  const byPage = new Map<string, string[]>();
  for (const { uri, mode, version, ordinal } of found) {
    const page = `${uri} by ${mode}`;
    byPage.set(page, [...(byPage.get(page) ?? []), `${version} ${ordinal}`]);
  }
  return [...byPage].flatMap(([page, parts]) =>
    parts.length === 3 && new Set(parts.map((part) => part.split(" ")[0])).size === 1 ? [] : [page],
  );
}

function rolesOf(pages: number): string[] {
  return Array.from({ length: Math.ceil(pages / PAGES_A_ROLE) + 1 }, (_, i) => `role-${i}`);
}

async function writePages(folder: string, pages: number, round: number): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const roles = rolesOf(pages).length;
  for (let i = 0; i < pages; i++) {
    if ((i + round) % 9 === 0) continue;
    const role = i % 7 === 0 ? (i + round) % roles : i % roles;
    const changed = i % 4 === 0 ? `round ${round}` : "no round";
    const section = (name: string) => `## ${name}\n\nThe zebra of page ${i} eats grass in ${changed}.`;
    const text = `---\nroles: [role-${role}]\n---\n# Page ${i}\n\n${["One", "Two", "Three"].map(section).join("\n\n")}\n`;
    await writeFile(join(folder, `p${String(i).padStart(4, "0")}.md`), text);
  }
}
