#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
"""ask.py [--32] [--second] [--reverse] ACT [IF [QUEUE]]

Asks the kernel for what a policy may refuse, in the ways there are: by system calls
of 32 bits (int 0x80), as the second message of one send, with attributes in reverse
order. ACT is bind-rx, bind-tx, split-off or unknown-token. What was done is undone by
our end. Prints the errno, or "done"; exit status 1 if it was refused.
"""
import ctypes
import errno
import fcntl
import mmap
import os
import socket
import struct
import sys

NETLINK_GENERIC, NLM_F_REQUEST, NLM_F_ACK, NLM_F_NESTED = 16, 1, 4, 0x8000
UDMABUF_CREATE = 0x40187542
MAP_32BIT = 0x40
SO_DEVMEM_DONTNEED = 80
SIZE = 1 << 20

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]


def low_memory(contents, executable=False):
    """Where pointers of 32 bits reach."""
    prot = mmap.PROT_READ | mmap.PROT_WRITE | (mmap.PROT_EXEC if executable else 0)
    addr = libc.mmap(None, max(len(contents), 4096), prot,
                     mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_32BIT, -1, 0)
    ctypes.memmove(addr, contents, len(contents))
    return addr


def int80(*args):
    # number, ebx, ecx, edx, esi, edi
    code = bytes.fromhex("53 89f8 89f3 4189d2 89ca 4489d1 4489c6 4489cf cd80 4898 5b c3")
    call = ctypes.CFUNCTYPE(ctypes.c_long, *[ctypes.c_int] * 6)(low_memory(code, True))
    ret = call(*args, *[0] * (6 - len(args)))
    if ret < 0:
        raise OSError(-ret, os.strerror(-ret))
    return ret


def attr(kind, payload):
    return struct.pack("=HH", 4 + len(payload), kind) + payload + b"\0" * (-len(payload) % 4)


def u32(value):
    return struct.pack("=I", value)


def message(family, cmd, seq, attrs):
    body = struct.pack("=BBH", cmd, 1, 0) + b"".join(attrs)
    return struct.pack("=IHHII", 16 + len(body), family, NLM_F_REQUEST | NLM_F_ACK,
                       seq, 0) + body


def answer(sock, seq):
    """0 or the errno"""
    while True:
        data = sock.recv(65536)
        while len(data) >= 16:
            length, kind, _, got, _ = struct.unpack_from("=IHHII", data)
            if kind == 2 and got == seq:
                return -struct.unpack_from("=i", data, 16)[0]
            data = data[(length + 3) & ~3:]


def family_id(sock, name):
    sock.send(message(16, 3, 99, [attr(2, name.encode() + b"\0")]))
    data = sock.recv(65536)
    pos = 20
    while pos < len(data):
        length, kind = struct.unpack_from("=HH", data, pos)
        if kind == 1:
            found = struct.unpack_from("=H", data, pos + 4)[0]
            answer(sock, 99)
            return found
        pos += (length + 3) & ~3
    sys.exit(3)


def dmabuf():
    mem = os.memfd_create("ask", os.MFD_ALLOW_SEALING)
    os.ftruncate(mem, SIZE)
    fcntl.fcntl(mem, 1033, 2)  # F_ADD_SEALS, F_SEAL_SHRINK
    with open("/dev/udmabuf", "rb") as dev:
        return fcntl.ioctl(dev, UDMABUF_CREATE,
                           bytearray(struct.pack("=IIQQ", mem, 0, 0, SIZE)))


def request(sock, act, ifname, queue, seq, reverse):
    index = socket.if_nametoindex(ifname)
    if act == "split-off":
        attrs = [attr(1 | NLM_F_NESTED, attr(2, ifname.encode() + b"\0")), attr(11, b"\1")]
        return message(family_id(sock, "ethtool"), 16, seq, attrs[::-1] if reverse else attrs)
    attrs = [attr(1, u32(index)), attr(3, u32(dmabuf()))]
    if act == "bind-rx":
        attrs.append(attr(2 | NLM_F_NESTED, attr(1, u32(queue)) + attr(3, u32(0))))
    return message(family_id(sock, "netdev"), 13 if act == "bind-rx" else 15, seq,
                   attrs[::-1] if reverse else attrs)


def ask_netlink(act, ifname, queue, ways):
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
    sock.connect((0, 0))
    send = request(sock, act, ifname, queue, 2, "--reverse" in ways)
    if "--second" in ways:  # after one that asks for lo
        send = message(family_id(sock, "netdev"), 1, 1, [attr(1, u32(1))]) + send
    if "--32" in ways:
        int80(4, sock.fileno(), low_memory(send), len(send))  # write
    else:
        sock.send(send)
    return answer(sock, 2)


def ask_token(ways):
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    tokens = struct.pack("=II", 4711, 1)
    if "--32" in ways:
        int80(366, client.fileno(), socket.SOL_SOCKET, SO_DEVMEM_DONTNEED,
              low_memory(tokens), len(tokens))
    else:
        client.setsockopt(socket.SOL_SOCKET, SO_DEVMEM_DONTNEED, tokens)
    return 0


def main():
    ways = [word for word in sys.argv[1:] if word.startswith("--")]
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    try:
        if words[0] == "unknown-token":
            err = ask_token(ways)
        else:
            queue = int(words[2]) if len(words) > 2 else 0
            err = ask_netlink(words[0], words[1], queue, ways)
    except OSError as refused:
        err = refused.errno
    print(errno.errorcode[err] if err else "done")
    sys.exit(1 if err else 0)


main()
