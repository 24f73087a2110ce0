# The common checks with AnyEvent::RabbitMQ. It logs in with AMQPLAIN only and sends the user id with every message.
use v5.28;
use warnings;
use AnyEvent;
use Interop;
use Broker;

sub with_channel {
    my $use        = shift;
    my $connection = connect_as();
    $use->(open_channel($connection), $connection);
    close_connection($connection);
    return;
}

sub connects {
    my $connection = connect_as();
    my $properties = $connection->server_properties;
    remark("server $properties->{product} $properties->{version}");
    for my $name (qw(publisher_confirms basic.nack consumer_cancel_notify exchange_exchange_bindings)) {
        equal($properties->{capabilities}{$name} ? 1 : 0, 1, "capability $name");
    }
    close_connection($connection);
    # This client does not say that it understands connection.close here, so the broker just closes the socket.
    eval { connect_as(pass => 'not the password'); 1 } and die "a bad password was accepted\n";
    matching($@, qr/^connect failed: /, 'error');
    return;
}

sub declares {
    with_channel(sub {
        my ($ch, $connection) = @_;
        my %name = map { $_ => PREFIX . $_ } qw(direct topic fanout headers);
        call($ch, 'declare_exchange', exchange => $name{$_}, type => $_, auto_delete => 1) for sort keys %name;
        my ($one, $two, $three) = map { own_queue($ch, $_) } qw(one two three);
        my $bind = sub {
            my ($queue, $kind, $key, %more) = @_;
            call($ch, 'bind_queue', queue => $queue, exchange => $name{$kind}, routing_key => $key, %more);
        };
        $bind->($one, 'topic', 'a.*.c');
        $bind->($two, 'topic', 'a.#');
        $bind->($three, 'headers', '', arguments => {'x-match' => 'all', kind => 'order', size => 'three'});
        $bind->($three, 'direct', 'to three');
        $bind->($one, 'fanout', '');
        call($ch, 'bind_exchange', source => $name{direct}, destination => $name{fanout}, routing_key => 'to fanout');
        publish($ch, $name{topic}, 'a.b.c', 'both');
        publish($ch, $name{topic}, 'a', 'only two');
        publish($ch, $name{direct}, 'to fanout', 'through two exchanges');
        publish($ch, $name{direct}, 'to three', 'direct');
        publish($ch, $name{headers}, '', 'matched', header => {headers => {kind => 'order', size => 'three'}});
        publish($ch, $name{headers}, '', 'unmatched', header => {headers => {kind => 'order'}});
        equal(drain($ch, $one), ['both', 'through two exchanges'], 'queue one');
        equal(drain($ch, $two), ['both', 'only two'], 'queue two');
        equal(drain($ch, $three), ['direct', 'matched'], 'queue three');
        call($ch, 'unbind_queue', queue => $two, exchange => $name{topic}, routing_key => 'a.#');
        publish($ch, $name{topic}, 'a.b.c', 'after unbind');
        equal([drain($ch, $one), drain($ch, $two)], [['after unbind'], []], 'after unbind');
        refused($connection, 404, qr/^NOT_FOUND - no queue '/, sub {
            call(shift, 'declare_queue', queue => PREFIX . 'missing', passive => 1);
        });
        refused($connection, 406, qr/^PRECONDITION_FAILED - inequivalent arg 'auto_delete'/, sub {
            call(shift, 'declare_queue', queue => $one, exclusive => 1, auto_delete => 1);
        });
        matching(call($ch, 'declare_queue', exclusive => 1)->method_frame->queue, qr/^amq\.gen-/, 'server-named queue');
        publish($ch, '', $two, 'left');
        my $deleted = call($ch, 'delete_queue', queue => $two)->method_frame;
        equal($deleted->message_count, 1, 'messages in the deleted queue');
    });
    return;
}

