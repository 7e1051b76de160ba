import { createInterface } from "node:readline";
import type { Host } from "../host.ts";

/** What came from the reader: a line, Ctrl-C at the prompt, or the end of the input. */
export type Input =
  | { readonly type: "line"; readonly text: string }
  | { readonly type: "interrupt"; readonly hadText: boolean }
  | { readonly type: "end" };

export interface LineSource {
  /** True when a person types. */
  readonly live: boolean;
  next(prompt: string): Promise<Input>;
  close(): void;
}

/** Lines a person can recall with the arrow keys. */
const HISTORY_SIZE = 200;

export function createLineSource(host: Host): LineSource {
  return host.stdin.isTTY ? fromKeyboard(host) : fromPipe(host);
}

/**
 * One readline interface a prompt: between prompts the terminal is in its ordinary state, so that Ctrl-C during an
 * answer arrives as a signal.
 */
function fromKeyboard({ stdin, stdout }: Host): LineSource {
  let history: string[] = [];
  const waiting: string[] = [];
  return {
    live: true,
    async next(prompt) {
      const pasted = waiting.shift();
      if (pasted !== undefined) return { type: "line", text: pasted };
      return new Promise<Input>((resolve) => {
        const reader = createInterface({
          input: stdin,
          output: stdout,
          prompt,
          history: [...history],
          historySize: HISTORY_SIZE,
          removeHistoryDuplicates: true,
        });
        let result: Input | undefined;
        const finish = (input: Input) => {
          if (result) return;
          result = input;
          // Not at once: the other lines of a paste follow in the same turn.
          setImmediate(() => reader.close());
        };
        reader.on("history", (lines) => {
          history = [...lines];
        });
        reader.on("line", (text) => {
          if (result) waiting.push(text);
          else finish({ type: "line", text });
        });
        reader.on("SIGINT", () => finish({ type: "interrupt", hadText: reader.line !== "" }));
        reader.on("close", () => resolve(result ?? { type: "end" }));
        reader.prompt();
      });
    },
    close() {},
  };
}

function fromPipe({ stdin }: Host): LineSource {
  const reader = createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY });
  const lines = reader[Symbol.asyncIterator]();
  return {
    live: false,
    async next() {
      const { done, value } = await lines.next();
      return done ? { type: "end" } : { type: "line", text: value };
    },
    close: () => reader.close(),
  };
}
