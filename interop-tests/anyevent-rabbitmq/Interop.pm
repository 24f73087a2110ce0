package Interop;

# The report, the restart and the assertions of the Perl checks.
use v5.28;
use warnings;
use utf8;
use Exporter 'import';
use AnyEvent;
use Data::Dumper ();
use Time::HiRes ();

our @EXPORT = qw(PREFIX MESSAGES PATIENCE run remark restart_broker equal matching eventually big_body);

use constant {
    PREFIX   => $ENV{INTEROP_PREFIX},
    MESSAGES => 10_000,
    FIVE_MB  => 5 * 1024 * 1024,
    # Seconds until something that has not come is given up.
    PATIENCE => 20,
};

# Runs the checks in order and prints one line for each; a failure does not stop the next.
sub run {
    my @checks = @_;
    my @titles = titles();
    equal(scalar @checks, scalar @titles, 'a function for every common check');
    for my $index (0 .. $#checks) {
        my $title = ($index + 1) . " - $titles[$index]";
        if (eval { $checks[$index]->(); 1 }) {
            say_now("ok $title");
        }
        else {
            my $error = $@;
            say_now("not ok $title");
            remark(ref $error ? shown($error) : $error);
        }
    }
    return;
}

# The titles in support/checks.ts, which is their one place.
sub titles {
    open my $file, '<', 'interop-tests/support/checks.ts' or die $!;
    return map { /^  '(.*)',$/ ? $1 : () } <$file>;
}

sub say_now {
    local $| = 1;
    print "$_[0]\n";
    return;
}

sub remark {
    say_now("# $_") for split /\n/, $_[0];
    return;
}

sub restart_broker {
    say_now('restart');
    # The event loop goes on meanwhile, as it would in a program that knows nothing of the restart.
    my $answered = AnyEvent->condvar;
    my $watcher  = AnyEvent->io(fh => \*STDIN, poll => 'r', cb => sub { $answered->send(scalar <STDIN>) });
    equal($answered->recv, "restarted\n", 'answer to restart');
    return;
}

sub equal {
    my ($actual, $expected, $what) = @_;
    my ($left, $right) = (shown($actual), shown($expected));
    return if $left eq $right;
    die "$what: expected " . substr($right, 0, 500) . ', got ' . substr($left, 0, 500) . "\n" . caller_line();
}

sub matching {
    my ($text, $pattern, $what) = @_;
    return if $text =~ $pattern;
    die "$what: '$text' does not match $pattern\n" . caller_line();
}

sub caller_line {
    my (undef, $file, $line) = caller 1;
    return "at $file line $line\n";
}

sub shown {
    my $value = shift;
    return Data::Dumper->new([$value])->Terse(1)->Indent(0)->Sortkeys(1)->Useqq(1)->Dump;
}

# Lets the event loop run until the probe is true.
sub eventually {
    my ($what, $probe) = @_;
    my $deadline = Time::HiRes::time() + PATIENCE;
    until ($probe->()) {
        die "not seen: $what\n" if Time::HiRes::time() > $deadline;
        my $moment = AnyEvent->condvar;
        my $timer  = AnyEvent->timer(after => 0.01, cb => $moment);
        $moment->recv;
    }
    return;
}

# 5 MB in which no two 4-byte words are the same, so that a lost or doubled frame shows.
sub big_body {
    return pack 'N*', 0 .. FIVE_MB / 4 - 1;
}

1;
