import { BadInputError } from "@advisor/contracts";

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A copy of a JSON Schema whose evidence slots may hold one of `texts` and nothing else.
 *
 * A slot is a JSON Pointer (RFC 6901) into the instance; where the schema has an array, its token may be `-` or a
 * number and stands for every item.
 *
 * @throws {@link BadInputError} `unsupported_schema` when a slot leads nowhere in the schema.
 */
export function limitSlots(
  schema: JsonObject,
  slots: readonly string[],
  texts: readonly string[],
): JsonObject {
  return slots.reduce<JsonObject>(
    (limited, slot) => limitSlot(limited, readPointer(slot), { type: "string", enum: [...texts] }, slot),
    schema,
  );
}

function limitSlot(schema: JsonObject, path: readonly string[], leaf: JsonObject, slot: string): JsonObject {
  const [token, ...rest] = path;
  if (token === undefined) return leaf;
  const properties = asObject(schema.properties);
  const property = properties && Object.hasOwn(properties, token) ? asObject(properties[token]) : undefined;
  if (properties && property) {
    const entries = Object.entries(properties).map(([key, value]) => [
      key,
      key === token ? limitSlot(property, rest, leaf, slot) : value,
    ]);
    return { ...schema, properties: Object.fromEntries(entries) };
  }
  const items = asObject(schema.items);
  if (items && isItem(token)) return { ...schema, items: limitSlot(items, rest, leaf, slot) };
  throw new BadInputError({
    code: "unsupported_schema",
    subject: `evidence slot ${slot}`,
    reason: `the form's schema has no ${JSON.stringify(token)} there`,
    nextStep: "Correct evidenceSlots in the adapter's manifest",
  });
}

/** What a JSON value holds in its evidence slots, in order; a slot over an array yields each item. */
export function readSlots(value: unknown, slots: readonly string[]): unknown[] {
  return slots.flatMap((slot) => readSlot(value, readPointer(slot)));
}

function readSlot(value: unknown, path: readonly string[]): unknown[] {
  const [token, ...rest] = path;
  if (token === undefined) return [value];
  if (Array.isArray(value)) return isItem(token) ? value.flatMap((item) => readSlot(item, rest)) : [];
  const object = asObject(value);
  return object && Object.hasOwn(object, token) ? readSlot(object[token], rest) : [];
}

/** A copy of a JSON value with `fill` applied to what its evidence slots hold; slots that are not there stay so. */
export function fillSlots(
  value: unknown,
  slots: readonly string[],
  fill: (held: unknown) => unknown,
): unknown {
  return slots.reduce((filled, slot) => fillSlot(filled, readPointer(slot), fill), value);
}

function fillSlot(value: unknown, path: readonly string[], fill: (held: unknown) => unknown): unknown {
  const [token, ...rest] = path;
  if (token === undefined) return fill(value);
  if (Array.isArray(value)) return isItem(token) ? value.map((item) => fillSlot(item, rest, fill)) : value;
  const object = asObject(value);
  if (!object || !Object.hasOwn(object, token)) return value;
  const entries = Object.entries(object).map(([key, held]) => [
    key,
    key === token ? fillSlot(held, rest, fill) : held,
  ]);
  return Object.fromEntries(entries);
}

function readPointer(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function isItem(token: string): boolean {
  return token === "-" || /^\d+$/.test(token);
}

function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}
