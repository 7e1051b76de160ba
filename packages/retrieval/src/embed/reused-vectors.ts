import type { Embedder } from "@advisor/contracts";
import { textOf } from "../chunk/chunker.ts";
import { rowsOfDocuments } from "../store/filter.ts";
import type { LanceTable } from "../store/lance.ts";

/**
 * What looking stored vectors up costs, in milliseconds: it reads the table, and each vector. An embedder that would take no
 * longer for the texts is called instead. Measured: bench/reingest.mjs.
 */
const LOOK_UP_MS = 25;
const LOOK_UP_TEXT_MS = 0.1;

/** Milliseconds a text, as last measured. An embedder outlives the calls that use it. */
const costs = new WeakMap<Embedder, number>();

/** A document about to be embedded. */
export interface DocumentTexts {
  readonly id: string;
  readonly texts: readonly string[];
}

export interface VectorSource {
  /**
   * A vector for each text of each document, in order. A text that its document held before, unchanged, keeps its vector,
   * and one that comes twice is embedded once. `replaced` names the documents that are stored.
   */
  vectorsOf(
    documents: readonly DocumentTexts[],
    replaced: readonly string[],
    signal?: AbortSignal,
  ): Promise<Float32Array[]>;
}

/**
 * Vectors from the embedder, or from the rows that a document had before, where that is cheaper: after a change of a rule or
 * of one sentence most of its texts are the same. Only a document's own rows are asked, never another document's or
 * tenant's: whoever may write a document learns nothing from the time it takes but what that document held.
 */
export function createVectorSource(
  table: Pick<LanceTable, "select">,
  embedder: Embedder,
  now: () => number = () => performance.now(),
): VectorSource {
  const lookUp = async (ids: readonly string[]): Promise<Map<string, Float32Array>> => {
    const rows = await table.select(rowsOfDocuments(ids), ["kind", "context", "text", "vector"]);
    const known = new Map<string, Float32Array>();
    for (const { kind, context, text, vector } of rows) {
      if (kind !== "chunk" || !(vector instanceof Float32Array)) continue;
      if (vector.length !== embedder.dimensions || !vector.every(Number.isFinite)) continue;
      known.set(textOf(String(context), String(text)), vector);
    }
    return known;
  };
  return {
    async vectorsOf(documents, replaced, signal) {
      const stored = new Set(replaced);
      const again = documents.filter(({ id }) => stored.has(id));
      const repeated = again.reduce((sum, { texts }) => sum + texts.length, 0);
      const saved = (costs.get(embedder) ?? Number.POSITIVE_INFINITY) - LOOK_UP_TEXT_MS;
      const pays = repeated > 0 && repeated * saved > LOOK_UP_MS;
      const known = pays ? await lookUp(again.map(({ id }) => id)) : new Map<string, Float32Array>();
      const all = documents.flatMap(({ texts }) => texts);
      const missing = [...new Set(all)].filter((text) => !known.has(text));
      if (missing.length > 0) {
        const begin = now();
        const vectors = await embedder.embed(missing, "passage", signal);
        costs.set(embedder, (now() - begin) / missing.length);
        for (const [index, vector] of vectors.entries()) known.set(missing[index] as string, vector);
      }
      return all.map((text) => known.get(text) as Float32Array);
    },
  };
}
