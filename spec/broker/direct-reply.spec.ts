import t from 'tap';
import { isReplyKey, REPLY_QUEUE, ReplyRegistry } from '../../lib/broker/direct-reply.js';

const target = { reply: (): void => {} };

void t.test('a key leads to who asked, until it is removed', async (t) => {
  const replies = new ReplyRegistry();
  const other = { reply: (): void => {} };
  const [key, otherKey] = [replies.add(target), replies.add(other)];
  t.equal(replies.find(key), target);
  t.equal(replies.find(otherKey), other);
  replies.remove(key);
  t.equal(replies.find(key), undefined);
  t.equal(replies.find(otherKey), other);
  replies.remove(key);
});

void t.test('a key is a routing key of its own kind that nobody can guess', async (t) => {
  const replies = new ReplyRegistry();
  const keys = new Set(Array.from({ length: 100 }, () => replies.add(target)));
  t.equal(keys.size, 100);
  for (const key of keys) {
    t.ok(isReplyKey(key));
    t.match(key, /^amq\.rabbitmq\.reply-to\.[\w-]{24}$/);
  }
});

void t.test('the pseudo queue itself, and other names, are no such keys', async (t) => {
  for (const name of [REPLY_QUEUE, 'amq.rabbitmq.reply', 'q', '']) t.equal(isReplyKey(name), false, name);
  t.equal(new ReplyRegistry().find(`${REPLY_QUEUE}.`), undefined);
});
