import tap from 'tap';
import { MemoryMessageStore } from '../../lib/store/memory-message-store.js';
import { messageStoreContract } from '../contracts/message-store.js';

messageStoreContract(tap, async () => new MemoryMessageStore());
