import {
  ADMINISTRATOR,
  type AdapterSelection,
  BadInputError,
  DEFAULT_TENANT,
  type Grounding,
  groundingSchema,
  instantSchema,
  type KeepVersions,
  keepVersionsSchema,
  MAX_NEIGHBOURS,
  type Mode,
  modeSchema,
  type Principal,
  parseInput,
  principalSchema,
  type SearchMode,
  searchModeSchema,
} from "@advisor/contracts";
import type { RerankFlags } from "./reranker-flag.ts";
import type { FilterFlags } from "./where.ts";

/** Flags as commander hands them over: text, unless they are switches. */
export interface StoreFlags {
  readonly json?: boolean;
  readonly store: string;
  readonly tenant?: string;
  readonly embedder: string;
}

export interface AskerFlags extends StoreFlags, FilterFlags {
  readonly role: readonly string[];
  readonly topK?: string;
}

export interface ModelFlags {
  readonly model: string;
  readonly adapters: readonly string[];
  readonly gpu: boolean;
}

export interface AnswerFlags extends AskerFlags, ModelFlags, PassageFlags, RerankFlags {
  readonly mode?: string;
  readonly adapter?: string;
  readonly adapterScale?: string;
  readonly grounding?: string;
  readonly seed?: string;
  readonly temperature?: string;
  readonly maxTokens?: string;
  readonly prompt?: boolean;
}

export interface TimeFlags {
  readonly asOf?: string;
}

export interface PassageFlags {
  readonly neighbours?: string;
  readonly timings?: boolean;
}

/** The same number on both sides of a passage. */
export function neighboursOf({ neighbours }: PassageFlags) {
  if (neighbours === undefined) return {};
  const count = parseNumber("--neighbours", neighbours, { min: 0, max: MAX_NEIGHBOURS });
  return { neighbours: { before: count, after: count } };
}

export interface BatchFlags {
  readonly batch?: string;
  readonly concurrency?: string;
}

/**
 * Who asks. Without a role it is the administrator of the tenant: the person at the shell can read the store's files
 * anyway.
 */
export function principalOf(flags: {
  readonly tenant?: string;
  readonly role: readonly string[];
}): Principal {
  const roles = flags.role.length > 0 ? [...new Set(flags.role)] : [ADMINISTRATOR];
  return parseInput(principalSchema, { tenant: flags.tenant ?? DEFAULT_TENANT, roles }, "--tenant, --role");
}

function oneOf<Value extends string>(
  flag: string,
  value: string,
  allowed: readonly Value[],
  code: "unknown_mode" | "invalid_request",
): Value {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw new BadInputError({
    code,
    subject: `${flag} ${value}`,
    reason: "there is no such choice",
    nextStep: `Use one of ${allowed.join(", ")}`,
  });
}

export function parseMode(value: string, flag = "--mode"): Mode {
  return oneOf(flag, value, modeSchema.options, "unknown_mode");
}

export function parseSearchMode(value: string): SearchMode {
  return oneOf("--mode", value, searchModeSchema.options, "unknown_mode");
}

export function parseGrounding(value: string): Grounding {
  return oneOf("--grounding", value, groundingSchema.options, "invalid_request");
}

/** The instant of `--as-of`, if there is one. It is checked here, since in a batch it would fail on each line. */
export function asOfOption({ asOf }: TimeFlags): { readonly asOf?: Date } {
  if (asOf === undefined) return {};
  const instant = parseInput(instantSchema, asOf, `--as-of ${asOf}`);
  if (instant.getTime() <= Date.now()) return { asOf: instant };
  throw new BadInputError({
    code: "invalid_request",
    subject: `--as-of ${asOf}`,
    reason: "it lies in the future",
    nextStep: "Name a time that has passed",
  });
}

export function parseKeepVersions(value: string): KeepVersions {
  return parseInput(keepVersionsSchema, value, `--keep-versions ${value}`);
}

/** A number within its limits, both included. */
export function parseNumber(
  flag: string,
  value: string,
  limits: { readonly min: number; readonly max: number; readonly whole?: boolean },
): number {
  const number = value.trim() === "" ? Number.NaN : Number(value);
  const { min, max, whole = true } = limits;
  if (Number.isFinite(number) && number >= min && number <= max && (!whole || Number.isSafeInteger(number))) {
    return number;
  }
  throw new BadInputError({
    code: "invalid_request",
    subject: `${flag} ${value}`,
    reason: `must be a ${whole ? "whole " : ""}number from ${min} to ${max}`,
    nextStep: "Correct it and run the command again",
  });
}

/** What the flags say of an answer; the arm and the adapter can be changed within a chat. */
export interface AnswerChoice {
  readonly mode: Mode;
  readonly adapter?: AdapterSelection;
}

/** An adapter without a mode means `hybrid`; neither means `retrieval`. */
export function answerChoiceOf(flags: AnswerFlags): AnswerChoice {
  const adapter = adapterOf(flags);
  const mode = flags.mode === undefined ? (adapter ? "hybrid" : "retrieval") : parseMode(flags.mode);
  if (adapter && (mode === "base" || mode === "retrieval")) {
    throw new BadInputError({
      code: "invalid_request",
      subject: `--adapter ${adapter.name}`,
      reason: `the mode ${mode} runs without an adapter`,
      nextStep: `Use --mode ${mode === "base" ? "adapter" : "hybrid"}, or leave --adapter out`,
    });
  }
  return { mode, ...(adapter && { adapter }) };
}

/** Factors beyond this only break a model; a typing error such as 100 for 1.00 is more likely. */
const MAX_ADAPTER_SCALE = 16;

function adapterOf(flags: AnswerFlags): AdapterSelection | undefined {
  const scale =
    flags.adapterScale === undefined
      ? undefined
      : parseNumber("--adapter-scale", flags.adapterScale, {
          min: -MAX_ADAPTER_SCALE,
          max: MAX_ADAPTER_SCALE,
          whole: false,
        });
  if (flags.adapter !== undefined) return { name: flags.adapter, ...(scale !== undefined && { scale }) };
  if (scale === undefined) return undefined;
  throw new BadInputError({
    code: "invalid_request",
    subject: "--adapter-scale",
    reason: "no adapter is named for it",
    nextStep: "Name one with --adapter; `advisor adapters` lists them",
  });
}
