import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Advisor, AdvisorError, type ChangeReport, createAdvisor, type OnProgress } from "@advisor/core";

/** The checkout; this file lies at the same depth in `src` and in `dist`. */
const ROOT = new URL("../../../../", import.meta.url);
const HANDBOOK_FOLDER = fileURLToPath(new URL("examples/handbook", ROOT));
/** A cache that git ignores. Only the demonstration writes here, so it may be made anew at any time. */
export const STORE_FOLDER = fileURLToPath(new URL(".advisor/demo", ROOT));
export const PAGE_FOLDER = fileURLToPath(new URL("../page", import.meta.url));

/** Reasons for which the cache is of no use any more, such as another embedder in a new version. */
const OUTDATED: readonly string[] = ["store_embedder_mismatch", "store_version", "store_corrupt"];

export interface HandbookSettings {
  readonly store: string;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** An advisor that knows the sample handbook, and what had to be done for that. */
export async function openHandbook(
  settings: HandbookSettings,
): Promise<{ readonly advisor: Advisor; readonly report: ChangeReport }> {
  const { store } = settings;
  try {
    return await open(store, settings);
  } catch (error) {
    if (!AdvisorError.isInstance(error) || !OUTDATED.includes(error.code)) throw error;
    await rm(store, { recursive: true, force: true });
    return open(store, settings);
  }
}

async function open(store: string, { signal, onProgress }: HandbookSettings) {
  const advisor = await createAdvisor({ store });
  try {
    return {
      advisor,
      report: await advisor.sync(HANDBOOK_FOLDER, { source: "handbook", signal, onProgress }),
    };
  } catch (error) {
    await advisor.dispose();
    throw error;
  }
}
