/* The common checks with rabbitmq-c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker.h"
#include "interop.h"

static const amqp_basic_properties_t PERSISTENT = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = 2};

static amqp_field_value_t string_value(const char *content) {
  return (amqp_field_value_t){.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = text(content)};
}

static amqp_field_value_t int_value(int32_t number) {
  return (amqp_field_value_t){.kind = AMQP_FIELD_KIND_I32, .value.i32 = number};
}

static const amqp_field_value_t *entry(const amqp_table_t *table, const char *name) {
  for (int index = 0; index < table->num_entries; index++) {
    if (same(table->entries[index].key, name)) return &table->entries[index].value;
  }
  fail("no %s in the table", name);
}

static void connect_and_refuse(void) {
  connection conn = open_connection(1);
  const amqp_table_t *properties = amqp_get_server_properties(conn);
  const amqp_bytes_t product = entry(properties, "product")->value.bytes;
  const amqp_bytes_t version = entry(properties, "version")->value.bytes;
  remark("server %.*s %.*s", (int)product.len, (char *)product.bytes, (int)version.len, (char *)version.bytes);
  const amqp_field_value_t *capabilities = entry(properties, "capabilities");
  require(capabilities->kind == AMQP_FIELD_KIND_TABLE);
  require(entry(&capabilities->value.table, "publisher_confirms")->value.boolean);
  close_connection(conn);

  struct amqp_connection_info info;
  conn = new_connection(&info);
  amqp_rpc_reply_t reply =
      amqp_login(conn, info.vhost, 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, info.user, "not the password");
  require(reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD);
  amqp_connection_close_t *close = reply.reply.decoded;
  require(close->reply_code == AMQP_ACCESS_REFUSED);
  amqp_destroy_connection(conn);
}

static void bind(connection conn, const char *queue, const char *exchange, const char *key, amqp_table_t arguments) {
  amqp_queue_bind(conn, 1, text(queue), text(exchange), text(key), arguments);
  expect_ok(amqp_get_rpc_reply(conn), "queue.bind");
}

static const char *exchange(connection conn, const char *kind) {
  const char *name = strdup(named(kind));
  amqp_exchange_declare(conn, 1, text(name), text(kind), 0, 0, 1, 0, amqp_empty_table);
  expect_ok(amqp_get_rpc_reply(conn), "exchange.declare");
  return name;
}

static void declare(void) {
  connection conn = open_connection(2);
  const char *direct = exchange(conn, "direct"), *topic = exchange(conn, "topic");
  const char *fanout = exchange(conn, "fanout"), *headers = exchange(conn, "headers");
  const char *one = own_queue(conn, 1, "one"), *two = own_queue(conn, 1, "two"), *three = own_queue(conn, 1, "three");
  amqp_table_entry_t matching[] = {{text("x-match"), string_value("all")}, {text("size"), int_value(3)}};
  bind(conn, one, topic, "a.*.c", amqp_empty_table);
  bind(conn, two, topic, "a.#", amqp_empty_table);
  bind(conn, three, headers, "", (amqp_table_t){2, matching});
  bind(conn, three, direct, "to three", amqp_empty_table);
  bind(conn, one, fanout, "", amqp_empty_table);
  amqp_exchange_bind(conn, 1, text(fanout), text(direct), text("to fanout"), amqp_empty_table);
  expect_ok(amqp_get_rpc_reply(conn), "exchange.bind");
  publish(conn, 1, topic, "a.b.c", "both");
  publish(conn, 1, topic, "a", "only two");
  publish(conn, 1, direct, "to fanout", "through two exchanges");
  publish(conn, 1, direct, "to three", "direct");
  amqp_basic_properties_t sized = {._flags = AMQP_BASIC_HEADERS_FLAG, .headers = {1, &matching[1]}};
  publish_with(conn, 1, headers, "", false, &sized, text("matched"));
  publish(conn, 1, headers, "", "unmatched");
  expect_drained(conn, 1, one, (const char *[]){"both", "through two exchanges", NULL});
  expect_drained(conn, 1, two, (const char *[]){"both", "only two", NULL});
  expect_drained(conn, 1, three, (const char *[]){"direct", "matched", NULL});
  amqp_queue_unbind(conn, 1, text(two), text(topic), text("a.#"), amqp_empty_table);
  expect_ok(amqp_get_rpc_reply(conn), "queue.unbind");
  publish(conn, 1, topic, "a.b.c", "after unbind");
  expect_drained(conn, 1, one, (const char *[]){"after unbind", NULL});
  expect_drained(conn, 1, two, (const char *[]){NULL});
  amqp_queue_declare(conn, 2, text(named("missing")), 1, 0, 0, 0, amqp_empty_table);
  expect_refused(conn, 2, 404, "NOT_FOUND - no queue '");
  amqp_queue_declare(conn, 2, text(one), 0, 0, 1, 1, amqp_empty_table);
  expect_refused(conn, 2, 406, "PRECONDITION_FAILED - inequivalent arg 'auto_delete'");
  amqp_queue_declare_ok_t *ok = amqp_queue_declare(conn, 1, amqp_empty_bytes, 0, 0, 1, 0, amqp_empty_table);
  expect_ok(amqp_get_rpc_reply(conn), "queue.declare without a name");
  require(strncmp(ok->queue.bytes, "amq.gen-", 8) == 0);
  publish(conn, 1, "", two, "left");
  amqp_queue_delete_ok_t *deleted = amqp_queue_delete(conn, 1, text(two), 0, 0);
  expect_ok(amqp_get_rpc_reply(conn), "queue.delete");
  require(deleted->message_count == 1);
  close_connection(conn);
}

static void ten_thousand(void) {
  connection conn = open_connection(2);
  const char *queue = own_queue(conn, 1, "many");
  char body[32];
  for (int index = 0; index < MESSAGES; index++) {
    snprintf(body, sizeof body, "message %d", index);
    publish(conn, 1, "", queue, body);
  }
  amqp_basic_qos(conn, 1, 0, 500, 0);
  expect_ok(amqp_get_rpc_reply(conn), "basic.qos");
  consume(conn, 1, queue, false);
  for (int index = 0; index < MESSAGES; index++) {
    amqp_envelope_t envelope;
    message got = next_delivery(conn, &envelope);
    snprintf(body, sizeof body, "message %d", index);
    require(same(got.content.body, body) && !got.redelivered);
    require(amqp_basic_ack(conn, 1, got.tag, 0) == AMQP_STATUS_OK);
    amqp_destroy_envelope(&envelope);
  }
  expect_ok(amqp_channel_close(conn, 1, AMQP_REPLY_SUCCESS), "channel.close");
  expect_count(conn, 2, queue, 0);
  close_connection(conn);
}

/* Reads the next method frame that comes by itself. */
static amqp_method_t next_method(connection conn) {
  amqp_frame_t frame;
  struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
  amqp_maybe_release_buffers(conn);
  int status = amqp_simple_wait_frame_noblock(conn, &frame, &patience);
  if (status != AMQP_STATUS_OK) fail("waiting for a method: %s", amqp_error_string2(status));
  require(frame.frame_type == AMQP_FRAME_METHOD);
  return frame.payload.method;
}

