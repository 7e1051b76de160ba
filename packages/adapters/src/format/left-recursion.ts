/** A rule of a grammar; groups and repetitions are rules without a name. */
export interface Rule {
  readonly name: string;
  /** Absent while it is used and not yet defined. */
  alternatives: readonly (readonly Item[])[] | undefined;
}

export type Item =
  | { readonly type: "reference"; readonly rule: Rule }
  /** A character, a token or a class: never empty. */
  | { readonly type: "terminal" };

/** Steps of llama.cpp's search for left recursion, which follows each path anew, and of its depth. */
const MAX_LEFT_PATHS = 1_000_000;
const MAX_LEFT_DEPTH = 2000;

/**
 * Why llama.cpp would refuse a grammar for left recursion, or could not even find out: its own search is recursive and
 * follows each path anew. This one does neither.
 */
export function findLeftRecursion(rules: readonly Rule[]): string | undefined {
  const empty = findEmpty(rules);
  const done = new Map<Rule, Effort>();
  for (const rule of rules) {
    const problem = walkLeft(rule, empty, done);
    if (problem) return problem;
  }
  return undefined;
}

/** What llama.cpp's search costs from a rule on. */
interface Effort {
  readonly paths: number;
  readonly depth: number;
}

/** The rules that may write nothing. */
function findEmpty(rules: readonly Rule[]): ReadonlySet<Rule> {
  const empty = new Set<Rule>();
  for (let grown = true; grown; ) {
    grown = false;
    for (const rule of rules) {
      if (empty.has(rule)) continue;
      const canBeEmpty = rule.alternatives?.some((items) =>
        items.every((item) => item.type === "reference" && empty.has(item.rule)),
      );
      if (canBeEmpty) {
        empty.add(rule);
        grown = true;
      }
    }
  }
  return empty;
}

/** The rules that a rule may begin with. */
function leftOf(rule: Rule, empty: ReadonlySet<Rule>): readonly Rule[] {
  const rules: Rule[] = [];
  for (const items of rule.alternatives ?? []) {
    for (const item of items) {
      if (item.type === "terminal") break;
      rules.push(item.rule);
      if (!empty.has(item.rule)) break;
    }
  }
  return rules;
}

function walkLeft(start: Rule, empty: ReadonlySet<Rule>, done: Map<Rule, Effort>): string | undefined {
  if (done.has(start)) return undefined;
  const open = new Set<Rule>();
  const stack: { rule: Rule; left: readonly Rule[]; at: number; paths: number; depth: number }[] = [];
  const enter = (rule: Rule) => {
    open.add(rule);
    stack.push({ rule, left: leftOf(rule, empty), at: 0, paths: 1, depth: 1 });
  };
  enter(start);
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const next = top.left[top.at];
    if (next && open.has(next)) return `the rule ${nameNear(next, open)} begins with itself`;
    const known = next && done.get(next);
    if (next && !known) {
      enter(next);
      continue;
    }
    if (known) {
      top.at++;
      top.paths += known.paths;
      top.depth = Math.max(top.depth, known.depth + 1);
      continue;
    }
    if (top.paths > MAX_LEFT_PATHS || top.depth > MAX_LEFT_DEPTH) {
      return "its rules begin with one another in too many ways or too deep";
    }
    done.set(top.rule, { paths: top.paths, depth: top.depth });
    open.delete(top.rule);
    stack.pop();
  }
  return undefined;
}

function nameNear(rule: Rule, open: ReadonlySet<Rule>): string {
  return rule.name || [...open].findLast(({ name }) => name)?.name || "root";
}
