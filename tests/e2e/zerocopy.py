#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# zerocopy.py sink PORT: takes one connection and reads all that comes.
# zerocopy.py ADDRESS PORT SENDS [late]: sends over TCP with MSG_ZEROCOPY, waits for the
# completion of each ("late": of all), and prints how many of them say that the kernel
# copied after all.

import select
import socket
import struct
import sys

SO_ZEROCOPY = 60
MSG_ZEROCOPY = 0x4000000
COPIED = 1              # SO_EE_CODE_ZEROCOPY_COPIED


def sink(port):
    with socket.create_server(("", port)) as server:
        conn, _ = server.accept()
    while conn.recv(1 << 20):
        pass


# Sends that a message of the error queue completes, and how many of them were copied
def completed(sock):
    _, control, _, _ = sock.recvmsg(1, 512, socket.MSG_ERRQUEUE)
    _, _, error = control[0]
    _, _, _, code, _, first, last = struct.unpack_from("=IBBBBII", error)
    sends = last - first + 1
    return sends, sends if code & COPIED else 0


def source(address, port, sends, ahead):
    sock = socket.create_connection((address, port))
    sock.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
    poll = select.poll()
    poll.register(sock, 0)      # errors always come
    data = bytes(16384)
    done = sent = copied = 0
    while done < sends:
        while sent < min(sends, done + ahead):
            sock.send(data, MSG_ZEROCOPY)
            sent += 1
        if not poll.poll(20000):
            sys.exit("%d sends do not complete" % (sends - done))
        more = completed(sock)
        done += more[0]
        copied += more[1]
    print(copied)


if sys.argv[1] == "sink":
    sink(int(sys.argv[2]))
else:
    number = int(sys.argv[3])
    source(sys.argv[1], int(sys.argv[2]), number, 1 if len(sys.argv) < 5 else number)
