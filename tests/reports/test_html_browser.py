"""The page as a browser shows it. Needs Chromium and its driver."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reports.folding import fold
from reports.html import html
from tests.reports.streams import LIFECYCLES, RULES, STREAM

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="no chromium and chromedriver on the PATH (apt-get install chromium chromium-driver)",
)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--hide-scrollbars"),
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Chromium of its own, that reaches for nothing outside."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of the miniature stream, as a file."""
    path: Path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html(fold(STREAM, RULES), LIFECYCLES), "utf-8")
    return path.as_uri()


@pytest.fixture
def page(browser: Any, address: str) -> Any:
    """The page, freshly opened and wide."""
    return opened(browser, address, 1280)


def opened(browser: Any, address: str, width: int) -> Any:
    # A window cannot be made as narrow as a telephone; the emulated screen can.
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    browser.get("about:blank")
    browser.get(address)
    return browser


def click(page: Any, selector: str) -> None:
    page.find_element("css selector", selector).click()


def shown(page: Any) -> list[str]:
    rules = page.find_elements("css selector", ".rule")
    return [rule.get_attribute("id") for rule in rules if rule.is_displayed()]


def is_open(page: Any, selector: str) -> bool:
    return page.find_element("css selector", selector).get_attribute("open") is not None


def test_all_rules_are_shown_at_first(page: Any) -> None:
    assert shown(page) == list(RULES)


def test_a_verdict_filters(page: Any) -> None:
    click(page, "[data-verdict=violated]")
    assert shown(page) == ["BACKOFF-001"]
    assert page.find_element("id", "shown").text == "1 of 9 rules"


def test_verdicts_add_up(page: Any) -> None:
    click(page, "[data-verdict=violated]")
    click(page, "[data-verdict=planned]")
    assert shown(page) == ["BACKOFF-001", "GC-001"]


def test_a_run_filters(page: Any) -> None:
    click(page, "#run option[value='1']")
    click(page, "[data-verdict=passed]")
    assert shown(page) == ["PHASE-001", "PHASE-002", "BACKOFF-001"]


def test_an_area_filters(page: Any) -> None:
    click(page, "#area option:nth-child(3)")
    assert shown(page) == ["BACKOFF-001", "BACKOFF-008"]


def test_a_search_filters_by_every_word(page: Any) -> None:
    page.find_element("id", "search").send_keys("pod Pending")
    assert shown(page) == ["PHASE-002", "PHASE-003"]


def test_a_slash_begins_a_search(page: Any) -> None:
    page.find_element("css selector", "body").send_keys("/")
    assert page.switch_to.active_element.get_attribute("id") == "search"


def test_filters_are_cleared(page: Any) -> None:
    click(page, "[data-verdict=violated]")
    click(page, ".reset")
    assert shown(page) == list(RULES)


def test_nothing_found_is_said(page: Any) -> None:
    page.find_element("id", "search").send_keys("unheard of")
    assert page.find_element("css selector", ".nothing").is_displayed()


def test_a_rule_opens_and_is_linked(page: Any) -> None:
    click(page, "#BACKOFF-001 > summary")
    assert "doBackOff" in page.find_element("id", "BACKOFF-001").text
    assert page.current_url.endswith("#BACKOFF-001")


def test_equal_results_of_two_runs_keep_their_names(page: Any) -> None:
    click(page, "#PHASE-001 > summary")
    found = page.find_elements("css selector", "#PHASE-001 .verdict h4")
    assert [each.text.split()[0] for each in found] == ["v1.36", "documented"]


def test_a_rule_opens_by_keyboard(page: Any) -> None:
    page.find_element("css selector", "#PHASE-001 > summary").send_keys("\ue007")
    assert is_open(page, "#PHASE-001")


def test_a_violation_opens_with_its_breaking_step(page: Any) -> None:
    click(page, "#BACKOFF-001 > summary")
    click(page, "#BACKOFF-001 .violation > summary")
    breaking = page.find_element("css selector", "#BACKOFF-001 .breaking")
    assert "restartCount: 0 → 1" in breaking.text
    assert breaking.get_attribute("aria-current") == "step"


def test_a_replay_command_is_copied(page: Any) -> None:
    click(page, "#BACKOFF-001 > summary")
    click(page, "#BACKOFF-001 .violation > summary")
    click(page, "#BACKOFF-001 .copy")
    done = "return document.querySelector('#BACKOFF-001 .copy').textContent !== 'Copy'"
    assert any(page.execute_script(done) for _ in range(50))


def test_a_deep_link_opens_its_rule(browser: Any, address: str) -> None:
    assert is_open(opened(browser, f"{address}#PV-012", 1280), "#PV-012")


def test_a_link_to_a_hidden_rule_shows_it(page: Any) -> None:
    click(page, "[data-verdict=violated]")
    click(page, ".kills a[href='#HPA-001']")
    assert is_open(page, "#HPA-001")
    assert "HPA-001" in shown(page)


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_is_wider_than_the_screen(browser: Any, address: str, width: int) -> None:
    page = opened(browser, address, width)
    page.execute_script(
        "document.querySelectorAll('details').forEach(each => { each.open = true; })"
    )
    assert page.execute_script("return document.documentElement.scrollWidth") == width


def test_the_console_stays_silent(page: Any) -> None:
    click(page, "#BACKOFF-001 > summary")
    click(page, "[data-verdict=violated]")
    assert page.get_log("browser") == []
