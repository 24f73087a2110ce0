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
  /** The first round of the match at hand. */
  #begin = 0;

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
    let reached: Node<D>[] = [];
    this.#begin = ++this.#round;
    this.#reach(reached, this.#root, found);
    for (const word of wordsOf(routingKey)) {
      if (reached.length === 0) return;
      reached = this.#advance(reached, word, found);
    }
    for (const node of reached) node.giveTo(found);
  }

  /** The nodes reached after one more word. */
  #advance(reached: readonly Node<D>[], word: string, found: Set<D>): Node<D>[] {
    const next: Node<D>[] = [];
    this.#round++;
    for (let i = 0; i < reached.length; i++) {
      const node = reached[i] as Node<D>;
      if (node.word === '#') this.#reach(next, node, found);
      if (node.one !== undefined) this.#reach(next, node.one, found);
      const same = node.words?.get(word);
      if (same !== undefined) this.#reach(next, same, found);
    }
    return next;
  }

  /**
   * Adds `node`, and what follows it through a `#` that stands for no word. A `#` that ends its patterns takes whatever
   * is to come: its bindings are found now, and it need not be followed any more.
   */
  #reach(reached: Node<D>[], node: Node<D>, found: Set<D>): void {
    const round = this.#round;
    for (let at: Node<D> | undefined = node; at !== undefined && at.round !== round; at = at.any) {
      const isKnown = at.round >= this.#begin;
      at.round = round;
      if (!at.isRest) reached.push(at);
      else if (!isKnown) at.giveTo(found);
    }
  }

  #path(pattern: string): Node<D>[] | undefined {
    const path = [this.#root];
    for (const word of wordsOf(pattern)) {
      const child = path.at(-1)!.child(word);
      if (child === undefined) return undefined;
      path.push(child);
    }
    return path;
  }
}

/** The wildcards have places of their own: a key may itself contain the words `*` and `#`, and as such they are none. */
class Node<D> {
  readonly word: string;
  /** Child for `*`. */
  one: Node<D> | undefined = undefined;
  /** Child for `#`. */
  any: Node<D> | undefined = undefined;
  /** The other children. */
  words: Map<string, Node<D>> | undefined = undefined;
  /** Bindings whose pattern ends here. */
  bound: Set<MatcherBinding<D>> | undefined = undefined;
  /** The last round in which a match came here. */
  round = 0;

  constructor(word: string) {
    this.word = word;
  }

  get isEmpty(): boolean {
    return this.bound === undefined && this.isLeaf;
  }

  get isLeaf(): boolean {
    return this.one === undefined && this.any === undefined && this.words === undefined;
  }

  /** A `#` that ends its patterns. */
  get isRest(): boolean {
    return this.word === '#' && this.isLeaf;
  }

  /** Adds the destinations of patterns that end here. */
  giveTo(found: Set<D>): void {
    if (this.bound !== undefined) for (const binding of this.bound) found.add(binding.destination);
  }

  get children(): readonly Node<D>[] {
    const wildcards = [this.one, this.any].filter((child) => child !== undefined);
    return [...wildcards, ...(this.words?.values() ?? [])];
  }

  child(word: string): Node<D> | undefined {
    if (word === '*') return this.one;
    return word === '#' ? this.any : this.words?.get(word);
  }

  childFor(word: string): Node<D> {
    const child = this.child(word) ?? new Node<D>(word);
    if (word === '*') this.one = child;
    else if (word === '#') this.any = child;
    else {
      this.words ??= new Map();
      this.words.set(word, child);
    }
    return child;
  }

  dropChild(child: Node<D>): void {
    assert(this.child(child.word) === child, 'a child node hangs below its parent');
    if (this.one === child) this.one = undefined;
    else if (this.any === child) this.any = undefined;
    else {
      this.words?.delete(child.word);
      if (this.words?.size === 0) this.words = undefined;
    }
  }
}

function wordsOf(key: string): readonly string[] {
  return key === '' ? NO_WORDS : key.split('.');
}

const NO_WORDS: readonly string[] = [];

function countNodes<D>(node: Node<D>): number {
  return node.children.reduce((count, child) => count + countNodes(child), 1);
}
