#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# af-xdp.py IF QUEUE: an AF_XDP socket in copy mode, bound until stdin ends.

import ctypes
import mmap
import os
import socket
import struct
import sys

AF_XDP, SOL_XDP = 44, 283
XDP_RX_RING, XDP_UMEM_REG, XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING = 2, 4, 5, 6
XDP_COPY = 1 << 1
FRAME, FRAMES = 4096, 16

sock = socket.socket(AF_XDP, socket.SOCK_RAW)
area = mmap.mmap(-1, FRAME * FRAMES)
addr = ctypes.addressof(ctypes.c_char.from_buffer(area))
sock.setsockopt(SOL_XDP, XDP_UMEM_REG,
                struct.pack("QQIIII", addr, FRAME * FRAMES, FRAME, 0, 0, 0))
for ring in (XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING):
    sock.setsockopt(SOL_XDP, ring, struct.pack("I", FRAMES))

where = struct.pack("HHIII", AF_XDP, XDP_COPY,
                    socket.if_nametoindex(sys.argv[1]), int(sys.argv[2]), 0)
libc = ctypes.CDLL(None, use_errno=True)
if libc.bind(sock.fileno(), where, len(where)):
    sys.exit("bind: " + os.strerror(ctypes.get_errno()))
print("bound", flush=True)
sys.stdin.read()
