"""A small client of the server: RESP2 and RESP3 over TCP or a Unix socket, with nothing but the standard library.

For tests that must see bytes as they are; real clients are tested in clients.py.
"""
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time


class Error(Exception):
    """An error that the server answered with."""


class Client:
    """One connection. Values come as int, float, bool, None, bytes, list, dict; errors as Error objects."""

    def __init__(self, address, timeout=60):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
        else:
            self.socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        self.socket.connect(address)  # before there is a time limit, so that it waits where many connect at once
        self.socket.settimeout(timeout)
        self.file = self.socket.makefile("rb")

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, *arguments):
        self.socket.sendall(request(*arguments))

    def call(self, *arguments):
        """The answer; raises Error when it is one."""
        self.send(*arguments)
        return self.value()

    def fails(self, *arguments):
        """The text of the error that must come."""
        self.send(*arguments)
        answer = self.read()
        if not isinstance(answer, Error):
            raise AssertionError(f"{arguments[:3]}: expected an error, got {answer!r}")
        return str(answer)

    def value(self):
        answer = self.read()
        if isinstance(answer, Error):
            raise answer
        return answer

    def read(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server has closed the connection")
        kind, text = line[:1], line[1:-2]
        if kind == b"+":
            return text.decode()
        if kind == b"-":
            return Error(text.decode())
        if kind == b":":
            return int(text)
        if kind == b",":
            return float(text)
        if kind == b"#":
            return text == b"t"
        if kind == b"_" or (kind in b"$*" and text == b"-1"):
            return None
        if kind == b"$":
            data = self.file.read(int(text) + 2)
            assert data[-2:] == b"\r\n", data[-20:]
            return data[:-2]
        if kind in b"*~":
            return [self.read() for _ in range(int(text))]
        if kind == b"%":
            return {plain(self.read()): self.read() for _ in range(int(text))}
        raise AssertionError(f"no kind of RESP: {line!r}")


def plain(value):
    return value.decode() if isinstance(value, bytes) else value


def pairs(flat):
    """A map as RESP2 has it."""
    return {plain(flat[i]): flat[i + 1] for i in range(0, len(flat), 2)}


def request(*arguments):
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        data = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


class Server:
    """A server process with its own folder; `with Server(...) as server`."""

    def __init__(self, aisle, folder, *arguments, listen=True, environment=None, enter=None):
        self.aisle = aisle
        self.folder = folder
        self.arguments = list(arguments)
        self.unix = os.path.join(folder, "socket")
        self.log = os.path.join(folder, "log")
        self.environment = environment
        self.enter = enter  # called by the process before it becomes the server
        self.process = None
        self.port = None
        self.listen = listen

    def start(self, wait=True):
        arguments = [self.aisle, "serve"] + self.arguments
        if self.listen:
            arguments += ["--listen", "unix:" + self.unix]
        environment = dict(os.environ, **(self.environment or {}))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=log, cwd=self.folder,
                                            env=environment, preexec_fn=self.enter)
        if not wait:
            return self
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}: {self.read_log()}")
            try:
                Client(self.unix).close()
                return self
            except OSError:
                time.sleep(0.002)
        raise AssertionError("the server does not start")

    def client(self, version=2):
        client = Client(self.unix)
        if version == 3:
            client.call("HELLO", 3)
        return client

    def read_log(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """Ends it as systemd does; it must end well."""
        self.signal(signal.SIGTERM)
        status = self.process.wait(timeout=120)
        assert status == 0, f"exit status {status}: {self.read_log()[-3000:]}"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, traceback):
        if self.process.poll() is None:
            if kind is None:
                self.stop()
            else:
                self.kill()
                print(self.read_log()[-2000:], file=sys.stderr)


def make_catalog(aisle, folder, name, items, seed=1):
    """A sample catalog; its path."""
    path = os.path.join(folder, name)
    products = path + ".jsonl"
    with open(products, "wb") as file:
        subprocess.run([aisle, "generate", "--items", str(items), "--seed", str(seed)], stdout=file, check=True)
    subprocess.run([aisle, "index", path, products], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return path


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


def temporary():
    return tempfile.TemporaryDirectory(prefix="aisle-server-")
