// The common checks with amqp091-go.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func connect() {
	withConnection(func(connection *amqp.Connection) {
		remark(fmt.Sprintf("server %v %v", connection.Properties["product"], connection.Properties["version"]))
		capabilities := connection.Properties["capabilities"].(amqp.Table)
		equal(capabilities["publisher_confirms"], true, "capability publisher_confirms")
		equal([]int{connection.Major, connection.Minor}, []int{0, 9}, "protocol version")
	})
	wrong := want(url.Parse(brokerURL))
	wrong.User = url.UserPassword(wrong.User.Username(), "not-the-password")
	_, err := amqp.Dial(wrong.String())
	var reason *amqp.Error
	if !errors.As(err, &reason) {
		panic(fmt.Sprintf("a bad password gave %v", err))
	}
	equal(reason.Code, amqp.AccessRefused, "reply code")
}

func declare() {
	withChannel(func(ch *amqp.Channel, connection *amqp.Connection) {
		for _, kind := range []string{"direct", "topic", "fanout", "headers"} {
			must(ch.ExchangeDeclare(prefix+kind, kind, false, true, false, false, nil))
		}
		direct, topic, fanout, headers := prefix+"direct", prefix+"topic", prefix+"fanout", prefix+"headers"
		one, two, three := ownQueue(ch, "one"), ownQueue(ch, "two"), ownQueue(ch, "three")
		must(ch.QueueBind(one, "a.*.c", topic, false, nil))
		must(ch.QueueBind(two, "a.#", topic, false, nil))
		must(ch.QueueBind(three, "", headers, false, amqp.Table{"x-match": "all", "kind": "order", "size": int32(3)}))
		must(ch.QueueBind(three, "to three", direct, false, nil))
		must(ch.QueueBind(one, "", fanout, false, nil))
		must(ch.ExchangeBind(fanout, "to fanout", direct, false, nil))
		publish(ch, topic, "a.b.c", text("both"))
		publish(ch, topic, "a", text("only two"))
		publish(ch, direct, "to fanout", text("through two exchanges"))
		publish(ch, direct, "to three", text("direct"))
		matched := amqp.Table{"kind": "order", "size": int64(3), "more": true}
		publish(ch, headers, "", publishing{Body: []byte("matched"), Headers: matched})
		publish(ch, headers, "", publishing{Body: []byte("unmatched"), Headers: amqp.Table{"kind": "order"}})
		equal(drain(ch, one), []string{"both", "through two exchanges"}, "queue one")
		equal(drain(ch, two), []string{"both", "only two"}, "queue two")
		equal(drain(ch, three), []string{"direct", "matched"}, "queue three")
		must(ch.QueueUnbind(two, "a.#", topic, nil))
		publish(ch, topic, "a.b.c", text("after unbind"))
		equal(drain(ch, one), []string{"after unbind"}, "queue one after unbind")
		equal(len(drain(ch, two)), 0, "queue two after unbind")
		refused(connection, 404, "NOT_FOUND - no queue '"+prefix+"missing' in vhost", func(ch *amqp.Channel) error {
			_, err := ch.QueueInspect(prefix + "missing")
			return err
		})
		refused(connection, 406, "PRECONDITION_FAILED - inequivalent arg 'auto_delete'", func(ch *amqp.Channel) error {
			_, err := ch.QueueDeclare(one, false, true, true, false, nil)
			return err
		})
		startsWith(want(ch.QueueDeclare("", false, false, true, false, nil)).Name, "amq.gen-")
		publish(ch, "", two, text("left"))
		equal(want(ch.QueueDelete(two, false, false, false)), 1, "messages in the deleted queue")
	})
}

