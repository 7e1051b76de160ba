/**
 * Fills `{name}` places in a template, in one pass: a value that itself holds `{question}` or `$&` is left as it is,
 * and an unknown name stays as written.
 */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (place, name: string) =>
    Object.hasOwn(values, name) ? (values[name] as string) : place,
  );
}
