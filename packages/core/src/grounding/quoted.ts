import type { AdapterForm, EvidenceSettings, OutputFormat, PromptFormat } from "@advisor/contracts";
import type { EvidenceSentence } from "./evidence.ts";
import { limitSlots, readSlots } from "./slots.ts";

/** Sentences the model chooses among when its card does not say: nano chooses worse than the scorer (docs/grounding.md). */
const DEFAULT_CHOICES = 1;
/** A sentence whose score is this much under the best one's is no choice. */
const CHOICE_MARGIN = 0.5;

export interface QuotedRequest {
  /** Best first, as `scoreEvidence` returns it. */
  readonly evidence: readonly EvidenceSentence[];
  readonly settings: Pick<EvidenceSettings, "refusalThreshold" | "maxChoices">;
  readonly prompt: Pick<PromptFormat, "citation" | "refusal">;
  /** The form of the adapter that steers the answer. Absent, or `free`: the answer is the evidence alone. */
  readonly form?: AdapterForm;
}

/** A sentence of a source as it stands in an answer. */
export interface QuotedEvidence {
  readonly sentence: EvidenceSentence;
  /** The number written behind it: its passage's, from 1. */
  readonly n: number;
}

/** What a text of a {@link QuotedPlan}'s language says. */
export interface QuotedAnswer {
  readonly refused: boolean;
  /** In the order of the text; empty when refused. */
  readonly evidence: readonly QuotedEvidence[];
}

/** What the model may write under `quoted` grounding, and how to read it back. */
export interface QuotedPlan {
  /** No sentence answers, so the only evidence the model may write is the refusal. */
  readonly refused: boolean;
  /** The sentences the model may choose among, best first; empty when refused. */
  readonly choices: readonly EvidenceSentence[];
  /** Restricts the model to the plan's language. */
  readonly format: OutputFormat;
  /** Reads an answer back, or undefined when it is not of the language (cut off, say). */
  parse(text: string): QuotedAnswer | undefined;
}

/** A text that may stand as evidence, with what it says. */
interface Choice {
  readonly text: string;
  readonly says: QuotedAnswer;
}

/**
 * Limits what stands as evidence to the best sentences, each with its passage's true number, or to the refusal when none
 * of them reaches the threshold.
 *
 * Without an adapter, or with one of a `free` form, the language is exactly `sentence [n]`. A `wrapped` form puts one of
 * its openings before and one of its closings after it. A `json` form limits its evidence slots alone.
 */
export function planQuoted(request: QuotedRequest): QuotedPlan {
  const { evidence, settings, prompt, form } = request;
  const { maxChoices = DEFAULT_CHOICES } = settings;
  const best = evidence[0];
  const worthy = evidence.filter(
    ({ score }) =>
      best !== undefined && score >= settings.refusalThreshold && score >= best.score - CHOICE_MARGIN,
  );
  const choices: Choice[] = [];
  for (const sentence of worthy) {
    if (choices.length >= maxChoices) break;
    const n = sentence.passageIndex + 1;
    const text = `${sentence.text} ${prompt.citation.replaceAll("{n}", String(n))}`;
    if (choices.some((choice) => choice.text === text)) continue;
    choices.push({ text, says: { refused: false, evidence: [{ sentence, n }] } });
  }
  const refused = choices.length === 0;
  if (refused) choices.push({ text: prompt.refusal, says: { refused: true, evidence: [] } });
  const common = {
    refused,
    choices: choices.flatMap(({ says }) => says.evidence.map(({ sentence }) => sentence)),
  };
  if (form?.type === "json") return { ...common, ...jsonLanguage(choices, form) };
  return { ...common, ...textLanguage(choices, form?.type === "wrapped" ? form : undefined) };
}

type Language = Pick<QuotedPlan, "format" | "parse">;

function textLanguage(
  choices: readonly Choice[],
  form: Extract<AdapterForm, { type: "wrapped" }> | undefined,
): Language {
  const openings = form ? form.opening.map((text) => text + form.separator) : [""];
  const closings = form ? form.closing.map((text) => form.separator + text) : [""];
  const meanings = new Map<string, QuotedAnswer>();
  for (const { text, says } of choices) {
    for (const opening of openings) {
      for (const closing of closings) meanings.set(`${opening}${text}${closing}`, says);
    }
  }
  return {
    format: { type: "choice", choices: [...meanings.keys()] },
    parse: (text) => meanings.get(text),
  };
}

function jsonLanguage(choices: readonly Choice[], form: Extract<AdapterForm, { type: "json" }>): Language {
  const schema = limitSlots(
    form.schema,
    form.evidenceSlots,
    choices.map(({ text }) => text),
  );
  return {
    format: { type: "json", schema },
    parse(text) {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return undefined;
      }
      const said: QuotedAnswer[] = [];
      for (const written of readSlots(value, form.evidenceSlots)) {
        const choice = choices.find((candidate) => candidate.text === written);
        if (!choice) return undefined;
        said.push(choice.says);
      }
      if (said.length === 0) return undefined;
      return {
        refused: said.every(({ refused }) => refused),
        evidence: said.flatMap(({ evidence }) => evidence),
      };
    },
  };
}
