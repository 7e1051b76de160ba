import { ARMS, type Arm, cameAtOnce, type TimingsView } from "../../shared/wire.ts";
import type { ArmStates } from "./arm-state.ts";

export interface Figure {
  readonly label: string;
  /** As shown, without its unit. `–` for a step that did not run. */
  readonly value: string;
  readonly unit: string;
  /** Length of its bar, from 0 to 1: the largest of the four arms fills it. */
  readonly share: number;
}

interface Measure {
  readonly label: string;
  readonly of: (timings: TimingsView) => number;
  readonly kind: "ms" | "count" | "rate";
}

const MEASURES: readonly Measure[] = [
  { label: "Retrieval", of: (t) => t.retrievalMs, kind: "ms" },
  { label: "Prompt", of: (t) => t.promptTokens, kind: "count" },
  { label: "First token", of: (t) => t.firstTokenMs, kind: "ms" },
  { label: "Speed", of: (t) => t.tokensPerSecond, kind: "rate" },
  { label: "Total", of: (t) => t.totalMs, kind: "ms" },
];

/** The figures under an arm's answer, with bars that compare the arms answered so far. */
export function figures(arm: Arm, arms: ArmStates): readonly Figure[] {
  const own = arms[arm].answer?.timings;
  return MEASURES.map(({ label, of, kind }) => {
    const all = ARMS.map((one) => arms[one].answer?.timings).filter((timings) => timings !== undefined);
    const most = Math.max(0, ...all.map(of));
    const value = own ? of(own) : 0;
    if (kind === "rate" && own && cameAtOnce(own)) return { label, value: "at once", unit: "", share: 0 };
    return { label, ...shown(value, kind), share: most > 0 ? value / most : 0 };
  });
}

function shown(value: number, kind: Measure["kind"]): { value: string; unit: string } {
  const unit = kind === "ms" ? "ms" : kind === "rate" ? "tok/s" : "tok";
  if (!(value > 0)) return { value: "–", unit: "" };
  if (kind === "ms" && value >= 10_000) return { value: (value / 1000).toFixed(1), unit: "s" };
  if (kind !== "count" && value < 10) return { value: value.toFixed(1), unit };
  return { value: Math.round(value).toLocaleString("en"), unit };
}
