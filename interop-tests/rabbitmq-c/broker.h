/* Connections, queues and messages for the rabbitmq-c checks. Each function fails the check when the broker refuses. */
#ifndef BROKER_H
#define BROKER_H

#include <amqp.h>
#include <amqp_framing.h>
#include <stdbool.h>
#include <stdint.h>

typedef amqp_connection_state_t connection;

/* What basic.get or a consumer brought. Freed with discard(). */
typedef struct {
  bool redelivered;
  uint64_t tag;
  uint32_t left; /* messages left in the queue, after get() */
  amqp_message_t content;
} message;

/* A connection that has not logged in; `info` stays valid for the life of the program. */
connection new_connection(struct amqp_connection_info *info);
/* A connection with its first `channels` channels open. */
connection open_connection(int channels);
void close_connection(connection conn);

void expect_ok(amqp_rpc_reply_t reply, const char *what);
/* The last method must have closed the channel with this code and text; the channel is opened again. */
void expect_refused(connection conn, amqp_channel_t channel, int code, const char *text);

amqp_bytes_t text(const char *content);
bool same(amqp_bytes_t bytes, const char *content);

/* A queue of this connection alone, which goes with it. */
const char *own_queue(connection conn, amqp_channel_t channel, const char *name);
/* RabbitMQ counts ahead of publishes and acks that it has not worked off, so the count is waited for. */
void expect_count(connection conn, amqp_channel_t channel, const char *queue, uint32_t count);

void publish(connection conn, amqp_channel_t channel, const char *exchange, const char *key, const char *body);
void publish_with(connection conn, amqp_channel_t channel, const char *exchange, const char *key, bool mandatory,
                  const amqp_basic_properties_t *properties, amqp_bytes_t body);

/* False when the queue is empty. */
bool try_get(connection conn, amqp_channel_t channel, const char *queue, message *got);
message get(connection conn, amqp_channel_t channel, const char *queue);
/* Gets a message, which must be this one, and leaves it unacknowledged. */
uint64_t expect_message(connection conn, amqp_channel_t channel, const char *queue, const char *body, bool redelivered);
/* The queue must hold just these messages, which are taken out; `bodies` ends with NULL. */
void expect_drained(connection conn, amqp_channel_t channel, const char *queue, const char *const *bodies);
void discard(message *got);

/* Starts a consumer; its deliveries come out of next_delivery(). */
void consume(connection conn, amqp_channel_t channel, const char *queue, bool no_ack);
message next_delivery(connection conn, amqp_envelope_t *envelope);

#endif
