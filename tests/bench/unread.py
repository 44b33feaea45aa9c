#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
#
# unread.py hold ADDRESS PORT            accepts everybody and reads nothing
# unread.py fill ADDRESS PORT COUNT BYTES [COUNT BYTES]...
#                                        so many connections, with so many bytes each;
#                                        the next of these when a line comes in
# unread.py burst ADDRESS PORT COUNT     datagrams of SIZE bytes, all at once
#
# A line when it is ready, and after each step; all of it is kept until the end.
import resource
import socket
import sys
import time

SIZE = 777
SO_SNDBUFFORCE = 32
resource.setrlimit(resource.RLIMIT_NOFILE, (1 << 17, 1 << 17))


def say(what):
    print(what, flush=True)


def hold(address):
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(address)
    listener = socket.create_server(address, backlog=4096)
    callers = []
    say("ready")
    while True:
        callers.append(listener.accept()[0])


def fill(address, steps):
    data = memoryview(bytes(max(steps[1::2])))
    peers = []
    for count, size in zip(steps[::2], steps[1::2]):
        sys.stdin.readline()
        for _ in range(count):
            peers.append(socket.create_connection(address))
            peers[-1].sendall(data[:size])
        say(len(peers))
    while True:
        time.sleep(1000)


def burst(address, count):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 1 << 29)
    s.connect(address)
    for _ in range(count):
        s.send(bytes(SIZE))
    say("sent")


role, address = sys.argv[1], (sys.argv[2], int(sys.argv[3]))
numbers = [int(n) for n in sys.argv[4:]]
if role == "hold":
    hold(address)
elif role == "fill":
    fill(address, numbers)
else:
    burst(address, *numbers)
