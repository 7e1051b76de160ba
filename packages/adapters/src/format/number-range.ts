/** Bounds of a number. All are whole; `undefined` is unbounded. */
export interface NumberBounds {
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  /** The lower bound itself is not allowed. */
  readonly exclusiveMinimum?: boolean;
  /** The upper bound itself is not allowed. */
  readonly exclusiveMaximum?: boolean;
}

const LARGEST = Number.MAX_SAFE_INTEGER;
/** Digits after the point: what a double can carry. */
const FRACTION = '("." [0-9]{1,16})?';

/** GBNF of the whole numbers from `low` to `high`, both within ±(2^53 - 1); undefined when there are none. */
export function integerRange(low = -LARGEST, high = LARGEST): string | undefined {
  const parts: string[] = [];
  if (low < 0) {
    const negative = positiveRange(Math.max(1, -high), -low);
    if (negative) parts.push(`"-" (${negative})`);
  }
  if (high >= 0) {
    const positive = positiveRange(Math.max(0, low), high);
    if (positive) parts.push(positive);
  }
  return parts.length === 0 ? undefined : parts.join(" | ");
}

/** Whole numbers from `low` to `high`, both at least 0: for each number of digits, the digits one by one. */
function positiveRange(low: number, high: number): string | undefined {
  if (low > high) return undefined;
  const parts: string[] = [];
  for (let digits = String(low).length; digits <= String(high).length; digits++) {
    const from = Math.max(low, digits === 1 ? 0 : 10 ** (digits - 1));
    const to = digits === String(high).length ? high : 10 ** digits - 1;
    parts.push(digitRange(String(from), String(to)));
  }
  return parts.join(" | ");
}

const anyDigits = (count: number) => (count === 0 ? "" : count === 1 ? "[0-9]" : `[0-9]{${count}}`);
const oneDigit = (from: number, to: number) => (from === to ? `"${from}"` : `[${from}-${to}]`);
const sequence = (...parts: readonly string[]) => parts.filter(Boolean).join(" ");

/** Texts of digits from `low` to `high`, of the same length. */
function digitRange(low: string, high: string): string {
  const rest = low.length - 1;
  const first = Number(low[0]);
  const last = Number(high[0]);
  const lowRest = low.slice(1);
  const highRest = high.slice(1);
  const lowest = "0".repeat(rest);
  const highest = "9".repeat(rest);
  if (lowRest === lowest && highRest === highest) return sequence(oneDigit(first, last), anyDigits(rest));
  if (first === last) return sequence(`"${first}"`, `(${digitRange(lowRest, highRest)})`);
  const parts: string[] = [];
  let from = first;
  let to = last;
  if (lowRest !== lowest) {
    parts.push(sequence(`"${first}"`, `(${digitRange(lowRest, highest)})`));
    from++;
  }
  if (highRest !== highest) {
    parts.push(sequence(`"${last}"`, `(${digitRange(lowest, highRest)})`));
    to--;
  }
  if (from <= to) parts.push(sequence(oneDigit(from, to), anyDigits(rest)));
  return parts.join(" | ");
}

/** GBNF of the decimal numbers within the bounds; undefined when there are none. */
export function decimalRange(bounds: NumberBounds): string | undefined {
  const { minimum = -LARGEST, maximum = LARGEST } = bounds;
  const parts: string[] = [];
  if (minimum < 0) {
    const negative = positiveDecimals({
      minimum: Math.max(0, -maximum),
      maximum: -minimum,
      exclusiveMinimum: maximum < 0 && (bounds.exclusiveMaximum ?? false),
      exclusiveMaximum: bounds.exclusiveMinimum ?? false,
    });
    if (negative) parts.push(`"-" (${negative})`);
  }
  if (maximum >= 0) {
    const positive = positiveDecimals({
      minimum: Math.max(0, minimum),
      maximum,
      exclusiveMinimum: minimum >= 0 && (bounds.exclusiveMinimum ?? false),
      exclusiveMaximum: bounds.exclusiveMaximum ?? false,
    });
    if (positive) parts.push(positive);
  }
  return parts.length === 0 ? undefined : parts.join(" | ");
}

function positiveDecimals(bounds: Required<{ [K in keyof NumberBounds]: NonNullable<NumberBounds[K]> }>) {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = bounds;
  if (minimum > maximum || (minimum === maximum && (exclusiveMinimum || exclusiveMaximum))) return undefined;
  const parts: string[] = [];
  if (minimum < maximum) {
    if (exclusiveMinimum) parts.push(`"${minimum}." [0-9]{0,15} [1-9]`);
    const whole = positiveRange(minimum + (exclusiveMinimum ? 1 : 0), maximum - 1);
    if (whole) parts.push(`(${whole}) ${FRACTION}`);
  }
  if (!exclusiveMaximum) parts.push(`"${maximum}" ("." "0"{1,16})?`);
  return parts.join(" | ");
}
