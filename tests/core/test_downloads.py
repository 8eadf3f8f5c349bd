"""Long lists become files: asked for once, made with the rights of today, fetched by one person (GEN-6, GEN-13)."""

from __future__ import annotations

import html
import io
import os
import re
import tracemalloc
from datetime import timedelta
from urllib.parse import quote

import openpyxl
import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actors import member_actor
from accounts.models import Membership, MembershipDivision
from cards.models import Card
from cards.services import find_again
from fleetportal.core import files, work
from fleetportal.core.files import StoredFile, store_made
from fleetportal.core.pages import listing
from fleetportal.core.scope import all_companies, company_scope
from fleetportal.core.timetable import run_job
from fleetportal.core.work_models import WorkItem
from fleetportal.core.work_run import Outcome, run
from fleetportal.downloads import views
from fleetportal.downloads import work as making
from fleetportal.downloads.models import Download
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
MINE = "/PRO-ACMEAA/downloads/"


@pytest.fixture(autouse=True)
def _small(settings, tmp_path, monkeypatch):
    """A list is long from its third row on, and nobody hears of work but by `make`."""
    settings.MEDIA_ROOT = tmp_path / "files"
    monkeypatch.setattr(listing, "STREAM_CAP", 2)
    monkeypatch.setattr(work.app, "send_task", lambda *_args, **_options: None)


@pytest.fixture
def acme():
    return factories.company("Acme")


@pytest.fixture
def fleet(acme):
    """Three active cards of division north and one blocked card of south."""
    number = factories.customer_number(acme)
    north, south = factories.division(number, "north"), factories.division(number, "south")
    for name in ("1-AAA-001", "1-AAA-002", "=1+1"):
        factories.card(number, printed_as=name, division=north)
    factories.card(number, printed_as="2-BBB-002", status="blocked", division=south)
    return {"number": number, "north": north, "south": south}


@pytest.fixture
def ada(acme, fleet):
    return factories.member(acme, "Ada")


def client(membership):
    browser = Client()
    browser.force_login(membership.user)
    return browser


def forms(browser, path):
    """Return the download buttons of a list that are forms, with where and what they send."""
    page = browser.get(path).content.decode()
    found = re.findall(r'<form method="post" action="([^"]*/downloads/new/[^"]*)">(.*?)</form>', page, re.DOTALL)
    return [(html.unescape(url), re.search(r'name="form_key" value="(\w+)"', body)[1]) for url, body in found]


def ask(browser, path="/PRO-ACMEAA/cards/", kind="xlsx"):
    """Press a list's button as its page shows it; return the answer."""
    [(url, key)] = [(url, key) for url, key in forms(browser, path) if url.endswith(f"kind={kind}")]
    return browser.post(url, {"form_key": key}, follow=True)


def rows():
    with all_companies(reason="test"):
        return list(Download.objects.order_by("pk"))


def make(now=None):
    """Let a worker do what was promised; return what became of each."""
    with all_companies(reason="test"):
        items = list(WorkItem.objects.filter(kind="downloads.make").order_by("pk").values_list("pk", flat=True))
    return [run(item, now or timezone.now()) for item in items]


def content(browser, row=None):
    response = browser.get(f"{MINE}{(row or rows()[-1]).pk}/")
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment; filename=")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    return [line[0] for line in book.active.iter_rows(min_row=2, values_only=True)]


def stored():
    """Return the files on the disk."""
    found = list(default_storage.listdir("")[0]) if default_storage.exists("") else []
    return [name for folder in found for name in default_storage.listdir(folder)[1]]


# --- asking ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("GEN-6")
def test_a_short_list_is_streamed_and_a_long_one_says_what_will_happen(ada, monkeypatch):
    page = client(ada).get("/PRO-ACMEAA/cards/").content.decode()
    assert "More than 2 rows: we make the file and send you an e-mail when it is ready." in page
    assert "format=xlsx" not in page
    short = client(ada).get("/PRO-ACMEAA/cards/?status=blocked").content.decode()
    assert "format=xlsx" in short
    assert "we make the file" not in short
    monkeypatch.setattr(listing, "STREAM_CAP", 4)
    assert forms(client(ada), "/PRO-ACMEAA/cards/") == []


