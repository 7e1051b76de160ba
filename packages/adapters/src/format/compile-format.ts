import type { OutputFormat } from "@advisor/contracts";

export interface CompiledFormat {
  readonly grammar: string;
  readonly parse?: (text: string, finish: "stop" | "length") => { readonly value: unknown };
}

export function compileFormat(format: OutputFormat): CompiledFormat {
  if (format.type === "gbnf") return { grammar: format.grammar };
  throw new Error("soon");
}
