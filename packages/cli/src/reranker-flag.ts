import { dirname, resolve } from "node:path";
import { BadInputError, MAX_TOP_K } from "@advisor/contracts";
import type { AdvisorSettings } from "@advisor/core";
import { parseNumber } from "./flags.ts";
import { readSettingsFile } from "./settings-file.ts";

export interface RerankFlags {
  readonly reranker?: string;
  readonly rerankDepth?: string;
}

type RerankSettings = Pick<AdvisorSettings, "reranker" | "rerankDepth">;

/**
 * What `--reranker` and `--rerank-depth` say: a folder, or a JSON file with the settings of a reranker, which is read here;
 * a relative folder in it is meant from the file.
 * @throws BadInputError `invalid_setting`, naming the file; `invalid_request`, naming the flag.
 */
export function rerankingOf({ reranker, rerankDepth }: RerankFlags, cwd: string): RerankSettings {
  if (reranker === undefined) {
    if (rerankDepth === undefined) return {};
    throw new BadInputError({
      code: "invalid_request",
      subject: "--rerank-depth",
      reason: "no reranker is named for it",
      nextStep: "Name one with --reranker",
    });
  }
  const depth =
    rerankDepth === undefined
      ? {}
      : { rerankDepth: parseNumber("--rerank-depth", rerankDepth, { min: 1, max: MAX_TOP_K }) };
  // An address is refused where it is understood.
  if (/^https?:\/\//i.test(reranker)) return { reranker, ...depth };
  const path = resolve(cwd, reranker);
  if (!/\.json$/i.test(reranker)) return { reranker: path, ...depth };
  const settings = readSettingsFile("--reranker", path, '{"folder": "models/reranker", "dtype": "q8"}');
  const { folder } = settings;
  if (typeof folder === "string") settings.folder = resolve(dirname(path), folder);
  return { reranker: settings as unknown as NonNullable<RerankSettings["reranker"]>, ...depth };
}
