#include "broker.h"

#include <amqp_tcp_socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interop.h"

connection new_connection(struct amqp_connection_info *info) {
  char *url = strdup(getenv("AMQP_URL"));
  require(url != NULL && amqp_parse_url(url, info) == AMQP_STATUS_OK);
  connection conn = amqp_new_connection();
  amqp_socket_t *socket = amqp_tcp_socket_new(conn);
  require(socket != NULL && amqp_socket_open(socket, info->host, info->port) == AMQP_STATUS_OK);
  return conn;
}

connection open_connection(int channels) {
  struct amqp_connection_info info;
  connection conn = new_connection(&info);
  expect_ok(amqp_login(conn, info.vhost, 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, info.user, info.password), "login");
  for (amqp_channel_t channel = 1; channel <= channels; channel++) {
    amqp_channel_open(conn, channel);
    expect_ok(amqp_get_rpc_reply(conn), "channel.open");
  }
  return conn;
}

void close_connection(connection conn) {
  expect_ok(amqp_connection_close(conn, AMQP_REPLY_SUCCESS), "connection.close");
  amqp_destroy_connection(conn);
}

void expect_ok(amqp_rpc_reply_t reply, const char *what) {
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
    fail("%s: %s", what, amqp_error_string2(reply.library_error));
  }
  if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) fail("%s: no reply", what);
  /* connection.close and channel.close begin alike. */
  amqp_channel_close_t *close = reply.reply.decoded;
  fail("%s: %d %.*s", what, close->reply_code, (int)close->reply_text.len, (char *)close->reply_text.bytes);
}

void expect_refused(connection conn, amqp_channel_t channel, int code, const char *start) {
  amqp_rpc_reply_t reply = amqp_get_rpc_reply(conn);
  if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) fail("expected %d %s, got no error", code, start);
  require(reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD);
  amqp_channel_close_t *close = reply.reply.decoded;
  if (close->reply_code != code || strncmp(close->reply_text.bytes, start, strlen(start)) != 0) {
    fail("expected %d %s, got %d %.*s", code, start, close->reply_code, (int)close->reply_text.len,
         (char *)close->reply_text.bytes);
  }
  amqp_channel_close_ok_t close_ok = {0};
  require(amqp_send_method(conn, channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &close_ok) == AMQP_STATUS_OK);
  amqp_channel_open(conn, channel);
  expect_ok(amqp_get_rpc_reply(conn), "channel.open");
}

amqp_bytes_t text(const char *content) { return amqp_cstring_bytes(content); }

bool same(amqp_bytes_t bytes, const char *content) {
  return bytes.len == strlen(content) && memcmp(bytes.bytes, content, bytes.len) == 0;
}

const char *own_queue(connection conn, amqp_channel_t channel, const char *name) {
  const char *queue = strdup(named(name));
  amqp_queue_declare(conn, channel, text(queue), 0, 0, 1, 0, amqp_empty_table);
  expect_ok(amqp_get_rpc_reply(conn), "queue.declare");
  return queue;
}

void expect_count(connection conn, amqp_channel_t channel, const char *queue, uint32_t count) {
  for (int attempts = 0;; wait_a_moment(&attempts, queue)) {
    amqp_queue_declare_ok_t *ok = amqp_queue_declare(conn, channel, text(queue), 1, 0, 0, 0, amqp_empty_table);
    expect_ok(amqp_get_rpc_reply(conn), "passive queue.declare");
    if (ok->message_count == count) return;
  }
}

void publish(connection conn, amqp_channel_t channel, const char *exchange, const char *key, const char *body) {
  publish_with(conn, channel, exchange, key, false, NULL, text(body));
}

void publish_with(connection conn, amqp_channel_t channel, const char *exchange, const char *key, bool mandatory,
                  const amqp_basic_properties_t *properties, amqp_bytes_t body) {
  int status = amqp_basic_publish(conn, channel, text(exchange), text(key), mandatory, 0, properties, body);
  if (status != AMQP_STATUS_OK) fail("basic.publish: %s", amqp_error_string2(status));
}

bool try_get(connection conn, amqp_channel_t channel, const char *queue, message *got) {
  amqp_rpc_reply_t reply = amqp_basic_get(conn, channel, text(queue), 0);
  expect_ok(reply, "basic.get");
  if (reply.reply.id == AMQP_BASIC_GET_EMPTY_METHOD) return false;
  amqp_basic_get_ok_t *ok = reply.reply.decoded;
  got->redelivered = ok->redelivered;
  got->tag = ok->delivery_tag;
  got->left = ok->message_count;
  expect_ok(amqp_read_message(conn, channel, &got->content, 0), "content of basic.get-ok");
  return true;
}

message get(connection conn, amqp_channel_t channel, const char *queue) {
  message got;
  if (!try_get(conn, channel, queue, &got)) fail("%s is empty", queue);
  return got;
}

uint64_t expect_message(connection conn, amqp_channel_t channel, const char *queue, const char *body,
                        bool redelivered) {
  message got = get(conn, channel, queue);
  if (!same(got.content.body, body) || got.redelivered != redelivered) {
    fail("expected %s, redelivered %d; got %.*s, redelivered %d", body, redelivered, (int)got.content.body.len,
         (char *)got.content.body.bytes, got.redelivered);
  }
  discard(&got);
  return got.tag;
}

void expect_drained(connection conn, amqp_channel_t channel, const char *queue, const char *const *bodies) {
  message got;
  for (; *bodies != NULL; bodies++) {
    amqp_basic_ack(conn, channel, expect_message(conn, channel, queue, *bodies, false), 0);
  }
  if (try_get(conn, channel, queue, &got)) fail("one message too many in %s", queue);
}

void discard(message *got) { amqp_destroy_message(&got->content); }

void consume(connection conn, amqp_channel_t channel, const char *queue, bool no_ack) {
  amqp_basic_consume(conn, channel, text(queue), amqp_empty_bytes, 0, no_ack, 0, amqp_empty_table);
  expect_ok(amqp_get_rpc_reply(conn), "basic.consume");
}

message next_delivery(connection conn, amqp_envelope_t *envelope) {
  struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
  amqp_maybe_release_buffers(conn);
  expect_ok(amqp_consume_message(conn, envelope, &patience, 0), "the next delivery");
  return (message){.redelivered = envelope->redelivered, .tag = envelope->delivery_tag, .content = envelope->message};
}