func tenThousand() {
	withChannel(func(ch *amqp.Channel, connection *amqp.Connection) {
		queue := ownQueue(ch, "many")
		for index := 0; index < messages; index++ {
			publish(ch, "", queue, text(fmt.Sprint("message ", index)))
		}
		must(ch.Qos(500, 0, false))
		deliveries := want(ch.Consume(queue, "", false, false, false, false, nil))
		for index := 0; index < messages; index++ {
			message := next(deliveries, fmt.Sprint("message ", index))
			equal(string(message.Body), fmt.Sprint("message ", index), "body")
			equal(message.Redelivered, false, "redelivered")
			must(message.Ack(false))
		}
		must(ch.Close())
		holds(want(connection.Channel()), queue, 0)
	})
}

func confirms() {
	withChannel(func(ch *amqp.Channel, _ *amqp.Connection) {
		queue := ownQueue(ch, "confirmed")
		must(ch.Confirm(false))
		confirmations := ch.NotifyPublish(make(chan amqp.Confirmation, 1000))
		for index := 0; index < 1000; index++ {
			publish(ch, "", queue, publishing{Body: []byte(fmt.Sprint(index)), DeliveryMode: amqp.Persistent})
		}
		for index := 1; index <= 1000; index++ {
			equal(next(confirmations, "a confirm"), amqp.Confirmation{DeliveryTag: uint64(index), Ack: true}, "confirm")
		}
		holds(ch, queue, 1000)
	})
}

func returns() {
	withChannel(func(ch *amqp.Channel, _ *amqp.Connection) {
		queue := ownQueue(ch, "returns")
		must(ch.Confirm(false))
		returned := ch.NotifyReturn(make(chan amqp.Return, 2))
		ctx := context.Background()
		routed := want(ch.PublishWithDeferredConfirmWithContext(ctx, "", queue, true, false, text("routed")))
		message := publishing{Body: []byte("unroutable"), MessageId: "m1"}
		unrouted := want(ch.PublishWithDeferredConfirmWithContext(ctx, "", prefix+"nobody", true, false, message))
		equal([]bool{routed.Wait(), unrouted.Wait()}, []bool{true, true}, "confirms")
		// Nothing to wait for: a return comes before the confirm.
		equal(len(returned), 1, "returned messages")
		back := <-returned
		equal([]any{back.ReplyCode, back.ReplyText}, []any{uint16(312), "NO_ROUTE"}, "reply")
		equal([]string{back.Exchange, back.RoutingKey}, []string{"", prefix + "nobody"}, "address")
		equal([]string{string(back.Body), back.MessageId}, []string{"unroutable", "m1"}, "content")
		equal(drain(ch, queue), []string{"routed"}, "routed messages")
	})
}

func requeue() {
	withChannel(func(ch *amqp.Channel, _ *amqp.Connection) {
		queue := ownQueue(ch, "requeue")
		for _, body := range []string{"a", "b", "c"} {
			publish(ch, "", queue, text(body))
		}
		expect := func(body string, redelivered bool) amqp.Delivery {
			message := get(ch, queue)
			equal([]any{string(message.Body), message.Redelivered}, []any{body, redelivered}, "message")
			return message
		}
		first := expect("a", false)
		equal(first.MessageCount, uint32(2), "messages after the first")
		must(first.Reject(true))
		must(expect("a", true).Ack(false))
		expect("b", false)
		must(expect("c", false).Nack(true, true))
		expect("b", true)
		expect("c", true)
		must(ch.Recover(true))
		expect("b", true)
		must(expect("c", true).Ack(true))
		_, ok, err := ch.Get(queue, true)
		must(err)
		equal(ok, false, "a message at the end")
	})
}

func qos() {
	withChannel(func(ch *amqp.Channel, _ *amqp.Connection) {
		queue := ownQueue(ch, "qos")
		for index := 0; index < 10; index++ {
			publish(ch, "", queue, text(fmt.Sprint(index)))
		}
		must(ch.Qos(3, 0, false))
		deliveries := want(ch.Consume(queue, "", false, false, false, false, nil))
		got := []amqp.Delivery{}
		delivered := func(count int) amqp.Delivery {
			for len(got) < count {
				message := next(deliveries, fmt.Sprint(count, " deliveries"))
				equal(string(message.Body), fmt.Sprint(len(got)), "body")
				got = append(got, message)
			}
			holds(ch, queue, 10-count)
			select {
			case more := <-deliveries:
				panic("more than the prefetch count: " + string(more.Body))
			default:
			}
			return got[count-1]
		}
		delivered(3)
		must(got[0].Ack(false))
		must(delivered(4).Ack(true))
		delivered(7)
	})
}