def test_a_long_list_is_streamed_all_the_same_to_who_asks_by_the_address(ada):
    response = client(ada).get("/PRO-ACMEAA/cards/?format=csv")
    assert b"1-AAA-001" in b"".join(response.streaming_content)
    assert rows() == []


def test_the_count_is_asked_a_second_time_only_where_the_first_was_capped(ada, monkeypatch):
    monkeypatch.setattr(listing, "STREAM_CAP", 20_000)
    browser = client(ada)
    with CaptureQueriesContext(connection) as caught:
        browser.get("/PRO-ACMEAA/cards/")
    assert not any("OFFSET 20000" in query["sql"] for query in caught)


def test_a_search_that_is_cut_off_is_counted_when_its_file_is_asked_for(ada, monkeypatch):
    with all_companies(reason="test"):
        find_again(list(Card.objects.select_related("driver", "vehicle")))
    monkeypatch.setattr(listing.search, "LIST_CAP", 1)
    page = client(ada).get("/PRO-ACMEAA/cards/?q=1-AAA").content.decode()
    [url] = [html.unescape(one) for one in re.findall(r'href="([^"]*/downloads/new/[^"]*)"', page) if "xlsx" in one]
    assert client(ada).get(url)["Location"] == "/PRO-ACMEAA/cards/?q=1-AAA&format=xlsx"
    monkeypatch.setattr(listing, "STREAM_CAP", 1)
    assert "We make a file of 2 rows" in client(ada).get(url).content.decode()
    assert rows() == []
    client(ada).post(url)
    assert rows()[0].rows == 2


@pytest.mark.rule("GEN-5")
@pytest.mark.rule("GEN-6")
def test_a_long_list_is_asked_for_made_told_of_and_fetched(ada, django_capture_on_commit_callbacks):
    browser = client(ada)
    answer = ask(browser, "/PRO-ACMEAA/cards/?status=active&sort=-printed")
    assert answer.redirect_chain == [(MINE, 302)]
    seen = answer.content.decode()
    assert "The file is being made. We send you an e-mail when it is ready." in seen
    assert "Being made" in seen
    assert 'data-hx-trigger="every 3s"' in seen
    assert browser.get(f"{MINE}{rows()[0].pk}/").status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        assert make() == [Outcome.DONE]
    assert set(content(browser)[:3]) == {"1-AAA-001", "1-AAA-002", "=1+1"}
    assert content(browser) == _sorted_by_the_list(browser)
    after = browser.get(MINE).content.decode()
    assert "Ready" in after
    assert "every 3s" not in after
    assert f'href="{MINE}{rows()[0].pk}/"' in after
    with all_companies(reason="test"):
        sending = WorkItem.objects.get(kind="core.send_mail").pk
    run(sending, timezone.now())
    [letter] = mail.outbox
    assert letter.subject == "Your file is ready: Cards"
    assert MINE in letter.body
    assert letter.to == [ada.user.email]


def _sorted_by_the_list(browser):
    """Return the same rows as the list streams them."""
    streamed = browser.get("/PRO-ACMEAA/cards/?status=active&sort=-printed&format=xlsx")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(streamed.streaming_content)))
    return [line[0] for line in book.active.iter_rows(min_row=2, values_only=True)]


@pytest.mark.parametrize("path", ["cards/", "requests/"])
def test_every_list_of_a_company_offers_it(ada, path):
    assert len(forms(client(ada), f"/PRO-ACMEAA/{path}")) == 2
    ask(client(ada), f"/PRO-ACMEAA/{path}", kind="csv")
    assert make() == [Outcome.DONE]
    assert rows()[0].made_at is not None


