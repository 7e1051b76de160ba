import type { Embedder, KeepVersions, WriteOptions } from "@advisor/contracts";
import type { Reranking } from "./search/rerank.ts";
import type { IndexPolicy } from "./store/index-policy.ts";
import type { LanceDatabase } from "./store/lance.ts";
import type { Manifest } from "./store/manifest.ts";
import type { WriterTurn } from "./writers/writer-turn.ts";

/** What a retriever is made of. */
export interface RetrieverParts {
  readonly location: string;
  readonly database: LanceDatabase;
  readonly embedder: Embedder;
  readonly vectorWeight: number;
  readonly reranking?: Reranking | undefined;
  /** How long former versions are kept, asked at each writing call. */
  readonly keepVersions: () => Promise<KeepVersions>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Whether `exclusively` keeps every other writer out. Where there is no lock it does not. */
  readonly alone: boolean;
  readonly indexPolicy: IndexPolicy;
  readonly exclusively: <Result>(
    options: WriteOptions,
    work: (turn: WriterTurn) => Promise<Result>,
  ) => Promise<Result>;
  /** The tables that an unfinished re-embedding makes, to be closed; undefined when there is none. */
  readonly openUnfinished?: () => Promise<LanceDatabase | undefined>;
  /** The writer at work now, in words. */
  readonly currentWriter: () => Promise<string | undefined>;
  /** What the store says of itself now. @throws StoreError `store_embedder_mismatch` when its tables were replaced. */
  readonly currentManifest: () => Promise<Manifest>;
  readonly close: () => void;
}

/** Runs a call, refuses it after dispose, and lets dispose wait for it. */
export type Track = <Result>(work: () => Promise<Result>) => Promise<Result>;
