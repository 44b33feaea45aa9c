#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# hds-thresh.py IF BYTES: sets hds-thresh by ethtool netlink.

import errno
import os
import socket
import struct
import sys

NETLINK_GENERIC = 16
NLM_F_REQUEST_ACK = 5
CTRL_CMD_GETFAMILY = 3
CTRL_ATTR_FAMILY_ID = 1
CTRL_ATTR_FAMILY_NAME = 2
MSG_RINGS_SET = 16
A_RINGS_HEADER = 1
A_RINGS_HDS_THRESH = 17
A_HEADER_DEV_NAME = 2
NESTED = 0x8000


def attr(kind, payload):
    return struct.pack("HH", len(payload) + 4, kind) + payload + bytes(-len(payload) % 4)


def ask(sock, family, cmd, attrs):
    body = struct.pack("BBH", cmd, 1, 0) + attrs
    sock.send(struct.pack("IHHII", len(body) + 16, family, NLM_F_REQUEST_ACK, 1, 0) + body)
    answer = sock.recv(65536)
    if struct.unpack_from("H", answer, 4)[0] == 2:     # NLMSG_ERROR, 0 is none
        return -struct.unpack_from("i", answer, 16)[0], b""
    sock.recv(65536)
    return 0, answer[20:]


def family_of(name):
    err, data = ask(sock, 16, CTRL_CMD_GETFAMILY,
                    attr(CTRL_ATTR_FAMILY_NAME, name.encode() + b"\0"))
    while not err and data:
        size, kind = struct.unpack_from("HH", data)
        if kind == CTRL_ATTR_FAMILY_ID:
            return struct.unpack_from("H", data, 4)[0]
        data = data[(size + 3) & ~3:]
    sys.exit("no " + name)


sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
header = attr(A_RINGS_HEADER | NESTED, attr(A_HEADER_DEV_NAME, sys.argv[1].encode() + b"\0"))
error, _ = ask(sock, family_of("ethtool"), MSG_RINGS_SET,
               header + attr(A_RINGS_HDS_THRESH, struct.pack("I", int(sys.argv[2]))))
if error:
    sys.exit(errno.errorcode[error] + ": " + os.strerror(error))
