import { test } from 'tap';
import { MemoryMetadataStore } from '../../lib/meta/memory-metadata-store.js';
import { durable, metadataStoreContract } from '../contracts/metadata-store.js';

metadataStoreContract('MemoryMetadataStore', async () => new MemoryMetadataStore());

void test('apply has told the watchers before it returns its promise', async (t) => {
  const store = new MemoryMetadataStore();
  let told = false;
  store.watch(() => {
    told = true;
  });
  const applied = store.apply([durable('k', 1)]);
  t.equal(told, true);
  await applied;
});
