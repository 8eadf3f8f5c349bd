"""What nobody needs any more goes by itself, and nothing else does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fleetportal.core.drafts import Draft
from fleetportal.core.formkeys import FormKey
from fleetportal.core.scope import all_companies, company_scope
from fleetportal.core.timetable import run_job
from tests import factories
from tests.factories import NOW


@pytest.mark.django_db
def test_old_form_keys_and_drafts_are_removed_and_young_ones_stay():
    acme = factories.company()
    ada = factories.member(acme, "Ada")
    for days in (1, 13, 15, 400):
        at = NOW - timedelta(days=days)
        FormKey.objects.create(user=ada.user, key=f"key{days}", body="", at=at)
        with company_scope(acme.pk):
            Draft.objects.create(user=ada.user, kind="test", data={"days": days}, created_at=at, updated_at=at)
    run_job("core.forget_forms", NOW)
    assert set(FormKey.objects.values_list("key", flat=True)) == {"key1", "key13"}
    with all_companies(reason="test"):
        assert {draft.data["days"] for draft in Draft.objects.all()} == {1, 13}
