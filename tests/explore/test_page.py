"""The explorer in a real browser, headless."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from urllib.parse import urlencode

import pytest

pytest.importorskip("panel")
webdriver = pytest.importorskip("selenium.webdriver")
chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
chromedriver = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.extra,
    pytest.mark.skipif(chromium is None or chromedriver is None, reason="needs chromium and chromedriver"),
]

WAIT = 60.0
#: Lengths of what the pictures show, by the names of their sources.
FIND = """
const doc = Bokeh.documents[0];
const found = {};
for (const model of doc._all_models.values()) {
  if (model.name && model.data) {
    const column = model.data.y ?? model.data.image;
    found[model.name] = column ? Array.from(column).length : 0;
  }
}
return JSON.stringify(found);
"""


@pytest.fixture(scope="module")
def address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "phasetheory_command", "explore", "--no-browser", "--port", str(port)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    ) as server:
        try:
            said = server.stdout.readline()
            assert f"http://127.0.0.1:{port}/explore" in said
            for _ in range(100):
                with socket.socket() as trial:
                    if trial.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}/explore"
        finally:
            server.terminate()
            server.wait(30)  # a signal that is lost would leave it running


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
    look = {"width": 1280, "height": 720, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", look)
    yield driver
    driver.quit()


def text(browser):
    """All that is written on the page, inside of shadow roots too."""
    return browser.execute_script(
        "const out = []; const walk = n => { if (n.shadowRoot) walk(n.shadowRoot); for (const c of n.childNodes) {"
        " if (c.nodeType === 3) out.push(c.textContent); else if (c.nodeName !== 'STYLE') walk(c); } };"
        " walk(document.body); return out.join(' ');"
    )


def until(condition, what):
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, f"not on the page: {what}"
        time.sleep(0.1)


def shown(browser):
    return json.loads(browser.execute_script(FIND))


def click_at(browser, x, y, picture="diagram"):
    """A click on a picture, in its own coordinates."""
    place = browser.execute_script(
        "const model = [...Bokeh.documents[0]._all_models.values()].find(m => m.name === arguments[2]);"
        "const view = Bokeh.index.find_one(model); const box = view.el.getBoundingClientRect();"
        "const frame = view.frame;"
        "return [box.left + frame.x_scale.compute(arguments[0]), box.top + frame.y_scale.compute(arguments[1])];",
        x,
        y,
        picture,
    )
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        pressed = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
        browser.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": kind, "x": place[0], "y": place[1]} | pressed)


def errors(browser):
    return [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_a_click_trains_that_network(address, browser, tmp_path):
    browser.get(address)
    until(lambda: "the loss reached loss_tol" in text(browser), "the network that is there at first")
    click_at(browser, 0.5, 0.0)
    until(
        lambda: "w linear (proved)" in text(browser) and "the loss reached" in text(browser), "the network clicked on"
    )
    until(lambda: "x=0.5" in browser.current_url, "the state in the link")
    until(lambda: shown(browser).get("plane") == 1, "the plane of capacities")
    found = shown(browser)
    assert found["function"] > 100
    assert found["features"] > 100
    assert found["RD w"] > 5
    assert found["F w"] == 2
    assert browser.save_screenshot(str(tmp_path / "page.png"))
    assert errors(browser) == []


def test_a_link_and_its_mistakes(address, browser):
    browser.get(address + "?language=zh&optimizer=adam&x=1.2&width=200")
    until(lambda: "凝聚（推导）" in text(browser), "Chinese")
    enter(browser, "γ", "one")
    until(
        lambda: "gamma = 'one' 不是数字；请输入小数或分数" in text(browser), "what is wrong with the field, in Chinese"
    )
    browser.get(address + "?x=one")
    until(lambda: "gamma = 'one' is no number" in text(browser), "what is wrong with the link")
    assert errors(browser) == []


def test_tabs_are_apart(address, browser):
    browser.get(address + "?x=0.5")
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    browser.get(address + "?x=1.5")
    until(lambda: "w condensed (proved)" in text(browser), "the second tab")
    browser.switch_to.window(first)
    until(lambda: "w linear (proved)" in text(browser), "the first tab")
    assert errors(browser) == []


def test_a_point_is_drawn(address, browser):
    browser.get(address + "?data=-1,0.5;0,1;1,-1")
    until(lambda: "the loss reached loss_tol" in text(browser), "the network that is there at first")
    click_at(browser, 0.5, -1.0, "function picture")
    until(lambda: browser.current_url.count("%3B") == 3, "a fourth point in the link")
    until(lambda: "the loss reached loss_tol" in text(browser), "the network trained on it")
    assert errors(browser) == []


def enter(browser, title, value):
    """What a user types into the field of this title."""
    browser.execute_script(
        "[...Bokeh.documents[0]._all_models.values()].find(m => m.title === arguments[0] && 'value' in m).value = arguments[1];",
        title,
        value,
    )


def test_what_a_field_cannot_take_is_said_and_all_else_stays(address, browser):
    browser.get(address + "?x=0.5")
    until(lambda: "w linear (proved)" in text(browser), "the network that is there at first")
    enter(browser, "γ", "one")
    until(lambda: "gamma = 'one' is no number" in text(browser), "what is wrong with the field")
    assert "x=0.5" in browser.current_url
    enter(browser, "γ", "1.5")
    until(lambda: "w condensed (proved)" in text(browser), "the network of the field")
    assert errors(browser) == []


def test_a_run_ends_when_another_is_asked_for(address, browser):
    # a sign for each of forty points is out of reach: this trains until its seconds are over, on any machine
    points = ";".join(f"{k / 20 - 1:.2f},{(-1) ** k}" for k in range(40))
    browser.get(f"{address}?{urlencode({'plane': 3, 'x': 0.5, 'y': 0, 'width': 1000, 'data': points})}")
    until(lambda: "training" in text(browser), "the long run")
    enter(browser, "data", "four-points")
    until(lambda: "the loss reached loss_tol" in text(browser), "the network asked for")
    time.sleep(2.0)  # in which the first would have shown itself
    assert "the loss reached loss_tol" in text(browser)
    assert "was used up" not in text(browser)
    assert errors(browser) == []
