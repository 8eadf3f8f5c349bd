"""Every page of the registry of addresses: no axe violation, no console message, no horizontal scroll.

Opening 140 pages in three languages and looking at each with axe in four views takes an hour of a busy machine, so the
pages take turns: each is opened in one language and looked at in one of the views. The place in the walk says which,
the same each time. `make test-long` looks at each page in all views and languages.
"""

import pytest
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from tests.browser.running import REPOSITORY
from tests.browser.visitor import Visitor
from tests.browser.walk import NO_PAGE, NOBODY, OPERATOR, all_places, reset_link

AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LANGUAGES = ("en", "fr", "nl")
WIDE, NARROW, NARROWEST = {"width": 1366, "height": 768}, {"width": 390, "height": 844}, {"width": 360, "height": 740}
VIEWS = ((WIDE, "light"), (NARROW, "dark"), (WIDE, "dark"), (NARROW, "light"))
SAID = """async (tags) => {
    const found = await axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
    return found.violations.flatMap((one) =>
        one.nodes.slice(0, 3).map((node) => `${one.id}: ${node.target} — ${node.failureSummary}`));
}"""


@pytest.fixture(scope="module")
def walk(portal):
    return all_places(portal)


def registry(patterns=None, prefix=""):
    """Return the names of all addresses."""
    names = set()
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            inner = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            names |= registry(entry.url_patterns, inner)
        elif isinstance(entry, URLPattern):
            names.add(f"{prefix}{entry.name}")
    return names


def test_every_page_of_the_registry_is_visited(walk):
    visited = {place.name for place in walk.places}
    assert registry() - visited - set(NO_PAGE) == set(), "add them to tests/browser/walk.py"
    assert set(NO_PAGE) - registry() == set(), "these are excused and do not exist"
    assert set(NO_PAGE) & visited == set(), "these are excused and visited"


def unscrolled(page):
    """Return by how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def views_of(turn, language):
    """Return in which views a page is looked at in a language, by its place in the walk."""
    own = turn % len(LANGUAGES) == LANGUAGES.index(language)
    return [VIEWS[turn // len(LANGUAGES) % len(VIEWS)]] if own else []


def test_every_page_has_its_turn_and_every_language_all_views():
    turns = range(len(LANGUAGES) * len(VIEWS))
    assert all(sum(len(views_of(turn, language)) for language in LANGUAGES) == 1 for turn in turns)
    for language in LANGUAGES:
        assert len({str(view) for turn in turns for view in views_of(turn, language)}) == len(VIEWS)


@pytest.mark.rule("GEN-8", "GEN-10")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_accessible_quiet_and_fits(language, walk, visit, watch):
    look_at_all(language, walk, visit, watch, views_of)


@pytest.mark.long
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_accessible_in_every_view(language, walk, visit, watch):
    look_at_all(language, walk, visit, watch, lambda _turn, _language: VIEWS)


def look_at_all(language, walk, visit, watch, views):
    """Open every page in a language; fail with all that is wrong with any."""
    pages = {}
    for who, person in walk.people.items():
        person.speak(language)
        pages[who] = visit(who, language=language, visitor=person)
    pages[NOBODY] = visit(language=language)
    pages[NOBODY].context.add_cookies([{"name": "language", "value": language, "url": walk.portal.url}])
    axe = AXE.read_text()
    wrong = []
    for turn, place in enumerate(walk.places):
        looks = views(turn, language)
        if not looks:
            continue
        page = pages[place.who]
        if place.status != 200:
            watch.expect(f"{walk.portal.url}{place.path}]")  # Chromium logs the status itself
        answer = page.goto(place.path)
        if answer.status != place.status:
            wrong.append(f"{place}: {answer.status}")
            continue
        if page.url != walk.portal.url + place.path:
            wrong.append(f"{place}: {place.path} leads on to {page.url}")
            continue
        if page.get_attribute("html", "lang") != language:
            wrong.append(f"{place}: it says that it speaks {page.get_attribute('html', 'lang')}")
        page.evaluate(axe)
        for size, theme in looks:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=theme)
            wrong += [f"{place}, {size['width']} {theme}: {said}" for said in page.evaluate(SAID, TAGS)]
        for size in (WIDE, NARROWEST):
            page.set_viewport_size(size)
            if over := unscrolled(page):
                wrong.append(f"{place}: {over} pixels too wide for {size['width']}")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_open_menus_are_accessible(theme, walk, visit):
    """What opens over a page: the menu of a phone, a row's menu, the user's menu, the bar of a selection."""
    page = visit("principal@acme.example", theme=theme, width=390, height=844)
    page.goto("/PRO-ACMEAA/cards/")
    page.evaluate(AXE.read_text())
    page.locator("tbody input[name=select]").first.check()
    assert page.evaluate(SAID, TAGS) == []
    page.locator("tbody .row-menu summary").first.click()
    assert page.evaluate(SAID, TAGS) == []
    page.locator(".user-button").click()
    assert page.evaluate(SAID, TAGS) == []
    page.get_by_role("button", name="Menu").click()
    assert page.evaluate(SAID, TAGS) == []
    assert unscrolled(page) == 0


def test_a_new_password_by_the_link_in_the_mail(portal, walk, visit, watch):
    email = "consultation@acme.example"
    visitor = Visitor(portal)
    visitor.post("/accounts/password/reset/", email=email)
    operator = visit(OPERATOR)
    link = None
    for _try in range(40):
        link = reset_link(walk, email)
        if link:
            break
        operator.wait_for_timeout(500)
    page = visit()
    page.goto(link)
    page.evaluate(AXE.read_text())
    assert page.evaluate(SAID, TAGS) == []


STOP = """
from django.utils import timezone
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem
with all_companies(reason="a test wants work that stopped"):
    item = WorkItem.objects.order_by("pk").first()
    WorkItem.objects.filter(pk=item.pk).update(status="failed", error="The card maker did not answer.")
print(item.pk)
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_stopped_work_can_be_tried_again(theme, portal, visit):
    stopped = portal.run("shell", "--no-imports", "--command", STOP).split()[-1]
    page = visit(OPERATOR, theme=theme)
    page.goto("/operator/work/?status=failed")
    page.evaluate(AXE.read_text())
    assert page.evaluate(SAID, TAGS) == []
    page.goto(f"/operator/work/{stopped}/retry/")
    page.evaluate(AXE.read_text())
    assert page.evaluate(SAID, TAGS) == []
    page.locator("main form button[type=submit]").click()
    assert page.locator("#messages").inner_text().strip() == "The work is handed out again."
