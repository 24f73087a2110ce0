import { assert } from '../../base/assert.js';
import type { FieldTable } from '../../wire/values.js';
import type { Matcher, MatcherBinding } from './matcher.js';

/**
 * Patterns of words between dots: `*` stands for one word, `#` for zero or more, empty words count; a pattern or key
 * of no characters has no words at all. [AMQP 3.1.3.3, RMQ topic exchange]
 *
 * The patterns form a trie of words. A key is matched word by word with the set of all nodes reached so far, each at most
 * once, so the work is bounded by words x nodes for any pattern, `#.#.#.a` too.
 */
export class TopicMatcher<D> implements Matcher<D> {
  readonly readsKey = true;
  readonly readsHeaders = false;
  readonly #root: Node<D> = new Node('');
  /** Tells the rounds apart in which nodes were reached; never reused. */
  #round = 0;

  /** Trie nodes in use, the root included. */
  get size(): number {
    return countNodes(this.#root);
  }

  add(binding: MatcherBinding<D>): void {
    let node = this.#root;
    for (const word of wordsOf(binding.routingKey)) node = node.childFor(word);
    node.bound ??= new Set();
    node.bound.add(binding);
  }

  remove(binding: MatcherBinding<D>): void {
    const path = this.#path(binding.routingKey);
    const last = path?.at(-1);
    if (path === undefined || last?.bound?.delete(binding) !== true) return;
    if (last.bound.size === 0) last.bound = undefined;
    for (let i = path.length - 1; i > 0 && path[i]!.isEmpty; i--) path[i - 1]!.dropChild(path[i]!);
  }

  match(routingKey: string, _headers: FieldTable | undefined, found: Set<D>): void {
    let reached = this.#reach([], this.#root, ++this.#round);
    for (const word of wordsOf(routingKey)) {
      if (reached.length === 0) return;
      reached = this.#advance(reached, word);
    }
    for (const node of reached) {
      if (node.bound !== undefined) for (const binding of node.bound) found.add(binding.destination);
    }
  }

  /** The nodes reached after one more word. */
  #advance(reached: readonly Node<D>[], word: string): Node<D>[] {
    const next: Node<D>[] = [];
    const round = ++this.#round;
    for (const node of reached) {
      if (node.word === '#') this.#reach(next, node, round);
      const children = node.children;
      if (children === undefined) continue;
      const one = children.get('*');
      if (one !== undefined) this.#reach(next, one, round);
      // A key may itself contain the words * and #; as such they are no wildcards.
      const same = word === '*' || word === '#' ? undefined : children.get(word);
      if (same !== undefined) this.#reach(next, same, round);
    }
    return next;
  }

  /** Adds `node`, and what follows it through a `#` that stands for no word. */
  #reach(reached: Node<D>[], node: Node<D>, round: number): Node<D>[] {
    for (
      let at: Node<D> | undefined = node;
      at !== undefined && at.round !== round;
      at = at.children?.get('#')
    ) {
      at.round = round;
      reached.push(at);
    }
    return reached;
  }

  #path(pattern: string): Node<D>[] | undefined {
    const path = [this.#root];
    for (const word of wordsOf(pattern)) {
      const child = path.at(-1)!.children?.get(word);
      if (child === undefined) return undefined;
      path.push(child);
    }
    return path;
  }
}

class Node<D> {
  readonly word: string;
  children: Map<string, Node<D>> | undefined = undefined;
  /** Bindings whose pattern ends here. */
  bound: Set<MatcherBinding<D>> | undefined = undefined;
  /** The last round in which a match came here. */
  round = 0;

  constructor(word: string) {
    this.word = word;
  }

  get isEmpty(): boolean {
    return this.bound === undefined && this.children === undefined;
  }

  childFor(word: string): Node<D> {
    this.children ??= new Map();
    const child = this.children.get(word) ?? new Node<D>(word);
    this.children.set(word, child);
    return child;
  }

  dropChild(child: Node<D>): void {
    const children = this.children;
    assert(children !== undefined && children.delete(child.word), 'a child node hangs below its parent');
    if (children.size === 0) this.children = undefined;
  }
}

function wordsOf(key: string): readonly string[] {
  return key === '' ? NO_WORDS : key.split('.');
}

const NO_WORDS: readonly string[] = [];

function countNodes<D>(node: Node<D>): number {
  let count = 1;
  if (node.children !== undefined) for (const child of node.children.values()) count += countNodes(child);
  return count;
}
