/** What two statements may disagree on. Numbers are in base units: seconds or months for durations. */
export interface Value {
  readonly kind: "money" | "percent" | "duration" | "time" | "date" | "number" | "name";
  /** As written. */
  readonly text: string;
  /** Of money the currency, of a duration `seconds` or `months`; values of different units are not compared. */
  readonly unit: string;
  readonly amount: number;
  /** Of a date: what is given of it. */
  readonly date?: { readonly year?: number; readonly month?: number; readonly day?: number };
}

const NUMBER_WORDS = new Map(
  "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
    .split(" ")
    .map((word, index) => [word, index + 1]),
);
for (const [index, word] of "thirty forty fifty sixty seventy eighty ninety".split(" ").entries()) {
  NUMBER_WORDS.set(word, 30 + index * 10);
}
const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const SECONDS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
};
const CURRENCY: Readonly<Record<string, string>> = {
  "€": "eur",
  eur: "eur",
  euro: "eur",
  euros: "eur",
  $: "usd",
  usd: "usd",
  dollar: "usd",
  dollars: "usd",
  "£": "gbp",
  gbp: "gbp",
  pound: "gbp",
  pounds: "gbp",
  nok: "nok",
  kr: "nok",
  kroner: "nok",
  pln: "pln",
  zł: "pln",
  chf: "chf",
  sek: "sek",
  dkk: "dkk",
};

const NUMBER = String.raw`\d+(?:[.,\u00a0\u202f]\d+)*`;
/** Number words, at the beginning of a sentence too. */
const WORDS = [...NUMBER_WORDS.keys()]
  .map((word) => `[${word[0]}${word[0]?.toUpperCase()}]${word.slice(1)}`)
  .join("|");
const MONTH =
  "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)";
const SCALE = String.raw`(?:\s?(?:million|billion|thousand|[km])\b)?`;
const CODES = Object.keys(CURRENCY)
  .filter((code) => /^\p{L}/u.test(code))
  .flatMap((code) => [code, code.toUpperCase()])
  .join("|");

/** One alternative a kind, the most telling first. Months are capitalised, so that "may" is none; number words need not be. */
export const VALUE_PATTERN = new RegExp(
  [
    String.raw`(?<iso>\b\d{4}-\d{2}-\d{2}\b)`,
    String.raw`(?<dayFirst>\b\d{1,2}(?:st|nd|rd|th)?\s${MONTH}\b(?:,?\s\d{4}\b)?)`,
    String.raw`(?<monthFirst>\b${MONTH}\s\d{1,2}(?:st|nd|rd|th)?\b(?!\d)(?:,?\s\d{4}\b)?)`,
    String.raw`(?<month>\b${MONTH}\s\d{4}\b)`,
    String.raw`(?<money>[€$£]\s?${NUMBER}${SCALE}|(?<![\p{L}\d])${NUMBER}${SCALE}\s?(?:€|(?:${CODES})(?!\p{L})))`,
    String.raw`(?<percent>(?<![\p{L}\d])${NUMBER}\s?(?:%|per\s?cent\b|percent\b))`,
    String.raw`(?<duration>(?<![\p{L}\d])(?:${NUMBER}|(?:${WORDS})\b)[\s-]?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)(?!\p{L}))`,
    String.raw`(?<time>\b\d{1,2}:\d{2}\b)`,
    String.raw`(?<ordinal>\b\d{1,2}(?:st|nd|rd|th)\b)`,
    String.raw`(?<number>(?<![\p{L}\d_.-])${NUMBER}(?![\p{L}\d_]|-\p{L}|-\d))`,
    String.raw`(?<word>\b(?![oO]ne\b)(?:${WORDS})\b(?!-))`,
  ].join("|"),
  "gu",
);