sub ten_thousand {
    with_channel(sub {
        my ($ch, $connection) = @_;
        my $queue = own_queue($ch, 'many');
        my @bodies = map { "message $_" } 0 .. MESSAGES - 1;
        publish($ch, '', $queue, $_) for @bodies;
        my $consuming = open_channel($connection);
        call($consuming, 'qos', prefetch_count => 500);
        my (@seen, $redelivered);
        my $receive = sub {
            my $message = Broker::plain(shift);
            push @seen, $message->{body};
            $redelivered ||= $message->{redelivered};
            $consuming->ack(delivery_tag => $message->{tag});
        };
        call($consuming, 'consume', queue => $queue, no_ack => 0, on_consume => $receive);
        for my $thousands (1 .. MESSAGES / 1_000) {
            eventually("$thousands,000 messages", sub { @seen >= $thousands * 1_000 });
        }
        equal(\@seen, \@bodies, 'messages in order');
        equal($redelivered, 0, 'redelivered');
        call($consuming, 'close');
        holds($ch, $queue, 0);
    });
    return;
}

sub confirms {
    with_channel(sub {
        my $ch    = shift;
        my $queue = own_queue($ch, 'confirmed');
        call($ch, 'confirm');
        my ($acked, $nacked) = (0, 0);
        my %counting = (on_ack => sub { $acked++ }, on_nack => sub { $nacked++ });
        publish($ch, '', $queue, $_, header => {delivery_mode => 2}, %counting) for 1 .. 1_000;
        eventually('1,000 confirms', sub { $acked + $nacked >= 1_000 });
        equal([$acked, $nacked], [1_000, 0], 'acked and nacked');
        holds($ch, $queue, 1_000);
    });
    return;
}

sub returns {
    with_channel(sub {
        my $ch    = shift;
        my $queue = own_queue($ch, 'returns');
        call($ch, 'confirm');
        my (@returned, @acked);
        my $publish = sub {
            my ($key, $body) = @_;
            publish($ch, '', $key, $body, mandatory => 1, on_ack => sub { push @acked, $body . ' after ' . @returned },
                on_return => sub { push @returned, shift->method_frame });
        };
        $publish->($queue, 'routed');
        $publish->(PREFIX . 'nobody', 'unroutable');
        eventually('both confirms', sub { @acked == 2 });
        # A return comes before its confirm; the confirms come in any order.
        matching("@acked", qr/unroutable after 1/, 'confirm after the return');
        equal(scalar @returned, 1, 'returned messages');
        my $reply = $returned[0];
        equal([$reply->reply_code, $reply->reply_text], [312, 'NO_ROUTE'], 'reply');
        equal([$reply->exchange, $reply->routing_key], ['', PREFIX . 'nobody'], 'address');
        equal(drain($ch, $queue), ['routed'], 'routed messages');
    });
    return;
}

sub requeue {
    with_channel(sub {
        my $ch    = shift;
        my $queue = own_queue($ch, 'requeue');
        publish($ch, '', $queue, $_) for qw(a b c);
        my $expect = sub {
            my ($body, $redelivered) = @_;
            my $message = get($ch, $queue);
            equal([$message->{body}, $message->{redelivered}], [$body, $redelivered], 'message');
            return $message->{tag};
        };
        $ch->reject(delivery_tag => $expect->('a', 0), requeue => 1);
        $ch->ack(delivery_tag => $expect->('a', 1));
        $expect->('b', 0);
        $expect->('c', 0);
        call($ch, 'recover');
        $ch->reject(delivery_tag => $expect->('b', 1), requeue => 0);
        $ch->ack(delivery_tag => $expect->('c', 1));
        equal(drain($ch, $queue), [], 'the queue at the end');
    });
    return;
}

sub qos {
    with_channel(sub {
        my $ch    = shift;
        my $queue = own_queue($ch, 'qos');
        publish($ch, '', $queue, $_) for 0 .. 9;
        call($ch, 'qos', prefetch_count => 3);
        my @got;
        call($ch, 'consume', queue => $queue, no_ack => 0, on_consume => sub { push @got, Broker::plain(shift) });
        my $delivered = sub {
            my $count = shift;
            eventually("$count deliveries", sub { @got >= $count });
            holds($ch, $queue, 10 - $count);
            equal(scalar @got, $count, 'deliveries');
        };
        $delivered->(3);
        $ch->ack(delivery_tag => $got[0]{tag});
        $delivered->(4);
        $ch->ack(delivery_tag => $got[3]{tag}, multiple => 1);
        $delivered->(7);
        equal([map { $_->{body} } @got], [map { "$_" } 0 .. 6], 'order');
    });
    return;
}

