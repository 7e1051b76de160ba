import type { Token } from "./runtime.ts";

/** A place in the tree of texts: all that start with the same tokens share it. */
export interface TokenNode {
  readonly children: Map<Token, TokenNode>;
  /** Indexes of the texts that lead here or further, ascending. */
  readonly members: number[];
  /** Indexes of the texts that end here. */
  readonly ends: number[];
}

const createNode = (): TokenNode => ({ children: new Map(), members: [], ends: [] });

/** The tree of these texts' tokens. */
export function createTokenTree(texts: readonly (readonly Token[])[]): TokenNode {
  const root = createNode();
  for (const [index, tokens] of texts.entries()) {
    let node = root;
    node.members.push(index);
    for (const token of tokens) {
      let child = node.children.get(token);
      if (!child) {
        child = createNode();
        node.children.set(token, child);
      }
      node = child;
      node.members.push(index);
    }
    node.ends.push(index);
  }
  return root;
}
