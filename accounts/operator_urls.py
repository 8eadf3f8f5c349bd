"""The addresses of accounts in the operator's area; they stand in its namespace, `operator`."""

from __future__ import annotations

from django.urls import path

from accounts.loading import urls as loading
from accounts.onboarding import operator as onboarding
from accounts.settings import companies, multipass_pages, options

urlpatterns = [
    *loading.operator,
    path("companies/", companies.CompanyList.as_view(), name="companies"),
    path("companies/<int:pk>/", companies.CompanyDetail.as_view(), name="company"),
    path("companies/<int:pk>/options/", options.CompanyOptions.as_view(), name="options"),
    path("multipass/", multipass_pages.OperatorMultipassList.as_view(), name="multipass"),
    path("multipass/<int:pk>/", multipass_pages.OperatorMultipassDecide.as_view(), name="multipass_decide"),
    path("conditions/", onboarding.ConditionsList.as_view(), name="conditions"),
    path("conditions/new/", onboarding.ConditionsNew.as_view(), name="conditions_new"),
    path("conditions/<int:pk>/", onboarding.ConditionsDetail.as_view(), name="conditions_version"),
]
