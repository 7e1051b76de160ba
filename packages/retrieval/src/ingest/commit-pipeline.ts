/** What is done with one batch, in two steps. */
export interface CommitSteps<Batch, Embedded> {
  embed(batch: Batch): Promise<Embedded>;
  /** Makes one commit. */
  write(batch: Batch, embedded: Embedded): Promise<void>;
}

/**
 * Batches on their way into the store, in order. While one is written the next is embedded and a third may be gathered:
 * never more than three are in memory, whatever the steps' speeds.
 */
export interface CommitPipeline<Batch> {
  /** Takes a batch when the one before it is embedded. Throws what an earlier batch failed with; none is then written. */
  push(batch: Batch): Promise<void>;
  /** Waits until all is written. Throws what a batch failed with. */
  drain(): Promise<void>;
  /** Waits until nothing is under way any more, whatever became of it. */
  settle(): Promise<void>;
}

export function createCommitPipeline<Batch, Embedded>(
  steps: CommitSteps<Batch, Embedded>,
): CommitPipeline<Batch> {
  let embedding: Promise<void> = Promise.resolve();
  let writing: Promise<void> = Promise.resolve();
  const send = async (batch: Batch): Promise<void> => {
    const embedded = await steps.embed(batch);
    // One after the other, and none after one that failed.
    await writing;
    writing = steps.write(batch, embedded);
    writing.catch(() => {});
  };
  return {
    async push(batch) {
      await embedding;
      embedding = send(batch);
      embedding.catch(() => {});
    },
    async drain() {
      await embedding;
      await writing;
    },
    async settle() {
      await embedding.catch(() => {});
      await writing.catch(() => {});
    },
  };
}
