import base64
import json

from docs_build import notebook_pages
from docs_build import notebook_runs


def _notebook(*outputs, source="1 + 1"):
  code = {"cell_type": "code", "source": [source], "outputs": list(outputs)}
  title = {"cell_type": "markdown", "source": ["# Look"]}
  return {"cells": [title, code]}


def _stream(text):
  return {"output_type": "stream", "name": "stdout", "text": [text]}


def _shown(*outputs):
  page, _ = notebook_pages.as_markdown(_notebook(*outputs), "look.ipynb")
  return page.partition("```python\n1 + 1\n```\n")[2].lstrip("\n")


def test_a_page_has_what_its_cells_print():
  result = {"output_type": "execute_result", "data": {"text/plain": ["2"]}}
  assert _shown(_stream("a\n"), result) == (
    '```text title="Output"\na\n```\n\n```text title="Output"\n2\n```\n'
  )


def test_prints_that_follow_each_other_are_one_without_lines_of_tensorflow():
  noise = "I0000 00:00:1795796614.23 13501 port.cc:153] oneDNN is on.\n"
  shown = _shown(_stream("a\n"), _stream(noise), _stream("b\n"))
  assert shown == '```text title="Output"\na\nb\n```\n'
  assert _shown(_stream(noise)) == ""


def test_an_output_is_what_a_terminal_would_show_in_the_end():
  assert "\n2 of 2\n" in _shown(_stream("1 of 2\r\x1b[32m2 of 2\x1b[0m\n"))


def test_a_long_output_loses_its_middle():
  shown = _shown(_stream("\n".join(map(str, range(100)))))
  assert "\n11\n... 76 more lines ...\n88\n" in shown


def test_a_picture_is_a_file_beside_the_page():
  data = {"image/png": base64.b64encode(b"png").decode(), "text/plain": "fig"}
  drawn = {"output_type": "display_data", "data": data}
  page, pictures = notebook_pages.as_markdown(_notebook(drawn), "look.ipynb")
  assert pictures == {"look_1.png": b"png"}
  assert "(look_1.png)" in page and "fig" not in page


def test_pictures_stay_while_links_lead_to_the_site(tmp_path):
  (tmp_path / "notebooks").mkdir()
  path, ran = tmp_path / "notebooks" / "look.ipynb", tmp_path / "ran"
  data = {"image/png": base64.b64encode(b"png").decode()}
  notebook = _notebook({"output_type": "display_data", "data": data})
  notebook["cells"][0]["source"] = ["[data](../docs/data.md)"]
  path.write_text(json.dumps(notebook))
  notebook_pages.write(tmp_path, tmp_path / "out", ran)
  page = (tmp_path / "out" / "notebooks" / "look.md").read_text()
  assert "[data](../data.md)" in page and "(look_1.png)" in page


def test_outputs_of_a_notebook_that_has_changed_since_are_not_shown(tmp_path):
  path, ran = tmp_path / "look.ipynb", tmp_path / "ran"
  path.write_text(json.dumps(_notebook()))
  assert notebook_runs.read(path, ran) is None
  ran.mkdir()
  there = notebook_runs.kept(path, ran)
  there.write_text(json.dumps(_notebook(_stream("a"))))
  assert notebook_runs.read(path, ran) == _notebook(_stream("a"))
  path.write_text(json.dumps(_notebook(source="2 + 2")))
  assert notebook_runs.read(path, ran) is None