def test_the_operators_lists_are_streamed(fleet):
    otto = Client()
    otto.force_login(factories.operator())
    page = otto.get("/operator/requests/?status=all").content.decode()
    assert "format=xlsx" in page
    assert "downloads/" not in page


def test_the_file_is_in_the_language_it_was_asked_in(ada):
    ada.user.language = "fr"
    ada.user.save()
    ask(client(ada), kind="csv")
    ada.user.language = "nl"
    ada.user.save()
    make()
    response = client(ada).get(f"{MINE}{rows()[0].pk}/")
    first = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()[0]
    assert "Statut" in first.split(";")


@pytest.mark.rule("GEN-11")
def test_a_double_click_is_one_job(ada):
    browser = client(ada)
    url, key = forms(browser, "/PRO-ACMEAA/cards/")[0]
    answers = [browser.post(url, {"form_key": key}) for _click in range(2)]
    assert [answer["Location"] for answer in answers] == [MINE, MINE]
    assert len(rows()) == 1
    with all_companies(reason="test"):
        assert WorkItem.objects.filter(kind="downloads.make").count() == 1


def test_without_the_lists_button_there_is_a_page_that_counts_exactly(ada):
    url, _key = forms(client(ada), "/PRO-ACMEAA/cards/")[0]
    page = client(ada).get(url).content.decode()
    assert "We make a file of 4 rows and send you an e-mail when it is ready." in page
    assert '<h2 class="section-title">For</h2>' not in page
    assert rows() == []


@pytest.mark.parametrize(
    "wanted",
    ["", "/PRO-ACMEAA/cards/999999/", "/PRO-ACMEAA/", "/operator/requests/", "/PRO-BOREAA/cards/", "nonsense", "/livez",
     "/PRO-ACMEAA/cards/%00", "//elsewhere.example/nowhere/"],
)  # fmt: skip
def test_what_is_no_list_of_the_company_can_not_be_asked_for(ada, wanted):
    factories.company("Borea")
    answer = client(ada).post(f"{MINE}new/?kind=csv&list={quote(wanted)}")
    assert (answer.status_code, answer.get("Location", MINE)) in {(404, MINE), (302, MINE)}
    assert rows() == []


def test_a_foreign_host_in_the_address_leads_nowhere(ada):
    wanted = quote("//elsewhere.example/PRO-ACMEAA/cards/?division=999999")
    answer = client(ada).post(f"{MINE}new/?kind=csv&list={wanted}")
    assert answer["Location"].startswith("/PRO-ACMEAA/cards/")


def test_a_filter_that_cant_be_read_is_refused_and_leads_back_to_the_list(ada):
    answer = client(ada).post(f"{MINE}new/?kind=csv&list={quote('/PRO-ACMEAA/cards/?division=999999')}", follow=True)
    assert answer.redirect_chain == [("/PRO-ACMEAA/cards/?division=999999", 302)]
    assert "One of the filters can&#x27;t be read. Set it again, then download." in answer.content.decode()
    assert rows() == []


def test_more_rows_than_a_sheet_holds_are_offered_as_csv(ada, monkeypatch):
    monkeypatch.setattr(views, "MAX_ROWS", 4)
    answer = ask(client(ada))
    assert "An Excel sheet holds at most 3 rows. Choose CSV, or filter the list." in answer.content.decode()
    ask(client(ada), kind="csv")
    assert [row.kind for row in rows()] == ["csv"]


def test_so_many_are_made_for_one_person_at_once_and_no_more(acme, ada):
    for _file in range(views.AT_ONCE):
        ask(client(ada))
    answer = ask(client(ada))
    assert "Files of yours are being made already." in answer.content.decode()
    assert len(rows()) == views.AT_ONCE
    ask(client(factories.member(acme, "Max")))
    make()
    ask(client(ada))
    assert len(rows()) == views.AT_ONCE + 2


# --- whose it is -----------------------------------------------------------------------------------------------------