/* Reads acks until all tags up to `last`, at most 500, are confirmed; they may come in any order, but only once. */
static void expect_confirms(connection conn, uint64_t last) {
  bool confirmed[501] = {false};
  for (uint64_t count = 0; count < last;) {
    amqp_method_t method = next_method(conn);
    require(method.id == AMQP_BASIC_ACK_METHOD);
    amqp_basic_ack_t *ack = method.decoded;
    require(ack->delivery_tag >= 1 && ack->delivery_tag <= last && !confirmed[ack->delivery_tag]);
    for (uint64_t tag = ack->multiple ? 1 : ack->delivery_tag; tag <= ack->delivery_tag; tag++) {
      count += !confirmed[tag];
      confirmed[tag] = true;
    }
  }
}

static void confirms(void) {
  connection conn = open_connection(1);
  const char *queue = own_queue(conn, 1, "confirmed");
  amqp_confirm_select(conn, 1);
  expect_ok(amqp_get_rpc_reply(conn), "confirm.select");
  for (int index = 0; index < 500; index++) publish_with(conn, 1, "", queue, false, &PERSISTENT, text("confirmed"));
  expect_confirms(conn, 500);
  expect_count(conn, 1, queue, 500);
  close_connection(conn);
}

static void returns(void) {
  connection conn = open_connection(1);
  const char *queue = own_queue(conn, 1, "returns");
  amqp_confirm_select(conn, 1);
  expect_ok(amqp_get_rpc_reply(conn), "confirm.select");
  publish_with(conn, 1, "", queue, true, NULL, text("routed"));
  expect_confirms(conn, 1);
  amqp_basic_properties_t properties = {._flags = AMQP_BASIC_MESSAGE_ID_FLAG, .message_id = text("m1")};
  publish_with(conn, 1, "", named("nobody"), true, &properties, text("unroutable"));
  amqp_method_t method = next_method(conn);
  require(method.id == AMQP_BASIC_RETURN_METHOD);
  amqp_basic_return_t *returned = method.decoded;
  require(returned->reply_code == 312 && same(returned->reply_text, "NO_ROUTE"));
  require(same(returned->exchange, "") && same(returned->routing_key, named("nobody")));
  amqp_message_t content;
  expect_ok(amqp_read_message(conn, 1, &content, 0), "content of basic.return");
  require(same(content.body, "unroutable") && same(content.properties.message_id, "m1"));
  amqp_destroy_message(&content);
  /* The confirm comes after the return. */
  require(next_method(conn).id == AMQP_BASIC_ACK_METHOD);
  expect_drained(conn, 1, queue, (const char *[]){"routed", NULL});
  close_connection(conn);
}

