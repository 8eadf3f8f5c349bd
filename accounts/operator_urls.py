"""The addresses of accounts in the operator's area; they stand in its namespace, `operator`."""

from __future__ import annotations

from django.urls import path

from accounts.onboarding import operator as onboarding

urlpatterns = [
    path("conditions/", onboarding.ConditionsList.as_view(), name="conditions"),
    path("conditions/new/", onboarding.ConditionsNew.as_view(), name="conditions_new"),
    path("conditions/<int:pk>/", onboarding.ConditionsDetail.as_view(), name="conditions_version"),
]