func headers() {
	sent := amqp.Table{
		"string": "Grüße, 世界", "empty": "", "bytes": []byte{0, 255, 128}, "true": true, "false": false,
		"byte": byte(255), "int8": int8(-128), "int16": int16(-32768), "int32": int32(-2147483648),
		"int64": int64(-9223372036854775808), "float32": float32(1.5), "float64": 2.718281828459045e-100,
		"decimal": amqp.Decimal{Scale: 3, Value: -12345}, "time": time.Unix(4102444800, 0), "null": nil,
		"array": []any{"one", int32(2), nil, []any{true, amqp.Table{"deep": "er"}}},
		"table": amqp.Table{"inner": amqp.Table{"innermost": int32(1)}, "empty": amqp.Table{}},
	}
	message := publishing{
		Headers: sent, ContentType: "application/octet-stream", ContentEncoding: "identity", DeliveryMode: 2,
		Priority: 7, CorrelationId: "correlation", ReplyTo: "reply to", Expiration: "3600000", MessageId: "message",
		Timestamp: time.Unix(1700000000, 0), Type: "type", UserId: want(url.Parse(brokerURL)).User.Username(),
		AppId: "app", Body: []byte("body"),
	}
	withChannel(func(ch *amqp.Channel, _ *amqp.Connection) {
		queue := ownQueue(ch, "headers")
		publish(ch, "", queue, message)
		got := get(ch, queue)
		for name, value := range sent {
			equal(got.Headers[name], value, "header "+name)
		}
		equal(len(got.Headers), len(sent), "number of headers")
		received := publishing{
			Headers: sent, ContentType: got.ContentType, ContentEncoding: got.ContentEncoding,
			DeliveryMode: got.DeliveryMode, Priority: got.Priority, CorrelationId: got.CorrelationId, ReplyTo: got.ReplyTo,
			Expiration: got.Expiration, MessageId: got.MessageId, Timestamp: got.Timestamp, Type: got.Type,
			UserId: got.UserId, AppId: got.AppId, Body: got.Body,
		}
		equal(received, message, "properties")
	})
}

func fiveMegabytes() {
	withChannel(func(ch *amqp.Channel, _ *amqp.Connection) {
		queue := ownQueue(ch, "big")
		publish(ch, "", queue, publishing{Body: bigBody()})
		publish(ch, "", queue, publishing{})
		equal(get(ch, queue).Body, bigBody(), "body")
		equal(len(get(ch, queue).Body), 0, "bytes of an empty body")
	})
}

func tx() {
	withChannel(func(ch *amqp.Channel, connection *amqp.Connection) {
		other := want(connection.Channel())
		queue := ownQueue(ch, "tx")
		must(ch.Tx())
		publish(ch, "", queue, text("a"))
		publish(ch, "", queue, text("b"))
		holds(other, queue, 0)
		must(ch.TxCommit())
		holds(other, queue, 2)
		publish(ch, "", queue, text("c"))
		must(ch.TxRollback())
		holds(other, queue, 2)
		message := get(ch, queue)
		must(message.Ack(false))
		must(ch.TxRollback())
		must(message.Ack(false))
		must(ch.TxCommit())
		must(get(ch, queue).Ack(false))
		must(ch.TxRollback())
		must(ch.Close())
		holds(other, queue, 1)
		back := get(other, queue)
		equal([]any{string(back.Body), back.Redelivered}, []any{"b", true}, "the message whose ack was rolled back")
	})
}

