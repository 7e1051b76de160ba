import { throwIfAborted } from "@advisor/contracts";
import type { LlamaContextSequence, Token } from "./runtime.ts";
import { createTokenTree, type TokenNode } from "./token-tree.ts";

/**
 * Mean natural-log probability of a token of each candidate after the prompt, in order.
 *
 * The prompt is evaluated once, and so is what several candidates begin with. At each place the native side hands over
 * the logits of the candidates' next tokens, the largest logit, and the sum of `exp(logit - largest)`, so that
 * `log p = logit - largest - log(sum)` without the vocabulary crossing into JavaScript.
 *
 * @param sequence an empty one.
 */
export async function likelihoods(
  sequence: LlamaContextSequence,
  prompt: readonly Token[],
  candidates: readonly (readonly Token[])[],
  signal: AbortSignal | undefined,
  subject: string,
): Promise<readonly number[]> {
  const root = createTokenTree(candidates);
  /** Natural-log probability of each child's token at a node. */
  const logProbabilities = new Map<TokenNode, Map<Token, number>>();

  /** Evaluates tokens, and fills the node that each of them leads to. */
  async function evaluate(
    tokens: readonly Token[],
    nodes: readonly (TokenNode | undefined)[],
  ): Promise<void> {
    throwIfAborted(signal, subject);
    const results = await sequence.controlledEvaluate(
      tokens.map((token, index) => {
        const wanted = nodes[index]?.children;
        if (!wanted?.size) return token;
        const filter = { tokens: [...wanted.keys()], includeSelected: true };
        return [
          token,
          { generateNext: { token: true, totalLogitWeight: true, logits: { filter } } },
        ] as const;
      }),
    );
    for (const [index, node] of nodes.entries()) {
      if (!node?.children.size) continue;
      const next = results[index]?.next;
      // At temperature 0 the selected token is the likeliest one, so its logit is the largest.
      const largest = next?.token == null ? undefined : next.logits?.get(next.token);
      if (largest === undefined || next?.totalLogitWeight === undefined) {
        throw new Error("the native library returned no logits");
      }
      const logSum = Math.log(next.totalLogitWeight);
      const found = new Map<Token, number>();
      for (const token of node.children.keys()) {
        found.set(token, (next.logits?.get(token) ?? Number.NEGATIVE_INFINITY) - largest - logSum);
      }
      logProbabilities.set(node, found);
    }
  }

  /** Scores what follows `node`, whose own tokens are evaluated already, and leaves the sequence as it was. */
  async function descend(node: TokenNode): Promise<void> {
    for (const [token, child] of node.children) {
      if (child.children.size === 0) continue;
      const start = sequence.nextTokenIndex;
      // A stretch without forks is evaluated in one go.
      const path: Token[] = [token];
      const nodes: TokenNode[] = [child];
      let end = child;
      while (end.children.size === 1) {
        const [only] = end.children;
        if (!only || only[1].children.size === 0) break;
        path.push(only[0]);
        end = only[1];
        nodes.push(end);
      }
      await evaluate(path, nodes);
      if (end.children.size > 1) await descend(end);
      await sequence.eraseContextTokenRanges([{ start, end: sequence.nextTokenIndex }]);
    }
  }

  if (candidates.length === 0) return [];
  await evaluate(
    prompt,
    prompt.map((_, index) => (index === prompt.length - 1 ? root : undefined)),
  );
  await descend(root);
  return candidates.map((candidate) => {
    let node = root;
    let sum = 0;
    for (const token of candidate) {
      sum += logProbabilities.get(node)?.get(token) ?? Number.NEGATIVE_INFINITY;
      node = node.children.get(token) as TokenNode;
    }
    return sum / candidate.length;
  });
}