sub headers {
    my %sent = (
        string    => "Gr\xc3\xbc\xc3\x9fe",
        empty     => '',
        long      => 'x' x 10_000,
        number    => Net::AMQP::Value::String->new('42'),
        true      => Net::AMQP::Value::true(),
        false     => Net::AMQP::Value::false(),
        integer   => Net::AMQP::Value::Integer->new(-2_000_000_000),
        timestamp => Net::AMQP::Value::Timestamp->new(4_102_444_800),
        array     => ['one', 2, [Net::AMQP::Value::true(), {deep => 'er'}]],
        table     => {inner => {innermost => 1}, empty => {}},
    );
    # What this client makes of them: it has no booleans on the way back, and no null on either way.
    my %expected = (%sent, number => '42', true => 1, false => 0, integer => -2_000_000_000, timestamp => 4_102_444_800,
        array => ['one', 2, [1, {deep => 'er'}]]);
    my %properties = (
        content_type => 'application/x-perl', content_encoding => 'identity', delivery_mode => 2, priority => 7,
        correlation_id => 'correlation', reply_to => 'reply to', expiration => '3600000', message_id => 'message',
        timestamp => 1_700_000_000, type => 'type', app_id => 'app',
    );
    with_channel(sub {
        my ($ch, $connection) = @_;
        my $queue = own_queue($ch, 'headers');
        publish($ch, '', $queue, 'body', header => {%properties, headers => \%sent});
        my $header = get($ch, $queue)->{header};
        my %received = %{$header->headers};
        $_ += 0 for @received{qw(true false integer timestamp)};
        equal([sort keys %received], [sort keys %expected], 'header names');
        equal("@{[flat($received{$_})]}", "@{[flat($expected{$_})]}", "header $_") for sort keys %expected;
        equal($header->user_id, $connection->login_user, 'property user_id');
        equal('' . $header->$_, "$properties{$_}", "property $_") for sort keys %properties;
    });
    return;
}

# A nested value as a list of words, because Perl's numbers and strings look different to a dump.
sub flat {
    my $value = shift;
    return ('[', (map { flat($_) } @$value), ']') if ref $value eq 'ARRAY';
    return ('{', (map { ($_, flat($value->{$_})) } sort keys %$value), '}') if ref $value eq 'HASH';
    return "$value";
}

sub five_mb {
    with_channel(sub {
        my $ch    = shift;
        my $queue = own_queue($ch, 'big');
        publish($ch, '', $queue, big_body());
        publish($ch, '', $queue, '');
        get($ch, $queue)->{body} eq big_body() or die "the body came back changed\n";
        equal(get($ch, $queue)->{body}, '', 'empty body');
    });
    return;
}

sub tx {
    with_channel(sub {
        my ($ch, $connection) = @_;
        my $other = open_channel($connection);
        my $queue = own_queue($ch, 'tx');
        call($ch, 'select_tx');
        publish($ch, '', $queue, $_) for qw(a b);
        holds($other, $queue, 0);
        call($ch, 'commit_tx');
        holds($other, $queue, 2);
        publish($ch, '', $queue, 'c');
        call($ch, 'rollback_tx');
        holds($other, $queue, 2);
        my $tag = get($ch, $queue)->{tag};
        $ch->ack(delivery_tag => $tag);
        call($ch, 'rollback_tx');
        $ch->ack(delivery_tag => $tag);
        call($ch, 'commit_tx');
        $ch->ack(delivery_tag => get($ch, $queue)->{tag});
        call($ch, 'rollback_tx');
        call($ch, 'close');
        holds($other, $queue, 1);
        my $back = get($other, $queue);
        equal([$back->{body}, $back->{redelivered}], ['b', 1], 'the message whose ack was rolled back');
    });
    return;
}

