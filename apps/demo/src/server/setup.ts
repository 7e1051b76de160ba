import type { AdvisorStatus } from "@advisor/core";
import type { SetupView } from "../shared/wire.ts";
import { roleViews } from "./roles.ts";
import { SAMPLE_QUESTIONS } from "./sample-questions.ts";

/** What the page is told before the first question. */
export function setupView(status: AdvisorStatus): SetupView {
  const { name, architecture, parameters, quantization, device } = status.model;
  const adapter = status.adapters.find(({ name }) => name === status.defaults.adapter)?.manifest;
  return {
    roles: roleViews(),
    samples: SAMPLE_QUESTIONS,
    model: { name, architecture, parameters, quantization, device },
    adapter: adapter ? { name: adapter.name, description: adapter.description } : null,
    grounding: status.defaults.grounding,
    // Each request of the page names its principal, so the advisor's own default is nobody's here.
    warnings: status.warnings.filter(({ code }) => code !== "principal_default"),
  };
}
