"""Pages in a headless Chromium: opened from disk, without a network."""

import json
import re

from compare_gan.export import frozen
from compare_gan.export.web import web_page
from compare_gan.export.web import web_program
import numpy as np
import pytest

from tests.export import chromium
from tests.export import generators
from tests.setup_test import setup_arguments

_QUANTILES = np.linspace(-1.0, 1.0, 129).tolist()
_NAMES = ["square", "</script><b>disc", "ring"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
  with chromium.browser(tmp_path_factory.mktemp("profile")) as one:
    yield one


def _page(gan, **options):
  program = web_program.translate(frozen.freeze(gan))
  classes = _NAMES[: gan.num_classes]
  options = {"max_megabytes": 40, **options}
  about = ("A <title>", "of {{data}} & more")
  return web_page.live(gan, program, about, _QUANTILES, classes, **options)


def _open(browser, text, folder, **metrics):
  path = folder / "page.html"
  path.write_text(text, encoding="utf-8")
  page = browser.open(path, **metrics)
  page.wait_for("get('status').textContent.includes('computed')")
  return page


def _settle(page):
  """Waits until nothing is left to be computed."""
  page.wait_for("!busy && !waiting.size")


_READ = """
  ((canvas) => {
    // Reading a copy leaves the page's own canvas as it is.
    const copy = make("canvas", { width: canvas.width, height: canvas.height });
    const context = copy.getContext("2d", { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    return [...context.getImageData(0, 0, copy.width, copy.height).data];
  })
"""


def _pixels(page, canvas="get('image')"):
  return page.run(f"{_READ}({canvas})")


@pytest.fixture(scope="module")
def text_of_small():
  """The page of a conditional generator with 32 x 32 pixels."""
  return _page(generators.make("resnet_cifar_arch"))


@pytest.fixture
def small(browser, text_of_small, tmp_path):
  page = _open(browser, text_of_small, tmp_path)
  _settle(page)
  yield page
  page.close()


def _ask(page, given):
  inputs = {name: value[0].tolist() for name, value in given.items()}
  return np.array(
    page.run(f"ask('test', {json.dumps(inputs)}).then((a) => [...a.pixels])")
  )


# In node all of them are tried, see web_program_test.py.
@chromium.required
@pytest.mark.slow
@generators.names
def test_browser_computes_what_tensorflow_does(name, browser, tmp_path):
  gan = generators.make(name)
  page = _open(browser, _page(gan), tmp_path)
  _settle(page)
  given = generators.inputs(gan)
  want = generators.image(gan, given)
  got = _ask(page, given).reshape(want.shape)
  np.testing.assert_allclose(got, want, atol=1e-4)
  assert not page.complaints()
  page.close()


@pytest.mark.versions("exports TensorFlow's graphs")
@chromium.required
def test_browser_computes_what_tensorflow_does_with_a_dcgan(browser, tmp_path):
  test_browser_computes_what_tensorflow_does("dcgan_arch", browser, tmp_path)


@chromium.required
def test_nothing_is_asked_of_a_network_or_complained_of(small):
  requests = small.requests()
  assert len(requests) >= 2  # The page, and the worker that it holds itself.
  assert all(re.match("file:///|blob:null/", url) for url in requests)
  assert not small.complaints()
  assert small.run("document.title") == "A <title>"
  assert small.run("document.querySelector('header p').textContent") == (
    "of {{data}} & more"
  )


@chromium.required
def test_page_is_not_allowed_to_load_anything(small):
  code = "fetch('https://example.org').then(() => 'got', () => 'refused')"
  assert small.run(code) == "refused"
  assert "Content Security Policy" in json.dumps(small.complaints())


@chromium.required
def test_large_image_is_that_of_the_sliders_and_the_class(small):
  z, y = (
    small.run("inputsOf(state.noise).z"),
    small.run("inputsOf(state.noise).y"),
  )
  assert y == [1, 0, 0]
  gan = generators.make("resnet_cifar_arch")
  given = {"z": np.float32([z]), "y": np.float32([y])}
  want = np.rint(255 * generators.image(gan, given))
  got = np.reshape(_pixels(small), [32, 32, 4])
  np.testing.assert_allclose(got[..., :3], want, atol=1)
  assert (got[..., 3] == 255).all()
  shown = small.run(
    "[...get('sliders').children].map((s) => s.children[1].value)"
  )
  np.testing.assert_allclose(np.float32(shown), z[:16], atol=0.006)


def _change(page, code):
  """Returns whether the large image changes after code."""
  before = _pixels(page)
  page.run(code)
  _settle(page)
  return _pixels(page) != before


_MOVE = """
  slider = get('sliders').children[3].children[1];
  slider.value = slider.value > 0 ? -0.9 : 0.9;
  slider.dispatchEvent(new Event('input'));
"""


@chromium.required
@pytest.mark.parametrize(
  "code",
  [
    _MOVE,
    "get('new-z').click()",
    "document.querySelectorAll('[name=class]')[2].click()",
    "get('truncation').value = 0.2;"
    "get('truncation').dispatchEvent(new Event('input'))",
    "get('mix').value = 0.5; get('mix').dispatchEvent(new Event('input'))",
    "get('grid').children[5].click()",
  ],
  ids=["slider", "new z", "class", "truncation", "mix", "gallery"],
)
def test_controls_change_the_image(small, code):
  assert _change(small, code)
  assert not small.complaints()


@chromium.required
def test_mixing_weighs_two_classes(small):
  small.run("""
    get('second-class').value = 2;
    get('second-class').dispatchEvent(new Event('change'));
    get('mix').value = 0.25;
    get('mix').dispatchEvent(new Event('input'));
  """)
  assert small.run("inputsOf(state.noise).y") == [0.75, 0, 0.25]


@chromium.required
def test_a_clicked_image_stays_and_the_others_become_like_it(small):
  canvas = "get('grid').children[{}].firstChild".format
  chosen = _pixels(small, canvas(5))
  small.run("get('variation').value = 0.05; get('grid').children[5].click()")
  _settle(small)
  assert _pixels(small) == _pixels(small, canvas(5)) == chosen
  others = small.run(
    "gallery.map(({ noise }) => Math.max("
    "...noise.map((x, i) => Math.abs(x - gallery[5].noise[i]))))"
  )
  assert others[5] == 0
  assert all(0 < other <= 0.051 for other in others[:5] + others[6:])


@chromium.required
def test_truncation_keeps_the_middle_of_z(small):
  full = np.array(small.run("inputsOf(state.noise).z"))
  small.run(
    "get('truncation').value = 0.5;"
    "get('truncation').dispatchEvent(new Event('input'))"
  )
  half = np.array(small.run("inputsOf(state.noise).z"))
  # Here z is uniform.
  np.testing.assert_allclose(half, 0.5 * full, atol=1e-6)


@chromium.required
def test_sliders_say_what_z_becomes(small):
  small.run("state.truncation = 0.5")
  small.run(_MOVE)
  z = small.run("inputsOf(state.noise).z[3]")
  limited = np.clip(float(small.run("slider.value")), -1.0, 1.0)
  np.testing.assert_allclose(z, limited, atol=1e-6)


@chromium.required
def test_quantiles_of_z_are_those_of_the_model(browser, tmp_path):
  gan = generators.make("dcgan_arch", num_classes=0)
  program = web_program.translate(frozen.freeze(gan))
  quantiles = [-3.0, -1.0, 0.0, 1.0, 3.0]
  text = web_page.live(gan, program, ("t", ""), quantiles, [], 40)
  page = _open(browser, text, tmp_path)
  found = page.run(
    "[-1, -0.75, -0.5, 0, 0.5, 0.75, 1, 2].map((noise) => zOfNoise(noise, 1))"
  )
  np.testing.assert_allclose(found, [-3, -2, -1, 0, 1, 2, 3, 3])
  back = page.run("[-3, -2, 0, 0.5, 3].map((z) => noiseOfZ(z, 1))")
  np.testing.assert_allclose(back, [-1, -0.75, 0, 0.25, 1])
  page.close()


@chromium.required
def test_keys_move_sliders_and_classes(small):
  small.run("get('sliders').children[0].children[1].focus()")
  before, z = _pixels(small), small.run("inputsOf(state.noise).z[0]")
  small.press("End", 35)
  _settle(small)
  assert small.run("inputsOf(state.noise).z[0]") == 1.0 > z
  assert _pixels(small) != before
  small.run("document.querySelector('[name=class]').focus()")
  small.press("ArrowRight", 39)
  assert small.run("state.first") == 1
  # Everything that can be used can be reached, and has a name.
  nameless = small.run("""
    [...document.querySelectorAll('button, input, select')].filter((e) =>
      e.tabIndex < 0 || !(e.ariaLabel || e.textContent.trim()
        || (e.labels && e.labels[0] && e.labels[0].textContent.trim())))
      .map((e) => e.outerHTML)
  """)
  assert not nameless


_Z = "inputsOf(state.noise).z"


def _open_hash(page, words):
  """Goes to an address of the same page, as somebody does who got it."""
  page.run(f"location.hash = {json.dumps(words)}")
  page.wait_for(f"hashOfState() === {json.dumps('#' + words)}")
  _settle(page)


@chromium.required
def test_a_seed_gives_the_same_z_each_time(small):
  draws = []
  for seed in (7, 8, 7):
    small.run(
      f"get('seed').value = {seed};"
      "get('seed').dispatchEvent(new Event('input'))"
    )
    draws.append(np.array(small.run(_Z)))
  np.testing.assert_array_equal(draws[0], draws[2])
  assert abs(np.corrcoef(draws[0], draws[1])[0, 1]) < 0.3
  # z is uniform in [-1, 1] here: its deviation is 1 / sqrt(3).
  assert abs(draws[0].mean()) < 0.15 and abs(draws[0].std() - 0.577) < 0.1


@chromium.required
def test_the_address_holds_the_picture(small):
  _open_hash(small, "seed=7&class=1&with=2&share=0.25&truncation=0.5")
  assert small.run("inputsOf(state.noise).y") == [0, 0.75, 0.25]
  assert small.run("get('seed').value") == "7"
  small.run(_MOVE)
  _settle(small)
  words = small.run("hashOfState()")[1:]
  assert "noise=" in words
  z, pixels = small.run(_Z), _pixels(small)
  small.wait_for("location.hash === hashOfState()")
  _open_hash(small, "seed=8&class=0")
  assert _pixels(small) != pixels
  _open_hash(small, words)
  assert small.run(_Z) == z and _pixels(small) == pixels


@chromium.required
def test_what_an_address_has_wrongly_takes_its_usual_value(small):
  small.run(
    "takeHash('#seed=7&class=99&with=0.5&share=x&truncation=0&noise=AAAA')"
  )
  assert small.run("hashOfState()") == "#seed=7&class=0"


@chromium.required
def test_a_changed_z_can_be_undone(small):
  assert small.run("get('back').hidden")
  z = small.run(_Z)
  small.run(_MOVE)
  assert not small.run("get('back').hidden")
  small.run("get('back').click()")
  assert small.run(_Z) == z
  assert small.run("get('back').hidden")


@chromium.required
def test_the_picture_is_described_for_those_who_do_not_see_it(small):
  _open_hash(small, "seed=7&class=1&with=2&share=0.25&truncation=0.5")
  words = "class </script><b>disc with 25 % of ring, seed 7, truncation 50 %"
  label = small.run("get('image').getAttribute('aria-label')")
  assert label == f"Generated image: {words}"
  # Once nothing has followed for a while.
  small.wait_for(f"get('spoken').textContent.includes({json.dumps(words)})")
  # Nothing else is read aloud when it changes.
  live = "[...document.querySelectorAll('[role=status], [aria-live], output')]"
  assert small.run(f"{live}.map((e) => e.id)") == ["spoken"]
  assert (
    small.run(
      "get('sliders').children[0].children[1].getAttribute('aria-valuetext')"
    )
    == f"{small.run(_Z)[0]:.2f}"
  )


@chromium.required
@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_morph_goes_on_until_it_is_stopped(small, motion):
  feature = {"name": "prefers-reduced-motion", "value": motion}
  small.call("Emulation.setEmulatedMedia", features=[feature])
  small.run("get('morph').click()")
  small.wait_for("state.mix > 0.2")
  assert small.run("get('morph').textContent") == "Stop morph"
  if motion == "reduce":
    assert small.run("state.mix") == 0.25  # the first of four steps
  else:
    small.run("get('new-z').click()")  # It goes on with another z.
    mix = small.run("state.mix")
    small.wait_for(f"state.mix > {mix}")
  small.run("get('morph').click()")
  small.wait_for("get('morph').textContent === 'Morph'")
  _settle(small)
  mix = small.run("state.mix")
  assert float(small.run("get('mix').value")) == pytest.approx(mix, abs=0.01)


@chromium.required
def test_arrow_keys_move_in_the_gallery(small):
  focused = "[...get('grid').children].indexOf(document.activeElement)"
  small.run("get('grid').children[0].focus()")
  found = []
  for key, code in (
    ("ArrowRight", 39),
    ("ArrowDown", 40),  # The rows have eight.
    ("ArrowUp", 38),
    ("ArrowUp", 38),
    ("End", 35),
    ("ArrowLeft", 37),
  ):
    small.press(key, code)
    found.append(small.run(focused))
  assert found == [1, 9, 1, 1, 15, 14]


@chromium.required
def test_the_gallery_is_one_picture(small):
  small.run("picture = galleryPicture()")
  assert small.run("[picture.width, picture.height]") == [128, 128]
  whole = np.reshape(_pixels(small, "picture"), [128, 128, 4])
  sixth = np.reshape(
    _pixels(small, "get('grid').children[5].firstChild"), [32, 32, 4]
  )
  np.testing.assert_array_equal(whole[32:64, 32:64], sixth)


@chromium.required
def test_speed_is_measured_in_images(small):
  assert small.run("imagesPerSecond(0.2)") > 1


@chromium.required
def test_more_coordinates_until_there_are_all(small):
  counts = [small.run("get('sliders').children.length")]
  while small.run("!get('more').hidden"):
    small.run("get('more').click()")
    counts.append(small.run("get('sliders').children.length"))
  assert counts == [16, 32, 64, 120]


@chromium.required
def test_names_of_classes_are_text(small):
  shown = small.run(
    "[...document.querySelectorAll('.class')].map((c) => c.textContent)"
  )
  assert shown == _NAMES


@chromium.required
def test_small_screen_and_dark_colors(browser, tmp_path):
  text = _page(generators.make("dcgan_arch"))
  page = _open(browser, text, tmp_path, width=360, height=640, mobile=True)
  assert page.run("document.documentElement.scrollWidth") <= 360
  back = "getComputedStyle(document.body).backgroundColor"
  colors = []
  for scheme in ("light", "dark"):
    page.call(
      "Emulation.setEmulatedMedia",
      features=[{"name": "prefers-color-scheme", "value": scheme}],
    )
    colors.append(sum(map(int, re.findall(r"\d+", page.run(back))[:3])))
  assert colors[0] > 600 and colors[1] < 150
  page.close()


@chromium.required
def test_without_a_worker_the_page_computes_by_itself(browser, tmp_path):
  gan = generators.make("dcgan_arch")
  text = _page(gan).replace("new Worker(url)", "new NoSuchThing(url)")
  page = _open(browser, text, tmp_path)
  given = generators.inputs(gan)
  want = generators.image(gan, given)
  np.testing.assert_allclose(
    _ask(page, given).reshape(want.shape), want, atol=1e-4
  )
  page.close()


@chromium.required
def test_where_the_worker_fails_the_page_computes_by_itself(browser, tmp_path):
  gan = generators.make("dcgan_arch")
  text = _page(gan).replace("let generator = null;", "throw Error('broken');")
  page = _open(browser, text, tmp_path)
  given = generators.inputs(gan)
  want = generators.image(gan, given)
  np.testing.assert_allclose(
    _ask(page, given).reshape(want.shape), want, atol=1e-4
  )
  page.close()


def _sheet(shade):
  """Two coordinates by three values, each cell 2 x 2 pixels of one gray."""
  cells = np.arange(6).reshape(2, 3) * 10 + shade
  picture = cells.repeat(2, axis=0).repeat(2, axis=1).astype(np.uint8)
  return web_page.data_uri(np.stack([picture] * 3, axis=-1))


@chromium.required
def test_frames(browser, tmp_path):
  bases = [[_sheet(0), _sheet(60)], [_sheet(120), _sheet(180)]]
  text = web_page.with_frames(
    (2, 2, 3), ("t", "why"), ["a", "b"], bases, [-1.0, 0.0, 1.0], 2
  )
  page = _open(browser, text, tmp_path)

  def shows(gray):
    page.wait_for(f"{_READ}(get('image'))[0] === {gray}")

  shows(10)  # the first coordinate in the middle
  page.run(
    "s = get('sliders').children[1].children[1]; s.value = 2;"
    "s.dispatchEvent(new Event('input'))"
  )
  shows(50)
  page.run("document.querySelectorAll('[name=class]')[1].click()")
  shows(110)
  page.run("get('new-z').click()")
  shows(230)
  page.run("get('grid').children[0].click()")
  shows(210)
  assert all(
    re.match("file:///|data:image/png", url) for url in page.requests()
  )
  assert not page.complaints()
  assert page.run("get('mixing').hidden && get('truncating').hidden")
  page.close()


def test_page_that_would_be_too_large_is_refused():
  gan = generators.make("dcgan_arch")
  size = len(_page(gan)) / 2**20
  _page(gan, max_megabytes=size + 0.001)
  with pytest.raises(web_page.TooLargeError, match="--max_mb"):
    _page(gan, max_megabytes=size - 0.001)
  with pytest.raises(web_page.TooLargeError, match="--max_mb"):
    _page(gan, max_megabytes=0.01)  # before it is made


def test_parts_of_the_page_are_installed(monkeypatch):
  patterns = setup_arguments(monkeypatch)["package_data"][
    "compare_gan.export.web"
  ]
  assert {"*.html", "*.css", "*.js"} <= set(patterns)
