<?php
// SPDX-License-Identifier: GPL-2.0-only
// Polls a SUB until "a", then a PULL until "end"; prints what comes.
$context = new ZMQContext();
$sub = $context->getSocket(ZMQ::SOCKET_SUB);
$sub->setSockOpt(ZMQ::SOCKOPT_SUBSCRIBE, 'a');
$sub->connect($argv[1]);
$pull = $context->getSocket(ZMQ::SOCKET_PULL);
$pull->connect($argv[2]);
foreach ([[$sub, 'a'], [$pull, 'end']] as [$socket, $last]) {
    // One poll a socket: php-zmq takes two sockets for the same.
    $poll = new ZMQPoll();
    $poll->add($socket, ZMQ::POLL_IN);
    $readable = $writable = [];
    do {
        $poll->poll($readable, $writable, -1);
        $text = implode('|', $readable[0]->recvMulti());
        echo $text, "\n";
    } while ($text !== $last);
}
