import { both, ERASING, either, endedBy, headerFilter, horizonFilter, rowsOfDocuments } from "./filter.ts";
import type { HistoryTable } from "./history-table.ts";
import type { LanceTable } from "./lance.ts";
import type { Row } from "./rows.ts";
import { rowOf, type StoreRow } from "./schema.ts";

/** Of up to so many documents with a history the rules are looked up; of more, all headers are read. */
const MANY_DOCUMENTS = 1000;

/** A document about to be written or removed. */
export interface DocumentChange {
  readonly id: string;
  /** Roles of its rule after the change; none when it is removed. */
  readonly roles: readonly string[];
  /** Whether a version of it stands now. */
  readonly replaces: boolean;
}

/** Keeps what documents said before a change. Only a writer that holds the lock may call it. */
export interface TenantHistory {
  /**
   * At the beginning of a writing call: drops what is older than wanted, and makes good what a killed writer left undone.
   * `since` is the {@link state} after a writing call that ended well: while it stands, nothing can be left undone, and
   * the headers of a large tenant need not be read.
   */
  settle(since?: string): Promise<void>;
  /**
   * Names what both tables hold now: each commit of anybody gives another name. The horizon is in it, as the tables of a
   * tenant that was removed and filled again count their commits from the beginning.
   */
  state(): Promise<string>;
  /**
   * Has `commit` replace or remove documents, and keeps their former versions. `commit` is given the instant, in epoch
   * milliseconds, at which the former versions end and the new ones begin.
   */
  change(changes: readonly DocumentChange[], commit: (instant: number) => Promise<void>): Promise<void>;
}

export interface HistoryParts {
  readonly live: LanceTable;
  readonly history: HistoryTable;
  /** From when on the history was whole as the writing call began. */
  readonly horizon: number;
  /** How long former versions are kept, in milliseconds. */
  readonly keepMs: number;
  readonly now: () => number;
}

/**
 * History is a table of its own beside the live one, so that former versions count in no word statistics and slow no
 * search (docs/decisions/0004). A commit spans one table, so the order matters: a former version is written before the
 * live one goes, and found twice in between, never lost. Former versions carry the rule that their document has today. What
 * a rule takes away goes from them before the live commit, and what it gives comes after, so whoever is killed between
 * the two leaves too narrow a rule, which the next writing call makes good.
 */
