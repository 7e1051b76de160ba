/** Limit on identifiers taken from one text, so that a page of hashes cannot swell its row. */
const MAX_IDENTIFIERS = 2_000;
const MAX_LENGTH = 256;

/** Hyphens that word processors and browsers write for `-`, soft ones and joiners apart. */
const HYPHENS = /[\u2010\u2011\u2012\u2043\u2212\ufe58\ufe63\uff0d]|&#(?:8209|x2011);/g;
/** Marks that nobody sees: soft hyphens, joiners, byte-order marks. */
const UNSEEN = /[\u00ad\u200b-\u200d\u2060\ufeff]/g;
const TOKEN = /[^\s"'`“”‘’«»()[\]{}<>|,;*=—]+/gu;
/** A line broken inside an identifier: after a joining sign, or after a dot that no sentence begins behind. */
const BROKEN_LINE = /(?<=[\p{L}\p{N}](?:[-_/\\]|\.(?=\s*[\p{Ll}\p{N}])))[ \t]*\r?\n[ \t>]*(?=[\p{L}\p{N}])/gu;

/** Where {@link BROKEN_LINE} could match: it looks back from every place, which is slow. */
const MAY_BREAK = /[-_/\\.][ \t]*\r?\n/;
/** Most tokens, and no identifier: letters of no mixed case, and a sentence's signs behind them. */
const PLAIN_WORD = /^[A-Z]*[a-z]*[.!?:]*$/;
/** Whether any sign has to be made plain at all. */
const UNUSUAL = /[^\0-\x7f]|\\|&#/;

/**
 * The identifiers of a text, lower-case, each once, separated by spaces: error codes (`E-4012`), flags (`--flag`), names
 * (`snake_case_name`, `camelCase`, `a.b.c`), versions (`v1.2.3`), paths, addresses. Stemming and splitting would lose them.
 * Hyphens of all kinds are one, and what a line break tore apart is put together again.
 */
export function identifiersOf(text: string): string {
  const found = new Set<string>();
  const plain = plainSigns(text);
  const joined = MAY_BREAK.test(plain) ? plain.replace(BROKEN_LINE, "") : plain;
  for (const token of joined.match(TOKEN) ?? []) {
    if (PLAIN_WORD.test(token)) continue;
    for (const form of formsOf(token)) {
      found.add(form);
      if (found.size >= MAX_IDENTIFIERS) return [...found].join(" ");
    }
  }
  return [...found].join(" ");
}

/** What a question asks for by name, and in words. */
export interface NamedAndWorded {
  /** Its identifiers, separated by spaces. */
  readonly identifiers: string;
  /** The rest of it. */
  readonly words: string;
  /** All that may stand in the column of identifiers: a plain word may be a `camelCase` name typed in lower case. */
  readonly names: string;
}

export function splitIdentifiers(question: string): NamedAndWorded {
  const identifiers = identifiersOf(question);
  const words = plainSigns(question).replace(TOKEN, (token) => (formsOf(token).length > 0 ? " " : token));
  const plain = words.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu) ?? [];
  return { identifiers, words, names: [identifiers, ...plain].filter(Boolean).join(" ") };
}

function plainSigns(text: string): string {
  if (!UNUSUAL.test(text)) return text;
  return text
    .replace(UNSEEN, "")
    .replace(HYPHENS, "-")
    .replace(/\\(?=[_*~.#-])/g, "")
    .normalize("NFKC");
}

/** The ways in which a token is asked for, itself first; none when it is a plain word. */
function formsOf(raw: string): string[] {
  if (raw.length > 2 * MAX_LENGTH) return [];
  // An en dash joins two codes of a range, or stands for a hyphen inside one.
  const ends = raw.split("–");
  if (ends.length > 1) return [...formsOf(ends.join("-")), ...ends.flatMap(formsOf)];
  const token = bare(raw);
  if (token.length < 2 || token.length > MAX_LENGTH || !isIdentifier(token)) return [];
  const forms = [token];
  // A version with its v and without, and the steps of a path or address.
  if (/^v\d+(?:\.\d+)+/i.test(token)) forms.push(token.slice(1));
  if (/[/\\@:]/.test(token)) forms.push(...token.split(/[/\\@:]+/).filter(isIdentifier));
  return forms.map((form) => form.toLowerCase());
}

/** Without the signs of a sentence and of emphasis around it; a flag keeps its hyphens. */
function bare(token: string): string {
  const signs = token.replace(/^[.!?:&~#$%@/\\]+|[.!?:&~/\\-]+$/g, "");
  const emphasised = signs.replace(/^_+|_+$/g, "");
  return isIdentifier(emphasised) ? emphasised : signs;
}

function isIdentifier(token: string): boolean {
  const letter = /\p{L}/u.test(token);
  const digit = /\p{N}/u.test(token);
  if (/^--?\p{L}/u.test(token)) return true;
  if (!letter)
    return /^\p{N}+(?:[._:/-]\p{N}+){2,}$/u.test(token) || /^(?=(?:.*\p{N}){5})\p{N}+-\p{N}+$/u.test(token);
  if (digit) return true;
  // Letters alone: joined by a sign that joins no words of a language, or by case.
  return /\p{L}[_@#$\\/:.]+\p{L}|_\p{L}|\p{L}_/u.test(token) || /\p{Ll}\p{Lu}/u.test(token);
}
