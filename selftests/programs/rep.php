<?php
// SPDX-License-Identifier: GPL-2.0-only
// Answers requests of one or more parts: the same, in capitals.
$context = new ZMQContext();
$rep = $context->getSocket(ZMQ::SOCKET_REP);
$rep->setSockOpt(ZMQ::SOCKOPT_LINGER, 1000);
$rep->bind($argv[1]);
echo rtrim($rep->getSockOpt(ZMQ::SOCKOPT_LAST_ENDPOINT), "\0"), "\n";
do {
    $parts = $rep->recvMulti();
    $rep->sendMulti(array_map('strtoupper', $parts));
} while ($parts[0] !== 'end');
