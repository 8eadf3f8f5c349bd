"""How the pages are put together, from contexts such as the kernel makes."""

import re
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

PAGE = {"title": "Fuel cards", "lead": "", "crumbs": [], "acts": []}
ORDER = {
    "name": "order",
    "label": "Order a fuel card",
    "url": "/order/",
    "icon": "plus",
    "tone": "primary",
    "method": "get",
}
BLOCK = {"name": "block", "label": "Block", "url": "/block/", "icon": "lock", "tone": "danger", "method": "post"}


def listing(**changes):
    return {
        "searchable": True,
        "rows": mark_safe("<tr><td>1-ABC-123</td></tr>"),
        "row_count": 1,
        "count_label": "10,000+",
        "headers": [
            {"label": "Plate", "sort_url": "?sort=-plate", "direction": "asc", "numeric": False},
            {"label": "Rank", "sort_url": None, "direction": "", "numeric": True},
        ],
        "chips": [],
        "hidden": [("sort", "plate")],
        "bulk": [{"name": "block", "label": "Block", "tone": "danger"}],
        "bulk_url": "/bulk/",
        "hidden_filter": [("status", "active")],
        "empty": {"title": "No fuel cards yet", "text": "Order the first.", "act": ORDER},
        "pager": {},
        "views": [],
        "downloads": [],
    } | changes


def request(htmx=False, **query):
    return SimpleNamespace(GET=query, htmx=htmx, path="/cards/")


def region(htmx=False, **changes):
    context = {"page": PAGE, "listing": listing(**changes), "request": request(htmx)}
    return render_to_string("pages/_list_region.html", context)


def test_a_list_counts_sorts_and_keeps_its_state():
    html = render_to_string("pages/list.html", {"page": PAGE, "listing": listing(), "request": request()})
    assert re.search(r"<h1>Fuel cards <span[^>]*>10,000\+</span></h1>", html)
    assert 'aria-sort="ascending"' in html
    assert '<input type="hidden" name="sort" value="plate" form="filter-form">' in html


def test_a_selection_goes_to_its_address_with_the_filter():
    html = region()
    form = re.search(r'<form class="bulk-bar".*?</form>', html, re.DOTALL).group()
    assert 'method="get" action="/bulk/"' in form
    assert '<input type="hidden" name="status" value="active">' in form
    assert 'name="all" value="1"' in form
    assert 'name="do" value="block"' in form


def test_a_list_without_bulk_actions_has_no_selection():
    assert "bulk-form" not in region(bulk=[])


def test_only_an_answer_to_htmx_carries_the_count_beside_the_region():
    assert "swap-oob" in region(htmx=True)
    assert "swap-oob" not in region()


def test_an_empty_list_offers_the_first_step_and_no_filters():
    empty = listing(rows="", row_count=0)
    html = render_to_string("pages/list.html", {"page": PAGE, "listing": empty, "request": request()})
    assert "Order the first." in html
    assert 'href="/order/"' in html
    assert "filter-form" not in html


def test_a_list_that_a_filter_emptied_keeps_the_filters():
    chips = [{"label": "Status", "value": "Blocked", "remove_url": "?"}]
    empty = listing(rows="", row_count=0, chips=chips, clear_url="/cards/")
    html = render_to_string("pages/list.html", {"page": PAGE, "listing": empty, "request": request(status="blocked")})
    assert 'id="filter-form"' in html
    assert "Remove the filter Status: Blocked" in html
    assert 'href="/order/"' not in html


def test_an_act_that_changes_something_is_a_form_with_its_key():
    html = render_to_string("components/act.html", {"act": BLOCK, "form_key": "k-1"})
    assert '<form method="post" action="/block/"' in html
    assert '<input type="hidden" name="form_key" value="k-1">' in html
    assert "btn-outline-danger" in html


def test_dangerous_acts_stand_apart():
    detail = {
        "title": "1-ABC-123",
        "acts": [ORDER],
        "dangers": [BLOCK],
        "status": {"value": "active", "label": "Active"},
    }
    html = render_to_string("pages/detail.html", {"page": PAGE, "detail": detail})
    assert '<span class="status status-active">Active</span>' in html
    assert html.index("Order a fuel card") < html.index("acts-apart") < html.index("/block/")


