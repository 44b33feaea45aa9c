#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
"""zcrx.py IF QUEUE [ring|alignment|page-size|many-pages]

Registers memory for io_uring's zero-copy receive, with that about it as the kernel does
not take it: a ring with completions of 16 bytes, an area that does not begin with a
page, receive buffers of a size that no page has, or of more pages than there are.
Prints the errno, or "done"; exit status 1 if it was refused.
"""
import ctypes
import errno
import mmap
import os
import socket
import struct
import sys

SETUP, REGISTER = 425, 427
CQE32, SINGLE_ISSUER, DEFER_TASKRUN = 1 << 11, 1 << 12, 1 << 13
REGISTER_ZCRX_IFQ = 32
REGION_USER = 1
ENTRIES = 64
AREA = 1 << 20

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def syscall(*args):
    ret = libc.syscall(*args)
    if ret < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return ret


def address(memory):
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


def register(ifname, queue, wrong):
    flags = SINGLE_ISSUER | DEFER_TASKRUN | (0 if wrong == "ring" else CQE32)
    ring = syscall(SETUP, 8, ctypes.create_string_buffer(struct.pack("=3I108x", 0, 0, flags)))
    area, refill = mmap.mmap(-1, AREA + mmap.PAGESIZE), mmap.mmap(-1, 2 * mmap.PAGESIZE)
    start = address(area) + (512 if wrong == "alignment" else 0)
    areas = bytearray(struct.pack("=3Q24x", start, AREA, 0))
    region = bytearray(struct.pack("=2QI44x", address(refill), len(refill), REGION_USER))
    size = {"page-size": mmap.PAGESIZE + 512, "many-pages": 1 << 30}.get(wrong, 0)
    ifq = bytearray(struct.pack("=4I2Q32xII24x", socket.if_nametoindex(ifname), queue,
                                ENTRIES, 0, address(areas), address(region), 0, size))
    syscall(REGISTER, ring, REGISTER_ZCRX_IFQ, ctypes.c_void_p(address(ifq)), 1)


def main(ifname, queue, wrong=""):
    err = 0
    try:
        register(ifname, int(queue), wrong)
    except OSError as refused:
        err = refused.errno
    print(errno.errorcode[err] if err else "done")
    sys.exit(1 if err else 0)


main(*sys.argv[1:])
