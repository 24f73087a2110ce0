import type { Test } from 'tap';
import { type MessageStore, type QueueStore, SAFE } from '../../lib/store/message-store.js';
import { bodyOf, messageOf, takeAll, takeBodies, takeOne } from '../support/messages.js';

function fill(store: MessageStore, queue: QueueStore, ...bodies: string[]): void {
  for (const body of bodies) store.append(messageOf(body), [queue]);
}

/** What every {@link MessageStore} does, whatever it keeps messages in. `open` makes an empty one. */
export function messageStoreContract(tap: Test, open: (t: Test) => Promise<MessageStore>): void {
  let ids = 0;
  const queueOf = (store: MessageStore, durable = true): QueueStore =>
    store.queue({ id: `contract-${ids++}`, durable, readable: () => {} });

  void tap.test('messages come out in the order in which they came in', async (t) => {
    const store = await open(t);
    const queue = queueOf(store);
    fill(store, queue, 'a', 'b', 'c');
    t.same(await takeBodies(queue), ['a', 'b', 'c']);
    t.equal(queue.take(), undefined);
  });

  void tap.test('a message has everything that it was given', async (t) => {
    const store = await open(t);
    const queue = queueOf(store);
    const given = messageOf('body', { priority: 7, expiration: 60_000, arrivedAt: 1_234_567_890_123 });
    store.append(given, [queue]);
    const { message, returns } = await takeOne(queue);
    t.equal(bodyOf(message), 'body');
    t.equal(message.exchange, 'exchange');
    t.equal(message.routingKey, 'key');
    t.equal(message.priority, 7);
    t.equal(message.expiration, 60_000);
    t.equal(message.arrivedAt, 1_234_567_890_123);
    t.equal(message.persistent, true);
    t.equal(returns, 0);
  });

  void tap.test('count and bytes tell what is ready', async (t) => {
    const store = await open(t);
    const queue = queueOf(store);
    fill(store, queue, 'one', 'three');
    t.equal(queue.count, 2);
    t.equal(queue.bytes, 8);
    const entry = await takeOne(queue);
    t.equal(queue.count, 1);
    t.equal(queue.bytes, 5);
    queue.requeue([entry]);
    t.equal(queue.count, 2);
    t.equal(queue.bytes, 8);
    queue.settle(await takeOne(queue));
    t.equal(queue.count, 1);
    t.equal(queue.bytes, 5);
  });

  void tap.test('the head can be looked at without taking it', async (t) => {
    const store = await open(t);
    const queue = queueOf(store);
    t.equal(queue.head(), undefined);
    fill(store, queue, 'a', 'b');
    t.equal(bodyOf(queue.head()!), 'a');
    t.equal(queue.count, 2);
    const entry = await takeOne(queue);
    t.equal(bodyOf(queue.head()!), 'b');
    queue.requeue([entry]);
    t.equal(bodyOf(queue.head()!), 'a');
  });

  void tap.test('what is put back stands where it stood and counts its returns', async (t) => {
    const store = await open(t);
    const queue = queueOf(store);
    fill(store, queue, 'a', 'b', 'c', 'd');
    const [a, b, c] = [await takeOne(queue), await takeOne(queue), await takeOne(queue)];
    queue.requeue([c, a]);
    const again = await takeOne(queue);
    t.equal(bodyOf(again.message), 'a');
    t.equal(again.returns, 1);
    queue.requeue([again]);
    queue.requeue([b]);
    const entries = await takeAll(queue);
    t.same(
      entries.map(({ message, returns }) => [bodyOf(message), returns]),
      [
        ['a', 2],
        ['b', 1],
        ['c', 1],
        ['d', 0],
      ],
    );
  });

  void tap.test('positions grow in the order of arrival', async (t) => {
    const store = await open(t);
    const queue = queueOf(store);
    fill(store, queue, 'a', 'b', 'c');
    const positions = (await takeAll(queue)).map(({ position }) => position);
    t.same(
      positions,
      positions.toSorted((a, b) => a - b),
    );
    t.equal(new Set(positions).size, 3);
  });

  void tap.test('settling in any order leaves the others alone', async (t) => {
    const store = await open(t);
    const queue = queueOf(store);
    fill(store, queue, 'a', 'b', 'c', 'd', 'e');
    const [a, b, c, d, e] = await takeAll(queue);
    queue.settle(d!);
    queue.settle(b!);
    queue.requeue([e!, c!, a!]);
    t.same(await takeBodies(queue), ['a', 'c', 'e']);
  });

  void tap.test('one message goes to many queues, each with its own fate', async (t) => {
    const store = await open(t);
    const queues = [queueOf(store), queueOf(store, false), queueOf(store)];
    store.append(messageOf('all'), queues);
    queues[0]!.settle(await takeOne(queues[0]!));
    t.equal(queues[0]?.count, 0);
    t.same(await takeBodies(queues[1]!), ['all']);
    t.same(await takeBodies(queues[2]!), ['all']);
  });

  void tap.test('a purge settles what is ready and leaves what is taken', async (t) => {
    const store = await open(t);
    const queue = queueOf(store);
    fill(store, queue, 'a', 'b', 'c', 'd');
    const [a, b] = [await takeOne(queue), await takeOne(queue)];
    queue.requeue([b]);
    t.equal(queue.purge(), 3);
    t.equal(queue.count, 0);
    t.equal(queue.bytes, 0);
    t.equal(queue.take(), undefined);
    fill(store, queue, 'e');
    queue.requeue([a]);
    t.same(await takeBodies(queue), ['a', 'e']);
    t.equal(queue.purge(), 0);
  });

  void tap.test(
    'a removed queue has nothing, and its entries may still be settled or put back',
    async (t) => {
      const store = await open(t);
      const queue = queueOf(store);
      fill(store, queue, 'a', 'b', 'c');
      const [a, b] = [await takeOne(queue), await takeOne(queue)];
      queue.remove();
      t.equal(queue.count, 0);
      t.equal(queue.take(), undefined);
      queue.settle(a);
      queue.requeue([b]);
    },
  );

  void tap.test('a transaction appends and settles', async (t) => {
    const store = await open(t);
    const [from, to] = [queueOf(store), queueOf(store)];
    fill(store, from, 'a', 'b');
    const a = await takeOne(from);
    store.transact([
      { type: 'append', message: messageOf('x'), queues: [to, from] },
      { type: 'settle', entry: a, queue: from },
      { type: 'append', message: messageOf('y'), queues: [to] },
    ]);
    t.same(await takeBodies(from), ['b', 'x']);
    t.same(await takeBodies(to), ['x', 'y']);
  });

  void tap.test('nothing has to be waited for where nothing survives', async (t) => {
    const store = await open(t);
    const [durable, transient] = [queueOf(store), queueOf(store, false)];
    t.equal(store.append(messageOf('a', { persistent: false }), [durable, transient]), SAFE);
    t.equal(store.append(messageOf('b'), [transient]), SAFE);
    t.equal(store.append(messageOf('c'), []), SAFE);
    t.equal(store.transact([]), SAFE);
  });

  void tap.test('every batch is committed in the end, and the listener told', async (t) => {
    const store = await open(t);
    const queue = queueOf(store);
    let told: (() => void) | undefined;
    store.onCommitted(() => told?.());
    for (let i = 0; i < 3; i++) {
      const batch = store.append(messageOf(`${i}`), [queue]);
      while (store.committed < batch) {
        await new Promise<void>((resolve) => {
          told = resolve;
        });
      }
    }
    t.ok(true);
  });

  void tap.test('a long backlog keeps its order through takes, returns and additions', async (t) => {
    const store = await open(t);
    const queue = queueOf(store);
    const total = 10_000;
    for (let i = 0; i < total; i++) store.append(messageOf(`${i}`), [queue]);
    const seen: string[] = [];
    while (queue.count > 0) {
      const entry = await takeOne(queue);
      const other = queue.count > 0 ? await takeOne(queue) : undefined;
      if (other !== undefined) queue.requeue([other]);
      seen.push(bodyOf(entry.message));
      queue.settle(entry);
    }
    t.same(
      seen,
      Array.from({ length: total }, (_, i) => `${i}`),
    );
  });
}
