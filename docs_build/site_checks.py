"""What a built site must hold: links that lead somewhere, nothing from afar.

MkDocs checks links between Markdown pages. This reads the HTML, so that links
and anchors of generated pages and of the API reference are checked as well.
"""

from html import parser
import pathlib
import re
import urllib.parse

# Attributes that make a browser load something.
_LOADS = {
  "audio": "src",
  "embed": "src",
  "iframe": "src",
  "img": "src",
  "input": "src",
  "link": "href",
  "object": "data",
  "script": "src",
  "source": "src",
  "video": "src",
}
# A <link> with one of these only names an address.
_NAMES_ONLY = {"canonical", "alternate", "author", "prev", "next"}
_OF_STYLES = re.compile(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")\s]+)")


def problems(site: pathlib.Path) -> list[str]:
  """Returns a line for each broken link or anchor, and what needs a network.

  Args:
    site: folder of the built site.
  """
  pages = {
    path.relative_to(site).as_posix(): _read(path)
    for path in sorted(site.rglob("*.html"))
  }
  found = []
  for name, page in pages.items():
    found += [f"{name} loads {address}" for address in page.loaded]
    # A server shows 404.html in the place of any address, so its links begin at
    # the root.
    for address in sorted(page.links) if name != "404.html" else ():
      problem = _problem(site, pages, name, address)
      if problem:
        found.append(f"{name}: {address} {problem}")
  for path in sorted(site.rglob("*.css")):
    text = path.read_text(encoding="utf-8")
    for address in _OF_STYLES.findall(text):
      found.append(f"{path.relative_to(site)} loads {address}")
  return found


class _Page(parser.HTMLParser):
  """Collects the anchors, links and loaded addresses of a page."""

  def __init__(self):
    super().__init__()
    self.anchors, self.links, self.loaded = set(), set(), []

  def handle_starttag(self, tag, attrs):
    given = dict(attrs)
    self.anchors.update(filter(None, (given.get("id"), given.get("name"))))
    if tag == "a" and given.get("href"):
      self.links.add(given["href"])
    address = given.get(_LOADS.get(tag, ""), None)
    if not address or given.get("rel") in _NAMES_ONLY:
      return
    if _is_remote(address):
      self.loaded.append(address)
    elif tag != "link":
      self.links.add(address)


def _is_remote(address):
  return address.startswith(("http:", "https:", "//"))


def _read(path):
  page = _Page()
  page.feed(path.read_text(encoding="utf-8"))
  return page


def _problem(site, pages, name, address):
  """Returns why a link is broken, None if it is not."""
  parts = urllib.parse.urlsplit(address)
  if parts.scheme or parts.netloc:
    return None
  path = urllib.parse.unquote(parts.path)
  anchor = urllib.parse.unquote(parts.fragment)
  if path.startswith("/"):
    return "is absolute"
  target = site / pathlib.PurePosixPath(name).parent / path if path else None
  if target is None:
    page = pages[name]
  else:
    target = target.resolve()
    if target.is_dir():
      target /= "index.html"
    if not target.is_file():
      return "does not exist"
    page = pages.get(target.relative_to(site.resolve()).as_posix())
  if anchor and page is not None and anchor not in page.anchors:
    return "names an anchor that does not exist"
  return None
