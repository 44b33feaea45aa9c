#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
"""ask.py [--32] [--second] [--reverse] [--uring [--async]] ACT [IF [QUEUE]]
ask.py --each ACT [IF [QUEUE]]
ask.py --until=FILE ACT [IF [QUEUE]]

Asks the kernel for what a policy may refuse, in the ways there are: by system calls
of 32 bits (int 0x80), as the second message of one send, with attributes in reverse
order, by io_uring, there by a thread of its own. ACT is bind-rx, bind-tx, split-off,
unknown-token, or rss, an ioctl that spreads all flows to one queue. Binds are undone by
our end. Prints the errno, or "done"; exit status 1 if it was refused. --each is
several ways after each other, a line of each; exit status 1 if all were refused.
--until goes on, a line each time, until FILE is there.

--ragged=FILE binds a dma-buf of a page and a half, which FILE makes. Of rss: --hash asks
by the ioctl that may change the hash as well, --alias names one of the port, --padded puts
something behind the end of its name, --huge says that the table has 2^31 entries,
--split=N has all but the first N bytes in a page that was never touched.
"""
import ctypes
import errno
import fcntl
import functools
import mmap
import os
import socket
import struct
import sys
import time

NETLINK_GENERIC, NLM_F_REQUEST, NLM_F_ACK, NLM_F_NESTED = 16, 1, 4, 0x8000
UDMABUF_CREATE = 0x40187542
MAP_32BIT = 0x40
SO_DEVMEM_DONTNEED = 80
MAP_FIXED = 0x10
PAGE = 4096
SIZE = 1 << 20

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.syscall.restype = ctypes.c_long
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


def uring(opcode, ways, *fields):
    """One request by io_uring: fd, off, addr, length, optlen, optval"""
    fd, off, addr, length, optlen, optval = fields + (0,) * (6 - len(fields))
    params = ctypes.create_string_buffer(120)
    ring = libc.syscall(425, 1, params)
    if ring < 0:
        raise OSError(ctypes.get_errno(), "io_uring_setup")
    head = struct.unpack("=30I", params)
    queues = mmap.mmap(ring, max(head[16] + 4 * head[0], head[25] + 16 * head[1]))
    entries = mmap.mmap(ring, 64, offset=0x10000000)
    struct.pack_into("=BBHiQQIIQHHiQQ", entries, 0, opcode, 16 if "--async" in ways else 0,
                     0, fd, off, addr, length, 0, 0, 0, 0, optlen, optval, 0)
    struct.pack_into("=I", queues, head[16], 0)
    struct.pack_into("=I", queues, head[11], 1)
    if libc.syscall(426, ring, 1, 1, 1, None, 0) < 0:
        raise OSError(ctypes.get_errno(), "io_uring_enter")
    res = struct.unpack_from("=Qi", queues, head[25])[1]
    if res < 0:
        raise OSError(-res, os.strerror(-res))


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


@functools.cache
def dmabuf(exporter):
    if exporter:
        with open(exporter, "rb") as dev:
            return fcntl.ioctl(dev, UDMABUF_CREATE,
                               bytearray(struct.pack("=iIQQ", -1, 0, 0, 4096 + 2048)))
    mem = os.memfd_create("ask", os.MFD_ALLOW_SEALING)
    os.ftruncate(mem, SIZE)
    fcntl.fcntl(mem, 1033, 2)  # F_ADD_SEALS, F_SEAL_SHRINK
    with open("/dev/udmabuf", "rb") as dev:
        return fcntl.ioctl(dev, UDMABUF_CREATE,
                           bytearray(struct.pack("=IIQQ", mem, 0, 0, SIZE)))


def option(ways, name):
    """What stands behind --NAME="""
    return next((way.split("=", 1)[1] for way in ways if way.startswith(name + "=")), None)


def request(sock, act, ifname, queue, seq, ways):
    reverse = "--reverse" in ways
    index = socket.if_nametoindex(ifname)
    if act == "split-off":
        attrs = [attr(1 | NLM_F_NESTED, attr(2, ifname.encode() + b"\0")), attr(11, b"\1")]
        return message(family_id(sock, "ethtool"), 16, seq, attrs[::-1] if reverse else attrs)
    attrs = [attr(1, u32(index)), attr(3, u32(dmabuf(option(ways, "--ragged"))))]
    if act == "bind-rx":
        attrs.append(attr(2 | NLM_F_NESTED, attr(1, u32(queue)) + attr(3, u32(0))))
    return message(family_id(sock, "netdev"), 13 if act == "bind-rx" else 15, seq,
                   attrs[::-1] if reverse else attrs)