func exclusive() {
	withConnection(func(other *amqp.Connection) {
		mine := want(amqp.Dial(brokerURL))
		queue := ownQueue(want(mine.Channel()), "exclusive")
		locked := "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue"
		refused(other, 405, locked, func(ch *amqp.Channel) error {
			_, err := ch.QueueDeclare(queue, false, false, true, false, nil)
			return err
		})
		refused(other, 405, locked, func(ch *amqp.Channel) error {
			_, err := ch.Consume(queue, "", false, false, false, false, nil)
			return err
		})
		equal(want(want(mine.Channel()).QueueInspect(queue)).Name, queue, "its owner still has it")
		must(mine.Close())
		eventually("the queue goes with its connection", func() bool {
			_, err := want(other.Channel()).QueueInspect(queue)
			var reason *amqp.Error
			return errors.As(err, &reason) && reason.Code == amqp.NotFound
		})
	})
}

var durableName = prefix + "durable"

func reconnect() {
	withChannel(func(ch *amqp.Channel, connection *amqp.Connection) {
		must(ch.ExchangeDeclare(durableName, "fanout", true, false, false, false, nil))
		want(ch.QueueDeclare(durableName, true, false, false, false, nil))
		must(ch.QueueBind(durableName, "", durableName, false, nil))
		must(ch.Confirm(false))
		kept := publishing{Body: []byte("kept"), DeliveryMode: amqp.Persistent, Headers: amqp.Table{"n": int32(1)}}
		ctx := context.Background()
		confirm := want(ch.PublishWithDeferredConfirmWithContext(ctx, durableName, "", false, false, kept))
		equal(confirm.Wait(), true, "confirm")
		closed := connection.NotifyClose(make(chan *amqp.Error, 1))
		restartBroker()
		remark(fmt.Sprint("the old connection ended with ", next(closed, "the end of the old connection")))
	})
	withChannel(func(ch *amqp.Channel, _ *amqp.Connection) {
		queue := ownQueue(ch, "after")
		publish(ch, "", queue, text("after the restart"))
		equal(string(get(ch, queue).Body), "after the restart", "message")
	})
}

func durable() {
	withChannel(func(ch *amqp.Channel, connection *amqp.Connection) {
		defer func() {
			clean := want(connection.Channel())
			want(clean.QueueDelete(durableName, false, false, false))
			must(clean.ExchangeDelete(durableName, false, false))
		}()
		must(ch.ExchangeDeclarePassive(durableName, "fanout", true, false, false, false, nil))
		publish(ch, durableName, "", text("through the old binding"))
		message := get(ch, durableName)
		equal([]any{string(message.Body), message.Redelivered}, []any{"kept", false}, "message")
		equal([]any{message.DeliveryMode, message.Headers["n"]}, []any{uint8(2), int32(1)}, "properties")
		equal(string(get(ch, durableName).Body), "through the old binding", "binding")
	})
}

func rpc() {
	withConnection(func(connection *amqp.Connection) {
		server, client := want(connection.Channel()), want(connection.Channel())
		queue := ownQueue(server, "rpc")
		questions := want(server.Consume(queue, "", true, false, false, false, nil))
		replies := want(client.Consume("amq.rabbitmq.reply-to", "", true, false, false, false, nil))
		for index := 0; index < 50; index++ {
			number := fmt.Sprint(index)
			question := publishing{Body: []byte(number), ReplyTo: "amq.rabbitmq.reply-to", CorrelationId: number}
			publish(client, "", queue, question)
		}
		for index := 0; index < 50; index++ {
			question := next(questions, "a question")
			startsWith(question.ReplyTo, "amq.rabbitmq.reply-to.")
			answer := publishing{Body: append([]byte("answer to "), question.Body...), CorrelationId: question.CorrelationId}
			publish(server, "", question.ReplyTo, answer)
		}
		for index := 0; index < 50; index++ {
			reply := next(replies, "a reply")
			equal(reply.CorrelationId, fmt.Sprint(index), "correlation id")
			equal(string(reply.Body), fmt.Sprint("answer to ", index), "reply")
		}
	})
}

func main() {
	run([]func(){
		connect, declare, tenThousand, confirms, returns, requeue, qos, headers, fiveMegabytes, tx, exclusive,
		reconnect, durable, rpc,
	})
}
