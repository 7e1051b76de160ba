import { useRef } from "preact/hooks";
import type { SampleView } from "../../shared/wire.ts";

const MAX_QUESTION_LENGTH = 2000;

export interface AskFormProps {
  readonly question: string;
  readonly samples: readonly SampleView[];
  readonly running: boolean;
  readonly onChange: (question: string) => void;
  readonly onAsk: (question: string) => void;
  readonly onStop: () => void;
}

export function AskForm({ question, samples, running, onChange, onAsk, onStop }: AskFormProps) {
  const input = useRef<HTMLTextAreaElement>(null);
  const submit = () => {
    const text = question.trim();
    if (text) onAsk(text);
    else input.current?.focus();
  };
  return (
    <form
      class="ask"
      onSubmit={(event) => {
        event.preventDefault();
        if (running) onStop();
        else submit();
      }}
    >
      <label class="ask-label" for="question">
        Your question to the handbook
      </label>
      <div class="ask-row">
        <textarea
          id="question"
          ref={input}
          rows={1}
          maxLength={MAX_QUESTION_LENGTH}
          placeholder="Ask, or take one of the questions below"
          value={question}
          onInput={(event) => onChange(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            submit();
          }}
        />
        {/* One button for both, so that the focus stays on it when the answers end. */}
        <button type="submit" class={running ? "button stop" : "button"}>
          {running ? "Stop" : "Ask"}
        </button>
      </div>
      <ul class="samples" aria-label="Sample questions">
        {samples.map((sample) => (
          <li key={sample.question}>
            <button
              type="button"
              class="sample"
              aria-current={sample.question === question.trim() ? "true" : undefined}
              onClick={() => {
                onChange(sample.question);
                onAsk(sample.question);
              }}
            >
              <span class="sample-question">{sample.question}</span>
              <span class="sample-shows">{sample.shows}</span>
            </button>
          </li>
        ))}
      </ul>
    </form>
  );
}