def test_a_timeline_says_who_when_and_what_changed():
    lines = [{"label": "Fuel limit", "before": "400 €", "after": "600 €"}]
    entry = {"at": datetime(2026, 3, 1, 9, 30, tzinfo=UTC), "title": "Changed", "who": "Ada", "lines": lines}
    html = render_to_string("components/timeline.html", {"timeline": [entry]})
    assert 'datetime="2026-03-01T10:30:00+0100"' in html  # Brussels
    assert "<del>400 €</del>" in html
    assert "<ins>600 €</ins>" in html


def test_a_confirmation_shows_why_it_was_refused_even_without_fields():
    form = SimpleNamespace(errors={"__all__": ["Sent already."]}, non_field_errors=lambda: ["Sent already."])
    form.hidden_fields = form.visible_fields = list
    confirm = {"title": "Block 7 cards", "happens": ["Refused at once."], "submit_label": "Block 7 cards", "form": None}
    html = render_to_string("pages/confirm.html", {"page": PAGE, "confirm": confirm, "form": form})
    assert "Sent already." in html
    assert "Block 7 cards</button>" in html


@pytest.mark.parametrize(("finished", "polls"), [(False, True), (True, False)])
def test_progress_asks_again_until_it_is_finished(finished, polls):
    progress = {"done": 5, "failed": 0, "total": 9, "percent": 55, "finished": finished, "poll_url": "/p/"}
    html = render_to_string("pages/_progress_region.html", {"progress": progress})
    assert ('data-hx-get="/p/"' in html) is polls


@pytest.mark.parametrize("number", ["400", "403", "403_csrf", "404", "429", "500"])
def test_a_refusal_needs_no_request_and_no_company(number):
    html = render_to_string(f"{number}.html", {"frame": {"portal_name": "Fleet Portal"}})
    assert html == render_to_string(f"{number}.html", {"frame": {"portal_name": "Fleet Portal", "company": "Acme"}})
    assert html.count("<h1>") == 1
    assert 'href="/"' in html


def test_the_frame_shows_nothing_that_is_not_there():
    html = render_to_string("base.html", {"frame": {"portal_name": "Fleet Portal", "theme": "dark"}})
    assert 'data-bs-theme="dark"' in html
    for part in ("portal-menu", "topbar-fold", "company", "Create", "Sign out"):
        assert part not in html


def test_the_company_switch_marks_the_current_one():
    companies = [("Acme", "PRO-AAAAAA", "/PRO-AAAAAA/", True), ("Borea", "PRO-BBBBBB", "/PRO-BBBBBB/", False)]
    frame = {"company": {"name": "Acme", "home_url": "/PRO-AAAAAA/"}, "companies": companies}
    html = render_to_string("base.html", {"frame": frame})
    assert re.search(r'href="/PRO-AAAAAA/" aria-current="true"', html)
    assert not re.search(r'href="/PRO-BBBBBB/" aria-current', html)


@pytest.mark.parametrize("mail", ["card_blocked", "password_changed", "password_reset"])
def test_a_mail_says_the_same_in_both_its_forms(mail):
    context = {
        "portal_name": "Fleet Portal",
        "operator_name": "Mobility",
        "button_url": "https://portal.example/x?a=1&b=2",
    }
    text = render_to_string(f"mail/{mail}.txt", context)
    html = render_to_string(f"mail/{mail}.html", context)
    assert "https://portal.example/x?a=1&b=2" in text
    assert html.count('class="button"') == 1
    for sentence in re.findall(r"<p>([A-Z][^<]*)</p>", html):
        assert sentence in text


def test_a_title_is_not_broken_within_a_plate_and_stays_text():
    for template, context in (
        ("components/page_header.html", {"page": PAGE | {"title": "Change the card 1-ABC-123 <b>"}}),
        ("pages/detail.html", {"page": PAGE, "detail": {"title": "Change the card 1-ABC-123 <b>"}}),
        ("pages/confirm.html", {"page": PAGE, "confirm": {"title": "Change the card 1-ABC-123 <b>"}}),
    ):
        html = render_to_string(template, context)
        assert 'Change the card <span class="together">1-ABC-123</span> &lt;b&gt;' in html