static void requeue(void) {
  connection conn = open_connection(1);
  const char *queue = own_queue(conn, 1, "requeue");
  publish(conn, 1, "", queue, "a");
  publish(conn, 1, "", queue, "b");
  publish(conn, 1, "", queue, "c");
  amqp_basic_reject(conn, 1, expect_message(conn, 1, queue, "a", false), 1);
  amqp_basic_ack(conn, 1, expect_message(conn, 1, queue, "a", true), 0);
  expect_message(conn, 1, queue, "b", false);
  amqp_basic_nack(conn, 1, expect_message(conn, 1, queue, "c", false), 1, 1);
  expect_message(conn, 1, queue, "b", true);
  expect_message(conn, 1, queue, "c", true);
  amqp_basic_recover(conn, 1, 1);
  expect_ok(amqp_get_rpc_reply(conn), "basic.recover");
  expect_message(conn, 1, queue, "b", true);
  amqp_basic_ack(conn, 1, expect_message(conn, 1, queue, "c", true), 1);
  expect_drained(conn, 1, queue, (const char *[]){NULL});
  close_connection(conn);
}

static void qos(void) {
  connection conn = open_connection(1);
  const char *queue = own_queue(conn, 1, "qos");
  for (char body[2] = "0"; body[0] <= '9'; body[0]++) publish(conn, 1, "", queue, body);
  amqp_basic_qos(conn, 1, 0, 3, 0);
  expect_ok(amqp_get_rpc_reply(conn), "basic.qos");
  consume(conn, 1, queue, false);
  uint64_t tags[7];
  uint32_t got = 0;
  for (uint32_t step = 0; step < 3; step++) {
    const uint32_t expected = (uint32_t[]){3, 4, 7}[step];
    for (; got < expected; got++) {
      amqp_envelope_t envelope;
      message next = next_delivery(conn, &envelope);
      require(same(next.content.body, (char[]){(char)('0' + got), '\0'}));
      tags[got] = next.tag;
      amqp_destroy_envelope(&envelope);
    }
    expect_count(conn, 1, queue, 10 - expected);
    require(!amqp_frames_enqueued(conn));
    if (step == 0) amqp_basic_ack(conn, 1, tags[0], 0);
    if (step == 1) amqp_basic_ack(conn, 1, tags[3], 1);
  }
  close_connection(conn);
}

