import { BadInputError, type Filter, type FilterValue, filterSchema, parseInput } from "@advisor/contracts";

/** Flags that say which pages to look at. */
export interface FilterFlags {
  readonly where: readonly string[];
  readonly under?: string;
}

const OPERATORS = { "=": "equals", "!=": "not", ">=": "gte", ">": "gt", "<=": "lte", "<": "lt" } as const;

/** The filter that `--where` and `--under` describe; all of them must hold. Undefined when there is none. */
export function filterOf(flags: FilterFlags): Filter | undefined {
  const conditions = flags.where.map(parseCondition);
  if (flags.under !== undefined) {
    conditions.push(parseInput(filterSchema, { uriPrefix: flags.under }, "--under"));
  }
  return allOf(conditions);
}

/** The filters together; undefined when there is none. */
export function allOf(filters: readonly (Filter | undefined)[]): Filter | undefined {
  const given = filters.filter((filter) => filter !== undefined);
  return given.length > 1 ? { and: given } : given[0];
}

/** `key`, `!key`, `key=value`, `key!=value`, and `>`, `>=`, `<`, `<=` with a number or a date. */
function parseCondition(text: string): Filter {
  const match = /^\s*([^=!<>]+?)\s*(!=|>=|<=|=|>|<)([\s\S]*)$/.exec(text);
  const bare = /^\s*(!?)\s*([^=!<>]+?)\s*$/.exec(text);
  const subject = `--where ${text}`;
  if (match) {
    const [, key = "", sign, rest = ""] = match;
    const operator = OPERATORS[sign as keyof typeof OPERATORS];
    const value = rest.trim();
    if (operator === "equals" || operator === "not") {
      const equals = { key, in: listed(rest).flatMap(readings) };
      return parseInput(filterSchema, operator === "not" ? { not: equals } : equals, subject);
    }
    const number = numberOf(value);
    return parseInput(filterSchema, { key, [operator]: number ?? value }, subject);
  }
  if (bare) return parseInput(filterSchema, { key: bare[2], exists: bare[1] === "" }, subject);
  throw new BadInputError({
    code: "invalid_request",
    subject,
    reason: "it is no condition",
    nextStep: 'Write one such as "product=Tarn", "year>=2025", "reviewBy<2027-01-01", "draft" or "!draft"',
  });
}

/** Values are listed with commas; a comma that belongs to a value is written `\,`. */
function listed(text: string): string[] {
  return text.split(/(?<!\\),/).map((value) => value.replaceAll("\\,", ",").trim());
}

/** At a shell a number cannot be told from a text that looks like one, so either is meant. */
function readings(text: string): FilterValue[] {
  const number = numberOf(text);
  const other = number ?? { true: true, false: false, null: null }[text];
  return other === undefined ? [text] : [text, other];
}

function numberOf(text: string): number | undefined {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}
