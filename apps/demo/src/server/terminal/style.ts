import { styleText } from "node:util";

/** Where a text goes: a terminal that shows colours, or anything else. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export type Style = "bold" | "dim" | "cyan" | "yellow" | "magenta" | "green" | "red";
export type Paint = (style: Style, text: string) => string;

/** Colours where they are shown and wanted (https://no-color.org). */
export function painter(
  stream: TextStream,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Paint {
  const shown = stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== "dumb";
  return (style, text) => (shown ? styleText(style, text, { validateStream: false }) : text);
}
