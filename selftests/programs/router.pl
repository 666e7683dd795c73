# SPDX-License-Identifier: GPL-2.0-only
# A broker: requests from a ROUTER to workers on a DEALER and back, until one says "end".
use strict;
use warnings;
use ZMQ::FFI;
use ZMQ::FFI::Constants qw(ZMQ_ROUTER ZMQ_DEALER ZMQ_LAST_ENDPOINT ZMQ_LINGER ZMQ_FD);

$| = 1;
# By its name: left to itself it loads the installed file by its path, past LD_PRELOAD.
my $context = ZMQ::FFI->new(soname => 'libzmq.so.5');
my ($front, $back) = map { $context->socket($_) } ZMQ_ROUTER, ZMQ_DEALER;
for my $socket ($front, $back) {
    $socket->set(ZMQ_LINGER, 'int', 1000);
    $socket->bind('tcp://127.0.0.1:*');
    my $endpoint = $socket->get(ZMQ_LAST_ENDPOINT, 'string');
    $endpoint =~ s/\0//g;
    print "$endpoint\n";
}

my %other = ($front => $back, $back => $front);
my ($read, $done) = ('', 0);
vec($read, $_->get_fd(), 1) = 1 for $front, $back;
until ($done) {
    my $moved = 0;
    for my $socket ($front, $back) {
        while ($socket->has_pollin) {
            my @parts = $socket->recv_multipart();
            $done = 1 if $socket == $back && $parts[-1] eq 'END';
            $other{$socket}->send_multipart(\@parts);
            $moved = 1;
        }
    }
    # ZMQ_FD tells that something happened, not what.
    select(my $ready = $read, undef, undef, undef) unless $moved || $done;
}
$_->close() for $front, $back;
