/**
 * A small GBNF recogniser for tests: it says whether a whole text fits a grammar, by backtracking. It shares no code
 * with the grammars' makers or checker.
 */
export function gbnfAccepts(grammar: string, text: string): boolean {
  const rules = new Map<string, Match>();
  for (const line of grammar.split(/\n(?=[a-zA-Z0-9-]+ ::=)/)) {
    const [name = "", body = ""] = line.split(/ ::=(.*)/su);
    rules.set(name, compile(body, rules));
  }
  const characters = [...text];
  return rules.get("root")?.(characters, 0, (end) => end === characters.length) ?? false;
}

type Continue = (end: number) => boolean;
type Match = (text: readonly string[], at: number, next: Continue) => boolean;

function compile(body: string, rules: ReadonlyMap<string, Match>): Match {
  let at = 0;
  const skip = () => {
    while (/\s/.test(body[at] ?? "x")) at++;
  };

  function alternatives(): Match {
    const options = [sequence()];
    while (body[at] === "|") {
      at++;
      options.push(sequence());
    }
    return (text, start, next) => options.some((option) => option(text, start, next));
  }

  function sequence(): Match {
    const items: Match[] = [];
    for (;;) {
      skip();
      const character = body[at];
      if (character === undefined || character === "|" || character === ")") break;
      let item = element(character);
      for (;;) {
        skip();
        const bounds = repetition();
        if (!bounds) break;
        item = repeat(item, ...bounds);
      }
      items.push(item);
    }
    return items.reduceRight<Match>(
      (rest, item) => (text, start, next) => item(text, start, (end) => rest(text, end, next)),
      (_text, start, next) => next(start),
    );
  }

  function repetition(): [number, number] | undefined {
    const match = /^(?:\*|\+|\?|\{(\d+)(,?)(\d*)\})/.exec(body.slice(at));
    if (!match) return undefined;
    at += match[0].length;
    if (match[0] === "*") return [0, Infinity];
    if (match[0] === "+") return [1, Infinity];
    if (match[0] === "?") return [0, 1];
    const least = Number(match[1]);
    return [least, match[2] ? (match[3] ? Number(match[3]) : Infinity) : least];
  }

  function element(character: string): Match {
    if (character === "(") {
      at++;
      const inner = alternatives();
      at++;
      return inner;
    }
    if (character === '"') {
      at++;
      const letters: string[] = [];
      while (body[at] !== '"') letters.push(letter());
      at++;
      return (text, start, next) =>
        letters.every((each, index) => text[start + index] === each) && next(start + letters.length);
    }
    if (character === "[") return characterClass();
    const name = /^[a-zA-Z0-9-]+/.exec(body.slice(at))?.[0];
    if (!name) throw new Error(`cannot read ${body.slice(at, at + 20)}`);
    at += name.length;
    return (text, start, next) => (rules.get(name) as Match)(text, start, next);
  }

  function characterClass(): Match {
    at++;
    const negated = body[at] === "^";
    if (negated) at++;
    const ranges: [number, number][] = [];
    while (body[at] !== "]") {
      const from = letter().codePointAt(0) as number;
      let to = from;
      if (body[at] === "-" && body[at + 1] !== "]") {
        at++;
        to = letter().codePointAt(0) as number;
      }
      ranges.push([from, to]);
    }
    at++;
    return (text, start, next) => {
      const code = text[start]?.codePointAt(0);
      if (code === undefined) return false;
      return ranges.some(([from, to]) => code >= from && code <= to) !== negated && next(start + 1);
    };
  }

  function letter(): string {
    const escaped = /^\\(?:x([0-9a-fA-F]{2})|(.))/.exec(body.slice(at));
    if (escaped) {
      at += escaped[0].length;
      if (escaped[1]) return String.fromCharCode(Number.parseInt(escaped[1], 16));
      return { n: "\n", t: "\t", r: "\r" }[escaped[2] as string] ?? (escaped[2] as string);
    }
    const character = String.fromCodePoint(body.codePointAt(at) as number);
    at += character.length;
    return character;
  }

  return alternatives();
}

function repeat(item: Match, least: number, most: number): Match {
  const times =
    (done: number): Match =>
    (text, start, next) => {
      const again =
        done < most &&
        item(text, start, (end) => (end > start || done < least) && times(done + 1)(text, end, next));
      return again || (done >= least && next(start));
    };
  return times(0);
}
