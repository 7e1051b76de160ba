import { createFakeEmbedder } from "@advisor/contracts/testing";
import { expect, test } from "vitest";
import type { Block } from "../chunk/blocks.ts";
import { readPlace } from "../store/place-column.ts";
import { fingerprint, prepare, type SourceDocument } from "./prepare.ts";

const TEXT = "One.\n\nTwo.\n\nThree.";
const page = (number: number): Block => ({
  kind: "place",
  place: { unit: "page", first: number, last: number },
});
const prose = (start: number, end: number): Block => ({ kind: "prose", units: [{ start, end }] });

async function prepared(content: string, blocks: readonly Block[]) {
  const document: SourceDocument = {
    ...{ tenant: "t", source: "s", uri: "a.pdf", content, mediaType: "application/pdf", defaultRoles: [] },
    read: async () => ({ text: TEXT, blocks: [...blocks], metadata: {}, warnings: [] }),
  };
  return prepare(document, fingerprint(document), createFakeEmbedder());
}

test("the same text on other pages is another version, so that none is cited by a page that it left", async () => {
  const before = await prepared("hash 1", [page(1), prose(0, 4), prose(6, 10), page(2), prose(12, 18)]);
  const after = await prepared("hash 2", [page(1), prose(0, 4), page(2), prose(6, 10), prose(12, 18)]);
  const again = await prepared("hash 3", [page(1), prose(0, 4), page(2), prose(6, 10), prose(12, 18)]);
  const vectors = after.texts.map(() => new Float32Array(1));
  const places = after
    .rows(vectors, 1)
    .map((row) => readPlace({ metadata: row.kind === "chunk" ? row.metadata : "" }));
  expect(places.map((place) => place?.first)).toEqual([undefined, 1, 2]);
  expect(after.version).not.toBe(before.version);
  expect(again.version).toBe(after.version);
});