@pytest.mark.rule("GEN-1")
def test_nobody_else_may_see_or_fetch_it(acme, ada, fleet):
    ask(client(ada))
    make()
    borea = factories.company("Borea")
    factories.customer_number(borea)
    ben, max_ = factories.member(borea, "Ben"), factories.member(acme, "Max")
    both = factories.member(borea, "Abby", person=ada.user, principal=False)
    pk = rows()[0].pk
    assert client(max_).get(f"{MINE}{pk}/").status_code == 404
    assert "Ready" not in client(max_).get(MINE).content.decode()
    for stranger in (ben, both):
        assert client(stranger).get(f"/PRO-BOREAA/downloads/{pk}/").status_code == 404
        assert "Ready" not in client(stranger).get("/PRO-BOREAA/downloads/").content.decode()
    assert client(ben).get(f"{MINE}{pk}/").status_code == 404
    assert client(ada).get(f"{MINE}{2**80}/").status_code == 404
    assert len(content(client(ada))) == 4


def _close_application(ada, fleet):
    Membership.objects.filter(pk=ada.pk).update(is_principal=False, applications=["requests"], change_applications=[])


def _limit_division(ada, fleet):
    Membership.objects.filter(pk=ada.pk).update(all_divisions=False)
    MembershipDivision.objects.create(company_id=ada.company_id, membership=ada, division=fleet["north"])


def _end_membership(ada, fleet):
    Membership.objects.filter(pk=ada.pk).update(is_active=False)


@pytest.mark.rule("GEN-1")
@pytest.mark.parametrize("change", [_close_application, _limit_division, _end_membership])
def test_who_lost_the_list_or_part_of_it_does_not_get_the_file_any_more(ada, fleet, change):
    ask(client(ada))
    make()
    with all_companies(reason="test"):
        change(ada, fleet)
    assert client(ada).get(f"{MINE}{rows()[0].pk}/").status_code == 404
    if change is not _end_membership:
        page = client(ada).get(MINE).content.decode()
        assert "Not yours any more" in page
        assert f"{MINE}{rows()[0].pk}/" not in page


@pytest.mark.rule("GEN-1")
def test_the_file_holds_what_the_person_sees_when_it_is_made(ada, fleet):
    ask(client(ada))
    with all_companies(reason="test"):
        _limit_division(ada, fleet)
    make()
    assert sorted(content(client(ada))) == ["1-AAA-001", "1-AAA-002", "=1+1"]


@pytest.mark.rule("GEN-13")
@pytest.mark.parametrize("change", [_close_application, _end_membership])
def test_a_file_for_somebody_who_lost_the_right_is_held_and_not_made(ada, fleet, change):
    ask(client(ada))
    with all_companies(reason="test"):
        change(ada, fleet)
    assert make() == [Outcome.HELD]
    assert (stored(), rows()[0].made_at) == ([], None)
    assert rows()[0].stopped_at is not None
    with all_companies(reason="test"):
        assert not WorkItem.objects.filter(kind="core.send_mail").exists()
        item = WorkItem.objects.get(kind="downloads.make")
    # An administrator who takes it over lets it run, and it looks at the right of who asked all the same.
    max_ = factories.member(ada.company, "Max")
    with company_scope(ada.company_id):
        assert work.take_over(item, member_actor(max_.user, max_), now=timezone.now())
    assert make() == [Outcome.HELD]
    assert stored() == []


# --- making it --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("GEN-5")
def test_a_job_that_runs_twice_makes_one_file(ada):
    ask(client(ada))
    make()
    with all_companies(reason="test"):
        WorkItem.objects.filter(kind="downloads.make").update(status=WorkItem.Status.WAITING)
    assert make() == [Outcome.DONE]
    with all_companies(reason="test"):
        assert StoredFile.objects.count() == 1
        assert WorkItem.objects.filter(kind="core.send_mail").count() == 1
    assert len(stored()) == 1


