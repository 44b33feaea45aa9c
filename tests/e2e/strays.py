#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
"""strays.py ADDRESS PORT: sends TCP segments of no connection until it is killed.

They reach the queue that a flow rule gives their port to, and are split there like all
others; nobody misses one that is lost, and nobody sends it again.
"""
import itertools
import socket
import struct
import sys
import time

PAYLOAD = b"stray" * 200
INTERVAL_S = 0.005
ACK_PSH = 0x18


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def segment(src, dst, sport, dport):
    header = struct.pack("!HHIIBBHHH", sport, dport, 1, 1, 5 << 4, ACK_PSH, 1024, 0, 0)
    pseudo = src + dst + struct.pack("!BBH", 0, socket.IPPROTO_TCP,
                                     len(header) + len(PAYLOAD))
    check = struct.pack("!H", checksum(pseudo + header + PAYLOAD))
    return header[:16] + check + header[18:] + PAYLOAD


def main():
    address, port = sys.argv[1], int(sys.argv[2])
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as sock:
        sock.connect((address, 0))
        src = socket.inet_aton(sock.getsockname()[0])
        dst = socket.inet_aton(address)
        for sport in itertools.cycle(range(20000, 30000)):
            sock.send(segment(src, dst, sport, port))
            time.sleep(INTERVAL_S)


main()
