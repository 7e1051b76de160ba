import type { SetupView } from "../shared/wire.ts";

/** The idea in two sentences, and what answers here. */
export function Masthead({ setup }: { readonly setup: SetupView | undefined }) {
  return (
    <header class="masthead">
      <div class="idea">
        <h1>
          <svg class="logo" viewBox="3 7 26 18" aria-hidden="true">
            <circle class="logo-knowledge" cx="12" cy="16" r="9" />
            <circle class="logo-behaviour" cx="20" cy="16" r="9" />
            <path class="logo-both" d="M16 7.94a9 9 0 0 1 0 16.12 9 9 0 0 1 0-16.12z" />
          </svg>
          One question, four arms
        </h1>
        <p>
          <span class="knowledge-word">Retrieval</span> changes what a model knows.{" "}
          <span class="behaviour-word">An adapter</span> changes how it speaks. The same model answers four
          times.
        </p>
      </div>
      {setup && (
        <dl class="here">
          <div>
            <dt>model</dt>
            <dd>{setup.model.name}</dd>
          </div>
          <div>
            <dt>size</dt>
            <dd>
              {parameters(setup.model.parameters)}, {setup.model.quantization}
            </dd>
          </div>
          <div>
            <dt>runs on</dt>
            <dd>{setup.model.device === "cpu" ? "this processor" : setup.model.device}</dd>
          </div>
          <div>
            <dt>grounding</dt>
            <dd>{setup.grounding}</dd>
          </div>
        </dl>
      )}
    </header>
  );
}

function parameters(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} billion parameters`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} million parameters`;
  return `${count} parameters`;
}