static void five_mb(void) {
  connection conn = open_connection(1);
  const char *queue = own_queue(conn, 1, "big");
  unsigned char *body = big_body();
  publish_with(conn, 1, "", queue, false, NULL, (amqp_bytes_t){FIVE_MB, body});
  publish(conn, 1, "", queue, "");
  message got = get(conn, 1, queue);
  require(got.content.body.len == FIVE_MB && memcmp(got.content.body.bytes, body, FIVE_MB) == 0);
  discard(&got);
  got = get(conn, 1, queue);
  require(got.content.body.len == 0);
  discard(&got);
  free(body);
  close_connection(conn);
}

static void commit(connection conn) {
  amqp_tx_commit(conn, 1);
  expect_ok(amqp_get_rpc_reply(conn), "tx.commit");
}

static void roll_back(connection conn) {
  amqp_tx_rollback(conn, 1);
  expect_ok(amqp_get_rpc_reply(conn), "tx.rollback");
}

static void tx(void) {
  connection conn = open_connection(2);
  const char *queue = own_queue(conn, 1, "tx");
  amqp_tx_select(conn, 1);
  expect_ok(amqp_get_rpc_reply(conn), "tx.select");
  publish(conn, 1, "", queue, "a");
  publish(conn, 1, "", queue, "b");
  expect_count(conn, 2, queue, 0);
  commit(conn);
  expect_count(conn, 2, queue, 2);
  publish(conn, 1, "", queue, "c");
  roll_back(conn);
  expect_count(conn, 2, queue, 2);
  uint64_t tag = expect_message(conn, 1, queue, "a", false);
  amqp_basic_ack(conn, 1, tag, 0);
  roll_back(conn);
  amqp_basic_ack(conn, 1, tag, 0);
  commit(conn);
  amqp_basic_ack(conn, 1, expect_message(conn, 1, queue, "b", false), 0);
  roll_back(conn);
  expect_ok(amqp_channel_close(conn, 1, AMQP_REPLY_SUCCESS), "channel.close");
  expect_count(conn, 2, queue, 1);
  expect_message(conn, 2, queue, "b", true);
  close_connection(conn);
}

