"""The HTTP interface of Hugging Face, as far as bundles use it, on loopback.

Repositories are kept in memory: {name: {path: content}}.
"""

import base64
import contextlib
import hashlib
from http import server
import json
import re
import threading
import urllib.parse

_COMMIT = "0123456789abcdef0123456789abcdef01234567"


class _Handler(server.BaseHTTPRequestHandler):
  protocol_version = "HTTP/1.1"

  def log_message(self, *args):
    pass

  def _body(self):
    return self.rfile.read(int(self.headers.get("Content-Length", 0)))

  def _answer(self, content, status=200, **headers):
    if not isinstance(content, bytes):
      content = json.dumps(content).encode()
      headers.setdefault("Content-Type", "application/json")
    self.send_response(status)
    for name, value in headers.items():
      self.send_header(name.replace("_", "-"), value)
    self.send_header("Content-Length", str(len(content)))
    self.end_headers()
    if self.command != "HEAD":
      self.wfile.write(content)

  def _missing(self):
    self._answer({"error": "not found"}, 404, X_Error_Code="RepoNotFound")

  # ---- Reading ---------------------------------------------------------------

  def do_GET(self):  # noqa: N802
    path = urllib.parse.urlparse(self.path).path
    repositories = self.server.repositories
    match = re.fullmatch(r"/api/models/([^/]+/[^/]+)(/.*)?", path)
    if match and match[1] in repositories:
      found = repositories[match[1]]
      if (match[2] or "").startswith("/tree/"):
        entries = [
          {
            "type": "file",
            "path": name,
            "size": len(content),
            "oid": hashlib.sha1(content).hexdigest(),
          }
          for name, content in found.items()
        ]
        return self._answer(entries)
      siblings = [{"rfilename": name} for name in found]
      return self._answer(
        {"id": match[1], "sha": _COMMIT, "siblings": siblings, "private": False}
      )
    match = re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", path)
    if match and match[2] in repositories.get(match[1], ()):
      content = repositories[match[1]][match[2]]
      return self._answer(
        content,
        ETag=f'"{hashlib.sha256(content).hexdigest()}"',
        X_Repo_Commit=_COMMIT,
      )
    return self._missing()

  do_HEAD = do_GET

  # ---- Writing ---------------------------------------------------------------

  def do_POST(self):  # noqa: N802
    body, path = self._body(), urllib.parse.urlparse(self.path).path
    host = f"http://{self.headers['Host']}"
    if path == "/api/repos/create":
      given = json.loads(body)
      name = given["name"]
      if given.get("organization"):
        name = f"{given['organization']}/{name}"
      self.server.repositories.setdefault(name, {})
      return self._answer({"url": f"{host}/{name}", "id": name})
    if path.endswith("/info/lfs/objects/batch"):
      objects = [
        {
          **each,
          "actions": {"upload": {"href": f"{host}/store/{each['oid']}"}},
        }
        for each in json.loads(body)["objects"]
      ]
      return self._answer({"transfer": "basic", "objects": objects})
    if "/preupload/" in path:
      files = [
        {
          "path": each["path"],
          "uploadMode": "lfs" if each["size"] > 2000 else "regular",
          "shouldIgnore": False,
        }
        for each in json.loads(body)["files"]
      ]
      return self._answer({"files": files})
    match = re.fullmatch(r"/api/models/([^/]+/[^/]+)/commit/.*", path)
    if match:
      self._commit(self.server.repositories[match[1]], body)
      return self._answer(
        {
          "commitUrl": f"{host}/{match[1]}/commit/{_COMMIT}",
          "commitOid": _COMMIT,
        }
      )
    return self._answer({})

  def _commit(self, repository, body):
    for line in body.decode().splitlines():
      item = json.loads(line)
      value = item["value"]
      if item["key"] == "file":
        repository[value["path"]] = base64.b64decode(value["content"])
      elif item["key"] == "lfsFile":
        repository[value["path"]] = self.server.store[value["oid"]]

  def do_PUT(self):  # noqa: N802
    oid = self.path.rpartition("/")[2]
    self.server.store[oid] = self._body()
    self._answer(b"")


@contextlib.contextmanager
def running():
  """Yields a server with an `address` and `repositories`."""
  made = server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
  made.repositories, made.store = {}, {}
  made.address = f"http://127.0.0.1:{made.server_address[1]}"
  thread = threading.Thread(target=made.serve_forever, daemon=True)
  thread.start()
  try:
    yield made
  finally:
    made.shutdown()
    made.server_close()
