import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DEFAULT_PRINCIPAL, type Retriever } from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { spawnChild } from "../../test/spawn-child.ts";
import { textOf } from "../../test/write-race.ts";
import { openKnowledge } from "../knowledge.ts";
import { GONE_ROWS } from "./filter.ts";

let folder: string;
let location: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "exchange-"));
  location = join(folder, "store");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = () => openKnowledge({ location, embedder: createFakeEmbedder() });
const DOCUMENTS = 4;
const uris = Array.from({ length: DOCUMENTS }, (_, i) => `d${i}`);
const write = (knowledge: Retriever, round: number) =>
  knowledge.upsert(uris.map((uri) => ({ uri, text: textOf(uri, `w-${round}`) })));

/** The live table, as LanceDB has it. */
async function liveTable() {
  const { connect } = await import("@lancedb/lancedb");
  const connection = await connect(location);
  const name = (await connection.tableNames()).find((table) => table.startsWith("tenant-")) ?? "";
  return connection.openTable(name);
}

/** The one round that all documents are of, by every way to read them; fails when there are two, or parts of one. */
async function roundOf(knowledge: Retriever): Promise<number> {
  const rounds = new Set<string>();
  for (const mode of ["vector", "keyword", "hybrid"] as const) {
    const { passages } = await knowledge.search({
      query: "zebra grass",
      principal: DEFAULT_PRINCIPAL,
      mode,
      topK: 200,
    });
    expect([...new Set(passages.map(({ uri }) => uri))].sort()).toEqual(uris);
    for (const uri of uris) {
      const found = passages.filter((passage) => passage.uri === uri);
      const stamp = /zebra of (\S+) eats/.exec(found[0]?.text ?? "")?.[1] ?? "none";
      rounds.add(stamp);
      const parts = textOf(uri, stamp).match(/zebra/g) ?? [];
      expect(
        found.map(({ text }) => text).filter((text) => text.includes(`zebra of ${stamp} `)),
      ).toHaveLength(parts.length);
      const document = await knowledge.document(found[0]?.documentId ?? "", DEFAULT_PRINCIPAL);
      expect(document?.text).toBe(textOf(uri, stamp));
    }
  }
  expect(rounds.size).toBe(1);
  const [round = ""] = rounds;
  const sections = (textOf("d0", round).match(/zebra/g) ?? []).length;
  expect((await knowledge.status()).tenants).toMatchObject([
    { documents: DOCUMENTS, chunks: DOCUMENTS * sections },
  ]);
  expect(await knowledge.count?.({ principal: DEFAULT_PRINCIPAL })).toMatchObject({ documents: DOCUMENTS });
  return Number(round.split("-")[1]);
}

test("killed between its two commits, what it replaced is gone for readers, and the next one sweeps it up", async () => {
  {
    await using knowledge = await open();
    // Three sections a page, each of which says its round: all of them are left over.
    await write(knowledge, 2);
    await write(knowledge, 3);
  }
  const table = await liveTable();
  const versions = (await table.listVersions()).map(({ version }) => version);
  let between: number | undefined;
  for (const version of versions) {
    await table.checkout(version);
    if ((await table.countRows(GONE_ROWS)) > 0) between ??= version;
  }
  expect(between).toBeDefined();
  await table.checkout(between as number);
  await table.restore();
  expect(await table.countRows(GONE_ROWS)).toBe(3 * DOCUMENTS);

  await using knowledge = await open();
  expect(await roundOf(knowledge)).toBe(3);
  // Nothing of the old text stands in what is left of it.
  const left = await table.query().where(GONE_ROWS).toArray();
  for (const row of left) {
    expect({
      ...row,
      facts: [...row.facts],
      roles: [...row.roles],
      headings: [...row.headings],
    }).toMatchObject({
      text: "",
      uri: "",
      title: "",
      terms: null,
      vector: null,
      facts: [],
      roles: [],
      headings: [],
    });
  }
  await write(knowledge, 5);
  await write(knowledge, 6);
  expect(await roundOf(knowledge)).toBe(6);
  await table.checkoutLatest();
  expect(await table.countRows(GONE_ROWS)).toBe(0);
  table.close();
});

test("killed at any moment, all documents are of one round, and of none before the last acknowledged", async () => {
  const file = join(folder, "acknowledged");
  let next = 0;
  let kills = 0;
  for (let kill = 0; kill < 4; kill++) {
    const child = await spawnChild("exchange-child.ts", location, String(DOCUMENTS), String(next), file);
    await child.ready;
    const before = existsSync(file) ? readFileSync(file, "utf8").length : 0;
    // At a random moment of some call after the first.
    while (!existsSync(file) || readFileSync(file, "utf8").length === before) await sleep(5);
    await sleep(Math.random() * 120);
    child.kill();
    if ((await child.ended) === null) kills++;
    const acknowledged = Number(readFileSync(file, "utf8").trim().split("\n").at(-1));
    await using knowledge = await open();
    const round = await roundOf(knowledge);
    expect(round).toBeGreaterThanOrEqual(acknowledged);
    expect(round).toBeLessThanOrEqual(acknowledged + 1);
    next = round + 1;
  }
  expect(kills).toBe(4);
  await using knowledge = await open();
  // From three sections to one: rows are left over, and swept up with what the killed ones left.
  const last = next + ((2 - (next % 3) + 3) % 3);
  await write(knowledge, last);
  await write(knowledge, last + 1);
  expect(await roundOf(knowledge)).toBe(last + 1);
  const table = await liveTable();
  expect(await table.countRows(GONE_ROWS)).toBe(0);
  table.close();
}, 120_000);