static void exclusive(void) {
  connection mine = open_connection(1), other = open_connection(1);
  const char *locked = "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue";
  const char *queue = own_queue(mine, 1, "exclusive");
  amqp_queue_declare(other, 1, text(queue), 0, 0, 1, 0, amqp_empty_table);
  expect_refused(other, 1, 405, locked);
  amqp_basic_consume(other, 1, text(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  expect_refused(other, 1, 405, locked);
  expect_count(mine, 1, queue, 0);
  close_connection(mine);
  for (int attempts = 0;; wait_a_moment(&attempts, "the queue goes with its connection")) {
    amqp_queue_declare(other, 1, text(queue), 1, 0, 0, 0, amqp_empty_table);
    amqp_rpc_reply_t reply = amqp_get_rpc_reply(other);
    require(reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION);
    int code = ((amqp_channel_close_t *)reply.reply.decoded)->reply_code;
    expect_refused(other, 1, code, "");
    if (code == 404) break;
  }
  close_connection(other);
}

static void reconnect(void) {
  connection conn = open_connection(1);
  const char *name = named("durable");
  amqp_exchange_declare(conn, 1, text(name), text("fanout"), 0, 1, 0, 0, amqp_empty_table);
  expect_ok(amqp_get_rpc_reply(conn), "exchange.declare");
  amqp_queue_declare(conn, 1, text(name), 0, 1, 0, 0, amqp_empty_table);
  expect_ok(amqp_get_rpc_reply(conn), "queue.declare");
  bind(conn, name, name, "", amqp_empty_table);
  amqp_confirm_select(conn, 1);
  expect_ok(amqp_get_rpc_reply(conn), "confirm.select");
  amqp_table_entry_t header = {text("n"), int_value(1)};
  amqp_basic_properties_t kept = PERSISTENT;
  kept._flags |= AMQP_BASIC_HEADERS_FLAG;
  kept.headers = (amqp_table_t){1, &header};
  publish_with(conn, 1, name, "", false, &kept, text("kept"));
  expect_confirms(conn, 1);
  restart_broker();
  amqp_frame_t frame;
  struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
  int status = amqp_simple_wait_frame_noblock(conn, &frame, &patience);
  if (status == AMQP_STATUS_OK) require(frame.payload.method.id == AMQP_CONNECTION_CLOSE_METHOD);
  require(status != AMQP_STATUS_TIMEOUT);
  const char *end = status == AMQP_STATUS_OK ? "connection.close" : amqp_error_string2(status);
  remark("the old connection ended with %s", end);
  amqp_destroy_connection(conn);

  conn = open_connection(1);
  const char *queue = own_queue(conn, 1, "after");
  publish(conn, 1, "", queue, "after the restart");
  expect_message(conn, 1, queue, "after the restart", false);
  close_connection(conn);
}

static void expect_what_was_durable(connection conn, const char *name) {
  message got = get(conn, 1, name);
  require(same(got.content.body, "kept") && !got.redelivered && got.content.properties.delivery_mode == 2);
  require(entry(&got.content.properties.headers, "n")->value.i32 == 1);
  discard(&got);
  publish(conn, 1, name, "", "through the old binding");
  for (int attempts = 0; !try_get(conn, 1, name, &got);) wait_a_moment(&attempts, "a message through the old binding");
  require(same(got.content.body, "through the old binding"));
  discard(&got);
}

static void durable(void) {
  connection conn = open_connection(2);
  const char *name = named("durable");
  expect_what_was_durable(conn, name);
  amqp_queue_delete(conn, 2, text(name), 0, 0);
  expect_ok(amqp_get_rpc_reply(conn), "queue.delete");
  amqp_exchange_delete(conn, 2, text(name), 0);
  expect_ok(amqp_get_rpc_reply(conn), "exchange.delete");
  close_connection(conn);
}

static void rpc(void) {
  connection conn = open_connection(2);
  const char *queue = own_queue(conn, 1, "rpc");
  consume(conn, 1, queue, true);
  consume(conn, 2, "amq.rabbitmq.reply-to", true);
  for (int number = 0; number < 50; number++) {
    char body[16], id[16], answer[32];
    snprintf(body, sizeof body, "question %d", number);
    snprintf(id, sizeof id, "%d", number);
    amqp_basic_properties_t question = {._flags = AMQP_BASIC_REPLY_TO_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG,
                                        .reply_to = text("amq.rabbitmq.reply-to"), .correlation_id = text(id)};
    publish_with(conn, 2, "", queue, false, &question, text(body));
    amqp_envelope_t envelope;
    message asked = next_delivery(conn, &envelope);
    require(envelope.channel == 1 && same(asked.content.body, body));
    amqp_bytes_t reply_to = asked.content.properties.reply_to;
    require(reply_to.len > 22 && memcmp(reply_to.bytes, "amq.rabbitmq.reply-to.", 22) == 0);
    snprintf(answer, sizeof answer, "answer to %s", id);
    amqp_basic_properties_t correlated = {._flags = AMQP_BASIC_CORRELATION_ID_FLAG,
                                          .correlation_id = asked.content.properties.correlation_id};
    require(amqp_basic_publish(conn, 1, amqp_empty_bytes, reply_to, 0, 0, &correlated, text(answer)) == AMQP_STATUS_OK);
    amqp_destroy_envelope(&envelope);
    message answered = next_delivery(conn, &envelope);
    require(envelope.channel == 2 && same(answered.content.body, answer));
    require(same(answered.content.properties.correlation_id, id));
    amqp_destroy_envelope(&envelope);
  }
  close_connection(conn);
}

void headers(void);

int main(void) {
  const check_function checks[] = {connect_and_refuse, declare, ten_thousand, confirms, returns, requeue, qos, headers,
                                   five_mb,            tx,      exclusive,    reconnect, durable, rpc};
  run(checks, sizeof checks / sizeof checks[0]);
  return 0;
}
