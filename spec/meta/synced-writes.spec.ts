import { ClassicLevel } from 'classic-level';
import tap from 'tap';
import { LevelMetadataStore } from '../../lib/meta/level-metadata-store.js';

void tap.test('every batch of definitions is synced, in both copies', async (t) => {
  const store = await LevelMetadataStore.open(t.testdir());
  const batches = t.capture(ClassicLevel.prototype, 'batch', async () => {});
  await store.apply([{ key: 'vhost/a', value: {}, lifetime: 'durable' }]);
  const options = batches().map(({ args }) => args.at(1));
  t.same(options, [{ sync: true }, { sync: true }]);
  await store.close();
});
