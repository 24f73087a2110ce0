package main

import (
	"context"
	"errors"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

type publishing = amqp.Publishing

func withConnection(use func(*amqp.Connection)) {
	connection := want(amqp.Dial(brokerURL))
	defer connection.Close()
	use(connection)
}

func withChannel(use func(*amqp.Channel, *amqp.Connection)) {
	withConnection(func(connection *amqp.Connection) { use(want(connection.Channel()), connection) })
}

// ownQueue declares a queue of this connection alone, which goes with it.
func ownQueue(ch *amqp.Channel, name string) string {
	return want(ch.QueueDeclare(prefix+name, false, false, true, false, nil)).Name
}

// holds waits for the count: RabbitMQ counts ahead of publishes and acks that it has not worked off.
func holds(ch *amqp.Channel, queue string, count int) {
	eventually(fmt.Sprintf("%d messages in %s", count, queue), func() bool {
		return want(ch.QueueInspect(queue)).Messages == count
	})
}

func publish(ch *amqp.Channel, exchange, key string, message publishing) {
	must(ch.PublishWithContext(context.Background(), exchange, key, false, false, message))
}

func text(body string) publishing { return publishing{Body: []byte(body)} }

func get(ch *amqp.Channel, queue string) amqp.Delivery {
	message, ok, err := ch.Get(queue, false)
	must(err)
	if !ok {
		panic(queue + " is empty")
	}
	return message
}

func drain(ch *amqp.Channel, queue string) (bodies []string) {
	for {
		message, ok, err := ch.Get(queue, true)
		must(err)
		if !ok {
			return bodies
		}
		bodies = append(bodies, string(message.Body))
	}
}

// refused expects a channel of its own to be closed with this code and text.
func refused(connection *amqp.Connection, code int, start string, operate func(*amqp.Channel) error) {
	var reason *amqp.Error
	if err := operate(want(connection.Channel())); !errors.As(err, &reason) {
		panic(fmt.Sprintf("expected %d %s, got %v", code, start, err))
	}
	equal(reason.Code, code, "reply code")
	startsWith(reason.Reason, start)
}