export function createHistory({ live, history, horizon, keepMs, now }: HistoryParts): TenantHistory {
  const setRules = async (rules: ReadonlyMap<string, readonly string[]>) => {
    const groups = new Map<string, { ids: string[]; roles: readonly string[] }>();
    for (const [id, roles] of rules) {
      const key = JSON.stringify(roles);
      const group = groups.get(key) ?? { ids: [], roles };
      group.ids.push(id);
      groups.set(key, group);
    }
    for (const { ids, roles } of groups.values()) await history.setRoles(ids, roles);
  };

  /** Versions that ended by then are no longer wanted. */
  const oldest = () => (keepMs === 0 ? Number.MAX_SAFE_INTEGER : Math.max(0, now() - keepMs));

  /** Gives the headers that stay. */
  const expire = async (former: readonly Row[]): Promise<readonly Row[]> => {
    if (keepMs === Number.POSITIVE_INFINITY) return former;
    const instant = oldest();
    const ended = former.filter(({ validTo }) => validTo !== null && Number(validTo) <= instant);
    if (ended.length === 0) return former;
    await setHorizon(history, latest(ended.map(({ validTo }) => Number(validTo))));
    await history.delete(endedBy(instant));
    return former.filter(({ validTo }) => validTo === null || Number(validTo) > instant);
  };

  const settleRules = async (former: readonly Row[]) => {
    const ids = [...new Set(former.map(({ documentId }) => String(documentId)))];
    if (ids.length === 0) return;
    const filter = ids.length <= MANY_DOCUMENTS ? both(headerFilter(), rowsOfDocuments(ids)) : headerFilter();
    const rules = new Map(
      (await live.select(filter, ["id", "roles"])).map((row) => [String(row.id), rolesOf(row)]),
    );
    const wrong = new Map<string, readonly string[]>();
    for (const row of former) {
      const rule = rules.get(String(row.documentId)) ?? [];
      if (!sameRoles(rolesOf(row), rule)) wrong.set(String(row.documentId), rule);
    }
    await setRules(wrong);
  };

  const state = async () => [horizon, ...(await Promise.all([live.version(), history.version()]))].join(" ");

  return {
    state,
    async settle(since) {
      if (since !== undefined && since === (await state())) {
        const old = keepMs === Number.POSITIVE_INFINITY ? 0 : await history.count(endedBy(oldest()));
        if (old === 0) return;
      }
      // One look at the table for all of it: on an object store each is a few requests.
      const rows = await history.select(either(headerFilter(), ERASING), [
        "kind",
        "documentId",
        "roles",
        "validTo",
      ]);
      if (rows.some(({ kind }) => kind === "erasing")) await eraseDocuments(live, history, []);
      await settleRules(await expire(rows.filter(({ kind }) => kind === "document")));
    },
    async change(changes, commit) {
      const replaced = changes.filter(({ replaces }) => replaces).map(({ id }) => id);
      if (keepMs === 0) {
        const instant = now();
        if (replaced.length > 0) await setHorizon(history, instant);
        return commit(instant);
      }
      const held = replaced.length > 0 ? await live.rows(rowsOfDocuments(replaced)) : [];
      const current = held.filter(({ kind }) => kind !== "gone");
      const ids = changes.map(({ id }) => id);
      const former = await history.select(both(headerFilter(), rowsOfDocuments(ids)), [
        "documentId",
        "roles",
        "validTo",
      ]);
      // A clock set back must not make two versions stand at once.
      const instant = latest([
        now(),
        ...current.map(({ validFrom }) => validFrom + 1),
        ...former.map(({ validTo }) => Number(validTo)),
      ]);
      const rules = new Map(changes.map(({ id, roles }) => [id, roles]));
      const ruleOf = (id: string) => rules.get(id) ?? [];
      const narrowed = new Map<string, readonly string[]>();
      const widened = new Map<string, readonly string[]>();
      const limit = (id: string, roles: readonly string[]) => {
        const limited = roles.filter((role) => ruleOf(id).includes(role));
        if (limited.length < ruleOf(id).length) widened.set(id, ruleOf(id));
        return limited;
      };
      for (const row of former) {
        const id = String(row.documentId);
        const limited = limit(id, rolesOf(row));
        if (limited.length < rolesOf(row).length) narrowed.set(id, limited);
      }
      await setRules(narrowed);
      await history.upsert(
        current.map(
          (row): StoreRow => ({ ...row, roles: limit(row.documentId, row.roles), validTo: instant }),
        ),
      );
      await commit(instant);
      await setRules(widened);
    },
  };
}

/** The instant from which on the history is whole; undefined when nothing says so. */
export async function readHorizon(history: HistoryTable): Promise<number | undefined> {
  const rows = await history.select(horizonFilter(), ["validFrom"]);
  return rows.length === 0 ? undefined : latest(rows.map(({ validFrom }) => Number(validFrom)));
}

/** Notes that nothing is known of the time before an instant. Never goes back. */
export async function setHorizon(history: HistoryTable, instant: number): Promise<void> {
  const known = await readHorizon(history);
  if (known !== undefined && known >= instant) return;
  await history.upsert([markRow("horizon", instant)]);
  await history.delete(horizonFilter(instant));
}

/**
 * Removes documents from both tables and their bytes from the files. A row of the history says so until it is done, so that
 * a later writing call ends what a killed one began. Only a writer that holds the lock may call it.
 */
export async function eraseDocuments(
  live: LanceTable,
  history: HistoryTable,
  documentIds: readonly string[],
): Promise<void> {
  await history.upsert([markRow("erasing", 0)]);
  await live.erase(rowsOfDocuments(documentIds));
  // Last, so that who is killed in between still finds the page by its name.
  await history.erase(either(rowsOfDocuments(documentIds), ERASING));
}

/** Ends an erasure that was killed: its rows are gone, and files may still hold them. */
export async function finishErasing(live: LanceTable, history: HistoryTable): Promise<void> {
  if ((await history.count(ERASING)) > 0) await eraseDocuments(live, history, []);
}

function markRow(kind: "horizon" | "erasing", validFrom: number): StoreRow {
  return rowOf({ id: kind, kind, documentId: "", validFrom });
}

function rolesOf(row: Readonly<Record<string, unknown>>): string[] {
  return (row.roles as readonly unknown[]).map(String);
}

function sameRoles(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((role) => b.includes(role));
}

function latest(instants: readonly number[]): number {
  return instants.reduce((a, b) => Math.max(a, b), 0);
}
