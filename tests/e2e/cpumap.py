#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# cpumap.py MAP CPU SLOTS PROGRAM: gives a pinned cpumap a queue of that many frames for
# the CPU, whose thread runs the pinned program on each: bpftool cannot.

import ctypes
import os
import struct
import sys

BPF = 321               # x86_64
MAP_UPDATE_ELEM, OBJ_GET = 2, 7


def bpf(cmd, attr):
    libc = ctypes.CDLL(None, use_errno=True)
    ret = libc.syscall(BPF, cmd, attr, len(attr))
    if ret < 0:
        sys.exit(f"bpf({cmd}): {os.strerror(ctypes.get_errno())}")
    return ret


def pinned(path):
    name = ctypes.create_string_buffer(path.encode())
    return bpf(OBJ_GET, struct.pack("=QII", ctypes.addressof(name), 0, 0))


key = ctypes.create_string_buffer(struct.pack("=I", int(sys.argv[2])))
value = ctypes.create_string_buffer(struct.pack("=II", int(sys.argv[3]), pinned(sys.argv[4])))
bpf(MAP_UPDATE_ELEM, struct.pack("=IIQQQ", pinned(sys.argv[1]), 0, ctypes.addressof(key),
                                 ctypes.addressof(value), 0))
