"""`manage.py up` with a portal of a few lines in place of the real one, so that the supervisor itself can be watched.

Run as a program. SMALL_LOG names the file in which each stand-in says what befell it; SMALL_FAULT makes one misbehave.
"""

import os
import sys
from pathlib import Path

from fleetportal.engines import portal, supervisor
from fleetportal.engines.processes import Process

LOG = os.environ["SMALL_LOG"]
FAULT = os.environ.get("SMALL_FAULT", "")
TELL = f"""
import http.server, os, signal, sys, time
def tell(word):
    with open({LOG!r}, 'a') as log: log.write(word + '\\n')
def end(number, frame):
    tell('stopped ' + name)
    os._exit(0)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, signal.SIG_IGN)
"""
WAIT = "tell(f'started {name} {os.getpid()}')\nwhile True: time.sleep(1)\n"
SERVE = """
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == '/livez' else 404)
        self.end_headers()
    def log_message(self, *parts): pass
server = http.server.HTTPServer(('127.0.0.1', int(os.environ['PORT'])), Answer)
tell(f'started {name} {os.getpid()}')
server.serve_forever()
"""


def stand_in(name, body, log, environment):
    if f"{name} dies" == FAULT:
        body = "print('no way', file=sys.stderr); sys.exit(3)"
    program = f"{TELL}\nname = {name!r}\n{body}"
    return Process(name=name, command=[sys.executable, "-c", program], log=log, cwd=Path("/"), environment=environment)


def command(name, *arguments, log, environment):
    body = f"tell(' '.join({[name, *arguments]!r}))"
    if f"{name} fails" == FAULT:
        body += "\nprint('the table is gone'); sys.exit(1)"
    if f"{name} hangs" == FAULT:
        body += "\ntime.sleep(60)"
    return stand_in(name, body, log, environment)


portal.BASE_DIR = Path(os.environ["SMALL_BASE"])
portal.command = command
portal.web = lambda port, log, environment: stand_in("web", SERVE, log, environment)
portal.worker = lambda log, environment: stand_in("worker", WAIT, log, environment)
portal.beat = lambda log, environment: stand_in("beat", WAIT, log, environment)

if __name__ == "__main__":
    sys.exit(supervisor.main(sys.argv[1:]))
