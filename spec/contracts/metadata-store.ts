import { test, type Test } from 'tap';
import {
  type Change,
  type JsonValue,
  type MetadataStore,
  MetadataStoreClosedError,
} from '../../lib/meta/metadata-store.js';

type OpenStore = (t: Test) => Promise<MetadataStore>;

const SAMPLE: JsonValue = {
  name: 'ü',
  list: [1, null, true, { deep: 1.5 }],
  ['__proto__']: 'a name like others',
};

export function durable(key: string, value: JsonValue | undefined): Change {
  return { key, value, lifetime: 'durable' };
}

export function ephemeral(key: string, value: JsonValue | undefined): Change {
  return { key, value, lifetime: 'ephemeral' };
}

/** What every metadata store does. `open` gives a new, empty one, and closes it at the end of the test. */
export function metadataStoreContract(name: string, open: OpenStore): void {
  void test(`${name}: reading`, async (t) => readsWhatWasApplied(t, open));
  void test(`${name}: lifetimes`, async (t) => keepsOneValueForAKey(t, open));
  void test(`${name}: absent keys`, async (t) => checksAbsentKeys(t, open));
  void test(`${name}: order`, async (t) => keepsTheOrder(t, open));
  void test(`${name}: watching`, async (t) => tellsWatchers(t, open));
  void test(`${name}: closing`, async (t) => refusesWhenClosed(t, open));
}

async function readsWhatWasApplied(t: Test, open: OpenStore): Promise<void> {
  for (const [lifetime, change] of Object.entries({ durable, ephemeral })) {
    await t.test(`a ${lifetime} value is read as it was set`, async (st) => {
      const store = await open(st);
      st.equal(await store.apply([change('k', SAMPLE), change('nothing', null)]), true);
      st.strictSame(await store.get('k'), SAMPLE);
      st.equal(await store.get('nothing'), null);
      st.equal(await store.get('other'), undefined);
    });

    await t.test(
      `a ${lifetime} key that is deleted is gone, and deleting it again is no error`,
      async (st) => {
        const store = await open(st);
        await store.apply([change('k', 1)]);
        await store.apply([change('k', undefined)]);
        await store.apply([change('k', undefined)]);
        st.equal(await store.get('k'), undefined);
        st.strictSame(await store.list(''), []);
      },
    );
  }

  await t.test('a list has the keys with the prefix, of either lifetime, in key order', async (st) => {
    const store = await open(st);
    await store.apply([
      durable('b/2', 2),
      durable('b/10', 10),
      ephemeral('b/1', 1),
      durable('a', 0),
      durable('b0', 0),
    ]);
    st.strictSame(await store.list('b/'), [
      ['b/1', 1],
      ['b/10', 10],
      ['b/2', 2],
    ]);
    st.strictSame(
      (await store.list('')).map(([key]) => key),
      ['a', 'b/1', 'b/10', 'b/2', 'b0'],
    );
    st.strictSame(await store.list('c'), []);
  });
}

async function keepsOneValueForAKey(t: Test, open: OpenStore): Promise<void> {
  await t.test('setting a key with the other lifetime replaces it', async (st) => {
    const store = await open(st);
    await store.apply([durable('a', 1), ephemeral('b', 1)]);
    await store.apply([ephemeral('a', 2), durable('b', 2)]);
    st.strictSame(await store.list(''), [
      ['a', 2],
      ['b', 2],
    ]);
  });

  await t.test('a deletion removes the key whatever its lifetime was', async (st) => {
    const store = await open(st);
    await store.apply([durable('a', 1), ephemeral('b', 1)]);
    await store.apply([ephemeral('a', undefined), durable('b', undefined)]);
    st.strictSame(await store.list(''), []);
  });

  await t.test('within one transaction the last change of a key holds', async (st) => {
    const store = await open(st);
    await store.apply([
      durable('a', 1),
      durable('a', undefined),
      durable('b', 1),
      ephemeral('b', 2),
      durable('c', 1),
      durable('c', 2),
    ]);
    st.strictSame(await store.list(''), [
      ['b', 2],
      ['c', 2],
    ]);
  });
}