@pytest.mark.rule("GEN-5")
def test_a_fault_half_way_leaves_no_file_and_the_next_try_makes_one(ada, monkeypatch):
    ask(client(ada))
    whole = making.stream_xlsx

    def broken(heads, rows):
        yield from list(whole(heads, rows))[:1]
        raise OSError("The disk is full.")

    monkeypatch.setattr(making, "stream_xlsx", broken)
    assert make() == [Outcome.AGAIN]
    assert stored() == []
    assert rows()[0].open
    monkeypatch.setattr(making, "stream_xlsx", whole)
    assert make(timezone.now() + timedelta(hours=1)) == [Outcome.DONE]
    assert len(stored()) == 1


def test_a_file_that_can_not_be_made_is_told_and_can_be_asked_for_again(ada, monkeypatch):
    ask(client(ada))
    monkeypatch.setattr(making, "list_at", lambda *_args: None)
    now = timezone.now()
    for try_ in range(1, 5):
        outcome = make(now + timedelta(hours=try_))
    assert outcome == [Outcome.FAILED]
    monkeypatch.undo()
    assert rows()[0].stopped_at is not None
    with all_companies(reason="test"):
        sending = WorkItem.objects.get(kind="core.send_mail")
    run(sending.pk, now + timedelta(hours=9))
    assert mail.outbox[0].subject.startswith("Your file could not be made: ")
    assert "Could not be made" in client(ada).get(MINE).content.decode()


def test_what_a_killed_worker_leaves_is_removed_after_a_day(ada):
    """The bytes were on the disk and the row never came: nobody knows them."""
    half = default_storage.save("ab/" + "0" * 32, io.BytesIO(b"half"))
    ask(client(ada))
    make()
    old = (timezone.now() - timedelta(days=2)).timestamp()
    for name in (half, rows()[0].file_id and _place(rows()[0])):
        os.utime(default_storage.path(name), (old, old))
    run_job("core.remove_orphans", timezone.now())
    assert not default_storage.exists(half)
    assert default_storage.exists(_place(rows()[0]))


def _place(row):
    with all_companies(reason="test"):
        return StoredFile.objects.get(pk=row.file_id).storage_name


def test_a_file_is_written_in_memory_that_does_not_grow_with_it(acme):
    chunk = b"x" * 65536

    def peak(chunks):
        tracemalloc.start()
        try:
            with company_scope(acme.pk):
                made = store_made(
                    (chunk for _one in range(chunks)), name="a.csv", content_type="text/csv",
                    actor=files.Actor(label="test"), now=NOW,
                )  # fmt: skip
            assert made.size == chunks * len(chunk)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(400) < peak(20) + 2**20


# --- its end ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("GEN-14")
def test_a_file_is_kept_for_seven_days_and_then_gone_with_its_bytes(ada, django_capture_on_commit_callbacks):
    ask(client(ada))
    make()
    now = timezone.now()
    with django_capture_on_commit_callbacks(execute=True):
        run_job("downloads.remove_old", now + timedelta(days=6, hours=23))
    assert len(rows()) == len(stored()) == 1
    with django_capture_on_commit_callbacks(execute=True):
        run_job("downloads.remove_old", now + timedelta(days=7, minutes=1))
    assert rows() == stored() == []
    with all_companies(reason="test"):
        assert not StoredFile.objects.exists()


@pytest.mark.rule("GEN-14")
def test_a_file_whose_days_are_over_is_not_given_before_it_is_removed_either(ada):
    ask(client(ada))
    make()
    with all_companies(reason="test"):
        Download.objects.update(ends_at=timezone.now())
    assert client(ada).get(f"{MINE}{rows()[0].pk}/").status_code == 404
    assert "Ready" not in client(ada).get(MINE).content.decode()


def test_what_is_still_to_be_made_is_not_removed_however_late_its_worker_comes(ada):
    ask(client(ada))
    run_job("downloads.remove_old", timezone.now() + timedelta(days=30))
    assert make(timezone.now() + timedelta(days=30)) == [Outcome.DONE]
    assert len(stored()) == 1