sub exclusive {
    my ($mine, $other) = (connect_as(), connect_as());
    my $channel = open_channel($mine);
    my $queue   = own_queue($channel, 'exclusive');
    my $locked  = qr/^RESOURCE_LOCKED - cannot obtain exclusive access to locked queue/;
    refused($other, 405, $locked, sub { own_queue(shift, 'exclusive') });
    refused($other, 405, $locked, sub { call(shift, 'consume', queue => $queue) });
    holds($channel, $queue, 0);
    close_connection($mine);
    eventually('the queue goes with its connection', sub {
        my $look = sub { call(shift, 'declare_queue', queue => $queue, passive => 1) };
        return eval { refused($other, 404, qr/^NOT_FOUND/, $look); 1 };
    });
    close_connection($other);
    return;
}

use constant DURABLE => PREFIX . 'durable';

sub reconnect {
    my $ended;
    my $connection = connect_as(on_close => sub { $ended = shift });
    my $ch = open_channel($connection);
    call($ch, 'declare_exchange', exchange => DURABLE, type => 'fanout', durable => 1);
    call($ch, 'declare_queue', queue => DURABLE, durable => 1);
    call($ch, 'bind_queue', queue => DURABLE, exchange => DURABLE, routing_key => '');
    call($ch, 'confirm');
    my $confirmed;
    my %header = (delivery_mode => 2, headers => {n => 'one'});
    publish($ch, DURABLE, '', 'kept', header => \%header, on_ack => sub { $confirmed = 1 });
    eventually('the confirm', sub { $confirmed });
    restart_broker();
    eventually('the end of the old connection', sub { $ended });
    remark('the old connection ended with ' . (ref $ended ? $ended->method_frame->reply_text : $ended));
    with_channel(sub {
        my $new   = shift;
        my $queue = own_queue($new, 'after');
        publish($new, '', $queue, 'after the restart');
        equal(get($new, $queue)->{body}, 'after the restart', 'message');
    });
    return;
}

sub durable {
    with_channel(sub {
        my ($ch, $connection) = @_;
        my $kept = eval {
            call($ch, 'declare_exchange', exchange => DURABLE, type => 'fanout', passive => 1);
            publish($ch, DURABLE, '', 'through the old binding');
            my $message = get($ch, DURABLE);
            equal([$message->{body}, $message->{redelivered}], ['kept', 0], 'message');
            equal($message->{header}->delivery_mode, 2, 'delivery mode');
            equal($message->{header}->headers, {n => 'one'}, 'headers');
            equal(get($ch, DURABLE)->{body}, 'through the old binding', 'binding');
            1;
        };
        my $error = $@;
        my $clean = open_channel($connection);
        call($clean, 'delete_queue', queue => DURABLE);
        call($clean, 'delete_exchange', exchange => DURABLE);
        die $error unless $kept;
    });
    return;
}

sub rpc {
    with_channel(sub {
        my ($client, $connection) = @_;
        my $server = open_channel($connection);
        my $queue  = own_queue($server, 'rpc');
        my $serve  = sub {
            my $question = Broker::plain(shift);
            my $reply_to = $question->{header}->reply_to;
            matching($reply_to, qr/^amq\.rabbitmq\.reply-to\../, 'reply-to as the server sees it');
            my %header = (correlation_id => $question->{header}->correlation_id);
            publish($server, '', $reply_to, "answer to $question->{body}", header => \%header);
        };
        call($server, 'consume', queue => $queue, on_consume => $serve);
        my %replies;
        my $collect = sub {
            my $answer = Broker::plain(shift);
            $replies{$answer->{header}->correlation_id} = $answer->{body};
        };
        call($client, 'consume', queue => 'amq.rabbitmq.reply-to', on_consume => $collect);
        my %question = (reply_to => 'amq.rabbitmq.reply-to');
        publish($client, '', $queue, $_, header => {%question, correlation_id => $_}) for 0 .. 49;
        eventually('50 replies', sub { keys %replies >= 50 });
        equal(\%replies, {map { $_ => "answer to $_" } 0 .. 49}, 'replies');
    });
    return;
}

run(\&connects, \&declares, \&ten_thousand, \&confirms, \&returns, \&requeue, \&qos, \&headers, \&five_mb, \&tx,
    \&exclusive, \&reconnect, \&durable, \&rpc);