/** Reads a match of {@link VALUE_PATTERN}. */
export function readValue(match: RegExpExecArray | RegExpMatchArray): Value | undefined {
  const groups = match.groups ?? {};
  const text = match[0];
  const lower = text.toLowerCase();
  const date = readDate(groups, lower);
  if (date) return { kind: "date", text, unit: "", amount: 0, date };
  if (groups.money !== undefined) {
    const code = /[€$£]|\p{L}+$/u.exec(lower)?.[0] ?? "";
    const sign = /[€$£]/.exec(lower)?.[0];
    return { kind: "money", text, unit: CURRENCY[sign ?? code] ?? code, amount: readAmount(lower) };
  }
  if (groups.percent !== undefined) return { kind: "percent", text, unit: "", amount: readAmount(lower) };
  if (groups.duration !== undefined) {
    const unit = /(second|minute|hour|day|week|month|year)s?$/.exec(lower)?.[1] ?? "day";
    const count = readAmount(lower);
    if (unit === "month" || unit === "year") {
      return { kind: "duration", text, unit: "months", amount: count * (unit === "year" ? 12 : 1) };
    }
    return { kind: "duration", text, unit: "seconds", amount: count * (SECONDS[unit] as number) };
  }
  if (groups.time !== undefined) {
    const [hours = 0, minutes = 0] = lower.split(":").map(Number);
    return { kind: "time", text, unit: "", amount: hours * 60 + minutes };
  }
  if (groups.number !== undefined && /^(?:19|20)\d\d$/.test(text)) {
    return { kind: "date", text, unit: "", amount: 0, date: { year: Number(text) } };
  }
  return { kind: "number", text, unit: "", amount: readAmount(lower) };
}

function readDate(groups: Record<string, string | undefined>, lower: string): Value["date"] {
  if (groups.iso !== undefined) {
    const [year, month, day] = lower.split("-").map(Number) as [number, number, number];
    return { year, month, day };
  }
  if (groups.dayFirst === undefined && groups.monthFirst === undefined && groups.month === undefined)
    return undefined;
  const month = MONTHS.indexOf(/\p{L}{3,}/u.exec(lower)?.[0].slice(0, 3) ?? "") + 1;
  const year = /\b\d{4}\b/.exec(lower)?.[0];
  const day = groups.month === undefined ? /\b\d{1,2}(?=\D|$)/.exec(lower)?.[0] : undefined;
  return { month, ...(year && { year: Number(year) }), ...(day && { day: Number(day) }) };
}

/** English notation: a comma before three digits separates thousands, a full stop decimals. */
function readAmount(text: string): number {
  const word = NUMBER_WORDS.get(/^\p{L}+/u.exec(text)?.[0] ?? "");
  if (word !== undefined) return word;
  const digits = /\d+(?:[.,\u00a0\u202f]\d+)*/.exec(text)?.[0] ?? "";
  const plain = digits.replace(/[,\u00a0\u202f](?=\d{3}(?:\D|$))/g, "").replace(",", ".");
  const scale = /\d\s?(thousand|million|billion|k|m)\b/.exec(text)?.[1] ?? "";
  const factor = { k: 1e3, thousand: 1e3, m: 1e6, million: 1e6, billion: 1e9 }[scale] ?? 1;
  return Number(plain) * factor;
}

/** Whether two values of one kind say the same. Undefined when that cannot be told: euros and dollars, days and months. */
export function sameValue(a: Value, b: Value): boolean | undefined {
  if (a.kind !== b.kind || a.unit !== b.unit) return undefined;
  if (a.kind === "name") return a.text === b.text ? true : namesDiffer(a.text, b.text) ? false : undefined;
  if (a.date && b.date) {
    let compared = false;
    for (const field of ["year", "month", "day"] as const) {
      if (a.date[field] === undefined || b.date[field] === undefined) continue;
      if (a.date[field] !== b.date[field]) return false;
      compared = true;
    }
    return compared ? true : undefined;
  }
  if (Number.isNaN(a.amount) || Number.isNaN(b.amount)) return undefined;
  return Math.abs(a.amount - b.amount) <= 1e-9 * Math.max(Math.abs(a.amount), Math.abs(b.amount));
}

/** A short form of a name ("Hårteig" for "Sunniva Hårteig", "Acme" for "Acme-Nord") is no other name. */
function namesDiffer(a: string, b: string): boolean {
  const words = new Set(a.split(/[ -]/));
  return !b.split(/[ -]/).some((word) => words.has(word));
}
