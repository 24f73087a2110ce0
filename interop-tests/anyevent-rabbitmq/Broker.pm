package Broker;

# Connections, channels and queues for the Perl checks: each call waits for its answer and dies when it is refused.
use v5.28;
use warnings;
use Exporter 'import';
use AnyEvent;
use AnyEvent::RabbitMQ;
use Interop;

our @EXPORT = qw(connect_as close_connection open_channel call refused own_queue holds publish get drain);

my ($USER, $PASSWORD, $HOST, $PORT, $VHOST) = $ENV{AMQP_URL} =~ m{^amqp://([^:]+):([^@]+)@([^:]+):(\d+)/(.*)$};
s/%([0-9a-f]{2})/chr hex $1/gie for $USER, $PASSWORD, $VHOST;

# Calls a method that takes on_success and on_failure, and waits for one of them.
sub call {
    my ($object, $method, %arguments) = @_;
    my $done = AnyEvent->condvar;
    my $late = AnyEvent->timer(after => PATIENCE, cb => sub { $done->croak("$method was not answered") });
    $object->$method(
        %arguments,
        on_success => sub { $done->send(@_) },
        on_failure => sub {
            my @reasons = map { ref $_ ? Interop::shown($_) : $_ // '' } @_;
            $done->croak("$method failed: @reasons");
        },
    );
    return $done->recv;
}

sub connect_as {
    my %options = (user => $USER, pass => $PASSWORD, @_);
    my $client  = AnyEvent::RabbitMQ->new->load_xml_spec;
    return call($client, 'connect', host => $HOST, port => $PORT, vhost => $VHOST, timeout => PATIENCE, %options);
}

sub close_connection { return call(shift, 'close') }

sub open_channel {
    my ($connection, %options) = @_;
    return call($connection, 'open_channel', %options);
}

# Runs one operation on a channel of its own, which must be closed with this code and text.
sub refused {
    my ($connection, $code, $pattern, $operation) = @_;
    my $closed;
    my $channel = open_channel($connection, on_close => sub { $closed = shift->method_frame });
    eval { $operation->($channel); 1 } and die "expected $code, got no error\n";
    eventually("the channel closes with $code", sub { $closed });
    equal($closed->reply_code, $code, 'reply code');
    matching($closed->reply_text, $pattern, 'reply text');
    return;
}

# A queue of this connection alone, which goes with it.
sub own_queue {
    my ($channel, $name) = @_;
    my $answer = call($channel, 'declare_queue', queue => PREFIX . $name, exclusive => 1);
    return $answer->method_frame->queue;
}

# RabbitMQ counts ahead of publishes and acks that it has not worked off, so the count is waited for.
sub holds {
    my ($channel, $queue, $count) = @_;
    eventually(
        "$count messages in $queue",
        sub { call($channel, 'declare_queue', queue => $queue, passive => 1)->method_frame->message_count == $count },
    );
    return;
}

sub publish {
    my ($channel, $exchange, $key, $body, %options) = @_;
    $channel->publish(exchange => $exchange, routing_key => $key, body => $body, %options);
    return;
}

# What a get or a delivery brought, in plain values.
sub plain {
    my $message = shift;
    my $method  = ($message->{ok} // $message->{deliver})->method_frame;
    return {
        tag         => $method->delivery_tag,
        redelivered => $method->redelivered ? 1 : 0,
        header      => $message->{header},
        body        => defined $message->{body} ? $message->{body}->payload : '',
        left        => $message->{ok} ? $method->message_count : undef,
    };
}

sub get {
    my ($channel, $queue) = @_;
    my $message = call($channel, 'get', queue => $queue, no_ack => 0);
    die "$queue is empty\n" if $message->{empty};
    return plain($message);
}

sub drain {
    my ($channel, $queue) = @_;
    my @bodies;
    while (1) {
        my $message = call($channel, 'get', queue => $queue);
        return \@bodies if $message->{empty};
        push @bodies, plain($message)->{body};
    }
}

1;