def ask_netlink(act, ifname, queue, ways):
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
    sock.connect((0, 0))
    send = request(sock, act, ifname, queue, 2, ways)
    if "--second" in ways:  # after one that asks for lo
        send = message(family_id(sock, "netdev"), 1, 1, [attr(1, u32(1))]) + send
    if "--32" in ways:
        int80(4, sock.fileno(), low_memory(send), len(send))  # write
    elif "--uring" in ways:
        uring(26, ways, sock.fileno(), 0, low_memory(send), len(send))  # IORING_OP_SEND
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
    elif "--uring" in ways:  # IORING_OP_URING_CMD, SOCKET_URING_OP_SETSOCKOPT
        uring(46, ways, client.fileno(), 3, socket.SOL_SOCKET | SO_DEVMEM_DONTNEED << 32, 0,
              len(tokens), low_memory(tokens))
    else:
        client.setsockopt(socket.SOL_SOCKET, SO_DEVMEM_DONTNEED, tokens)
    return 0


def split_in_two(contents, first):
    """Its address, and what keeps it; the page behind the first so many bytes is not
    mapped before somebody looks."""
    addr = libc.mmap(None, 2 * PAGE, 0,
                     mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_32BIT, -1, 0)
    for at, part in ((0, bytes(PAGE - first) + contents[:first]), (PAGE, contents[first:])):
        mem = os.memfd_create("half")  # one each: a fault maps what lies around it
        os.write(mem, part.ljust(PAGE, b"\0"))
        libc.mmap(addr + at, PAGE, mmap.PROT_READ | mmap.PROT_WRITE,
                  mmap.MAP_SHARED | MAP_FIXED, mem, 0)
        os.close(mem)
    return addr + PAGE - first


def rss_request(ask, ways):
    """The table, as long as the one that is there, all of it that queue: struct
    ethtool_rxfh_indir, or ethtool_rxfh with the hash and its key as they are. ask(DATA)
    gets the address of what asks for the size."""
    head, at = (("=6I", 8) if "--hash" in ways else ("=2I", 4))
    get, set_ = ((0x46, 0x47) if "--hash" in ways else (0x38, 0x39))
    data = low_memory(struct.pack(head, get, *[0] * (5 if "--hash" in ways else 1)))
    ask(data)
    size = struct.unpack("=I", ctypes.string_at(data + at, 4))[0]
    said = 1 << 31 if "--huge" in ways else size
    keep = (0, said, 0, 0xff << 8, 0) if "--hash" in ways else (said,)
    return data, struct.pack(head, set_, *keep), size


def ask_rss(ifname, queue, ways):
    """ETHTOOL_SRXFHINDIR, or ETHTOOL_SRSSH"""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    name = ifname.encode() + (b":1" if "--alias" in ways else b"")
    name += b"\0more" if "--padded" in ways else b""

    def ask(data):
        fcntl.ioctl(sock, 0x8946, struct.pack("=16sQ16x", name, data))

    data, head, size = rss_request(ask, ways)
    contents = head + struct.pack("=%dI" % size, *[queue] * size)
    if option(ways, "--split"):
        data = split_in_two(contents, int(option(ways, "--split")))
    else:
        ctypes.memmove(data, contents, len(contents))
    if "--32" in ways:
        int80(54, sock.fileno(), 0x8946, low_memory(struct.pack("=16sI12x", name, data)))
    else:
        ask(data)
    return 0


EACH = (["--32"], ["--32", "--second", "--reverse"], ["--uring", "--second"],
        ["--uring", "--async"])
EACH_RSS = ([], ["--32"], ["--alias"], ["--padded"], ["--huge"], ["--split=8"], ["--split=4"],
            ["--hash"], ["--hash", "--32"], ["--hash", "--huge"], ["--hash", "--split=24"],
            ["--hash", "--split=8"], ["--hash", "--split=4"])


def ask(words, ways):
    """0 or the errno"""
    try:
        if words[0] == "unknown-token":
            err = ask_token(ways)
        elif words[0] == "rss":
            err = ask_rss(words[1], int(words[2]), ways)
        else:
            queue = int(words[2]) if len(words) > 2 else 0
            err = ask_netlink(words[0], words[1], queue, ways)
    except OSError as refused:
        err = refused.errno
    print(errno.errorcode[err] if err else "done")
    return err


def main():
    ways = [word for word in sys.argv[1:] if word.startswith("--")]
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    asked = [ways]
    if "--each" in ways:
        ways.remove("--each")
        asked = [each + ways for each in (EACH_RSS if words[0] == "rss" else EACH)]
    end = option(ways, "--until")
    while end and not os.path.exists(end):
        ask(words, ways)
        sys.stdout.flush()
        time.sleep(0.02)  # others have their turn
    if not end:
        sys.exit(1 if all([ask(words, each) for each in asked]) else 0)


main()
