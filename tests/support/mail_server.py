"""mail_server: a mail server on loopback that keeps what it gets, and refuses, hangs or dies as a test tells it.

The moods, by what the server does differently:
  take          nothing: it takes every mail
  refuse        RCPT is answered 550
  refuse_mail   the mail itself is answered 554
  greylist      RCPT is answered 451
  silent        it never greets
  hang          the whole mail is read, and never answered
  die           the whole mail is read, and the line is closed without an answer
Plain is an SMTP without STARTTLS, as an attacker in between would show it.
"""
import base64
import socket
import threading
from email import message_from_bytes, policy


class Mail:
    def __init__(self, sender, to, user, data):
        self.sender, self.to, self.user, self.data = sender, to, user, data
        self.message = message_from_bytes(data, policy=policy.default)

    def __getitem__(self, name):
        return self.message[name]

    def text(self):
        return self.message.get_content()


class MailServer:
    def __init__(self, context, user, password):
        self.mood, self.is_plain, self.mails, self.commands = "take", False, [], []
        self.unknown = set()  # addresses that are refused, whatever the mood
        self.context, self.user, self.password = context, user, password
        self.got_mail = threading.Event()  # the whole of one is here
        self.is_closing = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def close(self):
        self.is_closing.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while not self.is_closing.is_set():
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(line,), daemon=True).start()

    def serve(self, line):
        try:
            Session(self, line).run()
        except OSError:
            pass  # the client went away
        finally:
            line.close()


class Session:
    def __init__(self, server, line):
        self.server, self.line, self.mood = server, line, server.mood
        self.has_tls, self.user, self.sender, self.to = False, None, None, []
        self.input = line.makefile("rb")

    def say(self, *answers):
        self.line.sendall("".join(answer + "\r\n" for answer in answers).encode())

    def wait(self):
        """Until the test is over, or the client has gone."""
        self.line.settimeout(0.2)
        while not self.server.is_closing.is_set():
            try:
                if not self.line.recv(1):
                    return
            except TimeoutError:
                continue

    def run(self):
        if self.mood == "silent":
            self.wait()
            return
        self.say("220 mail.example ESMTP")
        while words := self.input.readline().decode().split():
            self.server.commands.append(words[0].upper())
            if not self.answer(words[0].upper(), words[1:]):
                return

    def answer(self, command, words):
        """False ends the session."""
        if command in ("EHLO", "HELO"):
            can = ([] if self.has_tls or self.server.is_plain else ["STARTTLS"]) + ["AUTH PLAIN", "8BITMIME"]
            self.say(*[f"250-{word}" for word in ["mail.example"] + can[:-1]], f"250 {can[-1]}")
        elif command == "STARTTLS":
            self.say("220 go on")
            self.line = self.server.context.wrap_socket(self.line, server_side=True)
            self.input, self.has_tls = self.line.makefile("rb"), True
        elif command == "AUTH":
            self.log_in(words)
        elif command == "MAIL":
            self.sender, self.to = words[0], []
            self.say("250 sender")
        elif command == "RCPT":
            self.to.append(words[0].partition(":")[2].strip("<>"))
            self.say({"refuse": "550 no 111222333 here", "greylist": "451 later"}.get(
                "refuse" if self.to[-1] in self.server.unknown else self.mood, "250 recipient"))
        elif command == "DATA":
            self.say("354 go on")
            return self.take_mail()
        elif command == "QUIT":
            self.say("221 bye")
            return False
        else:
            self.say("250 so be it")
        return True

    def log_in(self, words):
        if len(words) == 1:
            self.say("334 ")
            words = words + [self.input.readline().decode().strip()]
        _, user, password = base64.b64decode(words[1]).decode().split("\0")
        good = (user, password) == (self.server.user, self.server.password)
        self.user = user if good else None
        self.say("235 welcome" if good else "535 no")

    def take_mail(self):
        data = b""
        while (line := self.input.readline()) != b".\r\n":
            if not line:
                return False
            data += line
        if self.mood == "refuse_mail":
            self.say("554 not this one")
            return True
        self.server.mails.append(Mail(self.sender, self.to, self.user, data))
        self.server.got_mail.set()
        if self.mood == "hang":
            self.wait()
        if self.mood in ("hang", "die"):
            return False
        self.say("250 kept")
        return True
