/** Words that carry no fact of their own. Words that limit (not, until, after, except, only, least, most, per …) are none. */
const EMPTY = new Set(
  (
    "a an the this that these those is are was were be been being am to of in on at by for and or as from with within into " +
    "it its he she they them their his her we us our you your i me my one's there here has have had having do does did " +
    "must shall should will would can could may might needs need so then which who whom whose what where " +
    "also always usually normally currently now please exactly about around approximately every each any all per " +
    "company company's"
  ).split(" "),
);

/**
 * Words that offices use for one another. Only those whose exchange hardly ever changes what a rule is about, so this is no
 * use of the groups of `search/word-groups.ts`: those join what a question may mean (start, newcomer, join), where one word
 * too many costs a place in a list. Here it would make two rules one, and call them a contradiction.
 */
const CANONICAL = new Map(
  (
    "staff:employee colleague:employee worker:employee receive:get obtain:get entitle:get submit:hand file:hand telephone:call " +
    "phone:call cost:price fee:price charge:price begin:start commence:start finish:end annual:year yearly:year annually:year monthly:month " +
    "weekly:week daily:day maximum:most minimum:least client:customer purchase:buy vacation:holiday allow:permit " +
    "boss:manager reimburse:refund repay:refund answer:reply respond:reply"
  )
    .split(" ")
    .map((pair) => pair.split(":") as [string, string]),
);

/**
 * Words that limit a statement to a part of the world. Where two pages or sentences differ in one, they may both be right:
 * countries and regions, kinds of people and contracts, plans and editions, states in time.
 */
export const QUALIFIERS = new Set(
  (
    "norway norwegian poland polish portugal portuguese germany german france french spain spanish italy italian sweden swedish denmark " +
    "danish finland finnish iceland netherlands dutch belgium belgian austria austrian switzerland swiss ireland irish uk britain british " +
    "england scotland wales usa us america american canada canadian mexico brazil india indian china chinese japan japanese korea " +
    "australia zealand africa asia europe european eu eea efta domestic international abroad overseas local regional north south east west " +
    "northern southern eastern western " +
    "manager contractor intern apprentice trainee temporary permanent part-time full-time parttime fulltime freelance senior junior student " +
    "basic standard premium plus pro professional enterprise business free starter team lite mini max ultra gold silver bronze " +
    "old new former current previous legacy next draft archive archived obsolete deprecated beta " +
    "monday tuesday wednesday thursday friday saturday sunday weekend weekday holiday summer winter spring autumn " +
    "january february march april june july august september october november december q1 q2 q3 q4"
  ).split(" "),
);

const IRREGULAR = new Map(
  "left:leave paid:pay sent:send held:hold kept:keep made:make led:lead ran:run began:begin bought:buy sold:sell given:give took:take taken:take built:build got:get gets:get found:found"
    .split(" ")
    .map((pair) => pair.split(":") as [string, string]),
);

/** The word's stem in its canonical form, or undefined when it carries nothing. */
export function contentStem(word: string): string | undefined {
  const lower = word.toLowerCase().replace(/[’']s?$/, "");
  if (EMPTY.has(lower) || lower === "") return undefined;
  const stem = stemOf(lower);
  const canonical = CANONICAL.get(lower) ?? CANONICAL.get(stem) ?? CANONICAL.get(`${stem}e`);
  return canonical === undefined ? stem : stemOf(canonical);
}

/** A light stemmer: plurals, -ed and -ing, without a final e. Enough to align two forms of a word. */
function stemOf(word: string): string {
  const known = IRREGULAR.get(word);
  if (known !== undefined) return known;
  let stem = word;
  if (/ies$/.test(stem) && stem.length > 4) stem = `${stem.slice(0, -3)}y`;
  else if (/(?:ss|x|ch|sh)es$/.test(stem)) stem = stem.slice(0, -2);
  else if (/[^su]s$/.test(stem) && stem.length > 3) stem = stem.slice(0, -1);
  if (/ied$/.test(stem) && stem.length > 4) return `${stem.slice(0, -3)}y`;
  if (/ations?$/.test(stem) && stem.length > 8) return stem.replace(/ions?$/, "");
  const bare = /(?:ed|ing)$/.test(stem) && stem.length > 5 ? stem.replace(/(?:ed|ing)$/, "") : stem;
  if (bare !== stem && !/[aeiouy]/.test(bare)) return stem;
  const single = bare !== stem ? bare.replace(/([bdfgmnprt])\1$/, "$1") : bare;
  return CANONICAL.has(single) || single.length < 4 ? single : single.replace(/e$/, "");
}
