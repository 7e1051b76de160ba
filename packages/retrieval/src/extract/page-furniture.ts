import type { DefaultTreeAdapterMap } from "parse5";

type Element = DefaultTreeAdapterMap["element"];

/** ARIA's landmarks and widgets around the content of a page (WAI-ARIA 1.2, 5.3.4), and its dialogs. */
const ROLES = new Set(
  "navigation banner contentinfo search menu menubar toolbar tablist dialog alertdialog".split(" "),
);
/** What pages call their menus, crumbs, banners about cookies and the like. Whole words of an id or a class alone count. */
const NAMES =
  /^(?:nav|navbar|navigation|menu|menubar|breadcrumbs?|sidebar-?nav|toc|skip-?links?|pagination|pager)$/;
const CONSENT =
  /(?:^|[-_ ])(?:cookie|cookies|consent|gdpr|ccpa|onetrust|cookiebot|usercentrics|didomi)(?:$|[-_ ])/;
/** A notice about cookies is short; a page about cookies is not. */
const MAX_NOTICE_LENGTH = 1_500;
/** A menu is links and hardly anything else. */
const MIN_LINK_SHARE = 0.7;
const CONTENT = new Set(["main", "article", "body", "html"]);

/**
 * Whether an element surrounds a page's content and is none of it: navigation, a page's own header and footer, a banner
 * about cookies. `inContent`: a `main` or `article` is around it, whose header and footer belong to the text.
 */
export function isFurniture(element: Element, inContent: boolean): boolean {
  const { tagName } = element;
  const attribute = (name: string) =>
    element.attrs.find((each) => each.name === name)?.value.toLowerCase() ?? "";
  const role = attribute("role").trim();
  if (ROLES.has(role)) return true;
  if (tagName === "nav") return true;
  if (CONTENT.has(tagName) || role === "main" || role === "article") return false;
  if ((tagName === "header" || tagName === "footer") && !inContent) return !holds(element, isContent);
  const names = `${attribute("id")} ${attribute("class")}`.split(/\s+/).filter(Boolean);
  if (names.some((name) => CONSENT.test(name)) && !inContent) {
    return lengthOf(element).text <= MAX_NOTICE_LENGTH && !holds(element, isContent);
  }
  if (names.some((name) => NAMES.test(name))) {
    const { text, linked } = lengthOf(element);
    return text > 0 && linked / text >= MIN_LINK_SHARE;
  }
  return false;
}

/** Whether an element begins the content of a page. */
export function isContent(element: Element): boolean {
  if (element.tagName === "main" || element.tagName === "article") return true;
  return element.attrs.some(({ name, value }) => name === "role" && /^(?:main|article)$/i.test(value.trim()));
}

/** Elements looked at below one that is judged: beyond it, it is content. */
const MAX_LOOKED_AT = 5_000;

function* below(element: Element): Generator<DefaultTreeAdapterMap["childNode"] & { linked?: boolean }> {
  const stack: { node: DefaultTreeAdapterMap["childNode"] }[] = element.childNodes.map((node) => ({ node }));
  for (let next = stack.pop(), seen = 0; next && seen < MAX_LOOKED_AT; next = stack.pop(), seen++) {
    yield next.node;
    if ("childNodes" in next.node) for (const node of next.node.childNodes) stack.push({ node });
  }
}

function holds(element: Element, test: (element: Element) => boolean): boolean {
  for (const node of below(element)) if ("tagName" in node && test(node)) return true;
  return false;
}

/** Visible characters in an element, and how many of them are in links. */
function lengthOf(element: Element): { text: number; linked: number } {
  let text = 0;
  let linked = 0;
  for (const node of below(element)) {
    if (!("value" in node)) continue;
    const { length } = node.value.trim();
    text += length;
    for (
      let above = node.parentNode;
      above && above !== element;
      above = "parentNode" in above ? above.parentNode : null
    )
      if ("tagName" in above && above.tagName === "a") {
        linked += length;
        break;
      }
  }
  return { text, linked };
}
