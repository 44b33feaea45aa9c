#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# af-xdp.py IF QUEUE [TIMES]: an AF_XDP socket in copy mode, one after the other;
# the last one is bound until stdin ends.

import ctypes
import errno
import mmap
import os
import socket
import struct
import sys
import time

AF_XDP, SOL_XDP = 44, 283
XDP_RX_RING, XDP_UMEM_REG, XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING = 2, 4, 5, 6
XDP_COPY = 1 << 1
FRAME, FRAMES = 4096, 16

libc = ctypes.CDLL(None, use_errno=True)
area = mmap.mmap(-1, FRAME * FRAMES)
addr = ctypes.addressof(ctypes.c_char.from_buffer(area))


def bind(ifname, queue):
    """A bound socket. That of before leaves its queue some time after its close."""
    sock = socket.socket(AF_XDP, socket.SOCK_RAW)
    sock.setsockopt(SOL_XDP, XDP_UMEM_REG,
                    struct.pack("QQIIII", addr, FRAME * FRAMES, FRAME, 0, 0, 0))
    for ring in (XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING):
        sock.setsockopt(SOL_XDP, ring, struct.pack("I", FRAMES))
    where = struct.pack("HHIII", AF_XDP, XDP_COPY,
                        socket.if_nametoindex(ifname), queue, 0)
    end = time.monotonic() + 10
    while libc.bind(sock.fileno(), where, len(where)):
        err = ctypes.get_errno()
        if err != errno.EBUSY or time.monotonic() > end:
            sys.exit("bind: " + os.strerror(err))
        time.sleep(0.001)
    return sock


def main(ifname, queue, times=1):
    for _ in range(int(times) - 1):
        bind(ifname, int(queue)).close()
    sock = bind(ifname, int(queue))
    print("bound", flush=True)
    sys.stdin.read()
    sock.close()


main(*sys.argv[1:])
