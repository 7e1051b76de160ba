import type { Statement } from "./statement.ts";
import { stem } from "./stem.ts";
import type { Word } from "./words.ts";

/** Words that say the opposite of each other, a pair a line. */
const OPPOSITES = `
least most
more less
more fewer
above below
over under
before after
minimum maximum
min max
lowest highest
low high
shortest longest
increase decrease
increased decreased
rise fall
rose fell
grow shrink
grew shrank
grew fell
raise lower
allow forbid
allowed forbidden
permitted prohibited
include exclude
enable disable
enabled disabled
always never
all none
every none
first last
buy sell
open close
opened closed
start end
begin end
internal external
with without
mandatory optional
required optional
paid unpaid
accept reject
accepted rejected
approve reject
old new
left right
north south
east west
win lose
won lost
gain loss
profit loss
public private
up down
inside outside
earlier later
weekday weekend
`;
const opposites = new Map<string, string[]>();
for (const line of OPPOSITES.trim().split("\n")) {
  const [a = "", b = ""] = line.split(" ").map(stem);
  opposites.set(a, [...(opposites.get(a) ?? []), b]);
  opposites.set(b, [...(opposites.get(b) ?? []), a]);
}

/**
 * Whether a claim says the opposite of a source, or binds its numbers and names otherwise, though the words agree:
 * a negation more or less, an opposite word, another unit, swapped names, a number of another name.
 */
export function contradicts(claim: Statement, source: Statement): boolean {
  return (
    differsInNegation(claim, source) ||
    saysOpposite(claim, source) ||
    differsInUnit(claim, source) ||
    swapsNames(claim, source) ||
    mispairsNumber(claim, source)
  );
}

function differsInNegation(claim: Statement, source: Statement): boolean {
  // "Only X may" and "nobody but X may" are one, with and without a negation.
  if (claim.excepts && source.excepts) return false;
  // "Does not include" and "excludes" are one.
  if (negatesOpposite(claim, source) || negatesOpposite(source, claim)) return false;
  const inSource = new Set(source.words.map(({ term }) => term));
  const inClaim = new Set(claim.words.map(({ term }) => term));
  // Both deny the same thing; what else the negations reach depends on the order of words.
  for (const term of claim.negated) if (source.negated.has(term)) return false;
  for (const term of claim.negated) if (inSource.has(term) && !source.negated.has(term)) return true;
  for (const term of source.negated) if (inClaim.has(term) && !claim.negated.has(term)) return true;
  return false;
}

function negatesOpposite(one: Statement, other: Statement): boolean {
  const terms = new Set(other.words.map(({ term }) => term));
  return [...one.negated].some((term) =>
    (opposites.get(term) ?? []).some((opposite) => terms.has(opposite) && !other.negated.has(opposite)),
  );
}

function saysOpposite(claim: Statement, source: Statement): boolean {
  const inSource = new Set(source.words.map(({ term }) => term));
  const inClaim = new Set(claim.words.map(({ term }) => term));
  for (const term of inClaim) {
    if (inSource.has(term)) continue;
    for (const other of opposites.get(term) ?? [])
      if (inSource.has(other) && !inClaim.has(other) && claim.negated.has(term) === source.negated.has(other))
        return true;
  }
  return false;
}

function differsInUnit(claim: Statement, source: Statement): boolean {
  for (const [number, units] of claim.units) {
    const known = source.units.get(number);
    if (!known || known.size === 0 || units.size === 0) continue;
    if (![...units].some((unit) => known.has(unit))) return true;
  }
  return false;
}

/** "Alpha bought Beta" against "Beta bought Alpha": two names about the same word, the other way round. */
function swapsNames(claim: Statement, source: Statement): boolean {
  if (claim.passive !== source.passive) return false;
  const places = onlyPlaces(source);
  const own = onlyPlaces(claim);
  for (const [i, a] of claim.names.entries()) {
    for (const b of claim.names.slice(i + 1, i + 4)) {
      const from = places.get(a.term);
      const to = places.get(b.term);
      if (from === undefined || to === undefined || from < to || a.term === b.term) continue;
      if (!own.has(a.term) || !own.has(b.term)) continue;
      const between = contentBetween(claim.words, a.at, b.at);
      const across = contentBetween(source.words, to, from);
      if ([...between].some((term) => across.has(term))) return true;
    }
  }
  return false;
}

/** "1.18 for Trondheim, 0.86 for Kraków" does not carry "1.18 for Kraków": the number stands with another name. */
function mispairsNumber(claim: Statement, source: Statement): boolean {
  if (source.names.length < 2 || source.numbers.length < 2 || claim.names.length === 0) return false;
  const claimed = new Set(claim.names.map(({ term }) => term));
  const numbers = new Set(source.numbers.map(({ term }) => term));
  return claim.numbers.some(({ term }) => {
    const spots = source.numbers.filter((number) => number.term === term);
    if (spots.length !== 1 || !spots[0]) return false;
    const name = nearest(source.names, spots[0].at);
    if (!name || claimed.has(name.term)) return false;
    return claim.names.some((own) => {
      const spot = source.names.find((other) => other.term === own.term);
      const number = spot ? nearest(source.numbers, spot.at) : undefined;
      return number !== undefined && number.term !== term && numbers.has(number.term);
    });
  });
}

function nearest<T extends { readonly at: number }>(list: readonly T[], at: number): T | undefined {
  let best: T | undefined;
  for (const item of list) if (!best || Math.abs(item.at - at) < Math.abs(best.at - at)) best = item;
  return best;
}

/** Places of the terms that stand just once. */
function onlyPlaces({ words }: Statement): Map<string, number> {
  const places = new Map<string, number>();
  const twice = new Set<string>();
  for (const [at, { term }] of words.entries()) {
    if (places.has(term)) twice.add(term);
    places.set(term, at);
  }
  for (const term of twice) places.delete(term);
  return places;
}

function contentBetween(words: readonly Word[], from: number, to: number): Set<string> {
  return new Set(
    words
      .slice(from + 1, to)
      .filter(({ stop, kind }) => !stop && kind === "word")
      .map(({ term }) => term),
  );
}