async function checksAbsentKeys(t: Test, open: OpenStore): Promise<void> {
  await t.test('nothing is applied when a key that must be absent exists', async (st) => {
    const store = await open(st);
    await store.apply([durable('d', 1), ephemeral('e', 1)]);
    st.equal(await store.apply([durable('new', 1)], ['d']), false);
    st.equal(await store.apply([ephemeral('new', 1)], ['other', 'e']), false);
    st.equal(await store.get('new'), undefined);
    st.equal(await store.apply([durable('new', 1)], ['new']), true);
  });

  await t.test('of two that want to be first, started together, one is', async (st) => {
    const store = await open(st);
    const answers = [durable('k', 1), durable('k', 2), ephemeral('k', 3)].map((change) =>
      store.apply([change], ['k']),
    );
    st.strictSame(await Promise.all(answers), [true, false, false]);
    st.equal(await store.get('k'), 1);
  });

  await t.test('a refusal comes when what is in the way can be read and has been told', async (st) => {
    const store = await open(st);
    const told: string[] = [];
    store.watch((changes) => told.push(...changes.map(({ key }) => key)));
    void store.apply([durable('k', 1)]);
    st.equal(await store.apply([durable('k', 2)], ['k']), false);
    st.strictSame(told, ['k']);
    st.equal(await store.get('k'), 1);
  });

  await t.test('a key whose deletion is under way is absent', async (st) => {
    const store = await open(st);
    await store.apply([durable('k', 1)]);
    const deleted = store.apply([durable('k', undefined)]);
    st.equal(await store.apply([ephemeral('k', 2)], ['k']), true);
    await deleted;
    st.equal(await store.get('k'), 2);
  });
}

async function keepsTheOrder(t: Test, open: OpenStore): Promise<void> {
  await t.test('changes of one key are told and end in the order in which they were applied', async (st) => {
    const store = await open(st);
    const told: unknown[] = [];
    store.watch((changes) => told.push(...changes.map(({ value }) => value)));
    const changes = Array.from({ length: 40 }, (_, n) => (n % 3 === 1 ? ephemeral('k', n) : durable('k', n)));
    await Promise.all(changes.map((change) => store.apply([change])));
    st.strictSame(
      told,
      changes.map(({ value }) => value),
    );
    st.equal(await store.get('k'), 39);
  });

  await t.test('durable transactions are told in the order in which they were applied', async (st) => {
    const store = await open(st);
    const told: string[] = [];
    store.watch((changes) => told.push(...changes.map(({ key }) => key)));
    const keys = Array.from({ length: 40 }, (_, n) => `k${n}`);
    await Promise.all(keys.map((key) => store.apply([durable(key, 1)])));
    st.strictSame(told, keys);
  });
}

async function tellsWatchers(t: Test, open: OpenStore): Promise<void> {
  await t.test(
    'every watcher has been called with the whole transaction before apply resolves',
    async (st) => {
      const store = await open(st);
      const told: (readonly Change[])[] = [];
      store.watch((changes) => told.push(changes));
      store.watch((changes) => told.push(changes));
      const transaction = [durable('a', 1), ephemeral('b', 2), durable('c', undefined)];
      await store.apply(transaction);
      st.strictSame(told, [transaction, transaction]);
    },
  );

  await t.test('what a watcher is told can be read by then', async (st) => {
    const store = await open(st);
    const read: Promise<unknown>[] = [];
    store.watch(([change]) => read.push(store.get(change?.key ?? '')));
    await store.apply([durable('a', 1)]);
    await store.apply([ephemeral('b', 2)]);
    st.strictSame(await Promise.all(read), [1, 2]);
  });

  await t.test(
    'a watcher that is ended, and a transaction that is refused or empty, tell nothing',
    async (st) => {
      const store = await open(st);
      let calls = 0;
      const end = store.watch(() => (calls += 1));
      await store.apply([durable('a', 1)]);
      await store.apply([durable('b', 1)], ['a']);
      st.equal(await store.apply([]), true);
      end();
      end();
      await store.apply([durable('c', 1)]);
      st.equal(calls, 1);
    },
  );

  await t.test('what a watcher applies is told after what it was told', async (st) => {
    const store = await open(st);
    const told: string[] = [];
    store.watch((changes) => {
      if (changes[0]?.key === 'first') void store.apply([ephemeral('second', 1)]);
    });
    store.watch((changes) => told.push(...changes.map(({ key }) => key)));
    await store.apply([ephemeral('first', 1)]);
    st.strictSame(told, ['first', 'second']);
  });

  await t.test('what a watcher throws comes out of apply', async (st) => {
    const store = await open(st);
    const end = store.watch(() => {
      throw new Error('a defect');
    });
    await st.rejects(store.apply([durable('a', 1)]), { message: 'a defect' });
    await st.rejects(store.apply([ephemeral('b', 1)]), { message: 'a defect' });
    end();
    st.equal(await store.apply([durable('c', 1)]), true);
  });
}

async function refusesWhenClosed(t: Test, open: OpenStore): Promise<void> {
  await t.test('what was applied before close is finished, what comes after is refused', async (st) => {
    const store = await open(st);
    const earlier = store.apply([durable('a', 1)]);
    const closed = store.close();
    await st.rejects(store.apply([durable('b', 1)]), MetadataStoreClosedError);
    await st.rejects(store.apply([ephemeral('b', 1)]), MetadataStoreClosedError);
    st.equal(await earlier, true);
    await closed;
    await store.close();
  });
}
